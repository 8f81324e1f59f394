"""Whether a caller of the merchant API may send a body, before anything of it is read."""

from starlette.requests import Request

from sconto.api.access import caller_of, require
from sconto.api.bodies import require_json
from sconto.domain.people import Action, Caller


def admit(request: Request, action: Action) -> Caller:
    """The caller, who sends JSON and may do that; each failed check ends the request at once.

    Published is the content type before the role.
    """
    caller_of(request)
    require_json(request)
    return require(request, action)

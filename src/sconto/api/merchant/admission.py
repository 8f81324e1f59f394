"""Whether a caller of the merchant API may send a body, before anything large of it is read."""

from starlette.requests import Request

from sconto.api.access import caller_of
from sconto.api.bodies import SMALL, parse_object, read_body, require_json
from sconto.domain.people import Action, Caller
from sconto.domain.problems import AccessDenied, BodyTooLarge


async def admit(request: Request, action: Action) -> Caller:
    """The caller, who sends JSON and may do that; each failed check ends the request at once.

    Raises what `caller_of` and `require_json` raise, and AccessDenied. Published is that JSON which
    is not valid comes before the role: NotJson. Whoever may not do it is told so only of a small
    body; a larger one is not read.
    """
    caller = caller_of(request)
    require_json(request)
    if not caller.may(action):
        try:
            parse_object(await read_body(request, SMALL))
        except BodyTooLarge:
            raise AccessDenied(action) from None
        raise AccessDenied(action)
    return caller

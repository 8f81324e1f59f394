"""Checks whether a caller of the merchant API may send a body, before a large one is read."""

from starlette.requests import Request

from sconto.api.access import caller_of
from sconto.api.bodies import SMALL, parse_object, read_body, require_json
from sconto.domain.people import Action, Caller
from sconto.domain.problems import AccessDenied, BodyTooLarge


async def admit(request: Request, action: Action) -> Caller:
    """The caller, if they send JSON and may do that; the first failed check ends the request.

    Raises what `caller_of` and `require_json` raise, and AccessDenied. The published order has the
    JSON before the role: without the right, a small body that is not JSON is answered NotJson. A
    larger body is answered AccessDenied, and not read.
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

"""Who calls, and whether they may."""

from typing import Final

from starlette.requests import Request

from sconto.api.context import context_of
from sconto.api.headers import find_header
from sconto.domain.people import Action, Caller
from sconto.domain.problems import AccessDenied, TokenExpired, TokenInvalid, TokenMissing
from sconto.operations import DatabaseUnavailable

_HEADERS: Final = (b"authorizationjwt", b"authorization")
"""The published header counts where both are sent."""


def caller_of(request: Request) -> Caller:
    """The user whose token came with the request.

    Raises TokenMissing where the header is absent or empty, TokenInvalid for anything but
    `Bearer <valid token>`, TokenExpired, and DatabaseUnavailable at a start without a database.
    """
    context = context_of(request)
    scheme, _, token = _authorization(request).partition(" ")
    if scheme.lower() != "bearer":
        raise TokenInvalid
    caller = context.tokens.caller(token.strip(), context.now())
    # For the log: the token is never in it, so this is how it knows who called.
    request.scope["caller"] = caller
    return caller


def find_caller(request: Request) -> Caller | None:
    """The user whose valid token came with a request that needs none."""
    try:
        return caller_of(request)
    except (TokenMissing, TokenInvalid, TokenExpired, DatabaseUnavailable):
        return None


def require(request: Request, action: Action) -> Caller:
    """The caller, who may do that. Raises AccessDenied, and what `caller_of` raises."""
    caller = caller_of(request)
    if not caller.may(action):
        raise AccessDenied(action)
    return caller


def _authorization(request: Request) -> str:
    for name in _HEADERS:
        value = find_header(request, name)
        if value is not None and (value := value.strip()):
            return value
    raise TokenMissing

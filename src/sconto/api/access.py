"""Who sent a request, and whether they may."""

from typing import Final

from starlette.requests import Request
from starlette.types import Scope

from sconto.api.context import context_in
from sconto.api.headers import fields_of
from sconto.domain.api_keys import KEY_START
from sconto.domain.people import Action, Caller
from sconto.domain.problems import AccessDenied, TokenExpired, TokenInvalid, TokenMissing
from sconto.operations import DatabaseUnavailable

_HEADERS: Final = (b"authorizationjwt", b"authorization")
"""The published header takes precedence if both are sent."""

_KEY_START: Final = KEY_START.encode()


def caller_of(request: Request) -> Caller:
    """The caller whose token or API key came with the request.

    Raises TokenMissing if the header is absent or empty, TokenInvalid for anything but `Bearer
    <valid token or key>`, TokenExpired, and DatabaseUnavailable while the database has not been
    reached since the start. A request is checked once.
    """
    return _caller_in(request.scope)


def find_caller(scope: Scope) -> Caller | None:
    """The user or API key whose valid token came with the request; None without one."""
    try:
        return _caller_in(scope)
    except (TokenMissing, TokenInvalid, TokenExpired, DatabaseUnavailable):
        return None


def sent_key(scope: Scope) -> str | None:
    """The text in the place of an API key, valid or not; None if something else was sent."""
    fields = fields_of(scope)
    for name in _HEADERS:
        value = fields.get(name)
        if value is not None and _KEY_START in value:
            key: str = value.partition(b" ")[2].strip().decode("latin-1")
            return key
    return None


def require(request: Request, action: Action) -> Caller:
    """The caller, if they may do that. Raises AccessDenied, and what `caller_of` raises."""
    caller = caller_of(request)
    if not caller.may(action):
        raise AccessDenied(action)
    return caller


def _caller_in(scope: Scope) -> Caller:
    known_caller: Caller | None = scope.get("caller")
    if known_caller is not None:
        return known_caller
    context = context_in(scope)
    scheme, _, token = _authorization(scope).partition(" ")
    if scheme.lower() != "bearer":
        raise TokenInvalid
    token = token.strip()
    known = context.keys if token.startswith(KEY_START) else context.tokens
    caller = known.caller(token, context.now())
    # For later checks, and for the log, which never contains the token.
    scope["caller"] = caller
    return caller


def _authorization(scope: Scope) -> str:
    fields = fields_of(scope)
    for name in _HEADERS:
        value = fields.get(name)
        if value is not None and (text := value.decode("latin-1").strip()):
            return text
    raise TokenMissing

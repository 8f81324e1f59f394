"""Sessions: who is signed in, stored in a cookie that only the server can read."""

import base64
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sconto.domain.people import Caller
from sconto.domain.problems import TokenExpired, TokenInvalid
from sconto.operations.tokens import LIFETIME, Claims, Purpose
from sconto.portal.context import context_of

COOKIE: Final = "sconto_session"

_SEPARATOR: Final = "~"


@dataclass(frozen=True, slots=True)
class PortalSession:
    """A signed-in user; only their browser and the service know `secret`."""

    username: str
    claims: Claims
    secret: str

    @property
    def caller(self) -> Caller:
        """Who is signed in."""
        return self.claims.caller

    @property
    def token(self) -> str:
        """The token that the operations know."""
        return self.secret.partition(_SEPARATOR)[2]


def session_of(request: Request) -> PortalSession | None:
    """The session of the request; None if there is none or it has ended.

    Raises DatabaseUnavailable if the service started without a database and knows no sessions yet.
    """
    cookie = request.cookies.get(COOKIE, "")
    name, _, token = cookie.partition(_SEPARATOR)
    context = context_of(request)
    try:
        claims = context.tokens.claims(token, context.now(), Purpose.SESSION)
        username = base64.urlsafe_b64decode(name).decode()
    except (TokenInvalid, TokenExpired, ValueError):
        return None
    request.scope["caller"] = claims.caller
    context.seen_sessions.note(claims, context.now())
    return PortalSession(username, claims, cookie)


def cookie_text(username: str, token: str) -> str:
    """The text of a session's cookie."""
    name = base64.urlsafe_b64encode(username.encode()).decode()
    return f"{name}{_SEPARATOR}{token}"


def open_session(request: Request, response: Response, username: str, token: str) -> None:
    """Set the session's cookie, for the lifetime of the token."""
    cookie = cookie_text(username, token)
    set_cookie(request, response, COOKIE, cookie, LIFETIME.total_seconds())


def read_session(request: Request, username: str, token: str) -> PortalSession:
    """The session of a token that was issued a moment ago. Raises TokenInvalid."""
    context = context_of(request)
    claims = context.tokens.claims(token, context.now(), Purpose.SESSION)
    return PortalSession(username, claims, cookie_text(username, token))


def close_session(request: Request, response: Response) -> None:
    """Delete the session's cookie."""
    set_cookie(request, response, COOKIE, "", 0)


def set_cookie(
    request: Request, response: Response, name: str, value: str, seconds: float | None = None
) -> None:
    """Set a cookie of the portal that scripts and other sites' forms cannot use."""
    response.set_cookie(
        name,
        value,
        max_age=None if seconds is None else int(seconds),
        path=request.scope["root_path"],
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )

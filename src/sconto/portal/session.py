"""Sessions: who is signed in, kept in a cookie that only the server reads."""

import base64
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sconto.domain.people import Caller
from sconto.domain.problems import TokenExpired, TokenInvalid
from sconto.operations.tokens import LIFETIME, Purpose
from sconto.portal.context import context_of

COOKIE: Final = "sconto_session"

_SEPARATOR: Final = "~"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who signed in; `secret` is what nobody but their browser and we know."""

    username: str
    caller: Caller
    secret: str

    @property
    def token(self) -> str:
        """What the session is to the operations."""
        return self.secret.partition(_SEPARATOR)[2]


def session_of(request: Request) -> Session | None:
    """Whose session the request belongs to; None for nobody's, and for one that is over.

    Raises DatabaseUnavailable at a start without a database, when nothing is known of sessions.
    """
    cookie = request.cookies.get(COOKIE, "")
    name, _, token = cookie.partition(_SEPARATOR)
    context = context_of(request)
    try:
        caller = context.tokens.caller(token, context.now(), Purpose.SESSION)
        username = base64.urlsafe_b64decode(name).decode()
    except (TokenInvalid, TokenExpired, ValueError):
        return None
    request.scope["caller"] = caller
    return Session(username, caller, cookie)


def open_session(request: Request, response: Response, username: str, token: str) -> None:
    """Let the browser send the session from now on, for as long as the token lives."""
    name = base64.urlsafe_b64encode(username.encode()).decode()
    set_cookie(request, response, COOKIE, f"{name}{_SEPARATOR}{token}", LIFETIME.total_seconds())


def close_session(request: Request, response: Response) -> None:
    """Let the browser forget the session."""
    set_cookie(request, response, COOKIE, "", 0)


def set_cookie(
    request: Request, response: Response, name: str, value: str, seconds: float | None = None
) -> None:
    """A cookie for the portal alone, out of reach of scripts and of other sites' forms."""
    response.set_cookie(
        name,
        value,
        max_age=None if seconds is None else int(seconds),
        path=request.scope["root_path"],
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )

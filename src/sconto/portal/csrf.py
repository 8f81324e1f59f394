"""Form tokens: proof that a form that is posted was made by us, for the same browser.

The token is derived from a cookie that no other site can read: the session's, or before there is
one a random visitor's. It needs no memory on the server and ends with the cookie.
"""

import hashlib
import hmac
import secrets
from typing import Final

from starlette.requests import Request

VISITOR_COOKIE: Final = "sconto_visitor"

FIELD: Final = "form_token"
"""The field that a form carries it in."""


def visitor_of(request: Request) -> str | None:
    """What we called a browser in which nobody is signed in; None at its first visit."""
    return request.cookies.get(VISITOR_COOKIE) or None


def new_visitor() -> str:
    """A name for such a browser that nobody can guess."""
    return secrets.token_urlsafe(24)


def token_for(secret: str) -> str:
    """The token of a session or visitor."""
    return hmac.new(secret.encode(), b"portal form", hashlib.sha256).hexdigest()


def is_token_for(secret: str | None, token: object) -> bool:
    """Whether the token is that of the session or visitor, told in constant time."""
    if not secret or not isinstance(token, str):
        return False
    return hmac.compare_digest(token_for(secret).encode(), token.encode())


def is_from_elsewhere(request: Request) -> bool:
    """Whether the browser says that a page of another site sends the form.

    Told before anything of the form is read; an old browser says nothing, and its token tells.
    """
    return request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")

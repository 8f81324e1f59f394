"""Form tokens prove that the portal made a posted form for the same browser.

The token is derived from a cookie that other sites cannot read: the session's, or a random
visitor's before sign-in. The server stores nothing, and the token ends with the cookie. Each form
has it under another random mask, so the size of compressed pages reveals nothing about it.
"""

import hashlib
import hmac
import secrets
from typing import Final

from starlette.requests import Request

VISITOR_COOKIE: Final = "sconto_visitor"

FIELD: Final = "form_token"
"""The form field of the token."""

OWNER: Final = "form_owner"
"""The form field that says for which user the form was made; it outlives the session."""

_SIZE: Final = hashlib.sha256().digest_size


def visitor_of(request: Request) -> str | None:
    """The random name of a browser without a session; None at its first visit."""
    return request.cookies.get(VISITOR_COOKIE) or None


def new_visitor() -> str:
    """A random name for such a browser."""
    return secrets.token_urlsafe(24)


def token_for(secret: str) -> str:
    """A token of a session or visitor, different each time."""
    mask = secrets.token_bytes(_SIZE)
    return (mask + _masked(_proof_for(secret), mask)).hex()


def is_token_for(secret: str | None, token: object) -> bool:
    """Whether the token belongs to the session or visitor; compares in constant time."""
    if not secret or not isinstance(token, str):
        return False
    try:
        sent = bytes.fromhex(token)
    except ValueError:
        return False
    mask, masked = sent[:_SIZE], sent[_SIZE:]
    if len(masked) != _SIZE:
        return False
    return hmac.compare_digest(_proof_for(secret), _masked(masked, mask))


def _proof_for(secret: str) -> bytes:
    return hmac.new(secret.encode(), b"portal form", hashlib.sha256).digest()


def _masked(proof: bytes, mask: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(proof, mask, strict=True))


def is_from_elsewhere(request: Request) -> bool:
    """Whether the browser says that another site sends the form.

    This needs no part of the form. Old browsers do not say it: then only the token decides.
    """
    return request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")

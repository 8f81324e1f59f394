"""The user for whom a form was made: sealed into the form, so that it outlives the session.

Only a page of that user contains the seal, so it proves as much as a form token, but for the user
instead of the session. A form that was open while its user signed in again is valid because of it.
"""

import secrets
from datetime import datetime, timedelta
from typing import Final

from starlette.datastructures import FormData

from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from sconto.portal.csrf import OWNER

KNOWN_COOKIE: Final = "sconto_known"
"""The cookie of a browser in which somebody was signed in; it does not say who."""

KNOWN_FOR: Final = timedelta(days=180)

_USE: Final = "form"
_KNOWN_USE: Final = "known browser"
_LIFETIME: Final = timedelta(days=7)


def seal_owner(tokens: Tokens, owner: Caller, now: datetime) -> str:
    """A sealed text that names the user; random, so compressed pages reveal nothing about it."""
    facts = {
        "merchant": str(owner.merchant_id),
        "user": str(owner.user_id),
        "salt": secrets.token_urlsafe(9),
    }
    return tokens.seal(_USE, facts, now, _LIFETIME)


def owner_of(tokens: Tokens, form: FormData, now: datetime) -> Caller | None:
    """The user for whom the form was made; None if it does not say so, or is too old."""
    sealed = form.get(OWNER)
    facts = tokens.unseal(_USE, sealed, now) if isinstance(sealed, str) else None
    if facts is None:
        return None
    # The user's rights are read when they sign in.
    return Caller(int(facts["merchant"]), int(facts["user"]), Role.VIEWER)


def seal_known(tokens: Tokens, now: datetime) -> str:
    """What the cookie of a known browser contains."""
    return tokens.seal(_KNOWN_USE, {}, now, KNOWN_FOR)


def is_known(tokens: Tokens, sealed: str, now: datetime) -> bool:
    """Whether somebody has ever signed in with the browser that sends this."""
    return bool(sealed) and tokens.unseal(_KNOWN_USE, sealed, now) is not None


def is_owner(caller: Caller, owner: Caller | None) -> bool:
    """Whether the form was made for the caller."""
    return owner is not None and (owner.merchant_id, owner.user_id) == (
        caller.merchant_id,
        caller.user_id,
    )

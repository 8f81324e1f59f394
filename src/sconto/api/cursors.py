"""Cursors of lists: short texts that need no escaping in a URL."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from sconto.domain.numbers import MAX_INT64

_ID: Final = re.compile(r"0|[1-9][0-9]{0,18}")


def write_cursor(last_id: int) -> str:
    """The cursor for the elements after this id; 0 for all of them."""
    return encode(str(last_id))


def read_cursor(text: str, *, least: int = 1) -> int | None:
    """The id after which the list continues; None if this is not a cursor from `least` on."""
    decoded = decode(text)
    if decoded is None or _ID.fullmatch(decoded) is None or not least <= int(decoded) <= MAX_INT64:
        return None
    # Decoding is lenient; only the text that `write_cursor` makes is valid.
    return int(decoded) if write_cursor(int(decoded)) == text else None


def encode(place: str) -> str:
    """The cursor for a place, which is given as a text."""
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decode(cursor: str) -> str | None:
    """The text of a cursor's place; None if it is not a cursor."""
    try:
        return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        return None

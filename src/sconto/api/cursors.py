"""Cursors of lists by ascending id: short texts that stand in an address as they are."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from sconto.domain.numbers import MAX_INT64

_ID: Final = re.compile(r"0|[1-9][0-9]{0,18}")


def write_cursor(last_id: int) -> str:
    """What asks for the elements after this one; 0 stands before the first."""
    return urlsafe_b64encode(str(last_id).encode()).decode().rstrip("=")


def read_cursor(text: str, *, least: int = 1) -> int | None:
    """The id after which the list goes on; None for what is no cursor, or below the least."""
    try:
        decoded = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return None
    if _ID.fullmatch(decoded) is None or not least <= int(decoded) <= MAX_INT64:
        return None
    # Decoding overlooks much, but there is only one way to write a cursor.
    return int(decoded) if write_cursor(int(decoded)) == text else None

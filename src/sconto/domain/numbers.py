"""Stored numbers: their limits, and ids as texts."""

import re
from typing import Final

MAX_INT64: Final = 2**63 - 1
"""The largest integer that is stored: an id, a position, a count."""

MAX_INT32: Final = 2**31 - 1
"""The largest integer of 32 bits."""

_ID: Final = re.compile(r"[1-9][0-9]{0,18}")


def parse_id(text: str) -> int | None:
    """The id, from 1 to MAX_INT64, read from ASCII digits; None if the text is not an id."""
    if _ID.fullmatch(text) is None:
        return None
    found = int(text)
    return found if found <= MAX_INT64 else None

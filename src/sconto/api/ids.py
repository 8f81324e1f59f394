"""Ids as texts, in a path, a query or a body."""

import re
from typing import Final

from sconto.domain.numbers import MAX_INT64

_POSITIVE: Final = re.compile(r"[1-9][0-9]*")
_DIGITS: Final = 19


def is_id(text: str) -> bool:
    """Whether the text is a positive integer of any size."""
    return _POSITIVE.fullmatch(text) is not None


def read_id(text: str) -> int | None:
    """The id in a text; None if it cannot be one."""
    if not is_id(text) or len(text) > _DIGITS:
        return None
    value = int(text)
    return value if value <= MAX_INT64 else None

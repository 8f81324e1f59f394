"""Promotion ids as sent in a path or in a body."""

import re
from typing import Final

from starlette.requests import Request

from sconto.api.merchant.errors import promotion_not_found
from sconto.domain.numbers import MAX_INT64

_POSITIVE: Final = re.compile(r"[1-9][0-9]*")
_DIGITS: Final = 19


def is_id(text: str) -> bool:
    """Whether the text is a positive integer of any size."""
    return _POSITIVE.fullmatch(text) is not None


def read_id(text: str) -> int | None:
    """The id in a text; None if no promotion can have it."""
    if not is_id(text) or len(text) > _DIGITS:
        return None
    value = int(text)
    return value if value <= MAX_INT64 else None


def id_in_path(request: Request) -> int:
    """The id in the path. Raises what `find_id` raises."""
    return find_id(request.path_params["promotion_id"])


def find_id(text: str) -> int:
    """The id that was sent.

    Raises Refused (404 / 11200, with the text as sent) if no promotion can have it, as for an id
    that is unknown.
    """
    promotion_id = read_id(text)
    if promotion_id is None:
        raise promotion_not_found(text)
    return promotion_id

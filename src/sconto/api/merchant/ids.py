"""Promotion ids as they are sent, in an address or in a body."""

import re

from sconto.api.merchant.errors import promotion_not_found
from sconto.api.strict_json import Number

_POSITIVE = re.compile(r"[1-9][0-9]*", re.ASCII)


def is_id(text: str) -> bool:
    """Whether the text is a positive integer, of whatever size."""
    return _POSITIVE.fullmatch(text) is not None


def find_id(text: str) -> int:
    """The id that was sent.

    Raises Refused (404 / 11200, with the text as sent) for what no promotion can have as its id:
    it cannot be told from an id that is unknown.
    """
    promotion_id = Number(text).whole() if is_id(text) else None
    if promotion_id is None:
        raise promotion_not_found(text)
    return promotion_id

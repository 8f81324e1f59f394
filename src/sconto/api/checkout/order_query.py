"""Reads the parameters of the list of orders."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sconto.api.cursors import decode, encode
from sconto.api.list_parameters import (
    CURSOR_RULE,
    ORDER_FILTERS,
    Parameter,
    limit_rule,
    read_limit,
    read_parameters,
)
from sconto.domain.names import is_reference
from sconto.domain.order_list import OrderPlace, OrderQuery

MAX_LISTED: Final = 100

_CURSOR: Final = re.compile(r"([1-9][0-9]{0,18}) ([0-9]{1,18}) (.{1,64})")
_DAWN: Final = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def read_order_query(parameters: Sequence[tuple[str, str]], merchant_id: int) -> OrderQuery:
    """Which orders to list. Raises InvalidFields, with `/limit` for the parameter `limit`.

    A cursor of another merchant is refused.
    """
    known = {
        **ORDER_FILTERS,
        "limit": Parameter(
            "limit", lambda text: read_limit(text, MAX_LISTED), limit_rule(MAX_LISTED)
        ),
        "cursor": Parameter("before", lambda text: _read_cursor(text, merchant_id), CURSOR_RULE),
    }
    fields: dict[str, Any] = {"limit": 20, **read_parameters(parameters, known)}
    return OrderQuery(**fields)


def write_order_cursor(place: OrderPlace, merchant_id: int) -> str:
    """The cursor for the merchant's orders before this place."""
    moment = (place.created_at - _DAWN) // _MICROSECOND
    return encode(f"{merchant_id} {moment} {place.order_id}")


def _read_cursor(text: str, merchant_id: int) -> OrderPlace | None:
    found = _CURSOR.fullmatch(decode(text) or "")
    if found is None or found[1] != str(merchant_id) or not is_reference(found[3]):
        return None
    try:
        place = OrderPlace(_DAWN + int(found[2]) * _MICROSECOND, found[3])
    except OverflowError:
        return None
    # Decoding is lenient; only the text that `write_order_cursor` makes is valid.
    return place if write_order_cursor(place, merchant_id) == text else None

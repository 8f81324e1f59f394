"""Reads the parameters of the list of orders."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from sconto.api.faults import FieldFault, InvalidFields
from sconto.api.ids import read_id
from sconto.api.problem_json import pointer
from sconto.api.rfc3339 import RULE as INSTANT_RULE
from sconto.api.rfc3339 import read_instant
from sconto.domain.codes import code_key
from sconto.domain.names import is_reference
from sconto.domain.order import OrderStatus
from sconto.domain.order_list import OrderPlace, OrderQuery

MAX_LISTED: Final = 100

_LIMIT: Final = re.compile("[1-9][0-9]{0,2}")
_CURSOR: Final = re.compile(r"([1-9][0-9]{0,18}) ([0-9]{1,18}) (.{1,64})")
_DAWN: Final = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class _Parameter(NamedTuple):
    """The field that a parameter sets, and how its text is read (None: not valid)."""

    field: str
    read: Callable[[str], Any]
    rule: str


def _read_limit(text: str) -> int | None:
    return int(text) if _LIMIT.fullmatch(text) and int(text) <= MAX_LISTED else None


def _read_status(text: str) -> OrderStatus | None:
    return OrderStatus(text) if text in tuple(OrderStatus) else None


_PARAMETERS: Final[Mapping[str, _Parameter]] = {
    "limit": _Parameter("limit", _read_limit, f"must be a whole number from 1 to {MAX_LISTED}"),
    "from": _Parameter("since", read_instant, INSTANT_RULE),
    "until": _Parameter("until", read_instant, INSTANT_RULE),
    "status": _Parameter("status", _read_status, f"must be one of {', '.join(OrderStatus)}"),
    "customer_id": _Parameter(
        "customer_id",
        lambda text: text if is_reference(text) else None,
        "must be 1 to 64 characters",
    ),
    "promotion_id": _Parameter("promotion_id", read_id, "must be the id of a promotion"),
    "code": _Parameter("code_key", code_key, "must be a code"),
}


def read_order_query(parameters: Sequence[tuple[str, str]], merchant_id: int) -> OrderQuery:
    """Which orders to list. Raises InvalidFields, with `/limit` for the parameter `limit`.

    A cursor of another merchant is refused.
    """
    faults: list[FieldFault] = []
    fields: dict[str, Any] = {"limit": 20}
    seen = set()
    for name, text in parameters:
        if name in seen:
            faults.append(FieldFault(pointer(name), "is given twice"))
        elif name == "cursor":
            if (place := _read_cursor(text, merchant_id)) is None:
                rule = "must be the next_cursor of an earlier answer"
                faults.append(FieldFault("/cursor", rule))
            fields["before"] = place
        elif name not in _PARAMETERS:
            faults.append(FieldFault(pointer(name), "is unknown"))
        elif (value := _PARAMETERS[name].read(text)) is None:
            faults.append(FieldFault(pointer(name), _PARAMETERS[name].rule))
        else:
            fields[_PARAMETERS[name].field] = value
        seen.add(name)
    if faults:
        raise InvalidFields(faults)
    return OrderQuery(**fields)


def write_order_cursor(place: OrderPlace, merchant_id: int) -> str:
    """The cursor for the merchant's orders before this place."""
    moment = (place.created_at - _DAWN) // _MICROSECOND
    text = f"{merchant_id} {moment} {place.order_id}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(text: str, merchant_id: int) -> OrderPlace | None:
    try:
        decoded = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        found = _CURSOR.fullmatch(decoded)
        if found is None or found[1] != str(merchant_id) or not is_reference(found[3]):
            return None
        place = OrderPlace(_DAWN + int(found[2]) * _MICROSECOND, found[3])
    except (ValueError, OverflowError):
        return None
    # Decoding is lenient; only the text that `write_order_cursor` makes is valid.
    return place if write_order_cursor(place, merchant_id) == text else None

"""Cursors: a place in a list, written in an address."""

import base64
from datetime import UTC, datetime
from typing import Final

import msgspec

from sconto.domain.names import is_reference
from sconto.domain.numbers import MAX_INT64
from sconto.domain.order_list import OrderPlace
from sconto.domain.overview import ListOrder, ListPosition

_READER: Final = msgspec.json.Decoder(tuple[int | str, int])
_ORDER_READER: Final = msgspec.json.Decoder(tuple[str, str])


def write_cursor(place: ListPosition | None) -> str | None:
    """The place as a short text; None for no place."""
    if place is None:
        return None
    key = place.key.isoformat() if isinstance(place.key, datetime) else place.key
    text = msgspec.json.encode([key, place.promotion_id])
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def read_cursor(text: str, order: ListOrder) -> ListPosition | None:
    """The place in a list of that order; None if the text is no cursor."""
    try:
        padded = text + "=" * (-len(text) % 4)
        key, promotion_id = _READER.decode(base64.urlsafe_b64decode(padded))
    except ValueError:
        return None
    if not _is_id(promotion_id):
        return None
    match order:
        case ListOrder.CREATED:
            return ListPosition(key, promotion_id) if _is_id(key) else None
        case ListOrder.NAME:
            is_text = isinstance(key, str) and "\0" not in key and key.isprintable()
            return ListPosition(key, promotion_id) if is_text else None
        case ListOrder.EDITED | ListOrder.START | ListOrder.END:
            at = _instant(key)
            return None if at is None else ListPosition(at, promotion_id)


def write_order_cursor(place: OrderPlace) -> str:
    """The place of an order as a short text."""
    text = msgspec.json.encode([place.created_at.isoformat(), place.order_id])
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def read_order_cursor(text: str) -> OrderPlace | None:
    """The place of an order; None if the text is no cursor."""
    try:
        padded = text + "=" * (-len(text) % 4)
        moment, order_id = _ORDER_READER.decode(base64.urlsafe_b64decode(padded))
    except ValueError:
        return None
    at = _instant(moment)
    return None if at is None or not is_reference(order_id) else OrderPlace(at, order_id)


def _is_id(value: int | str) -> bool:
    return isinstance(value, int) and 0 < value <= MAX_INT64


def _instant(text: int | str) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        instant = datetime.fromisoformat(text)
        # Near the first and last year an offset can leave the calendar.
        return None if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

"""Cursors: a place in a list, written in an address."""

import base64
from datetime import UTC, datetime
from typing import Final, TypeGuard

import msgspec

from sconto.domain.audit_list import AuditPlace
from sconto.domain.names import is_reference
from sconto.domain.numbers import MAX_INT64
from sconto.domain.order_list import OrderPlace
from sconto.domain.overview import ListOrder, ListPosition

_READER: Final = msgspec.json.Decoder(tuple[int | str, int | str])


def write_cursor(place: ListPosition | None) -> str | None:
    """The place as a short text; None for no place."""
    if place is None:
        return None
    key = place.key.isoformat() if isinstance(place.key, datetime) else place.key
    return _write(key, place.promotion_id)


def read_cursor(text: str, order: ListOrder) -> ListPosition | None:
    """The place in a list of that order; None if the text is not a cursor."""
    key, promotion_id = _read(text)
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


def write_order_cursor(place: OrderPlace | None) -> str | None:
    """The place of an order as a short text; None for no place."""
    return None if place is None else _write(place.created_at.isoformat(), place.order_id)


def read_order_cursor(text: str) -> OrderPlace | None:
    """The place of an order; None if the text is not a cursor."""
    moment, order_id = _read(text)
    at = _instant(moment)
    if at is None or not isinstance(order_id, str) or not is_reference(order_id):
        return None
    return OrderPlace(at, order_id)


def write_audit_cursor(place: AuditPlace | None) -> str | None:
    """The place of an entry of the audit log as a short text; None for no place."""
    return None if place is None else _write(place.recorded_at.isoformat(), place.entry_id)


def read_audit_cursor(text: str) -> AuditPlace | None:
    """The place of an entry of the audit log; None if the text is not a cursor."""
    moment, entry_id = _read(text)
    at = _instant(moment)
    return AuditPlace(at, entry_id) if at is not None and _is_id(entry_id) else None


def _write(key: int | str, element: int | str) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([key, element])).decode().rstrip("=")


def _read(text: str) -> tuple[int | str, int | str]:
    """The key and the element in a text; empty if the text is not a cursor."""
    try:
        return _READER.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return "", ""


def _is_id(value: int | str) -> TypeGuard[int]:
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

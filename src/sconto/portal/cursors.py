"""Cursors: a place in a list, as it stands in an address."""

import base64
import binascii
import json
from datetime import datetime

from sconto.domain.numbers import LARGEST
from sconto.domain.overview import ListOrder, Place


def write_cursor(place: Place | None) -> str | None:
    """The place as a short text; None where there is no place."""
    if place is None:
        return None
    key = place.key.isoformat() if isinstance(place.key, datetime) else place.key
    text = json.dumps([key, place.promotion_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, order: ListOrder) -> Place | None:
    """The place that the text stands for in a list of that order; None where it is none."""
    try:
        padded = text + "=" * (-len(text) % 4)
        key, promotion_id = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, TypeError):
        return None
    if not _is_id(promotion_id):
        return None
    match order:
        case ListOrder.CREATED:
            return Place(key, promotion_id) if _is_id(key) else None
        case ListOrder.NAME:
            is_text = isinstance(key, str) and "\0" not in key and key.isprintable()
            return Place(key, promotion_id) if is_text else None
        case ListOrder.EDITED | ListOrder.END:
            at = _instant(key)
            return None if at is None else Place(at, promotion_id)


def _is_id(value: object) -> bool:
    return type(value) is int and 0 < value <= LARGEST


def _instant(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if instant.tzinfo is None else instant

"""Reads single values of the merchant API; each function returns None for an invalid one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sconto.api.merchant.instants import parse_end, parse_start
from sconto.api.strict_json import Number
from sconto.domain.codes import CodeType, is_code
from sconto.domain.money import parse_percent
from sconto.domain.names import is_name
from sconto.domain.product import is_product_id
from sconto.domain.promotion import PromotionType

OWN_PERCENT_MEMBERS: Final = frozenset({"product_id", "discount_percent"})
"""The members of an item of `products`."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The valid codes of an array, as spelled; `faulty` if there were others."""

    valid: tuple[str, ...]
    faulty: bool


@dataclass(frozen=True, slots=True)
class Products:
    """The valid ids of an array of products, with the valid percents if each has its own.

    `faulty` names the members that were not valid, in the order of the fields. If it is empty, ids
    and percents match by position.
    """

    ids: tuple[int, ...]
    percents: tuple[int, ...] = ()
    faulty: tuple[str, ...] = ()


def read_type(value: object) -> PromotionType | None:
    """`coupon` or `discount`."""
    return next((kind for kind in PromotionType if kind == value), None)


def read_code_type(value: object) -> CodeType | None:
    """`one-time` or `reusable`."""
    return next((kind for kind in CodeType if kind == value), None)


def read_name(value: object) -> str | None:
    """1 to 255 characters, not blank, no control characters."""
    return value if isinstance(value, str) and is_name(value) else None


def read_flag(value: object) -> bool | None:
    """`true` or `false`."""
    return value if isinstance(value, bool) else None


def read_start(value: object) -> datetime | None:
    """A time with an offset, as an instant in UTC."""
    return _read_instant(value, parse_start)


def read_end(value: object) -> datetime | None:
    """A time with an offset, as an instant in UTC; the year 9999 in any offset."""
    return _read_instant(value, parse_end)


def _read_instant(value: object, parse: Callable[[str], datetime]) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return parse(value)
    except ValueError:
        return None


def text_of(value: object) -> str:
    """A string, or a number as it was written; an empty text for anything else."""
    match value:
        case Number():
            return value.text
        case str() | int():
            return str(value)
        case _:
            return ""


def read_percent(value: object) -> int | None:
    """A percent, sent as a string or a number, in millionths; its text as written must be valid."""
    try:
        return parse_percent(text_of(value))
    except ValueError:
        return None


def read_codes(value: object, is_valid: Callable[[str], bool] = is_code) -> Codes:
    """An array of codes; an empty array is not a fault here."""
    if not isinstance(value, list):
        return Codes((), faulty=True)
    valid = tuple(code for code in value if isinstance(code, str) and is_valid(code))
    return Codes(valid, faulty=len(valid) < len(value))


def read_product_ids(value: object) -> Products:
    """A filled array of product ids."""
    if not isinstance(value, list) or not value:
        return Products((), faulty=("product_id",))
    ids = _valid(map(_read_product_id, value))
    return Products(ids, faulty=("product_id",) if len(ids) < len(value) else ())


def read_own_percents(value: object) -> Products:
    """A filled array of objects with a product's id and its percent.

    `Findings` notes other members by their names.
    """
    if not isinstance(value, list) or not value:
        return Products((), faulty=("products",))
    items = [item for item in value if isinstance(item, dict)]
    ids = _valid(_read_product_id(item.get("product_id")) for item in items)
    percents = _valid(read_percent(item.get("discount_percent")) for item in items)
    faults = {
        "products": len(items) < len(value),
        "product_id": len(ids) < len(items),
        "discount_percent": len(percents) < len(items),
    }
    return Products(ids, percents, tuple(leaf for leaf, faulty in faults.items() if faulty))


def _read_product_id(value: object) -> int | None:
    """A positive integer of at most 64 bits, written without fraction or exponent."""
    return value if is_product_id(value) else None


def _valid(values: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(value for value in values if value is not None)

"""Coupons of WooCommerce, as its importers and exporters name their columns: one a row.

A coupon with `free_shipping` and an amount becomes two promotions with the same code, because a
promotion has one target.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sconto.domain.cart_promotion import Conditions, Limits, ProductSelection, Target
from sconto.domain.codes import CodeType, is_code
from sconto.domain.imports.cells import Record, require_currency
from sconto.domain.imports.discount import Discount
from sconto.domain.imports.notes import NoteKind, Unreadable
from sconto.domain.numbers import parse_id

COLUMNS: Final = (
    frozenset(["post_title", "code", "coupon_code"]),
    frozenset(["discount_type"]),
    frozenset(["coupon_amount", "amount"]),
)

_PERCENT: Final = ("percent", "percent_product")
_FIXED: Final = ("fixed_cart", "fixed_product")
_SECOND: Final = timedelta(seconds=1)


def read_coupon(record: Record, zone: ZoneInfo, currency: str | None) -> Iterator[Discount]:
    """The discounts of a coupon. Raises Unreadable if it must be left out."""
    code = record.text("post_title", "coupon_code", "code")
    if not is_code(code):
        raise Unreadable(NoteKind.NOT_A_CODE)
    if record.text("post_status").casefold() == "trash":
        raise Unreadable(NoteKind.IN_THE_TRASH)
    found = Discount(code, (code,), record.line)
    _read_limits(record, found)
    _read_products(record, found)
    _read_conditions(record, found, currency)
    expires_at = record.moment(zone, "date_expires", "expiry_date")
    # The coupon is not valid any more on that day.
    found.ends_at = None if expires_at is None else expires_at - _SECOND
    found.exclusive = record.flag("individual_use")
    found.on_discounted = not record.flag("exclude_sale_items")
    if record.text("post_status").casefold() not in ("", "publish"):
        found.active = False
        found.note(NoteKind.NOT_PUBLISHED)
    is_free = record.flag("free_shipping")
    if _read_benefit(record, found, currency):
        yield found
    elif not is_free:
        raise Unreadable(NoteKind.TAKES_NOTHING_OFF)
    if is_free:
        yield _free_shipping(found)


def _read_benefit(record: Record, found: Discount, currency: str | None) -> bool:
    """Whether the coupon takes something off lines or the order."""
    kind = record.text("discount_type").casefold()
    if kind not in _PERCENT + _FIXED:
        raise Unreadable(NoteKind.VALUE_WITHOUT_COUNTERPART, "discount_type", kind)
    if record.text("coupon_amount", "amount").strip("0.") == "":
        return False
    if kind in _PERCENT:
        found.target = Target.LINES
        found.percent = record.percent("coupon_amount", "amount")
        return True
    found.target = Target.ORDER if kind == "fixed_cart" else Target.LINES
    unit = require_currency(currency)
    amount = record.amount(unit, "coupon_amount", "amount")
    found.amounts = None if amount is None else {unit: amount}
    return True


def _free_shipping(found: Discount) -> Discount:
    return replace(
        found,
        name=f"{found.name} (shipping)",
        target=Target.SHIPPING,
        percent=None,
        amounts=None,
        notes=list(found.notes),
    )


def _read_limits(record: Record, found: Discount) -> None:
    limit = record.count("usage_limit")
    left = found.left_of(limit, record.count("usage_count"))
    per_customer = record.count("usage_limit_per_user")
    if limit == 1:
        found.code_type = CodeType.ONE_TIME
        found.limits = Limits(per_customer=None)
        return
    found.limits = Limits(left, per_customer)


def _read_products(record: Record, found: Discount) -> None:
    ids = _read_ids(record, "product_ids")
    except_ids = _read_ids(record, "exclude_product_ids")
    tags = frozenset(record.parts("product_categories"))
    except_tags = frozenset(record.parts("exclude_product_categories"))
    if tags or except_tags:
        found.note(NoteKind.CATEGORIES, *sorted(tags | except_tags))
    found.products = ProductSelection(ids, tags, except_ids, except_tags)
    if except_tags:
        found.is_looser = True
    if record.count("limit_usage_to_x_items") is not None:
        found.loosen(NoteKind.NO_COUNTERPART, "limit_usage_to_x_items")


def _read_ids(record: Record, name: str) -> frozenset[int]:
    texts = record.parts(name)
    ids = [parse_id(text) for text in texts]
    if None in ids:
        raise Unreadable(NoteKind.NOT_PRODUCT_IDS, name)
    return frozenset(one for one in ids if one is not None)


def _read_conditions(record: Record, found: Discount, currency: str | None) -> None:
    minimum = None
    if record.text("minimum_amount").strip("0."):
        unit = require_currency(currency)
        amount = record.amount(unit, "minimum_amount")
        minimum = None if amount is None else {unit: amount}
    found.conditions = Conditions(minimum)
    if record.text("maximum_amount").strip("0."):
        found.loosen(NoteKind.MAXIMUM)
    if record.text("customer_email", "email_restrictions"):
        found.loosen(NoteKind.FOR_CERTAIN_ADDRESSES)

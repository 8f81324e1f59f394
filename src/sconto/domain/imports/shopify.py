"""Discounts of Shopify, as its admin exports them: one code a row.

The export does not say which products a discount is for. Such a promotion is created switched off.
"""

import re
from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from sconto.domain.cart_promotion import Conditions, Limits, Target
from sconto.domain.codes import CodeType, is_code
from sconto.domain.imports.cells import Record, require_currency
from sconto.domain.imports.discount import Discount
from sconto.domain.imports.notes import NoteKind, Unreadable
from sconto.domain.money import parse_price

COLUMNS: Final = (
    frozenset(["Name"]),
    frozenset(["Value"]),
    frozenset(["Value Type"]),
    frozenset(["Discount Class"]),
)

_EVERYBODY: Final = frozenset(["", "all", "allcustomers", "everyone", "allbuyers"])
_QUANTITY: Final = re.compile(r"\D*?([1-9][0-9]{0,8})\s*(?:items?|quantity|units?)\b.*", re.I)
_SUBTOTAL: Final = re.compile(r"[^0-9]*([0-9]{1,12}(?:\.[0-9]{1,4})?)[^0-9]*")
_COMBINES: Final = tuple(
    f"Combines with {one} Discounts" for one in ("Order", "Product", "Shipping")
)


def read_discount(record: Record, zone: ZoneInfo, currency: str | None) -> Iterator[Discount]:
    """The discount of a row. Raises Unreadable if it must be left out."""
    name = record.text("Name")
    if record.text("Status").casefold() == "expired":
        raise Unreadable(NoteKind.OVER)
    if not is_code(name):
        raise Unreadable(NoteKind.NAME_NOT_A_CODE)
    found = Discount(name, (name,), record.line)
    found.starts_at = record.moment(zone, "Start")
    found.ends_at = record.moment(zone, "End")
    _read_benefit(record, found, currency)
    _read_limits(record, found)
    _read_minimum(record, found, currency)
    if re.sub(r"\W", "", record.text("Customer Selection").casefold()) not in _EVERYBODY:
        found.loosen(NoteKind.FOR_CERTAIN_CUSTOMERS)
    if not any(_combines(record, column) for column in _COMBINES):
        found.exclusive = found.target is not Target.LINES or found.amounts is not None
    yield found


def _read_benefit(record: Record, found: Discount, currency: str | None) -> None:
    kind = record.text("Type").casefold()
    if "buy" in kind or "get" in kind or "app" in kind.split():
        raise Unreadable(NoteKind.TERMS_NOT_EXPORTED, record.text("Type"))
    match record.text("Discount Class").casefold():
        case "order":
            found.target = Target.ORDER
        case "product":
            found.target = Target.LINES
            found.loosen(NoteKind.PRODUCTS_NOT_EXPORTED)
        case "shipping":
            found.target = Target.SHIPPING
            return
        case other:
            raise Unreadable(NoteKind.VALUE_WITHOUT_COUNTERPART, "Discount Class", other)
    match record.text("Value Type").casefold():
        case "percentage":
            found.percent = record.percent("Value")
        case "fixed_amount":
            unit = require_currency(currency)
            amount = record.amount(unit, "Value")
            if amount is None:
                raise Unreadable(NoteKind.TAKES_NOTHING_OFF)
            found.amounts = {unit: amount}
            if found.target is Target.LINES:
                found.note(NoteKind.OFF_EACH_UNIT)
        case other:
            raise Unreadable(NoteKind.VALUE_WITHOUT_COUNTERPART, "Value Type", other)


def _read_limits(record: Record, found: Discount) -> None:
    limit = record.count("Usage Limit Per Code")
    left = found.left_of(limit, record.count("Times Used In Total"))
    if limit == 1:
        found.code_type = CodeType.ONE_TIME
        return
    once = record.flag("Applies Once Per Customer")
    found.limits = Limits(left, 1 if once else None)


def _read_minimum(record: Record, found: Discount, currency: str | None) -> None:
    text = record.text("Minimum Purchase Requirements")
    if text.casefold() in ("", "none", "0", "0.0", "no minimum requirements"):
        return
    if (quantity := _QUANTITY.fullmatch(text)) is not None:
        found.conditions = Conditions(minimum_quantity=int(quantity[1]))
        return
    subtotal = _SUBTOTAL.fullmatch(text.replace(",", ""))
    if subtotal is None:
        found.loosen(NoteKind.MINIMUM_UNREADABLE, text)
        return
    unit = require_currency(currency)
    try:
        amount = parse_price(subtotal[1], unit)
    except ValueError:
        raise Unreadable(NoteKind.MINIMUM_NOT_AN_AMOUNT, unit, text) from None
    found.conditions = Conditions(minimum_subtotal={unit: amount} if amount else None)


def _combines(record: Record, column: str) -> bool:
    """Whether it combines; a word that is neither yes nor no counts as yes."""
    try:
        return record.flag(column)
    except Unreadable:
        return True

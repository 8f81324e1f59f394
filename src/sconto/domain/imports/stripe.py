"""Coupons of Stripe with their promotion codes: two exports, one row each.

Without the file of promotion codes the id of a coupon is its code. Promotion codes of a coupon that
have the same terms become one promotion.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from sconto.domain.cart_promotion import Conditions, Limits
from sconto.domain.codes import CodeType, code_key, is_code
from sconto.domain.imports.cells import Record, read_currency
from sconto.domain.imports.discount import Discount, Left
from sconto.domain.imports.notes import Note, NoteKind, Unreadable
from sconto.domain.money import currency_decimals

COLUMNS: Final = (frozenset(["id"]), frozenset(["Percent Off"]), frozenset(["Amount Off"]))
_COUPON: Final = ("Coupon", "Coupon ID", "coupon.id", "promotion.coupon")
CODE_COLUMNS: Final = (frozenset(["Code"]), frozenset(_COUPON))

_Bound = TypeVar("_Bound", datetime, int)

_UTC: Final = ZoneInfo("UTC")
_MINOR_UNITS: Final = "amount_off"
"""The API's spelling of the heading. The dashboard's, `Amount Off`, is in major units."""


def read_coupon(record: Record) -> Discount:
    """The discount of a coupon, whose code is its id. Raises Unreadable."""
    coupon = record.text("id")
    if record.text("Valid") and not record.flag("Valid"):
        raise Unreadable(NoteKind.NOT_VALID)
    duration = record.text("Duration").casefold()
    if duration == "repeating":
        months = record.text("Duration In Months", "duration_in_months")
        raise Unreadable(NoteKind.REPEATING, months)
    found = Discount(record.text("Name") or coupon, (coupon,), record.line)
    if duration == "forever":
        found.note(NoteKind.EACH_ORDER)
    found.ends_at = record.moment(_UTC, "Redeem By (UTC)", "Redeem By")
    _read_benefit(record, found)
    found.limits = Limits(_read_left(record, found))
    if record.text("Applies To", "applies_to.products"):
        found.loosen(NoteKind.PRODUCTS_TO_CHOOSE)
    return found


def with_codes(
    coupons: Mapping[str, Discount], records: Iterable[Record]
) -> tuple[list[Discount], list[Left]]:
    """The discounts with promotion codes in place of ids, and the codes that are left out.

    `coupons` are discounts by the ids of coupons.
    """
    grouped: dict[tuple[object, ...], Discount] = {}
    left: list[Left] = []
    seen: set[str | None] = set()
    for record in records:
        code = record.text("Code")
        coupon_id = record.text(*_COUPON)
        try:
            if coupon_id not in coupons:
                raise Unreadable(NoteKind.COUPON_NOT_CARRIED)
            if code_key(code) in seen:
                raise Unreadable(NoteKind.CODE_REPEATED)
            own = _read_code(record, code, coupons[coupon_id])
        except Unreadable as reason:
            left.append(Left(record.line, code, reason.note))
            continue
        seen.add(code_key(code))
        key = (coupon_id, *_terms_of(own, record))
        if key in grouped:
            grouped[key].codes += own.codes
        else:
            grouped[key] = own
    parts = Counter(str(coupon_id) for coupon_id, *_ in grouped)
    for (whose, *_), one in grouped.items():
        if parts[str(whose)] > 1 and coupons[str(whose)].limits.total is not None:
            one.loosen(NoteKind.LIMIT_SHARED)
    return list(grouped.values()), left


def find_unused(coupons: Mapping[str, Discount], used: Iterable[Discount]) -> Iterator[Left]:
    """The coupons of which no promotion code is used."""
    names = {one.name for one in used}
    for coupon in coupons.values():
        if coupon.name not in names:
            yield Left(coupon.line, coupon.name, Note(NoteKind.COUPON_WITHOUT_CODES))


def name_apart(discounts: Iterable[Discount]) -> None:
    """Number names that occur twice: names are not unique in Stripe."""
    names: set[str] = set()
    for one in discounts:
        if one.name in names:
            one.name = f"{one.name} ({one.codes[0]})"
        names.add(one.name)


def _terms_of(own: Discount, record: Record) -> tuple[object, ...]:
    """What promotion codes of a coupon must have in common to be codes of one promotion."""
    has_own_limit = own.code_type is CodeType.REUSABLE and record.count("Max Redemptions")
    return (
        own.code_type,
        own.ends_at,
        own.conditions.first_order,
        str(own.conditions.minimum_subtotal),
        own.is_looser,
        own.codes[0] if has_own_limit else None,
    )


def check_code(discount: Discount) -> None:
    """Raise Unreadable unless the id of a coupon, its only code, can be a code."""
    if not is_code(discount.codes[0]):
        raise Unreadable(NoteKind.ID_NOT_A_CODE)
    discount.note(NoteKind.ID_IS_THE_CODE)


def _read_code(record: Record, code: str, coupon: Discount) -> Discount:
    if not is_code(code):
        raise Unreadable(NoteKind.NOT_A_CODE)
    if record.text("Active") and not record.flag("Active"):
        raise Unreadable(NoteKind.NOT_ACTIVE)
    own = replace(coupon, codes=(code,), line=record.line, notes=list(coupon.notes))
    expires_at = record.moment(_UTC, "Expires At (UTC)", "Expires At", "Expires (UTC)")
    own.ends_at = _lower(coupon.ends_at, expires_at)
    left = _read_left(record, own)
    if left == 1:
        own.code_type = CodeType.ONE_TIME
    else:
        own.limits = Limits(_lower(left, coupon.limits.total))
    minimum = None
    currency = record.text("Minimum Amount Currency", "restrictions.minimum_amount_currency")
    if record.text("Minimum Amount").strip("0."):
        unit = read_currency(currency)
        amount = record.amount(unit, "Minimum Amount")
        minimum = None if amount is None else {unit: amount}
    first = record.flag("First Time Transaction", "First Time Transactions Only")
    own.conditions = Conditions(minimum, first_order=first)
    if record.text("Customer", "Customer ID"):
        own.loosen(NoteKind.FOR_ONE_CUSTOMER)
    return own


def _read_benefit(record: Record, found: Discount) -> None:
    if record.text("Percent Off"):
        found.percent = record.percent("Percent Off")
        return
    currency = read_currency(record.text("Currency"))
    if _MINOR_UNITS in record.headings:
        amount = record.count("Amount Off")
        decimals = currency_decimals(currency)
        if amount is not None and decimals not in (0, 2):
            raise Unreadable(NoteKind.OTHER_MINOR_UNIT, currency)
    else:
        amount = record.amount(currency, "Amount Off")
    if amount is None:
        raise Unreadable(NoteKind.TAKES_NOTHING_OFF)
    found.amounts = {currency: amount}


def _read_left(record: Record, found: Discount) -> int | None:
    return found.left_of(record.count("Max Redemptions"), record.count("Times Redeemed"))


def _lower(one: _Bound | None, other: _Bound | None) -> _Bound | None:
    """The earlier or lower of two bounds, each of which may be missing."""
    return min(one, other) if one is not None and other is not None else one or other

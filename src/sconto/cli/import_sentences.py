"""What an imported promotion does, in one line, and what is different about it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sconto.cli.sentences import ROW_FAULTS
from sconto.domain.cart_promotion import (
    AmountOff,
    Conditions,
    NewCartPromotion,
    PercentOff,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.csv_rows import RowFault
from sconto.domain.imports.cells import HeadingsMissing
from sconto.domain.imports.notes import Note, NoteKind
from sconto.domain.money import format_amount, format_percent
from sconto.domain.promotion import NewPromotion

_TARGETS: Mapping[Target, str] = {
    Target.LINES: "each line",
    Target.ORDER: "the order",
    Target.SHIPPING: "shipping",
}

NOTES: Final[Mapping[NoteKind, str]] = {
    NoteKind.NOT_A_FLAG: "{} is neither yes nor no: {!r}",
    NoteKind.NOT_A_COUNT: "{} is not a whole number: {!r}",
    NoteKind.NOT_A_PERCENT: "{} is not a percent above 0 and up to 100: {!r}",
    NoteKind.NOT_AN_AMOUNT: "{} is not an amount in {}: {!r}",
    NoteKind.NOT_A_MOMENT: "{} is not a date: {!r}",
    NoteKind.NOT_A_CURRENCY: "{!r} is not a currency",
    NoteKind.NOT_PRODUCT_IDS: "{} has other values than product ids",
    NoteKind.CURRENCY_MISSING: "the file names no currency: give it with --currency",
    NoteKind.NOT_A_CODE: "a code has 1 to 30 letters, digits, dashes, underscores and dots",
    NoteKind.NAME_NOT_A_CODE: "its name is not a code: it is automatic or has several codes",
    NoteKind.ID_NOT_A_CODE: "its id is not a code: give the file of promotion codes with --codes",
    NoteKind.ID_IS_THE_CODE: "its id is the code",
    NoteKind.CODE_REPEATED: "an earlier line has the same code",
    NoteKind.COUPON_NOT_CARRIED: "its coupon is left out",
    NoteKind.COUPON_WITHOUT_CODES: "it has no promotion code that can be used",
    NoteKind.NAME_TAKEN: "a promotion already has this name",
    NoteKind.OVER: "it has ended",
    NoteKind.NOT_VALID: "it is no longer valid",
    NoteKind.NOT_ACTIVE: "it is not active",
    NoteKind.IN_THE_TRASH: "it is in the trash",
    NoteKind.NOT_PUBLISHED: "it is not published: the promotion is switched off",
    NoteKind.USED_UP: "it is used up",
    NoteKind.PARTLY_USED: "{:,} of {:,} uses are taken: the limit is the rest",
    NoteKind.TAKES_NOTHING_OFF: "it takes nothing off",
    NoteKind.REPEATING: "it lasts {} months of a subscription: create a subscription promotion",
    NoteKind.EACH_ORDER: (
        "it is taken off each order with the code; for subscriptions create a "
        "subscription promotion"
    ),
    NoteKind.TERMS_NOT_EXPORTED: "{}: the export does not have its terms",
    NoteKind.NO_COUNTERPART: "{} has no counterpart",
    NoteKind.VALUE_WITHOUT_COUNTERPART: "{} {!r} has no counterpart",
    NoteKind.PRODUCTS_NOT_EXPORTED: "the export does not say which products it is for",
    NoteKind.PRODUCTS_TO_CHOOSE: "it is for certain products: choose them",
    NoteKind.PRODUCTS_MISSING: "the catalogue lacks {}",
    NoteKind.OFF_EACH_UNIT: "the amount comes off each unit",
    NoteKind.CATEGORIES: "categories are tags here: give the products the tags {}",
    NoteKind.MINIMUM_UNREADABLE: "its minimum cannot be read: {!r}",
    NoteKind.MINIMUM_NOT_AN_AMOUNT: "its minimum is not an amount in {}: {!r}",
    NoteKind.MAXIMUM: "a maximum of the cart has no counterpart",
    NoteKind.LIMIT_SHARED: "the coupon's limit holds for several promotions together",
    NoteKind.OTHER_MINOR_UNIT: "Stripe's unit of {} is not its minor unit",
    NoteKind.FOR_ONE_CUSTOMER: "it is for one customer: use a segment",
    NoteKind.FOR_CERTAIN_CUSTOMERS: "it is for certain customers: use segments",
    NoteKind.FOR_CERTAIN_ADDRESSES: "it is for certain e-mail addresses: use segments",
    NoteKind.ROW_UNREADABLE: "the line {}",
}


def say_note(note: Note) -> str:
    """The note as the rest of a sentence about the discount."""
    values: Sequence[object] = note.values
    match note.kind:
        case NoteKind.PRODUCTS_MISSING | NoteKind.CATEGORIES:
            values = [", ".join(map(str, values))]
        case NoteKind.REPEATING:
            values = [values[0] or "some"]
        case NoteKind.ROW_UNREADABLE:
            values = [ROW_FAULTS[RowFault(values[0])]]
    return NOTES[note.kind].format(*values)


def say_missing(missing: HeadingsMissing) -> str:
    """The rest of a sentence that begins with the file's name."""
    if not missing.columns:
        return "is not CSV file in UTF-8"
    return f"has no column {', '.join(missing.columns)}"


def say_discount(promotion: NewPromotion | NewCartPromotion) -> str:
    """Its kind, what it takes off, under which conditions and limits, and for how long."""
    return ", ".join([*_say_terms(promotion), *_say_rest(promotion)])


def _say_terms(promotion: NewPromotion | NewCartPromotion) -> Iterator[str]:
    if isinstance(promotion, NewPromotion):
        return _say_product(promotion)
    return _say_cart(promotion)


def _say_product(promotion: NewPromotion) -> Iterator[str]:
    coverage, code_type = promotion.terms.coverage, promotion.terms.code_type
    match coverage:
        case AllProducts(percent=percent):
            yield f"product promotion, {format_percent(percent)} % off all products"
        case ListedProducts(percent=percent, product_ids=ids):
            of = "1 product" if len(ids) == 1 else f"{len(ids):,} products"
            yield f"product promotion, {format_percent(percent)} % off {of}"
        case _:
            yield "product promotion"
    if code_type is CodeType.ONE_TIME:
        yield "once"


def _say_cart(promotion: NewCartPromotion) -> Iterator[str]:
    terms = promotion.terms
    off = ""
    match terms.benefit:
        case PercentOff(percent=percent):
            off = f"{format_percent(percent)} %"
        case AmountOff(amounts=amounts):
            off = _say_amounts(amounts)
    unit = "each unit" if isinstance(terms.benefit, AmountOff) else _TARGETS[Target.LINES]
    place = unit if terms.target is Target.LINES else _TARGETS[terms.target]
    yield f"cart promotion, {off} off {place}"
    yield from _say_conditions(terms.conditions)
    if promotion.code_type is CodeType.ONE_TIME:
        yield "once"
    if terms.limits.total is not None:
        yield f"{terms.limits.total:,} orders"
    if terms.limits.per_customer is not None:
        yield f"{terms.limits.per_customer:,} for each customer"
    if not terms.on_discounted:
        yield "not on discounted products"
    if terms.exclusive:
        yield "exclusive"


def _say_conditions(conditions: Conditions) -> Iterator[str]:
    if conditions.minimum_subtotal is not None:
        yield f"from {_say_amounts(conditions.minimum_subtotal)}"
    if conditions.minimum_quantity is not None:
        yield f"from {conditions.minimum_quantity:,} units"
    if conditions.first_order:
        yield "first order"


def _say_rest(promotion: NewPromotion | NewCartPromotion) -> Iterator[str]:
    codes = promotion.terms.codes if isinstance(promotion, NewPromotion) else promotion.codes
    yield "1 code" if len(codes) == 1 else f"{len(codes):,} codes"
    if promotion.period.ends_at is not None:
        yield f"until {promotion.period.ends_at.isoformat(' ', 'seconds')}"


def _say_amounts(amounts: Mapping[str, int]) -> str:
    return " or ".join(f"{format_amount(one, unit)} {unit}" for unit, one in amounts.items())

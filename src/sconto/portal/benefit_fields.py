"""What a cart promotion takes off, as fields of its form."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from sconto.domain.cart_limits import (
    HIGHEST_QUANTITY,
    MAX_SELECTED_PRODUCTS,
    MAX_SELECTED_TAGS,
    MAX_TIERS,
    MAX_UNITS_OF_LINE,
)
from sconto.domain.cart_promotion import (
    AmountOff,
    Benefit,
    BuyAndGet,
    FixedPrice,
    Measure,
    PercentOff,
    ProductSelection,
    Tier,
    Tiers,
)
from sconto.domain.money import format_percent
from sconto.portal.faults import Faults
from sconto.portal.language import Language
from sconto.portal.typed_values import (
    read_a_percent,
    read_amounts,
    read_count,
    read_product_ids,
    read_references,
    read_required_amounts,
    read_required_count,
    write_amounts,
    write_count,
    write_product_ids,
    write_references,
)
from sconto.portal.words import marked

KINDS: Final[Mapping[str, str]] = {
    "percent": marked("Percent off"),
    "amount": marked("Amount off"),
    "price": marked("Fixed price for each unit"),
    "units": marked("Buy some, get some"),
    "tiers": marked("Spend more, save more"),
}
"""What the form offers, in its order; the names of the API."""

_LEAST_TIERS: Final = 2


@dataclass(frozen=True, slots=True)
class TierFields:
    """A tier as it was typed: where it begins, and `10 %` or amounts."""

    start: str = ""
    off: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.start or self.off)


@dataclass(frozen=True, slots=True)
class BenefitFields:
    """The texts of the form about the benefit; those of other kinds stay as they were typed."""

    kind: str = "percent"
    percent: str = ""
    at_most: str = ""
    amounts: str = ""
    prices: str = ""
    buy: str = ""
    get: str = ""
    get_percent: str = ""
    get_products: str = ""
    get_tags: str = ""
    most_units: str = ""
    tiers_by: str = Measure.SUBTOTAL
    tiers: tuple[TierFields, ...] = (TierFields(),) * _LEAST_TIERS

    def with_another_tier(self) -> "BenefitFields":
        """The form with one more empty tier, up to the limit."""
        return replace(self, tiers=(*self.tiers, TierFields())[:MAX_TIERS])


def fields_of_benefit(benefit: Benefit) -> BenefitFields:
    """The fields for a stored benefit."""
    match benefit:
        case PercentOff(percent, at_most):
            return BenefitFields("percent", format_percent(percent), write_amounts(at_most))
        case AmountOff(amounts):
            return BenefitFields("amount", amounts=write_amounts(amounts))
        case FixedPrice(prices):
            return BenefitFields("price", prices=write_amounts(prices))
        case BuyAndGet():
            others = benefit.get_products or ProductSelection()
            return BenefitFields(
                "units",
                buy=str(benefit.buy),
                get=str(benefit.get),
                get_percent=format_percent(benefit.percent),
                get_products=write_product_ids(others.ids),
                get_tags=write_references(others.tags),
                most_units=write_count(benefit.at_most),
            )
        case Tiers(by, tiers):
            rows = tuple(TierFields(_start(tier), _off(tier)) for tier in tiers)
            return BenefitFields("tiers", tiers_by=by, tiers=rows)


def read_benefit(
    fields: BenefitFields, stored: Benefit | None, language: Language, faults: Faults
) -> Benefit:
    """The benefit that the fields describe; a stand-in after a fault.

    If nothing was edited, it is the `stored` one, including the parts that have no field.
    """
    if stored is not None and fields_of_benefit(stored) == fields:
        return stored
    match fields.kind:
        case "percent":
            percent = read_a_percent("percent", fields.percent, language, faults)
            at_most = read_amounts("at_most", fields.at_most, language, faults)
            return PercentOff(percent, at_most or None)
        case "amount":
            return AmountOff(read_required_amounts("amounts", fields.amounts, language, faults))
        case "price":
            prices = read_required_amounts("prices", fields.prices, language, faults, least=0)
            return FixedPrice(prices)
        case "units":
            return _read_units(fields, language, faults)
        case "tiers":
            return _read_tiers(fields, language, faults)
        case _:
            faults.note("kind", language.gettext("Choose one."))
            return PercentOff(1)


def _read_units(fields: BenefitFields, language: Language, faults: Faults) -> BuyAndGet:
    ids = read_product_ids(
        "get_products", fields.get_products, MAX_SELECTED_PRODUCTS, language, faults
    )
    tags = read_references("get_tags", fields.get_tags, MAX_SELECTED_TAGS, language, faults)
    return BuyAndGet(
        read_required_count("buy", fields.buy, MAX_UNITS_OF_LINE, language, faults),
        read_required_count("get", fields.get, MAX_UNITS_OF_LINE, language, faults),
        read_a_percent("get_percent", fields.get_percent or "100", language, faults),
        ProductSelection(ids, tags) if ids or tags else None,
        read_count("most_units", fields.most_units, HIGHEST_QUANTITY, language, faults),
    )


def _read_tiers(fields: BenefitFields, language: Language, faults: Faults) -> Tiers:
    by = Measure.QUANTITY if fields.tiers_by == Measure.QUANTITY else Measure.SUBTOTAL
    tiers = [
        _read_tier(number, row, by, language, faults)
        for number, row in enumerate(fields.tiers)
        if not row.is_empty
    ]
    _ = language.gettext
    if not tiers:
        faults.note("start-0", _("Write at least one tier."))
    if len(tiers) > MAX_TIERS:
        most = {"number": language.number(MAX_TIERS)}
        faults.note("tiers", _("A promotion has at most %(number)s tiers.") % most)
    if not faults and any(not before.is_below(after) for before, after in pairwise(tiers)):
        faults.note(
            "tiers", _("Each tier must begin above the previous one, in the same currencies.")
        )
    return Tiers(by, tuple(tiers))


def _read_tier(
    number: int, row: TierFields, by: Measure, language: Language, faults: Faults
) -> Tier:
    name = f"start-{number}"
    start: int | dict[str, int]
    if by is Measure.QUANTITY:
        start = read_required_count(name, row.start, HIGHEST_QUANTITY, language, faults)
    else:
        start = read_required_amounts(name, row.start, language, faults, least=0)
    if row.off.endswith("%"):
        return Tier(start, PercentOff(read_a_percent(f"off-{number}", row.off, language, faults)))
    # Its own sentence names percents too.
    amounts = read_amounts("off", row.off, language, Faults())
    if not amounts:
        sentence = language.gettext("Write a percent or an amount, such as 5.00 EUR or 10 %.")
        faults.note(f"off-{number}", sentence)
    return Tier(start, AmountOff(amounts))


def _start(tier: Tier) -> str:
    start = tier.reached_at
    return str(start) if isinstance(start, int) else write_amounts(start)


def _off(tier: Tier) -> str:
    match tier.benefit:
        case PercentOff(percent):
            return f"{format_percent(percent)} %"
        case AmountOff(amounts):
            return write_amounts(amounts)

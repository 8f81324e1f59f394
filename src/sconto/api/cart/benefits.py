"""Reads and writes benefits and selections of products in the cart promotions API."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

from sconto.api.cart.fields import BodyFields
from sconto.api.ids import PRODUCT_ID_RULE
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
from sconto.domain.money import FULL_PERCENT, format_amount, format_percent
from sconto.domain.names import is_reference
from sconto.domain.product import is_product_id

JsonObject = dict[str, Any]


def read_selection(fields: BodyFields) -> ProductSelection:
    """The selected products."""
    return ProductSelection(
        _read_ids(fields, "ids"),
        _read_tags(fields, "tags"),
        _read_ids(fields, "except_ids"),
        _read_tags(fields, "except_tags"),
    )


def write_selection(selection: ProductSelection) -> JsonObject | None:
    """The selected products as in a request; None for all products."""
    parts = {
        "ids": sorted(selection.ids),
        "tags": sorted(selection.tags),
        "except_ids": sorted(selection.except_ids),
        "except_tags": sorted(selection.except_tags),
    }
    return {name: values for name, values in parts.items() if values} or None


def _read_ids(fields: BodyFields, name: str) -> frozenset[int]:
    return fields.set_of(name, MAX_SELECTED_PRODUCTS, is_product_id, PRODUCT_ID_RULE)


def _read_tags(fields: BodyFields, name: str) -> frozenset[str]:
    return fields.set_of(
        name,
        MAX_SELECTED_TAGS,
        lambda value: type(value) is str and is_reference(value),
        "must be a string of 1 to 64 characters",
    )


def read_benefit(fields: BodyFields) -> Benefit:
    """What the promotion takes off."""
    kind = fields.one_of("type", tuple(_READERS))
    if kind is None:
        fields.leave_unread()
        return PercentOff(1)
    return _READERS[kind](fields)


def _read_percent(fields: BodyFields) -> PercentOff:
    return PercentOff(fields.percent("percent"), fields.optional_amounts("at_most"))


def _read_amount(fields: BodyFields) -> AmountOff:
    return AmountOff(fields.amounts("amounts"))


def _read_price(fields: BodyFields) -> FixedPrice:
    return FixedPrice(fields.amounts("prices", least=0))


def _read_units(fields: BodyFields) -> BuyAndGet:
    return BuyAndGet(
        fields.number("buy", 1, MAX_UNITS_OF_LINE),
        fields.number("get", 1, MAX_UNITS_OF_LINE),
        fields.percent("percent", default=FULL_PERCENT),
        fields.object("get_products", read_selection),
        fields.optional_number("at_most", 1, HIGHEST_QUANTITY),
    )


def _read_tiers(fields: BodyFields) -> Tiers:
    by = Measure(fields.one_of("by", tuple(Measure)) or Measure.SUBTOTAL)
    faults_before = fields.number_of_faults
    tiers = fields.objects("tiers", MAX_TIERS, lambda tier: _read_tier(tier, by))
    is_readable = fields.number_of_faults == faults_before
    for before, after in pairwise(tiers):
        if is_readable and not before.is_below(after):
            fields.note("tiers", "must ascend by `from`, in the same currencies")
            break
    return Tiers(by, tuple(tiers))


def _read_tier(fields: BodyFields, by: Measure) -> Tier:
    start: int | dict[str, int]
    if by is Measure.SUBTOTAL:
        start = fields.amounts("from", least=0)
    else:
        start = fields.number("from", 1, HIGHEST_QUANTITY)
    benefit = fields.object("benefit", _read_benefit_of_tier)
    if benefit is None and not fields.has("benefit"):
        fields.note("benefit", "must be an object")
    return Tier(start, benefit or PercentOff(1))


def _read_benefit_of_tier(fields: BodyFields) -> PercentOff | AmountOff:
    kind = fields.one_of("type", ("percent", "amount"))
    if kind is None:
        fields.leave_unread()
        return PercentOff(1)
    return _read_amount(fields) if kind == "amount" else _read_percent(fields)


_READERS: Final[Mapping[str, Callable[[BodyFields], Benefit]]] = {
    "percent": _read_percent,
    "amount": _read_amount,
    "price": _read_price,
    "units": _read_units,
    "tiers": _read_tiers,
}


def write_benefit(benefit: Benefit) -> JsonObject:
    """What the promotion takes off, as in a request."""
    match benefit:
        case PercentOff(percent, at_most):
            capped = {} if at_most is None else {"at_most": write_amounts(at_most)}
            return {"type": "percent", "percent": format_percent(percent), **capped}
        case AmountOff(amounts):
            return {"type": "amount", "amounts": write_amounts(amounts)}
        case FixedPrice(prices):
            return {"type": "price", "prices": write_amounts(prices)}
        case BuyAndGet():
            return _write_units(benefit)
        case Tiers(by, tiers):
            return {
                "type": "tiers",
                "by": by.value,
                "tiers": [
                    {"from": _write_start(tier), "benefit": write_benefit(tier.benefit)}
                    for tier in tiers
                ],
            }


def write_amounts(amounts: Mapping[str, int]) -> dict[str, str]:
    """Amounts by currency."""
    return {currency: format_amount(amount, currency) for currency, amount in amounts.items()}


def _write_units(benefit: BuyAndGet) -> JsonObject:
    written: JsonObject = {
        "type": "units",
        "buy": benefit.buy,
        "get": benefit.get,
        "percent": format_percent(benefit.percent),
    }
    if benefit.get_products is not None:
        written["get_products"] = write_selection(benefit.get_products) or {}
    if benefit.at_most is not None:
        written["at_most"] = benefit.at_most
    return written


def _write_start(tier: Tier) -> int | dict[str, str]:
    start = tier.reached_at
    return start if isinstance(start, int) else write_amounts(start)

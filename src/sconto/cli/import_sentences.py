"""What an imported promotion does, in one line."""

from collections.abc import Iterator, Mapping

from sconto.domain.cart_promotion import AmountOff, NewCartPromotion, PercentOff, Target
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.money import format_amount, format_percent
from sconto.domain.promotion import NewPromotion

_TARGETS: Mapping[Target, str] = {
    Target.LINES: "each line",
    Target.ORDER: "the order",
    Target.SHIPPING: "shipping",
}


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
    conditions, limits = terms.conditions, terms.limits
    if conditions.minimum_subtotal is not None:
        yield f"from {_say_amounts(conditions.minimum_subtotal)}"
    if conditions.minimum_quantity is not None:
        yield f"from {conditions.minimum_quantity:,} units"
    if conditions.first_order:
        yield "first order"
    if promotion.code_type is CodeType.ONE_TIME:
        yield "once"
    if limits.total is not None:
        yield f"{limits.total:,} orders"
    if limits.per_customer is not None:
        yield f"{limits.per_customer:,} for each customer"
    if not terms.on_discounted:
        yield "not on discounted products"
    if terms.exclusive:
        yield "exclusive"


def _say_rest(promotion: NewPromotion | NewCartPromotion) -> Iterator[str]:
    codes = promotion.terms.codes if isinstance(promotion, NewPromotion) else promotion.codes
    yield "1 code" if len(codes) == 1 else f"{len(codes):,} codes"
    if promotion.period.ends_at is not None:
        yield f"until {promotion.period.ends_at.isoformat(' ', 'seconds')}"


def _say_amounts(amounts: Mapping[str, int]) -> str:
    return " or ".join(f"{format_amount(one, unit)} {unit}" for unit, one in amounts.items())

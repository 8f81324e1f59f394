"""Builders of values with defaults, so that a test shows only what matters."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from sconto.domain.blanks import INVISIBLE, WHITE_SPACE
from sconto.domain.cart import Cart, Line
from sconto.domain.cart_promotion import AmountOff, CartTerms, Limits, NewCartPromotion, Target
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, Coverage
from sconto.domain.money import PERCENT
from sconto.domain.product import Product
from sconto.domain.promotion import NewPromotion, PromotionType, Terms
from sconto.domain.schedule import Period
from sconto.domain.subscription_promotion import (
    Condition,
    ConditionType,
    Constraint,
    EffectType,
    Rule,
    SubscriptionTerms,
    parse_effect,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NO_LIMITS = Limits()
"""A moment within every period that the builders make."""

blanks = st.text(st.sampled_from(WHITE_SPACE + INVISIBLE), min_size=1, max_size=3)
"""Blanks and invisible characters that may be copied with a code."""

BLANKS = (" ", "\t", "\r\n", "\u00a0", "\u00ad", "\u200b", "\u200d", "\u200f", "\u2060", "\ufeff")
"""Single characters of them."""


def a_line(
    product_id: int = 11111, *, line_id: str = "1", quantity: int = 1, unit_price: int = 1000
) -> Line:
    return Line(line_id, product_id, quantity, unit_price)


def a_cart(*lines: Line, codes: tuple[str, ...] = (), currency: str = "EUR") -> Cart:
    return Cart(currency, lines or (a_line(),), codes)


def a_period(starts_at: datetime | None = None, ends_at: datetime | None = None) -> Period:
    """From 1 January 2026, without an end."""
    return Period(starts_at or datetime(2026, 1, 1, tzinfo=UTC), ends_at)


def a_promotion(
    *,
    type_: PromotionType | None = None,
    name: str = "Ten percent",
    active: bool = True,
    period: Period | None = None,
    coverage: Coverage | None = None,
    codes: tuple[str, ...] = (),
    code_type: CodeType | None = None,
) -> NewPromotion:
    """Ten percent on all products: a coupon if it has codes, otherwise automatic."""
    return NewPromotion(
        type=type_ or (PromotionType.COUPON if codes else PromotionType.DISCOUNT),
        name=name,
        active=active,
        period=period or a_period(),
        terms=Terms(coverage or AllProducts(10 * PERCENT), code_type, codes),
    )


def a_product(
    product_id: int = 11111,
    *,
    name: str = "Mug",
    price: int = 1999,
    currency: str = "EUR",
    tags: tuple[str, ...] | None = None,
) -> Product:
    return Product(product_id, name, price, currency, tags)


def percent_off(amount: str = "30", *conditions: Condition) -> Rule:
    return Rule(parse_effect(EffectType.PERCENTAGE_DISCOUNT, amount), conditions)


def amount_off(amount: str = "9.90", *conditions: Condition) -> Rule:
    return Rule(parse_effect(EffectType.AMOUNT_DISCOUNT, amount), conditions)


def after_applied(order_number: int) -> Condition:
    return Condition(ConditionType.ORDER_NUMBER_AFTER_APPLIED, order_number)


def in_contract(order_number: int) -> Condition:
    return Condition(ConditionType.SUBSCRIPTION_CONTRACT_ORDER_NUMBER, order_number)


def subscription_terms(
    *rules: Rule, code: str = "TRY3", enabled: bool = True, constraint: Constraint | None = None
) -> SubscriptionTerms:
    """Thirty percent off every order."""
    return SubscriptionTerms(
        code, "Thirty percent", enabled, rules or (percent_off(),), constraint or Constraint()
    )


def ten_off(*codes: str, limits: Limits = NO_LIMITS) -> NewCartPromotion:
    """A cart promotion of ten euros off the order, automatic without codes."""
    terms = CartTerms(Target.ORDER, AmountOff({"EUR": 1000}), limits=limits)
    code_type = CodeType.REUSABLE if codes else None
    return NewCartPromotion("Ten off", True, Period(NOON), terms, code_type, codes)

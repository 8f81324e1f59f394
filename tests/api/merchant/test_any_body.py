"""Any JSON is read as a promotion, or refused with a list of published errors."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from sconto.api.merchant.errors import fault
from sconto.api.merchant.reading import Reading, read_new_promotion, read_promotion_change
from sconto.api.merchant.statistics import read_statistics_question
from sconto.domain.coverage import named_products
from sconto.domain.promotion import PromotionSummary, PromotionType
from sconto.domain.schedule import Period
from tests.api.merchant.bodies import sent

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Moscow")
CURRENT = PromotionSummary(1, PromotionType.DISCOUNT, "n", True, Period(NOW), NOW, NOW)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
    | st.sampled_from(["coupon", "discount", "reusable", "10", "12.50", "A", "a", "PROMO"])
    | st.sampled_from(["2023-01-01T00:00:00+03:00", "3000-01-01T00:00:01+03:00"])
)
NAMES = st.sampled_from(
    [
        *("promotion_type", "promotion_name", "status", "date_from", "date_to", "coupons"),
        *("discounts", "coupon_type", "coupon_code", "discount_percent", "product_id"),
        *("products", "id", "other"),
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=15,
)
OWN_PERCENTS = st.lists(
    st.fixed_dictionaries({}, optional={"product_id": SCALARS, "discount_percent": SCALARS}),
    max_size=3,
)
TERMS = st.fixed_dictionaries(
    {},
    optional={
        "coupon_type": SCALARS,
        "coupon_code": st.lists(SCALARS, max_size=3),
        "discount_percent": SCALARS,
        "product_id": st.lists(SCALARS, max_size=3),
        "products": OWN_PERCENTS,
    },
)
BODIES = st.dictionaries(NAMES, VALUES) | st.fixed_dictionaries(
    {"promotion_type": st.sampled_from(["coupon", "discount"]), "promotion_name": st.just("n")},
    optional={"status": SCALARS, "date_from": SCALARS, "coupons": TERMS, "discounts": TERMS},
)


def check(reading: Reading[Any]) -> None:
    faults = reading.faults()
    assert (reading.wanted is None) == bool(faults)
    assert len(set(faults)) == len(faults)
    unknown = reading.named_products()
    if unknown:
        missing = fault(11020, ", ".join(map(str, unknown)))
        assert set(reading.faults(unknown)) == {*faults, missing}


@settings(max_examples=50)
@given(BODIES)
def test_any_body_of_create_is_a_promotion_or_faults(body: dict[str, Any]) -> None:
    reading = read_new_promotion(sent(body), ZONE, NOW)
    check(reading)
    if reading.wanted is not None:
        assert list(named_products(reading.wanted.terms.coverage)) == reading.named_products()
        assert bool(reading.wanted.terms.codes) == (reading.wanted.type is PromotionType.COUPON)


@settings(max_examples=50)
@given(BODIES)
def test_any_body_of_modify_is_a_change_or_faults(body: dict[str, Any]) -> None:
    check(read_promotion_change(sent(body), CURRENT, ZONE))


@settings(max_examples=50)
@given(st.dictionaries(NAMES, VALUES))
def test_any_body_of_statistics_is_a_question_or_faults(body: dict[str, Any]) -> None:
    asked = read_statistics_question(sent(body))
    assert asked.promotion_id is not None or asked.faults

"""The body that modifies a promotion: what is unchanged and what is replaced."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sconto.api.merchant.errors import Fault, fault
from sconto.api.merchant.reading import read_promotion_change
from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.money import PERCENT
from sconto.domain.promotion import PromotionChange, PromotionSummary, PromotionType, Terms
from sconto.domain.schedule import Period
from tests.api.merchant.bodies import coupons, discounts, sent

MOSCOW = ZoneInfo("Europe/Moscow")
START = datetime(2023, 1, 1, tzinfo=UTC)
END = datetime(2023, 2, 1, tzinfo=UTC)


def summary(
    kind: PromotionType = PromotionType.DISCOUNT, ends_at: datetime | None = END
) -> PromotionSummary:
    return PromotionSummary(
        id=36,
        type=kind,
        name="Black Friday",
        active=True,
        period=Period(START, ends_at),
        created_at=START,
        updated_at=START,
    )


def changed(body: dict[str, Any], current: PromotionSummary | None = None) -> PromotionChange:
    """The change in a valid body."""
    reading = read_promotion_change(sent(body), current or summary(), MOSCOW)
    assert reading.faults() == ()
    assert reading.wanted is not None
    return reading.wanted


def faults_of(body: dict[str, Any], current: PromotionSummary | None = None) -> list[Fault]:
    reading = read_promotion_change(sent(body), current or summary(), MOSCOW)
    return list(reading.faults())


def test_an_unknown_member_of_an_item_of_products_is_named() -> None:
    item = {"product_id": 1, "discount_percent": "5", "bar": 1}
    body = {"promotion_type": "discount", "discounts": {"products": [item, {**item, "bar": 2}]}}
    assert fault(11010, "bar") in faults_of(body)
    assert fault(11010, "products") not in faults_of(body)


def test_the_published_example_changes_only_the_end_and_the_discounts() -> None:
    body = {
        "promotion_type": "discount",
        "date_to": "2024-01-10T09:16:35+03:00",
        "discounts": {"product_id": [22222], "discount_percent": "50"},
    }
    assert changed(body) == PromotionChange(
        PromotionType.DISCOUNT,
        ends_at=datetime(2024, 1, 10, 6, 16, 35, tzinfo=UTC),
        terms=Terms(ListedProducts(50 * PERCENT, (22222,))),
    )


def test_absent_fields_are_unchanged() -> None:
    assert changed({"promotion_type": "discount"}) == PromotionChange(PromotionType.DISCOUNT)
    current = summary(PromotionType.COUPON)
    assert changed({"promotion_type": "coupon"}, current) == PromotionChange(PromotionType.COUPON)


def test_present_fields_are_changed() -> None:
    body = {
        "promotion_type": "discount",
        "promotion_name": "New",
        "status": False,
        "date_from": "2023-01-02T00:00:00+00:00",
    }
    assert changed(body) == PromotionChange(
        PromotionType.DISCOUNT,
        name="New",
        active=False,
        starts_at=datetime(2023, 1, 2, tzinfo=UTC),
    )


def test_the_default_end_removes_the_end() -> None:
    body = {"promotion_type": "discount", "date_to": "3000-01-01T00:00:00+03:00"}
    assert changed(body) == PromotionChange(PromotionType.DISCOUNT, no_end=True)


def test_an_object_replaces_the_stored_one_completely() -> None:
    body = {"promotion_type": "coupon", "coupons": coupons()}
    change = changed(body, summary(PromotionType.COUPON))
    assert change.terms == Terms(AllProducts(10 * PERCENT), None, ("PROMO-001",))
    assert faults_of(
        {"promotion_type": "coupon", "coupons": {}}, summary(PromotionType.COUPON)
    ) == [
        fault(11070),
        fault(11040),
    ]


@pytest.mark.parametrize("body", [{}, {"promotion_type": None}, {"promotion_type": "x"}])
def test_the_type_is_required_and_valid(body: dict[str, Any]) -> None:
    assert faults_of(body) == [fault(11010, "promotion_type")]
    assert faults_of({**body, "coupons": coupons()}) == [fault(11010, "promotion_type")]


def test_null_is_not_accepted() -> None:
    names = ["promotion_name", "status", "date_from", "date_to", "discounts"]
    body = {"promotion_type": "discount", **dict.fromkeys(names)}
    assert faults_of(body) == [fault(11010, name) for name in names]


def test_another_type_needs_its_object() -> None:
    current = summary(PromotionType.COUPON)
    assert faults_of({"promotion_type": "discount"}, current) == [fault(11041)]
    assert faults_of({"promotion_type": "coupon"}) == [fault(11070), fault(11040)]
    change = changed({"promotion_type": "discount", "discounts": discounts()}, current)
    assert change == PromotionChange(PromotionType.DISCOUNT, terms=Terms(AllProducts(10 * PERCENT)))


def test_the_object_of_another_type_is_an_error() -> None:
    body = {"promotion_type": "discount", "coupons": coupons()}
    assert faults_of(body) == [fault(11090)]
    assert faults_of(body, summary(PromotionType.COUPON)) == [fault(11090), fault(11041)]
    both = {**body, "discounts": discounts()}
    assert faults_of(both) == [fault(11090)]


@pytest.mark.parametrize(
    ("dates", "reversed_"),
    [
        ({"date_from": "2023-02-01T00:00:00+00:00"}, False),
        ({"date_from": "2023-02-01T00:00:01+00:00"}, True),
        ({"date_to": "2023-01-01T00:00:00+00:00"}, False),
        ({"date_to": "2022-12-31T23:59:59+00:00"}, True),
        (
            {"date_from": "2024-01-01T00:00:00+00:00", "date_to": "2024-01-02T00:00:00+00:00"},
            False,
        ),
    ],
)
def test_the_resulting_period_is_checked(dates: dict[str, str], reversed_: bool) -> None:
    body = {"promotion_type": "discount", **dates}
    assert faults_of(body) == ([fault(11050)] if reversed_ else [])


def test_without_an_end_a_promotion_starts_before_the_year_3000() -> None:
    body = {"promotion_type": "discount", "date_from": "3000-01-01T00:00:01+03:00"}
    assert faults_of(body, summary(ends_at=None)) == [fault(11050)]


def test_a_bad_date_is_not_compared() -> None:
    body = {"promotion_type": "discount", "date_from": "x", "date_to": "1990-01-01T00:00:00+00:00"}
    assert faults_of(body) == [fault(11010, "date_from")]


def test_fields_that_create_does_not_have_are_unknown() -> None:
    body = {"promotion_type": "discount", "id": 36, "update_date": "2023-01-01T00:00:00+00:00"}
    assert faults_of(body) == [fault(11010, "id"), fault(11010, "update_date")]

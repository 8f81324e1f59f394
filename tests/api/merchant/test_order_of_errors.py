"""Several errors in one body: which ones are listed, and in which order."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sconto.api.merchant.errors import Fault, fault
from sconto.api.merchant.reading import read_new_promotion
from tests.api.merchant.bodies import (
    coupon_body,
    coupons,
    discount_body,
    discounts,
    own_percents,
    sent,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KNOWN = frozenset({1, 2, 3, 11111, 22222})


def faults_of(body: dict[str, Any] | str) -> list[Fault]:
    """The errors of a body. The catalogue has the products KNOWN."""
    reading = read_new_promotion(sent(body), ZoneInfo("Europe/Moscow"), NOW)
    return list(reading.faults([one for one in reading.named_products() if one not in KNOWN]))


def invalid(*names: str) -> list[Fault]:
    return [fault(11010, name) for name in names]


def test_the_published_example_of_two_errors() -> None:
    body = coupon_body(date_from="2023-01-01", coupons=coupons(product_id=["11111"]))
    assert faults_of(body) == invalid("date_from", "product_id")


def test_errors_come_in_the_documented_order_of_the_fields() -> None:
    body = {
        "zebra": 1,
        "discounts": {"products": [{}], "product_id": 0, "ape": 1, "discount_percent": 0},
        "coupons": {
            "products": None,
            "cow": None,
            "product_id": [],
            "discount_percent": [],
            "coupon_code": 1,
            "coupon_type": 1,
        },
        "date_to": 1,
        "date_from": 1,
        "status": 1,
        "promotion_name": 1,
        "dog": {"coupon_type": 1},
        "promotion_type": 1,
    }
    assert faults_of(body) == [
        *invalid("promotion_type", "promotion_name", "status", "date_from", "date_to"),
        *invalid("coupon_type", "coupon_code", "discount_percent", "product_id", "products"),
        *(fault(11035), fault(11045), fault(11036), fault(11046)),
        *invalid("zebra", "ape", "cow", "dog"),
    ]


def test_unknown_names_come_last_in_the_order_sent_each_once() -> None:
    nested = discounts(c=1, b=2)
    body = {"b": 1, **discount_body(discounts=nested), "a": None, "coupon_type": 1, "status": None}
    assert faults_of(body) == invalid("status", "b", "c", "a", "coupon_type")
    assert faults_of(discount_body(**{"": 1, "coupons.coupon_type": 1, "Status": 1})) == invalid(
        "", "coupons.coupon_type", "Status"
    )


def test_the_names_of_coupons_are_unknown_to_discounts() -> None:
    body = discount_body(discounts=discounts(coupon_code=["A"], coupon_type="reusable"))
    assert faults_of(body) == invalid("coupon_code", "coupon_type")


def test_the_same_error_is_listed_once_at_its_first_place() -> None:
    body = coupon_body(coupons=coupons(discount_percent=0, products=[{"product_id": 1}]))
    assert faults_of(body) == [*invalid("discount_percent"), fault(11045)]


def test_if_a_name_is_repeated_the_last_value_counts() -> None:
    body = (
        '{"promotion_type":"x","promotion_type":"discount","promotion_name":"n",'
        '"discounts":{},"discounts":{"discount_percent":null,"discount_percent":1}}'
    )
    assert faults_of(body) == []


@pytest.mark.parametrize(
    ("body", "repeated", "two_lists", "no_discount", "two_discounts"),
    [(coupon_body, 11030, 11035, 11040, 11045), (discount_body, 11031, 11036, 11041, 11046)],
)
def test_both_objects_have_the_same_rules_with_different_error_codes(
    body: Any, repeated: int, two_lists: int, no_discount: int, two_discounts: int
) -> None:
    name = "coupons" if body is coupon_body else "discounts"
    codes = {"coupon_code": ["A"]} if body is coupon_body else {}

    def found(**members: Any) -> list[Fault]:
        return faults_of(body(**{name: {**codes, **members}}))

    ids = {"product_id": [1, 2, 3]}
    percent = {"discount_percent": "5"}
    own = own_percents(1, 2)
    assert found(**percent) == found(**percent, **ids) == found(**own) == []
    assert found() == [fault(no_discount)]
    assert found(**ids) == [fault(no_discount)]
    assert found(**percent, **own) == [fault(two_discounts)]
    assert found(**ids, **own) == [fault(two_lists)]
    assert found(**percent, **ids, **own) == [fault(two_lists), fault(two_discounts)]
    assert found(**percent, product_id=[2, 1, 2, 3, 1, 2]) == [
        fault(repeated, 2),
        fault(repeated, 1),
    ]
    assert found(**own_percents(2, 1, 2)) == [fault(repeated, 2)]
    assert found(product_id=[1, 1], **own_percents(1, 1)) == [fault(repeated, 1), fault(two_lists)]
    assert found(product_id=[1], **own_percents(1)) == [fault(two_lists)]
    assert found(discount_percent=None, **ids) == invalid("discount_percent")
    assert found(products=[]) == invalid("products")
    assert found(products=[], **percent) == [*invalid("products"), fault(two_discounts)]
    assert found(product_id=None, **own) == [*invalid("product_id"), fault(two_lists)]
    assert found(product_id=[7, 1, 9, 7], **percent) == [fault(11020, "7, 9"), fault(repeated, 7)]
    assert found(**own_percents(9, "x", 7)) == [*invalid("product_id"), fault(11020, "9, 7")]
    assert found(product_id=[9, "1"], discount_percent=0) == [
        *invalid("discount_percent", "product_id"),
        fault(11020, "9"),
    ]


def test_unknown_products_of_two_lists_are_one_error_at_the_last_list_sent() -> None:
    body = coupon_body(
        coupons={**own_percents(9, 1, 8), "product_id": [7, 9, 2], "coupon_code": ["A"]}
    )
    assert faults_of(body) == [fault(11020, "9, 8, 7"), fault(11035)]
    one_list = coupon_body(coupons={"product_id": [7], **own_percents(1), "coupon_code": []})
    assert faults_of(one_list) == [fault(11070), fault(11020, "7"), fault(11035)]


def test_the_other_types_object_must_be_absent() -> None:
    assert faults_of(coupon_body(discounts=discounts())) == [fault(11090)]
    assert faults_of(discount_body(coupons=coupons())) == [fault(11090)]
    only_discounts = {"promotion_type": "coupon", "promotion_name": "n", "discounts": discounts()}
    assert faults_of(only_discounts) == [fault(11070), fault(11040), fault(11090)]
    only_coupons = {"promotion_type": "discount", "promotion_name": "n", "coupons": coupons()}
    assert faults_of(only_coupons) == [fault(11090), fault(11041)]


def test_the_other_types_object_is_checked_for_values_and_names_but_not_completeness() -> None:
    assert faults_of(coupon_body(discounts={})) == [fault(11090)]
    assert faults_of(discount_body(coupons={"product_id": [1, 1], **own_percents(1)})) == [
        fault(11090)
    ]
    assert faults_of(coupon_body(discounts=None)) == [*invalid("discounts"), fault(11090)]
    assert faults_of(coupon_body(discounts={"discount_percent": 0, "product_id": [9], "x": 1})) == [
        fault(11090),
        *invalid("discount_percent"),
        fault(11020, 9),
        *invalid("x"),
    ]


def test_all_errors_are_in_one_answer() -> None:
    body = {
        "foo": 1,
        "promotion_type": "coupon",
        "promotion_name": "",
        "status": "true",
        "date_from": "2023-01-10T00:00:00+03:00",
        "date_to": "2023-01-01T00:00:00+03:00",
        "coupons": {
            "coupon_type": "once",
            "coupon_code": ["A", "a", "b c"],
            "discount_percent": "101",
            "product_id": [1, 1, 9, "2"],
            "products": [{"product_id": 8, "discount_percent": "1"}],
            "bar": 1,
        },
        "discounts": {},
    }
    assert faults_of(body) == [
        *invalid("promotion_name", "status"),
        fault(11050),
        *invalid("coupon_type", "coupon_code"),
        fault(11080),
        *invalid("discount_percent", "product_id"),
        fault(11030, 1),
        fault(11020, "9, 8"),
        fault(11035),
        fault(11045),
        fault(11090),
        *invalid("foo", "bar"),
    ]

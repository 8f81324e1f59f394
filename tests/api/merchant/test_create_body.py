"""Each field of the body that creates a promotion: valid values and errors."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sconto.api.merchant.errors import Fault, fault
from sconto.api.merchant.reading import read_new_promotion
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.promotion import NewPromotion, PromotionType, Terms
from sconto.domain.schedule import Period
from tests.api.merchant.bodies import (
    coupon_body,
    coupons,
    discount_body,
    discounts,
    own_percents,
    sent,
    without,
)

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 6, 1, 12, 30, 15, 987654, tzinfo=UTC)


def created(body: dict[str, Any] | str) -> NewPromotion:
    """The promotion in a valid body."""
    reading = read_new_promotion(sent(body), MOSCOW, NOW)
    assert reading.faults() == ()
    assert reading.wanted is not None
    return reading.wanted


def faults_of(body: dict[str, Any] | str, *unknown: int) -> list[Fault]:
    """The errors of a body if these products are unknown."""
    reading = read_new_promotion(sent(body), MOSCOW, NOW)
    known = [one for one in reading.named_products() if one in unknown]
    faults = list(reading.faults(known))
    assert (reading.wanted is None) == any(one.code != 11020 for one in faults)
    return faults


def invalid(*names: str) -> list[Fault]:
    return [fault(11010, name) for name in names]


DATES = {"date_from": "2023-01-01T00:00:00+03:00", "date_to": "2023-01-10T00:00:00+03:00"}
CODES = {"coupon_type": "reusable", "coupon_code": ["PROMO-001", "PROMO-002"]}
PERIOD = Period(datetime(2022, 12, 31, 21, tzinfo=UTC), datetime(2023, 1, 9, 21, tzinfo=UTC))
TWENTY_TOO = [
    {"product_id": 11111, "discount_percent": "10"},
    {"product_id": 22222, "discount_percent": "20"},
]


@pytest.mark.parametrize(
    ("model", "coverage"),
    [
        ({"discount_percent": "10"}, AllProducts(10 * PERCENT)),
        (
            {"discount_percent": "10", "product_id": [11111, 22222]},
            ListedProducts(10 * PERCENT, (11111, 22222)),
        ),
        ({"products": TWENTY_TOO}, OwnPercents({11111: 10 * PERCENT, 22222: 20 * PERCENT})),
    ],
)
def test_the_six_published_examples_are_read(
    model: dict[str, Any], coverage: AllProducts | ListedProducts | OwnPercents
) -> None:
    assert created(coupon_body(status=True, **DATES, coupons={**CODES, **model})) == NewPromotion(
        PromotionType.COUPON,
        "Black Friday",
        active=True,
        period=PERIOD,
        terms=Terms(coverage, CodeType.REUSABLE, ("PROMO-001", "PROMO-002")),
    )
    assert created(discount_body(status=True, **DATES, discounts=model)) == NewPromotion(
        PromotionType.DISCOUNT, "Black Friday", active=True, period=PERIOD, terms=Terms(coverage)
    )


def test_a_new_promotion_is_active_from_now_without_end_or_code_type() -> None:
    new = created(coupon_body())
    assert new.active
    assert new.period == Period(datetime(2026, 6, 1, 12, 30, 15, tzinfo=UTC), None)
    assert new.terms.code_type is None


def test_an_end_that_equals_the_default_counts_as_no_end() -> None:
    assert created(discount_body(date_to="3000-01-01T00:00:00+03:00")).period.ends_at is None
    assert created(discount_body(date_to="2999-12-31T21:00:00+00:00")).period.ends_at is None
    utc_end = created(discount_body(date_to="3000-01-01T00:00:00+00:00")).period.ends_at
    assert utc_end == datetime(3000, 1, 1, tzinfo=UTC)


WRONG_TYPES = [None, True, 0, 1, 1.5, "", "x", [], [1], {}, {"a": 1}]


@pytest.mark.parametrize("value", [*WRONG_TYPES, "Coupon", "coupon ", "discounts", ["coupon"]])
def test_a_bad_promotion_type_skips_the_checks_that_depend_on_it(value: object) -> None:
    assert faults_of(coupon_body(promotion_type=value)) == invalid("promotion_type")
    both = discount_body(promotion_type=value, coupons=coupons())
    assert faults_of(both) == invalid("promotion_type")
    neither = {"promotion_type": value, "promotion_name": "n"}
    assert faults_of(neither) == invalid("promotion_type")


def test_without_a_valid_type_an_object_is_checked_fully() -> None:
    body = {"promotion_name": "n", "coupons": coupons(coupon_code=["A", "a"]), "discounts": {}}
    assert faults_of(body) == [*invalid("promotion_type"), fault(11080), fault(11041)]


def test_an_empty_body_lacks_its_two_required_fields() -> None:
    assert faults_of({}) == invalid("promotion_type", "promotion_name")


@pytest.mark.parametrize(
    "value", ["x", "n" * 255, "😀" * 255, " n ", "Чёрная пятница", "a\u2028b", "0"]
)
def test_a_name_is_kept_as_sent(value: str) -> None:
    assert created(coupon_body(promotion_name=value)).name == value


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1,
        [],
        {},
        "",
        " ",
        "\u00a0\u3000",
        "n" * 256,
        "a\tb",
        "a\nb",
        "\x00",
        "a\x7f",
        "\x85b",
    ],
)
def test_a_bad_name_is_refused(value: object) -> None:
    assert faults_of(coupon_body(promotion_name=value)) == invalid("promotion_name")


def test_a_missing_name_is_refused() -> None:
    assert faults_of(without(coupon_body(), "promotion_name")) == invalid("promotion_name")


@pytest.mark.parametrize("value", [None, 0, 1, "true", "1", "", [], {}])
def test_a_status_must_be_a_boolean(value: object) -> None:
    assert faults_of(coupon_body(status=value)) == invalid("status")
    assert not created(coupon_body(status=False)).active


@pytest.mark.parametrize("field", ["date_from", "date_to"])
@pytest.mark.parametrize("value", [*WRONG_TYPES, "2023-01-01T00:00:00Z", "2023-01-01"])
def test_a_bad_date_gives_no_error_about_the_period(field: str, value: object) -> None:
    assert faults_of(discount_body(**{**DATES, field: value})) == invalid(field)


@pytest.mark.parametrize(
    ("dates", "reversed_"),
    [
        ({"date_from": DATES["date_from"], "date_to": DATES["date_from"]}, False),
        ({"date_from": "2023-01-01T00:00:00+03:00", "date_to": "2022-12-31T21:00:00+00:00"}, False),
        ({"date_from": "2023-01-01T00:00:00+03:00", "date_to": "2022-12-31T20:59:59+00:00"}, True),
        ({"date_from": DATES["date_to"], "date_to": DATES["date_from"]}, True),
        ({"date_to": "2026-06-01T12:30:15+00:00"}, False),
        ({"date_to": "2026-06-01T12:30:14+00:00"}, True),
        ({"date_from": "3000-01-01T00:00:00+03:00"}, False),
        ({"date_from": "3000-01-01T00:00:01+03:00"}, True),
        ({"date_from": "3000-01-01T00:00:01+03:00", "date_to": "3000-01-02T00:00:00+03:00"}, False),
    ],
)
def test_the_start_must_not_be_after_the_end_given_or_default(
    dates: dict[str, Any], reversed_: bool
) -> None:
    assert faults_of(discount_body(**dates)) == ([fault(11050)] if reversed_ else [])


@pytest.mark.parametrize("value", [None, True, 1, "x", [], [coupons()]])
def test_an_object_of_another_json_type_counts_as_present(value: object) -> None:
    assert faults_of(coupon_body(coupons=value)) == invalid("coupons")
    assert faults_of(discount_body(discounts=value)) == invalid("discounts")


def test_a_missing_object_has_the_errors_of_an_empty_object() -> None:
    assert faults_of(without(coupon_body(), "coupons")) == [fault(11070), fault(11040)]
    assert faults_of(without(discount_body(), "discounts")) == [fault(11041)]
    assert faults_of(coupon_body(coupons={})) == [fault(11070), fault(11040)]
    assert faults_of(discount_body(discounts={})) == [fault(11041)]


@pytest.mark.parametrize("value", [None, True, 1, "", "One-time", "disposable", "onetime", [], {}])
def test_a_bad_code_type_is_refused(value: object) -> None:
    assert faults_of(coupon_body(coupons=coupons(coupon_type=value))) == invalid("coupon_type")


def test_both_code_types_are_read() -> None:
    for kind in CodeType:
        body = coupon_body(coupons=coupons(coupon_type=kind.value))
        assert created(body).terms.code_type is kind


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "PROMO-001",
        {"0": "A"},
        [None],
        [1],
        [["A"]],
        [""],
        ["A" * 31],
        ["A B"],
        [" A"],
        ["A\n"],
        ["é"],
        ["ß"],
        ["\u0500"],
        ["\u03a9"],
        ["\uff21"],
        ["٣"],
        ["A+B"],
        ["A/B"],
        ["😀"],
        ["GOOD", ""],
        ["", "", "!"],
    ],
)
def test_bad_codes_are_one_error_and_count_as_present(value: object) -> None:
    assert faults_of(coupon_body(coupons=coupons(coupon_code=value))) == invalid("coupon_code")


def test_codes_keep_their_spelling_and_order() -> None:
    codes = ["b", "A", "a-1_2.Z", "Промо", "ЀӾ", "9" * 30, "-", "."]
    assert created(coupon_body(coupons=coupons(coupon_code=codes))).terms.codes == tuple(codes)


def test_an_empty_list_of_codes_is_a_missing_code() -> None:
    assert faults_of(coupon_body(coupons=coupons(coupon_code=[]))) == [fault(11070)]
    lacking = without(coupons(), "coupon_code")
    assert faults_of(coupon_body(coupons=lacking)) == [fault(11070)]


@pytest.mark.parametrize(
    "codes", [["A", "A"], ["promo", "PROMO"], ["ПРОМО", "B", "промо"], ["Ӑ", "ӑ"], ["a", "A", "A"]]
)
def test_repeated_codes_are_one_error_in_any_case(codes: list[str]) -> None:
    assert faults_of(coupon_body(coupons=coupons(coupon_code=codes))) == [fault(11080)]


def test_bad_codes_do_not_hide_repeated_ones() -> None:
    body = coupon_body(coupons=coupons(coupon_code=["a", "", "A"]))
    assert faults_of(body) == [*invalid("coupon_code"), fault(11080)]


PERCENTS = [
    ('"10"', 10 * PERCENT),
    ('"12.5"', 12_500_000),
    ('"0.000001"', 1),
    ('"100"', 100 * PERCENT),
    ('"100.000000"', 100 * PERCENT),
    ("10", 10 * PERCENT),
    ("12.50", 12_500_000),
    ("0.1", 100_000),
    ("33.333333", 33_333_333),
]
BAD_PERCENTS = [
    *("null", "true", "[]", "{}", '["10"]'),
    *('""', '"0"', '"0.0"', '"-1"', '"+1"', '"101"', '"100.000001"', '"10%"', '"10,5"', '" 10"'),
    *('"10 "', '"1e1"', '".5"', '"5."', '"0.0000001"', '"10.0000000"', '"1_0"', '"NaN"'),
    *('"Infinity"', '"\\u0661"', '"9' + "9" * 5000 + '"'),
    *("0", "-1", "-0", "101", "100.000001", "1e1", "1E1", "1.0e1", "1e-3", "0.0000001"),
    *("10.0000000", "99999999999999999999999999", "9" * 5000),
]


@pytest.mark.parametrize(("text", "percent"), PERCENTS)
def test_a_percent_is_read_as_it_is_written(text: str, percent: int) -> None:
    body = '{"promotion_type":"discount","promotion_name":"n","discounts":{"discount_percent":%s}}'
    assert created(body % text).terms.coverage == AllProducts(percent)


@pytest.mark.parametrize("text", BAD_PERCENTS)
def test_a_bad_percent_counts_as_present(text: str) -> None:
    body = '{"promotion_type":"discount","promotion_name":"n","discounts":{%s}}'
    assert faults_of(body % f'"discount_percent":{text}') == invalid("discount_percent")
    item = f'"products":[{{"product_id":1,"discount_percent":{text}}}]'
    assert faults_of(body % item) == invalid("discount_percent")


BAD_IDS = [
    *("null", "true", "false", '"11111"', '""', "[]", "[1]", "{}"),
    *("0", "-1", "-0", "1.0", "1.5", "1e3"),
    *("9223372036854775808", "18446744073709551616", "9" * 30, "9" * 5000),
]


@pytest.mark.parametrize("text", BAD_IDS)
def test_a_bad_product_id_is_refused(text: str) -> None:
    body = '{"promotion_type":"discount","promotion_name":"n","discounts":{%s}}'
    listed = f'"discount_percent":"1","product_id":[11111,{text}]'
    assert faults_of(body % listed) == invalid("product_id")
    item = f'"products":[{{"product_id":{text},"discount_percent":"1"}}]'
    assert faults_of(body % item) == invalid("product_id")


def test_the_largest_product_id_has_64_bits() -> None:
    body = discount_body(discounts=discounts(product_id=[2**63 - 1, 1]))
    assert created(body).terms.coverage == ListedProducts(10 * PERCENT, (2**63 - 1, 1))


@pytest.mark.parametrize("value", [None, True, 11111, "11111", {}, []])
def test_a_list_of_products_must_be_a_filled_array(value: object) -> None:
    assert faults_of(discount_body(discounts=discounts(product_id=value))) == invalid("product_id")
    assert faults_of(discount_body(discounts={"products": value})) == invalid("products")


@pytest.mark.parametrize(
    ("items", "leaves"),
    [
        ([{}], ["product_id", "discount_percent"]),
        ([{"product_id": 1}], ["discount_percent"]),
        ([{"discount_percent": "1"}], ["product_id"]),
        ([{"product_id": 1, "discount_percent": "1", "name": "x"}], ["name"]),
        ([1], ["products"]),
        ([None], ["products"]),
        ([[]], ["products"]),
        (["x", {"product_id": "1"}], ["products", "product_id", "discount_percent"]),
        ([{"discount_percent": 0}, {"product_id": 0}], ["product_id", "discount_percent"]),
    ],
)
def test_errors_in_items_of_products_name_the_member(items: list[Any], leaves: list[str]) -> None:
    assert faults_of(discount_body(discounts={"products": items})) == invalid(*leaves)


def test_unknown_members_of_items_are_listed_with_other_unknown_names() -> None:
    item = {"bar": 1, "product_id": 1, "discount_percent": "0", "status": True}
    terms = {"products": [item, {"baz": 1, "product_id": 2, "discount_percent": "1"}], "foo": 1}
    for body in (
        discount_body(first=1, discounts=terms, last=1),
        coupon_body(first=1, coupons={"coupon_code": ["A"], **terms}, last=1),
    ):
        unknown = [name for name in body if name in ("first", "discounts", "coupons", "last")]
        inner = ["bar", "status", "baz", "foo"]
        names = [one for name in unknown for one in (inner if name.endswith("s") else [name])]
        assert faults_of(body) == invalid("discount_percent", *names)


def test_own_percents_keep_their_order() -> None:
    coverage = created(discount_body(discounts=own_percents(3, 1, 2))).terms.coverage
    assert isinstance(coverage, OwnPercents)
    assert list(coverage.percents) == [3, 1, 2]

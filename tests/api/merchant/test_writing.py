"""Promotions and statistics in answers, field by field."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sconto.api.merchant.errors import Fault, fault
from sconto.api.merchant.statistics import read_statistics_question, write_statistics
from sconto.api.merchant.writing import write_promotion
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.promotion import Promotion, PromotionSummary, PromotionType, Terms
from sconto.domain.schedule import Period
from sconto.domain.statistics import CodeUses
from tests.api.merchant.bodies import sent

MOSCOW = ZoneInfo("Europe/Moscow")
CREATED = datetime(2022, 4, 8, 9, 53, 2, tzinfo=UTC)
CHANGED = datetime(2022, 11, 1, 9, 53, 2, 999999, tzinfo=UTC)


def promotion(kind: PromotionType, terms: Terms, ends_at: datetime | None = None) -> Promotion:
    period = Period(CREATED, ends_at)
    return Promotion(
        PromotionSummary(36, kind, "Black Friday", True, period, CREATED, CHANGED), terms
    )


def test_the_published_example_is_written_exactly() -> None:
    terms = Terms(
        ListedProducts(10 * PERCENT, (11111,)), CodeType.ONE_TIME, ("PROMO-001", "PROMO-002")
    )
    assert json.dumps(write_promotion(promotion(PromotionType.COUPON, terms), MOSCOW)) == (
        '{"id": 36, "promotion_type": "coupon", "promotion_name": "Black Friday", "status": true, '
        '"date_from": "2022-04-08T12:53:02+03:00", "date_to": "3000-01-01T00:00:00+03:00", '
        '"update_date": "2022-11-01T12:53:02+03:00", "coupons": {"coupon_type": "one-time", '
        '"coupon_code": ["PROMO-001", "PROMO-002"], "discount_percent": "10", '
        '"product_id": [11111]}}'
    )


def test_a_code_type_that_was_never_set_is_left_out() -> None:
    written = write_promotion(
        promotion(PromotionType.COUPON, Terms(AllProducts(12_500_000), None, ("b", "A"))), MOSCOW
    )
    assert written["coupons"] == {"coupon_code": ["b", "A"], "discount_percent": "12.5"}


def test_own_percents_are_written_in_their_order() -> None:
    coverage = OwnPercents({3: 10 * PERCENT, 1: 1})
    end = datetime(2033, 1, 10, tzinfo=UTC)
    written = write_promotion(
        promotion(PromotionType.DISCOUNT, Terms(coverage), end), ZoneInfo("UTC")
    )
    assert written["date_to"] == "2033-01-10T00:00:00+00:00"
    assert "coupons" not in written
    assert written["discounts"] == {
        "products": [
            {"product_id": 3, "discount_percent": "10"},
            {"product_id": 1, "discount_percent": "0.000001"},
        ]
    }


def test_statistics_list_codes_if_there_ever_were_any() -> None:
    def written(uses: int, parts: list[list[CodeUses]] | None) -> bytes:
        return b"".join(write_statistics(uses, parts))

    row = CodeUses(71, "PROMO-001", CodeType.ONE_TIME, 2)
    code = b'{"coupon_code":"PROMO-001","coupon_type":"one-time","coupon_uses":2,"coupon_id":71}'
    assert written(3, [[row]]) == b'{"promotion_uses":3,"coupons":[%s]}' % code
    assert written(3, [[row, row], [row]]) == (
        b'{"promotion_uses":3,"coupons":[%s]}' % b",".join([code] * 3)
    )
    assert written(0, []) == b'{"promotion_uses":0,"coupons":[]}'
    assert written(0, None) == b'{"promotion_uses":0}'


@pytest.mark.parametrize("body", ['{"id": 12345}', '{"id": "12345"}'])
def test_statistics_take_an_id_as_a_number_or_a_string(body: str) -> None:
    asked = read_statistics_question(sent(body))
    assert (asked.promotion_id, asked.faults) == ("12345", ())


ID = (fault(11010, "id"),)
BAD_IDS: list[Any] = [None, True, 0, -1, 1.5, "", "abc", "0", "-1", "1.0", " 1", "٣", [], {}]


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, ID),
        *(({"id": value}, ID) for value in BAD_IDS),
        ({"name": "x"}, (*ID, fault(11010, "name"))),
        ({"b": 1, "id": 1, "a": 1}, (fault(11010, "b"), fault(11010, "a"))),
    ],
)
def test_invalid_bodies_of_statistics_are_refused(
    body: dict[str, Any], faults: tuple[Fault, ...]
) -> None:
    assert read_statistics_question(sent(body)).faults == faults

"""Bodies of the cart promotions API: answers can be read as bodies, and each fault is listed."""

from datetime import UTC, datetime, time
from typing import Any

import pytest

from sconto.api.cart.reading import read_new_promotion
from sconto.api.cart.writing import write_promotion
from sconto.api.faults import InvalidFields
from sconto.api.merge_patch import merge
from sconto.domain.cart_promotion import CartPromotion
from sconto.domain.hours import Hours

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)

PERCENT = {"type": "percent", "percent": "12.5"}

FULL: dict[str, Any] = {
    "name": "Happy hour",
    "active": False,
    "starts_at": "2026-11-01T00:00:00+00:00",
    "ends_at": "2026-12-31T23:59:59+00:00",
    "hours": {
        "weekdays": ["fri", "sat"],
        "from": "22:00",
        "until": "02:00",
        "time_zone": "Europe/Berlin",
    },
    "codes": {"code_type": "one-time", "codes": ["HAPPY-1", "HAPPY-2"]},
    "target": "lines",
    "products": {"ids": [1, 2], "tags": ["shoe"], "except_ids": [3], "except_tags": ["sale"]},
    "on_discounted": False,
    "benefit": {
        "type": "tiers",
        "by": "subtotal",
        "tiers": [
            {"from": {"EUR": "50.00", "JPY": "8000"}, "benefit": PERCENT},
            {
                "from": {"EUR": "75.00", "JPY": "9000"},
                "benefit": {"type": "amount", "amounts": {"EUR": "10.00", "JPY": "1500"}},
            },
        ],
    },
    "conditions": {
        "minimum_subtotal": {"EUR": "50.00"},
        "minimum_quantity": 2,
        "segments": ["vip"],
        "first_order": True,
    },
    "limits": {"total": 100, "per_customer": 1, "budget": {"EUR": "5000.00"}},
    "priority": -5,
    "exclusive": True,
}


def answered(body: dict[str, Any]) -> dict[str, Any]:
    new = read_new_promotion(body, NOW)
    promotion = CartPromotion(
        7, new.name, new.active, new.period, new.terms, new.code_type, NOW, NOW
    )
    return write_promotion(promotion, None if new.code_type is None else list(new.codes))


def pointers(body: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidFields) as refused:
        read_new_promotion(body, NOW)
    return [fault.place for fault in refused.value.faults]


def test_every_field_is_answered_as_it_was_sent() -> None:
    answer = answered(FULL)
    times = {"id": 7, "created_at": "2026-11-28T12:00:00+00:00"}
    assert answer == {**FULL, **times, "updated_at": times["created_at"]}


@pytest.mark.parametrize(
    "benefit",
    [
        {"type": "percent", "percent": "0.000001", "at_most": {"EUR": "20.00"}},
        {"type": "price", "prices": {"EUR": "0.00"}},
        {"type": "units", "buy": 2, "get": 1, "percent": "100"},
        {
            "type": "units",
            "buy": 1,
            "get": 1,
            "percent": "50",
            "get_products": {"tags": ["sock"]},
            "at_most": 4,
        },
        {"type": "tiers", "by": "quantity", "tiers": [{"from": 3, "benefit": PERCENT}]},
    ],
)
def test_each_benefit_is_answered_as_it_was_sent(benefit: dict[str, Any]) -> None:
    body = {"name": "Any", "target": "lines", "benefit": benefit}
    assert answered(body)["benefit"] == benefit


def test_a_short_body_takes_the_defaults() -> None:
    answer = answered({"name": "Ten percent", "target": "order", "benefit": PERCENT})
    assert answer["active"] is True
    assert (answer["starts_at"], answer["ends_at"]) == ("2026-11-28T12:00:00+00:00", None)
    assert answer["codes"] is answer["hours"] is answer["products"] is None
    assert answer["on_discounted"] is True
    assert (answer["conditions"], answer["limits"]) == ({}, {})
    assert (answer["priority"], answer["exclusive"]) == (0, False)


@pytest.mark.parametrize("percent", ["12.5", 10, "10"])
def test_a_percent_may_be_a_text_or_a_number(percent: object) -> None:
    body = {"name": "Any", "target": "order", "benefit": {"type": "percent", "percent": percent}}
    assert answered(body)["benefit"]["percent"] == str(percent)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": " "}, "/name"),
        ({"name": 1}, "/name"),
        ({"active": None}, "/active"),
        ({"starts_at": "today"}, "/starts_at"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "/ends_at"),
        ({"hours": []}, "/hours"),
        ({"hours": {**FULL["hours"], "from": "24:00"}}, "/hours/from"),
        ({"hours": {**FULL["hours"], "until": "2:00"}}, "/hours/until"),
        ({"hours": {**FULL["hours"], "weekdays": ["friday"]}}, "/hours/weekdays/0"),
        ({"hours": {**FULL["hours"], "weekdays": []}}, "/hours/weekdays"),
        ({"hours": {**FULL["hours"], "time_zone": "Berlin"}}, "/hours/time_zone"),
        ({"hours": {**FULL["hours"], "minutes": 5}}, "/hours/minutes"),
        ({"codes": {"code_type": "one-time", "codes": []}}, "/codes/codes"),
        ({"codes": {"code_type": "one-time", "codes": ["A", "a"]}}, "/codes/codes"),
        ({"codes": {"code_type": "one-time", "codes": ["A", "§"]}}, "/codes/codes/1"),
        ({"codes": {"codes": ["A"]}}, "/codes/code_type"),
        ({"target": "cart"}, "/target"),
        ({"target": "order", "benefit": {"type": "units", "buy": 1, "get": 1}}, "/target"),
        ({"products": {"ids": [0]}}, "/products/ids/0"),
        ({"products": {"ids": []}}, "/products/ids"),
        ({"products": {"tags": ["x" * 65]}}, "/products/tags/0"),
        ({"benefit": {"type": "free"}}, "/benefit/type"),
        ({"benefit": {"type": "percent"}}, "/benefit/percent"),
        ({"benefit": {"type": "percent", "percent": "100.1"}}, "/benefit/percent"),
        ({"benefit": {"type": "percent", "percent": 0}}, "/benefit/percent"),
        ({"benefit": {**PERCENT, "amounts": {}}}, "/benefit/amounts"),
        ({"benefit": {"type": "amount", "amounts": {}}}, "/benefit/amounts"),
        ({"benefit": {"type": "amount", "amounts": {"EUR": "0.00"}}}, "/benefit/amounts/EUR"),
        ({"benefit": {"type": "amount", "amounts": {"XYZ": "1"}}}, "/benefit/amounts/XYZ"),
        ({"benefit": {"type": "amount", "amounts": {"JPY": "1.5"}}}, "/benefit/amounts/JPY"),
        ({"benefit": {"type": "units", "buy": 0, "get": 1}}, "/benefit/buy"),
        ({"benefit": {"type": "tiers", "by": "weight", "tiers": []}}, "/benefit/by"),
        ({"conditions": {"minimum_quantity": 0}}, "/conditions/minimum_quantity"),
        ({"conditions": {"segments": [1]}}, "/conditions/segments/0"),
        ({"limits": {"total": True}}, "/limits/total"),
        ({"limits": {"each": 1}}, "/limits/each"),
        ({"priority": 1001}, "/priority"),
        ({"exclusive": 1}, "/exclusive"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_fault_has_a_pointer(change: dict[str, Any], expected: str) -> None:
    assert expected in pointers({**FULL, **change})


def test_all_faults_are_in_one_answer() -> None:
    assert pointers({}) == ["/name", "/target", "/benefit"]


def test_tiers_must_ascend() -> None:
    tiers = [{"from": 3, "benefit": PERCENT}, {"from": 3, "benefit": PERCENT}]
    benefit = {"type": "tiers", "by": "quantity", "tiers": tiers}
    assert pointers({**FULL, "benefit": benefit}) == ["/benefit/tiers"]


def test_a_patch_merges_objects_and_removes_what_is_null() -> None:
    document = {"a": {"b": 1, "c": 2}, "d": [1], "e": 3}
    assert merge(document, {"a": {"b": None, "x": {"y": None}}, "d": [2]}) == {
        "a": {"c": 2, "x": {}},
        "d": [2],
        "e": 3,
    }
    assert document["a"] == {"b": 1, "c": 2}


def test_hours_past_midnight_belong_to_the_day_on_which_they_start() -> None:
    friday_night = Hours(time(22), time(2), "Europe/Berlin", frozenset([4]))
    inside = datetime(2026, 11, 28, 0, 30, tzinfo=UTC)  # 01:30 on Saturday
    assert friday_night.include(inside)
    assert not friday_night.include(inside.replace(hour=1))
    assert not friday_night.include(inside.replace(day=27))


def test_a_tier_with_a_fault_has_only_its_own_faults() -> None:
    tiers = [
        {"from": {"EUR": "x"}, "benefit": {"type": "price"}},
        {"from": {"EUR": "1.00"}, "benefit": PERCENT},
    ]
    benefit = {"type": "tiers", "by": "subtotal", "tiers": tiers}
    assert pointers({"name": "Any", "target": "order", "benefit": benefit}) == [
        "/benefit/tiers/0/from/EUR",
        "/benefit/tiers/0/benefit/type",
    ]


def test_a_price_may_be_zero_and_the_rule_says_so() -> None:
    benefit = {"type": "price", "prices": {"EUR": "-1"}}
    with pytest.raises(InvalidFields) as refused:
        read_new_promotion({"name": "Any", "target": "lines", "benefit": benefit}, NOW)
    [fault] = refused.value.faults
    assert "not below zero" in fault.detail

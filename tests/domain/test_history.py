"""What the history records of a change: differences, and only samples of long lists."""

from dataclasses import replace
from datetime import timedelta

from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts, OwnPercents
from sconto.domain.history import (
    ListChange,
    Sample,
    TermsChange,
    Verb,
    change_of_products,
    promotion_changed,
    promotion_created,
    user_changed,
)
from sconto.domain.money import PERCENT
from sconto.domain.promotion import PromotionSummary, PromotionType
from tests.builders import NOON, a_period, a_promotion


def a_summary(name: str = "Ten percent") -> PromotionSummary:
    return PromotionSummary(36, PromotionType.COUPON, name, True, a_period(), NOON, NOON)


def test_a_new_promotion_is_recorded_with_all_its_facts() -> None:
    change = promotion_created(36, a_promotion(codes=("A", "B"), code_type=CodeType.ONE_TIME))
    assert (change.verb, change.before) == (Verb.CREATED, None)
    assert change.after == {
        "type": "coupon",
        "name": "Ten percent",
        "active": True,
        "starts_at": "2026-01-01T00:00:00+00:00",
        "ends_at": None,
        "code_type": "one-time",
        "percent": "10",
        "covers": "all",
        "codes": {"count": 2, "added": ["A", "B"], "added_count": 2},
    }


def test_only_what_differs_is_recorded() -> None:
    before = a_summary()
    after = replace(before, name="Eleven", updated_at=NOON + timedelta(1))
    change = promotion_changed(before, after, None)
    assert change is not None
    assert (change.before, change.after) == ({"name": "Ten percent"}, {"name": "Eleven"})


def test_a_change_without_differences_is_not_recorded() -> None:
    before = a_summary()
    everything = AllProducts(PERCENT)
    same = TermsChange(everything, everything, None, None, ListChange(3, 3))
    assert promotion_changed(before, replace(before, updated_at=NOON + timedelta(1)), same) is None


def test_added_removed_and_changed_products_are_recorded() -> None:
    old = OwnPercents({1: PERCENT, 2: PERCENT, 3: PERCENT})
    new = OwnPercents({2: PERCENT, 3: 2 * PERCENT, 4: PERCENT})
    change = change_of_products(old, new)
    assert change.before() == {
        "count": 3,
        "removed": [{"product_id": 1, "percent": "1"}],
        "removed_count": 1,
        "replaced": [{"product_id": 3, "percent": "1"}],
        "replaced_count": 1,
    }
    assert change.after() == {
        "count": 3,
        "added": [{"product_id": 4, "percent": "1"}],
        "added_count": 1,
        "replaced": [{"product_id": 3, "percent": "2"}],
        "replaced_count": 1,
    }


def test_a_hundred_elements_are_recorded_and_the_rest_counted() -> None:
    change = change_of_products(None, ListedProducts(PERCENT, tuple(range(1, 1001))))
    assert change.after() == {
        "count": 1000,
        "added": list(range(1, 101)),
        "added_count": 1000,
    }
    assert Sample.of(range(1000)).first == tuple(range(100))


def test_setting_the_same_role_is_not_recorded() -> None:
    state = {"role": "admin", "disabled": False}
    assert user_changed(1, state, state) is None
    change = user_changed(1, state, state | {"role": "viewer"})
    assert change is not None
    assert (change.before, change.after) == ({"role": "admin"}, {"role": "viewer"})

"""A comparison tells a change from noise."""

from math import comb
from random import Random
from statistics import median

import pytest

from bench.changes import Change, TooFewPairs, find_change, interval_of_median, write_changes

STEADY = [100.0, 101.0, 99.0, 100.0, 102.0, 98.0, 100.0, 101.0, 99.0, 100.0, 101.0, 99.0]


def times(factor: float) -> list[float]:
    return [factor * value for value in STEADY]


def test_the_interval_of_twelve_leaves_out_one_value_on_each_side() -> None:
    assert interval_of_median([*range(12)]) == (1, 10)
    # The probability that at least eleven of twelve are on one side, so the median is outside.
    assert 2 * (comb(12, 0) + comb(12, 1)) / 2**12 < 0.01


def test_eight_values_are_needed() -> None:
    assert interval_of_median([*range(8)]) == (0, 7)
    with pytest.raises(TooFewPairs):
        interval_of_median([*range(7)])


def test_the_interval_misses_the_median_of_a_skewed_distribution_in_one_percent() -> None:
    random = Random("noise")
    draws = [[random.expovariate(1) for _ in range(12)] for _ in range(4_000)]
    true_median = 0.6931
    missed = sum(not low <= true_median <= high for low, high in map(interval_of_median, draws))
    assert 0 < missed < 4_000 * 0.012


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [
        (1.0, "the same"),
        (1.04, "more"),
        (1.06, "a regression"),
        (0.9, "less"),
    ],
)
def test_a_steady_change_is_named(factor: float, verdict: str) -> None:
    change = find_change("quotes", "worker", STEADY, times(factor))
    assert change.ratio == pytest.approx(factor)
    assert change.is_regression == (verdict == "a regression")
    assert f"| {verdict} |" in write_changes([change])


def test_a_change_in_the_noise_is_not_clear() -> None:
    noisy = [value * (1 + (-1) ** number * 0.2) for number, value in enumerate(STEADY)]
    change = find_change("orders", "PostgreSQL", STEADY, noisy)
    assert not change.is_regression
    assert "not clear" in write_changes([change])


def test_the_table_has_medians_and_percents() -> None:
    change = Change("quotes", "worker", median(STEADY), 104, 1.04, 1.01, 1.06)
    assert "| quotes | worker | 100 | 104 | +4.0 % | +1.0 % to +6.0 % | more |" in write_changes(
        [change]
    )

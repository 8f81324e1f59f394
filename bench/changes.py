"""What changed between two versions beyond noise: a median with an interval that holds it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median
from typing import Final

CONFIDENCE: Final = 0.99

ACCEPTED: Final = 1.05
"""A version that takes more processor time than this times the other's is a regression."""


class TooFewPairs(ValueError):
    """No interval can be given with this confidence for so few values."""


@dataclass(frozen=True, slots=True)
class Change:
    """How the processor time of a request changed: the ratio of the new version to the old one.

    `low` to `high` is the interval of its median; `before` and `now` are microseconds a request.
    """

    request: str
    process: str
    before: float
    now: float
    ratio: float
    low: float
    high: float

    @property
    def is_certain(self) -> bool:
        """Whether it is more than noise: the interval lies on one side of 1."""
        return not self.low <= 1 <= self.high

    @property
    def is_regression(self) -> bool:
        """Whether the new version certainly is slower, and by more than is accepted."""
        return self.is_certain and self.ratio > ACCEPTED

    @property
    def is_uncertain(self) -> bool:
        """Whether the noise would hide a regression."""
        return not self.is_certain and self.high > ACCEPTED


def find_change(
    request: str, process: str, before: Sequence[float], now: Sequence[float]
) -> Change:
    """The change from pairs of microseconds, measured close together. Raises TooFewPairs."""
    ratios = [new / old for old, new in zip(before, now, strict=True)]
    low, high = interval_of_median(ratios)
    return Change(request, process, median(before), median(now), median(ratios), low, high)


def interval_of_median(
    values: Sequence[float], confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """An interval that contains the median of what the values are drawn from.

    It is that of the sign test: the values only have to be independent, whatever their
    distribution. Each value lies below the median with probability one half, so the median lies
    between the k-th lowest and the k-th highest value unless fewer than k of them are on one side.
    Raises TooFewPairs; eight values are enough for 99 %.
    """
    number = len(values)
    outside = 0.0
    rank = 0
    while True:
        outside += 2 * comb(number, rank) / 2**number
        if outside > 1 - confidence:
            break
        rank += 1
    if rank == 0:
        raise TooFewPairs(f"{number} pairs are too few for an interval")
    ordered = sorted(values)
    return ordered[rank - 1], ordered[-rank]


def write_changes(changes: Sequence[Change]) -> str:
    """The changes as a table in Markdown."""
    head = (
        "| request | processor time of | before, µs | now, µs | change | interval | so it is |",
        "|---|---|---|---|---|---|---|",
    )
    rows = [
        f"| {one.request} | {one.process} | {one.before:,.0f} | {one.now:,.0f} "
        f"| {_percent(one.ratio)} | {_percent(one.low)} to {_percent(one.high)} "
        f"| {_verdict(one)} |"
        for one in changes
    ]
    return "\n".join([*head, *rows, ""])


def _verdict(change: Change) -> str:
    if change.is_regression:
        return "a regression"
    if change.is_certain:
        return "more" if change.ratio > 1 else "less"
    return "not clear: measure again" if change.is_uncertain else "the same"


def _percent(ratio: float) -> str:
    return f"{100 * (ratio - 1):+.1f} %"

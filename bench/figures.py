"""Figures: what a measure found in several rounds, beside its limit and its goal."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several rounds, with the lowest and the highest."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should be: its ratio to the limit where there is one, else itself."""

    relation: Literal["<=", ">="]
    bound: float

    def is_met(self, value: float) -> bool:
        """Whether the value is within the goal."""
        return value <= self.bound if self.relation == "<=" else value >= self.bound


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; the ratio is taken round by round, so both parts are of one minute."""

    name: str
    unit: str
    value: Spread | None
    limit_name: str = ""
    limit: Spread | None = None
    ratio: Spread | None = None
    goal: Goal | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        judged = self.value if self.ratio is None else self.ratio
        if self.goal is None or judged is None:
            return None
        return self.goal.is_met(judged.median)


def spread(values: Sequence[float]) -> Spread:
    """The spread of the rounds' values."""
    return Spread(median(values), min(values), max(values))


def figure(
    name: str, unit: str, values: Sequence[float], goal: Goal | None = None, note: str = ""
) -> Figure:
    """A figure that stands alone."""
    return Figure(name, unit, spread(values), goal=goal, note=note)


def unmeasured(name: str, why: str) -> Figure:
    """A figure that could not be had here, and why."""
    return Figure(name, "", None, note=why)


def compared(
    name: str,
    unit: str,
    values: Sequence[float],
    limit: tuple[str, Sequence[float]],
    goal: Goal | None = None,
    note: str = "",
) -> Figure:
    """A figure beside what limits it, round by round."""
    limit_name, limits = limit
    ratios = [value / bound for value, bound in zip(values, limits, strict=True)]
    return Figure(
        name, unit, spread(values), limit_name, spread(limits), spread(ratios), goal, note
    )

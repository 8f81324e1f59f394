"""Figures: the results of a measure in several rounds, with its limit and its goal."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Literal

_LONGEST_REASON: Final = 200
"""Characters of a failure that the table shows."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median, the lowest and the highest value of several rounds."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Goal:
    """The goal of a figure: for its ratio to the limit, or for its value if it has no limit."""

    relation: Literal["<=", ">="]
    bound: float

    def is_met(self, value: float) -> bool:
        """Whether the value meets the goal."""
        return value <= self.bound if self.relation == "<=" else value >= self.bound


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. Each round has its own ratio, of values measured close together."""

    name: str
    unit: str
    value: Spread | None
    limit_name: str = ""
    limit: Spread | None = None
    ratio: Spread | None = None
    goal: Goal | None = None
    note: str = ""

    @property
    def judged(self) -> Spread | None:
        """What the goal is for: the ratio to the limit, or the value if there is no limit."""
        return self.value if self.ratio is None else self.ratio

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None if there is no goal."""
        if self.goal is None or self.judged is None:
            return None
        return self.goal.is_met(self.judged.median)


@dataclass(slots=True)
class Results:
    """What a run has measured so far."""

    figures: list[Figure] = field(default_factory=list)
    machine: dict[str, str] = field(default_factory=dict)
    """The machine and the versions of its software."""
    seconds: dict[str, float] = field(default_factory=dict)
    """What each part of the run took."""
    failed: dict[str, str] = field(default_factory=dict)
    """The parts that failed, and why."""

    def add(self, figures: Sequence[Figure]) -> None:
        """Add what a part measured."""
        self.figures += figures

    def fail(self, name: str, error: Exception) -> None:
        """Note that a part failed. The table says so in the place of its figures."""
        said = (str(error).strip() or "no message").splitlines()[0]
        self.failed[name] = f"{type(error).__name__}: {said}"[:_LONGEST_REASON]
        self.figures.append(unmeasured(name, f"failed with {self.failed[name]}"))


def spread(values: Sequence[float]) -> Spread:
    """The spread of the rounds' values."""
    return Spread(median(values), min(values), max(values))


def figure(
    name: str, unit: str, values: Sequence[float], goal: Goal | None = None, note: str = ""
) -> Figure:
    """A figure without a limit."""
    return Figure(name, unit, spread(values), goal=goal, note=note)


def unmeasured(name: str, why: str) -> Figure:
    """A figure that could not be measured here, and why."""
    return Figure(name, "", None, note=why)


def compared(
    name: str,
    unit: str,
    values: Sequence[float],
    limit: tuple[str, Sequence[float]],
    goal: Goal | None = None,
    note: str = "",
) -> Figure:
    """A figure and its limit, round by round."""
    limit_name, limits = limit
    ratios = [value / bound for value, bound in zip(values, limits, strict=True)]
    return Figure(
        name, unit, spread(values), limit_name, spread(limits), spread(ratios), goal, note
    )

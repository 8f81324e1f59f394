"""Periods and timelines: when a promotion runs, and which automatic one is the pick."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import heappop, heappush
from operator import attrgetter
from typing import Final

from sconto.domain.far_times import LAST_SECOND

INSTANT: Final = timedelta(microseconds=1)
"""The smallest stored time step."""

SECOND: Final = timedelta(seconds=1)

ALL_PRODUCTS_ID: Final = 0
"""The product id under which promotions on all products have their timeline."""


def first_after(end: datetime | None) -> datetime | None:
    """The first instant after an end, which is included; None if the period never ends.

    An end in whole seconds includes its whole second, so that a period until 23:59:59 and one from
    00:00:00 leave no gap. An end with a fraction is exact. A period until the end of the year 9999
    never ends.
    """
    if end is None or end >= LAST_SECOND:
        return None
    return end + (INSTANT if end.microsecond else SECOND)


class PeriodState(StrEnum):
    """Whether a period is running at a moment, or before or over."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    OVER = "over"


_RUNNING: Final = PeriodState.RUNNING  # Enum lookups are slow in Python 3.11.


@dataclass(frozen=True, slots=True)
class Period:
    """From one instant to another, both included; `ends_at` None means no end.

    `ends_at` is the end as sent. Use `over_from` to compare times.
    """

    starts_at: datetime
    ends_at: datetime | None = None

    @property
    def over_from(self) -> datetime | None:
        """The first instant after the period; None if it never ends."""
        return first_after(self.ends_at)

    def state(self, at: datetime) -> PeriodState:
        """The state of the period at a moment."""
        if at < self.starts_at:
            return PeriodState.NOT_STARTED
        if self.ends_at is None or at <= self.ends_at:
            return _RUNNING
        over_from = self.over_from
        is_over = over_from is not None and at >= over_from
        return PeriodState.OVER if is_over else PeriodState.RUNNING


@dataclass(frozen=True, slots=True)
class Span:
    """The part [starts_at, ends_at) of a timeline on which one promotion is the pick.

    `ends_at` None means no end. `percent` is what the promotion gives.
    """

    starts_at: datetime
    ends_at: datetime | None
    promotion_id: int
    percent: int


def span_of(period: Period, promotion_id: int, percent: int) -> Span:
    """The span on which a promotion with this period would be the pick if it were alone."""
    return Span(period.starts_at, period.over_from, promotion_id, percent)


def parts_outside(span: Span, other: Span) -> list[Span]:
    """The parts of a span outside another span: none, one or two."""
    parts = []
    if span.starts_at < other.starts_at:
        parts.append(replace(span, ends_at=_earlier(span.ends_at, other.starts_at)))
    if other.ends_at is not None and not _is_over(span, other.ends_at):
        parts.append(replace(span, starts_at=max(span.starts_at, other.ends_at)))
    return parts


def latest_wins(spans: Iterable[Span]) -> list[Span]:
    """The timeline on which the latest created promotion is always the pick.

    Promotions are created in the order of their ids.
    """
    return _winners(spans, lambda span: (span.promotion_id, 0))


def highest_wins(spans: Iterable[Span]) -> list[Span]:
    """The timeline on which the highest percent is always the pick, of equal ones the latest."""
    return _winners(spans, lambda span: (span.percent, span.promotion_id))


def _winners(spans: Iterable[Span], rank: Callable[[Span], tuple[int, int]]) -> list[Span]:
    """The timeline of the spans with the highest ranks.

    Takes any spans, which may overlap. Returns spans that do not overlap, in order of time, with
    adjacent spans of one promotion joined.
    """
    waiting = sorted(spans, key=attrgetter("starts_at"))
    edges = sorted(
        {span.starts_at for span in waiting}
        | {span.ends_at for span in waiting if span.ends_at is not None}
    )
    timeline: list[Span] = []
    running: list[tuple[int, int, int, Span]] = []
    arrived = 0
    for i, edge in enumerate(edges):
        while arrived < len(waiting) and waiting[arrived].starts_at <= edge:
            first, second = rank(waiting[arrived])
            heappush(running, (-first, -second, arrived, waiting[arrived]))
            arrived += 1
        while running and _is_over(running[0][3], edge):
            heappop(running)
        if running:
            until = edges[i + 1] if i + 1 < len(edges) else None
            _append(timeline, running[0][3], edge, until)
    return timeline


def _earlier(end: datetime | None, other: datetime) -> datetime:
    return other if end is None else min(end, other)


def _is_over(span: Span, at: datetime) -> bool:
    return span.ends_at is not None and span.ends_at <= at


def _append(timeline: list[Span], winner: Span, start: datetime, end: datetime | None) -> None:
    if timeline:
        last = timeline[-1]
        same = last.promotion_id == winner.promotion_id and last.percent == winner.percent
        if same and last.ends_at == start:
            timeline[-1] = Span(last.starts_at, end, last.promotion_id, last.percent)
            return
    timeline.append(Span(start, end, winner.promotion_id, winner.percent))

"""Results of a check of a database: Sconto's promises, and the records that break them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush

from sconto.domain.schedule import Span


@dataclass(frozen=True, slots=True)
class Violation:
    """Records of a merchant that contradict each other, described in words."""

    merchant_id: int
    words: str


@dataclass(frozen=True, slots=True)
class TimelineMistake:
    """A moment at which a timeline is wrong: the promotion it should show, and what it shows."""

    at: datetime
    expected: int | None
    shown: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TimelineViolation:
    """A timeline of a merchant that is wrong, of a product or of all of them."""

    merchant_id: int
    product_id: int
    mistake: TimelineMistake


@dataclass(frozen=True, slots=True)
class CheckedPromise:
    """A promise that was checked, and the first records that break it."""

    promise: str
    violations: Sequence[Violation | TimelineViolation]


def first_timeline_mistake(claims: Iterable[Span], shown: Iterable[Span]) -> TimelineMistake | None:
    """The first moment at which the stored timeline of one product is wrong; None if it never is.

    `claims` has a span for each automatic promotion. `shown` is the stored timeline. It must show
    exactly the latest created promotion, with its percent. Only the edges of spans are checked,
    because nothing changes in between.
    """
    claimed, drawn = _Running(claims), _Running(shown)
    for at in sorted(claimed.edges | drawn.edges):
        latest = max(claimed.at(at), key=lambda span: span.promotion_id, default=None)
        spans = drawn.at(at)
        expected = [] if latest is None else [(latest.promotion_id, latest.percent)]
        if [(span.promotion_id, span.percent) for span in spans] != expected:
            return TimelineMistake(
                at,
                None if latest is None else latest.promotion_id,
                tuple(span.promotion_id for span in spans),
            )
    return None


class _Running:
    """The spans that run at a moment. Moments must be asked for in ascending order."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._waiting = sorted(spans, key=lambda span: span.starts_at, reverse=True)
        self._ends: list[tuple[datetime, int]] = []
        self._running: dict[int, Span] = {}
        self.edges = {span.starts_at for span in self._waiting} | {
            span.ends_at for span in self._waiting if span.ends_at is not None
        }

    def at(self, moment: datetime) -> Iterable[Span]:
        while self._ends and self._ends[0][0] <= moment:
            del self._running[heappop(self._ends)[1]]
        while self._waiting and self._waiting[-1].starts_at <= moment:
            number = len(self._waiting)
            span = self._waiting.pop()
            if span.ends_at is not None and span.ends_at <= moment:
                continue
            self._running[number] = span
            if span.ends_at is not None:
                heappush(self._ends, (span.ends_at, number))
        return self._running.values()

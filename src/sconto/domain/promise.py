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
    """A timeline of a merchant that is wrong, of a product or of all of them.

    It is a timeline of automatic promotions, or of a code (`code_timeline.Line`).
    """

    merchant_id: int
    product_id: int
    mistake: TimelineMistake
    code: str | None = None
    by_percent: bool = False


@dataclass(frozen=True, slots=True)
class CheckedPromise:
    """A promise that was checked, and the first records that break it."""

    promise: str
    violations: Sequence[Violation | TimelineViolation]


def first_timeline_mistake(
    claims: Iterable[Span], shown: Iterable[Span], *, by_percent: bool = False
) -> TimelineMistake | None:
    """The first moment at which a stored timeline is wrong; None if it never is.

    `claims` are the spans on which promotions would be shown if they were alone. `shown` is the
    stored timeline. It must show exactly the latest created promotion, or `by_percent` the one with
    the highest percent, of equal ones the latest; and its percent. Only the edges of spans are
    checked, because nothing changes in between.
    """
    claimed, drawn = _Running(claims, by_percent=by_percent), _Running(shown)
    for at in sorted(claimed.edges | drawn.edges):
        claimed.move_to(at)
        drawn.move_to(at)
        winner = claimed.winner()
        spans = drawn.spans()
        expected = [] if winner is None else [(winner.promotion_id, winner.percent)]
        if [(span.promotion_id, span.percent) for span in spans] != expected:
            return TimelineMistake(
                at,
                None if winner is None else winner.promotion_id,
                tuple(span.promotion_id for span in spans),
            )
    return None


class _Running:
    """The spans that run at a moment, which only moves forward."""

    def __init__(self, spans: Iterable[Span], *, by_percent: bool = False) -> None:
        self._by_percent = by_percent
        self._waiting = sorted(spans, key=lambda span: span.starts_at, reverse=True)
        self._ends: list[tuple[datetime, int]] = []
        self._running: dict[int, Span] = {}
        # Best first; spans that have ended are dropped once they are first.
        self._ranked: list[tuple[int, int, int]] = []
        self.edges = {span.starts_at for span in self._waiting} | {
            span.ends_at for span in self._waiting if span.ends_at is not None
        }

    def move_to(self, moment: datetime) -> None:
        while self._ends and self._ends[0][0] <= moment:
            del self._running[heappop(self._ends)[1]]
        while self._waiting and self._waiting[-1].starts_at <= moment:
            number = len(self._waiting)
            span = self._waiting.pop()
            if span.ends_at is not None and span.ends_at <= moment:
                continue
            self._running[number] = span
            percent = span.percent if self._by_percent else 0
            heappush(self._ranked, (-percent, -span.promotion_id, number))
            if span.ends_at is not None:
                heappush(self._ends, (span.ends_at, number))

    def spans(self) -> Iterable[Span]:
        return self._running.values()

    def winner(self) -> Span | None:
        while self._ranked:
            span = self._running.get(self._ranked[0][-1])
            if span is not None:
                return span
            heappop(self._ranked)
        return None

"""When a limit will be used up, at the pace of the last day and of the last week.

Uses are counted by day. The part of a day that lies in the window counts in proportion, as if its
uses were spread evenly over the part of the day in which the promotion ran.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from fractions import Fraction
from math import ceil, floor
from typing import Final

from sconto.domain.cart_statistics import CartStatistics
from sconto.domain.schedule import Period, PeriodState

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)

_SHORTEST: Final = timedelta(hours=1)
"""A promotion that has just begun has no shorter window."""

_SECOND: Final = timedelta(seconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_LATEST: Final = timedelta(days=36_500)
"""What takes a century is not foretold."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is used in a day, rounded half up, and when the limit is used up at that pace.

    `used_up_at` is None if the limit is not used up while the promotion runs: nothing is used,
    nothing is left, or the promotion ends earlier.
    """

    per_day: int
    used_up_at: datetime | None


@dataclass(frozen=True, slots=True)
class LimitForecast:
    """The forecast of one limit, by the pace of the last day and of the last week."""

    last_day: Pace
    last_week: Pace


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecasts of a promotion's limit of orders and of its budgets by currency."""

    total: LimitForecast | None
    budget: Mapping[str, LimitForecast]


def forecast(statistics: CartStatistics, now: datetime, zone: tzinfo) -> Forecast | None:
    """The forecast of a running promotion with limits; None for any other.

    Days are those of the zone, in which orders were counted.
    """
    promotion = statistics.promotion
    limits = promotion.terms.limits
    is_running = promotion.active and promotion.period.state(now) is PeriodState.RUNNING
    if not is_running or (limits.total, limits.budget) == (None, None):
        return None

    begun = max(promotion.period.starts_at, promotion.created_at)

    def of(limit: int, taken: int, uses: Mapping[date, int]) -> LimitForecast:
        return LimitForecast(
            *[
                pace(limit - taken, uses, now, zone, begun, window, promotion.period)
                for window in (DAY, WEEK)
            ]
        )

    total = None
    if limits.total is not None:
        uses = {one.day: one.orders for one in statistics.days}
        total = of(limits.total, statistics.taken_total, uses)
    budget = {
        currency: of(
            limit,
            statistics.taken_budget.get(currency, 0),
            {one.day: one.discounts.get(currency, 0) for one in statistics.days},
        )
        for currency, limit in (limits.budget or {}).items()
    }
    return Forecast(total, budget)


def pace(
    left: int,
    uses: Mapping[date, int],
    now: datetime,
    zone: tzinfo,
    begun: datetime,
    window: timedelta,
    period: Period,
) -> Pace:
    """The pace in the window before `now`, or since the promotion began, and the limit's end."""
    start = max(now - window, min(begun, now - _SHORTEST))
    used = Fraction(0)
    for day, number in uses.items():
        first = max(_midnight(day, zone), begun)
        last = min(_midnight(day + DAY, zone), now)
        if first < last and start < last:
            used += number * Fraction(_length(max(first, start), last), _length(first, last))
    length = _length(start, now)
    per_day = Fraction(used * (DAY // _MICROSECOND), length)
    return Pace(floor(per_day + Fraction(1, 2)), _used_up_at(left, used, length, now, period))


def _used_up_at(
    left: int, used: Fraction, length: int, now: datetime, period: Period
) -> datetime | None:
    if left <= 0 or used <= 0:
        return None
    needed = ceil(Fraction(left * length, used))
    if needed > _LATEST // _MICROSECOND:
        return None
    # In whole seconds, rounded up: at any earlier moment something is left.
    at = now + needed * _MICROSECOND
    at += -timedelta(microseconds=at.microsecond) % _SECOND
    over_from = period.over_from
    return at if over_from is None or at < over_from else None


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def _length(start: datetime, end: datetime) -> int:
    """The microseconds from one moment to another, whatever the zone's clock changes in between."""
    return (end.astimezone(UTC) - start.astimezone(UTC)) // _MICROSECOND

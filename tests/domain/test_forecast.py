"""Forecasts: when limits will be used up at the pace of the last day and week."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.cart_promotion import AmountOff, CartPromotion, CartTerms, Limits, Target
from sconto.domain.cart_statistics import CartStatistics, DayUses
from sconto.domain.forecast import DAY, WEEK, Forecast, forecast, pace
from sconto.domain.schedule import Period

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=30)
TODAY = NOON.date()
HOUR = timedelta(hours=1)


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def foretell(
    *uses: tuple[int, int],
    limits: Limits,
    taken: int = 0,
    active: bool = True,
    period: Period = Period(LONG_AGO),  # noqa: B008 - frozen
) -> Forecast | None:
    """The forecast for uses by day before today (0); each use is worth 1.00."""
    terms = CartTerms(Target.ORDER, AmountOff({"EUR": 100}), limits=limits)
    promotion = CartPromotion(
        1, "Any", active, period, terms, None, period.starts_at, period.starts_at
    )
    days = [DayUses(day(number), orders, {"EUR": 100 * orders}) for number, orders in uses]
    statistics = CartStatistics(promotion, 0, {}, (), days, taken, {"EUR": 100 * taken})
    return forecast(statistics, NOON, UTC)


def test_the_last_day_is_twenty_four_hours() -> None:
    """At noon, half of yesterday's uses count. At 24 uses a day, 12 are left after half a day."""
    found = foretell((-1, 24), (0, 12), limits=Limits(total=100), taken=88)
    assert found is not None
    assert found.total is not None
    assert (found.total.last_day.per_day, found.total.last_day.used_up_at) == (24, NOON + 12 * HOUR)
    assert found.total.last_week.per_day == 5  # 36 in a week
    assert found.total.last_week.used_up_at == NOON + timedelta(seconds=ceil(12 * 7 * 86400 / 36))
    assert found.budget == {}


def test_budgets_have_forecasts_by_currency() -> None:
    budget = {"EUR": 20_00, "USD": 5_00}
    found = foretell((0, 10), limits=Limits(budget=budget), taken=10)
    assert found is not None
    assert found.total is None
    assert found.budget["EUR"].last_day.per_day == 10_00
    assert found.budget["EUR"].last_day.used_up_at == NOON + 24 * HOUR
    assert (found.budget["USD"].last_day.per_day, found.budget["USD"].last_day.used_up_at) == (
        0,
        None,
    )


def test_a_promotion_of_today_has_the_pace_since_it_began() -> None:
    period = Period(NOON - 2 * HOUR)
    found = foretell((0, 100), limits=Limits(total=200), taken=100, period=period)
    assert found is not None
    assert found.total is not None
    for one in (found.total.last_day, found.total.last_week):
        assert (one.per_day, one.used_up_at) == (1200, NOON + 2 * HOUR)
    just = foretell((0, 1), limits=Limits(total=2), taken=1, period=Period(NOON))
    assert just is not None
    assert just.total is not None
    assert just.total.last_day.used_up_at is None or just.total.last_day.used_up_at > NOON


@pytest.mark.parametrize(
    ("uses", "taken", "period"),
    [
        ([], 0, Period(LONG_AGO)),
        ([(0, 5)], 10, Period(LONG_AGO)),
        ([(0, 5)], 12, Period(LONG_AGO)),
        ([(-9, 5)], 5, Period(LONG_AGO)),
        ([(0, 5)], 5, Period(LONG_AGO, NOON + HOUR)),
    ],
    ids=["nothing used", "used up", "limit lowered", "not recently", "ends before"],
)
def test_there_is_no_date_if_the_limit_will_not_be_used_up(
    uses: list[tuple[int, int]], taken: int, period: Period
) -> None:
    found = foretell(*uses, limits=Limits(total=10), taken=taken, period=period)
    assert found is not None
    assert found.total is not None
    assert (found.total.last_day.used_up_at, found.total.last_week.used_up_at) == (None, None)


def test_only_running_promotions_with_limits_have_a_forecast() -> None:
    limited = Limits(total=10)
    assert foretell((0, 5), limits=Limits(per_customer=1)) is None
    assert foretell((0, 5), limits=limited, active=False) is None
    assert foretell((0, 5), limits=limited, period=Period(NOON + HOUR)) is None
    assert foretell((0, 5), limits=limited, period=Period(LONG_AGO, NOON - HOUR)) is None


def test_a_day_of_twenty_three_hours_counts_23_hours() -> None:
    """In Berlin, 29 March 2026 has 23 hours. At noon of the next day, 12 of them are in the last
    24 hours."""
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 30, 12, tzinfo=berlin)
    found = pace(100, {date(2026, 3, 29): 23}, now, berlin, LONG_AGO - 300 * DAY, DAY, Period(now))
    assert found.per_day == 12


moments = st.integers(0, 14 * 24).map(lambda hours: NOON - timedelta(hours=hours, minutes=7))


@given(
    st.lists(st.integers(0, 30), min_size=16, max_size=16),
    moments,
    st.integers(1, 500),
    st.sampled_from([DAY, WEEK]),
    st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York"]),
)
def test_a_pace_equals_that_of_a_count_minute_by_minute(
    numbers: Sequence[int], begun: datetime, left: int, window: timedelta, zone_name: str
) -> None:
    """An independent count: a day's uses are spread over the minutes when the promotion ran."""
    zone = ZoneInfo(zone_name)
    today = NOON.astimezone(zone).date()
    uses = {today - timedelta(days=number): amount for number, amount in enumerate(numbers)}
    found = pace(left, uses, NOON, zone, begun, window, Period(begun))
    if (starts := begun) >= NOON:
        return
    start = max(NOON - window, min(begun, NOON - HOUR))
    minute = timedelta(minutes=1)
    ran: dict[date, int] = {}
    inside: dict[date, int] = {}
    at = starts
    while at < NOON:
        on = at.astimezone(zone).date()
        ran[on] = ran.get(on, 0) + 1
        inside[on] = inside.get(on, 0) + (at >= start)
        at += minute
    used = sum(uses.get(on, 0) * inside[on] / ran[on] for on in ran)
    hours = (NOON - start) / HOUR
    assert abs(found.per_day - used * 24 / hours) <= 0.5 + 1e-6
    if found.used_up_at is None:
        assert used < 1e-9 or left * hours / used > 24 * 36_000
    else:
        assert found.used_up_at > NOON
        assert abs((found.used_up_at - NOON) / HOUR - left * hours / used) < 1e-3

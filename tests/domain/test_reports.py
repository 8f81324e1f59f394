"""Reports: their days, the days they are compared with, and the figures."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import floor
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.order_counts import CountSubject
from sconto.domain.reports import (
    MAX_DAYS,
    WHOLE_SHOP,
    DayCount,
    DayRange,
    DaysRefused,
    Figures,
    Preset,
    Report,
    average,
    days_of,
    growth,
    query_for,
    refuse_days,
    share,
)

TODAY = date(2026, 3, 15)


@pytest.mark.parametrize(
    ("preset", "first", "last", "before"),
    [
        (Preset.WEEK, date(2026, 3, 9), TODAY, (date(2026, 3, 2), date(2026, 3, 8))),
        (Preset.MONTH, date(2026, 2, 14), TODAY, (date(2026, 1, 15), date(2026, 2, 13))),
        (Preset.QUARTER, date(2025, 12, 16), TODAY, (date(2025, 9, 17), date(2025, 12, 15))),
        (Preset.THIS_MONTH, date(2026, 3, 1), TODAY, (date(2026, 2, 14), date(2026, 2, 28))),
        (
            Preset.LAST_MONTH,
            date(2026, 2, 1),
            date(2026, 2, 28),
            (date(2026, 1, 1), date(2026, 1, 31)),
        ),
    ],
)
def test_a_preset_is_compared_with_the_days_before(
    preset: Preset, first: date, last: date, before: tuple[date, date]
) -> None:
    days = days_of(preset, TODAY)
    assert (days, days.before) == (DayRange(first, last), DayRange(*before))


def test_a_whole_month_is_compared_with_the_previous_month() -> None:
    march = DayRange(date(2024, 3, 1), date(2024, 3, 31))
    assert march.before == DayRange(date(2024, 2, 1), date(2024, 2, 29))
    assert days_of(Preset.THIS_MONTH, date(2024, 3, 31)).before == march.before


@given(
    st.dates(date(2, 2, 1)),
    st.integers(0, MAX_DAYS - 1),
)
def test_the_days_follow_the_days_before_without_a_gap(last: date, more: int) -> None:
    days = DayRange(last - timedelta(days=more), last)
    if refuse_days(days.first, days.last) is None:
        assert days.length == len(days.days) == more + 1
        assert days.before.last == days.first - timedelta(days=1)
        assert days.before.length == days.length or days.before.first.day == 1


@pytest.mark.parametrize(
    ("first", "last", "refused"),
    [
        (TODAY, TODAY, None),
        (TODAY, TODAY + timedelta(days=MAX_DAYS - 1), None),
        (TODAY, TODAY + timedelta(days=MAX_DAYS), DaysRefused.TOO_MANY),
        (TODAY, TODAY - timedelta(days=1), DaysRefused.BACKWARDS),
        (date.min, date.min, DaysRefused.TOO_EARLY),
    ],
)
def test_days_of_a_report_are_in_order_and_at_most_a_year(
    first: date, last: date, refused: DaysRefused | None
) -> None:
    assert refuse_days(first, last) is refused


def test_days_begin_and_end_at_midnight_of_the_zone() -> None:
    # On 29 March 2026 the clocks in Berlin go forward.
    query = query_for(DayRange(date(2026, 3, 29), date(2026, 3, 29)), ZoneInfo("Europe/Berlin"))
    assert query.since == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert query.until == datetime(2026, 3, 29, 22, tzinfo=UTC)


@given(st.integers(0, 10**30), st.integers(1, 10**9))
def test_averages_shares_and_growths_are_rounded_half_up(amount: int, orders: int) -> None:
    assert average(amount, orders) == floor(Fraction(amount, orders) + Fraction(1, 2))
    assert (average(5, 2), average(0, 0)) == (3, None)
    assert (share(1, 3), share(1, 2000), share(0, 0)) == (333, 1, None)
    assert (growth(3, 2), growth(1, 2), growth(1, 0)) == (500, -500, None)


def test_a_report_adds_up_the_days_of_one_currency() -> None:
    days = DayRange(TODAY - timedelta(days=1), TODAY)
    early, late = days.first - timedelta(days=1), TODAY
    report = Report(
        days,
        [
            DayCount(CountSubject.DISCOUNTED, late, "EUR", Figures(2, 0, 50, 150)),
            DayCount(CountSubject.FULL_PRICE, late, "EUR", Figures(1, 0, 0, 70)),
            DayCount(CountSubject.FULL_PRICE, early, "EUR", Figures(4, 0, 0, 400)),
            DayCount(CountSubject.FULL_PRICE, late, "JPY", Figures(9, 0, 0, 900)),
            DayCount(CountSubject.PROMOTION, late, "USD", Figures(0, 3, 0, 0)),
        ],
    )
    assert report.currencies == ["USD", "JPY", "EUR"]
    assert report.total(days, "EUR", *WHOLE_SHOP) == Figures(3, 0, 50, 220)
    assert report.total(days.before, "EUR", *WHOLE_SHOP) == Figures(4, 0, 0, 400)
    assert report.by_day(days, "EUR", CountSubject.DISCOUNTED) == {late: Figures(2, 0, 50, 150)}

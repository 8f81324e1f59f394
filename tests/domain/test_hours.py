"""Hours of the week: past midnight, on some weekdays, and on days when the clock changes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.hours import EVERY_DAY, Hours

BERLIN = "Europe/Berlin"
FRIDAY = frozenset([4])


def hours(
    starts: str, ends: str, zone: str = BERLIN, weekdays: frozenset[int] = EVERY_DAY
) -> Hours:
    return Hours(time.fromisoformat(starts), time.fromisoformat(ends), zone, weekdays)


def times_in(hours: Hours, first: str, length: timedelta) -> list[str]:
    """The minutes of UTC after a moment in which the hours begin or end."""
    at = datetime.fromisoformat(first).replace(tzinfo=UTC)
    changes, was = [], hours.include(at - timedelta(minutes=1))
    for _ in range(int(length / timedelta(minutes=1))):
        if hours.include(at) is not was:
            was = not was
            changes.append(at.strftime("%a %H:%M"))
        at += timedelta(minutes=1)
    return changes


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("terms", "first", "changes"),
    [
        # 17:00 in Berlin is 16:00 in UTC in November.
        (hours("17:00", "20:00"), "2026-11-27", ["Fri 16:00", "Fri 19:00"]),
        (hours("17:00", "20:00", weekdays=FRIDAY), "2026-11-26", []),
        (hours("17:00", "20:00", weekdays=FRIDAY), "2026-11-27", ["Fri 16:00", "Fri 19:00"]),
        # Past midnight, the hours belong to the Friday on which they start.
        (hours("22:00", "02:00", "UTC", FRIDAY), "2026-11-27", ["Fri 22:00"]),
        (hours("22:00", "02:00", "UTC", FRIDAY), "2026-11-28", ["Sat 02:00"]),
        # If both times are the same, the hours last a whole day.
        (hours("09:00", "09:00", "UTC", FRIDAY), "2026-11-27", ["Fri 09:00"]),
        (hours("09:00", "09:00", "UTC", FRIDAY), "2026-11-28", ["Sat 09:00"]),
        (hours("00:00", "00:00", "UTC", FRIDAY), "2026-11-27", ["Fri 00:00"]),
        (hours("00:00", "00:00", "UTC"), "2026-11-27", []),
        # 2026-03-29: 02:00 to 03:00 is skipped in Berlin.
        (hours("02:00", "03:00"), "2026-03-29", []),
        (hours("02:30", "03:30"), "2026-03-29", ["Sun 01:00", "Sun 01:30"]),
        (hours("01:30", "02:30"), "2026-03-29", ["Sun 00:30", "Sun 01:00", "Sun 23:30"]),
        # 2026-10-25: 02:00 to 03:00 occurs twice.
        (hours("02:00", "03:00"), "2026-10-25", ["Sun 00:00", "Sun 02:00"]),
        (
            hours("02:30", "02:45"),
            "2026-10-25",
            ["Sun 00:30", "Sun 00:45", "Sun 01:30", "Sun 01:45"],
        ),
        (
            hours("23:00", "02:30"),
            "2026-10-25",
            ["Sun 00:30", "Sun 01:00", "Sun 01:30", "Sun 22:00"],
        ),
    ],
)
def test_the_clock_of_the_zone_decides(terms: Hours, first: str, changes: list[str]) -> None:
    assert times_in(terms, first, DAY) == changes


times = st.times().map(lambda one: one.replace(second=0, microsecond=0))


@given(
    st.builds(
        Hours,
        times,
        times,
        st.sampled_from([BERLIN, "UTC", "America/St_Johns", "Asia/Kathmandu"]),
        st.frozensets(st.integers(0, 6), min_size=1),
    ),
    st.integers(0, 365 * 24 * 60).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
)
def test_hours_started_today_or_yesterday(terms: Hours, at: datetime) -> None:
    wall = at.astimezone(ZoneInfo(terms.time_zone)).replace(tzinfo=None)
    expected = False
    for day in (wall.date(), wall.date() - DAY):
        last = day if terms.ends > terms.starts else day + DAY
        if datetime.combine(day, terms.starts) <= wall < datetime.combine(last, terms.ends):
            expected |= day.weekday() in terms.weekdays
    assert terms.include(at) is expected

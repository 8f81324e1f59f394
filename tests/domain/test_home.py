"""The bars of a calendar."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.home import Bar, Window, bar_of
from sconto.domain.schedule import Period
from tests.builders import NOON

HOUR = timedelta(hours=1)
WINDOW = Window(NOON, NOON + 1000 * HOUR)
hours = st.integers(-3000, 3000)


def test_a_bar_is_as_long_as_its_period() -> None:
    assert bar_of(Period(NOON + 100 * HOUR, NOON + 300 * HOUR), WINDOW) == Bar(100, 200)
    assert bar_of(Period(NOON - 9 * HOUR), WINDOW) == Bar(0, 1000)
    assert bar_of(Period(NOON + 900 * HOUR), WINDOW) == Bar(900, 100)


@given(hours, hours)
def test_a_bar_is_always_visible_and_inside_the_calendar(start: int, length: int) -> None:
    period = Period(NOON + start * HOUR, NOON + (start + abs(length)) * HOUR)
    bar = bar_of(period, WINDOW)
    assert bar.length >= 8
    assert 0 <= bar.start <= bar.start + bar.length <= 1000

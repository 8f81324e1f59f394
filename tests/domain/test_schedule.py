"""Periods, their inclusive ends, and timelines on which the latest created promotion wins."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.far_times import LAST_SECOND
from sconto.domain.schedule import (
    INSTANT,
    SECOND,
    Period,
    PeriodState,
    Span,
    first_after,
    latest_wins,
    parts_outside,
    span_of,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def a_span(first: int, last: int | None, promotion_id: int = 1, percent: int = 10) -> Span:
    return Span(day(first), None if last is None else day(last), promotion_id, percent)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    first = draw(st.integers(0, 9))
    last = draw(st.none() | st.integers(first + 1, 10))
    return a_span(first, last, draw(st.integers(1, 5)), draw(st.sampled_from([10, 20])))


def shows(span: Span, at: datetime) -> bool:
    return span.starts_at <= at and (span.ends_at is None or at < span.ends_at)


@pytest.mark.parametrize(
    ("at", "standing"),
    [
        (day(1) - INSTANT, PeriodState.NOT_STARTED),
        (day(1), PeriodState.RUNNING),
        (day(2), PeriodState.RUNNING),
        (day(2) + SECOND - INSTANT, PeriodState.RUNNING),
        (day(2) + SECOND, PeriodState.OVER),
    ],
)
def test_both_ends_belong_to_a_period(at: datetime, standing: PeriodState) -> None:
    assert Period(day(1), day(2)).state(at) is standing


def test_an_end_with_a_fraction_is_exact() -> None:
    end = day(2) - INSTANT
    assert Period(day(1), end).state(end) is PeriodState.RUNNING
    assert Period(day(1), end).state(day(2)) is PeriodState.OVER


@given(st.datetimes(START.replace(tzinfo=None), timezones=st.just(UTC)))
def test_a_period_until_the_last_second_before_another_leaves_no_gap(at: datetime) -> None:
    following = Period(at.replace(microsecond=0))
    before = Period(day(-10_000), following.starts_at - SECOND)
    assert before.over_from == following.starts_at


@pytest.mark.parametrize("microsecond", [0, 1, 50_400, 999_999])
def test_an_end_in_the_last_second_of_9999_means_never(microsecond: int) -> None:
    end = LAST_SECOND.replace(microsecond=microsecond)
    assert first_after(end) is None
    assert first_after(LAST_SECOND - INSTANT) == LAST_SECOND
    assert span_of(Period(START, end), 7, 10).ends_at is None


def test_a_period_without_an_end_never_ends() -> None:
    assert Period(day(1)).state(datetime.max.replace(tzinfo=UTC)) is PeriodState.RUNNING


def test_the_end_of_a_span_is_the_first_instant_after_the_period() -> None:
    assert span_of(Period(day(1), day(2)), 7, 10) == Span(day(1), day(2) + SECOND, 7, 10)
    assert span_of(Period(day(1)), 7, 10) == Span(day(1), None, 7, 10)


@given(st.lists(spans(), max_size=8, unique_by=lambda span: (span.promotion_id, span.starts_at)))
def test_at_any_time_a_timeline_shows_the_latest_created(candidates: list[Span]) -> None:
    timeline = latest_wins(candidates)

    for number in range(-1, 12):
        running = [span.promotion_id for span in candidates if shows(span, day(number))]
        shown = [span.promotion_id for span in timeline if shows(span, day(number))]
        assert shown == ([max(running)] if running else [])


@given(st.lists(spans(), max_size=8))
def test_spans_of_a_timeline_do_not_overlap_and_are_joined(
    candidates: list[Span],
) -> None:
    for first, second in pairwise(latest_wins(candidates)):
        assert first.ends_at is not None
        assert first.ends_at <= second.starts_at
        assert (first.ends_at, first.promotion_id, first.percent) != (
            second.starts_at,
            second.promotion_id,
            second.percent,
        )


@given(st.lists(spans(), max_size=8))
def test_the_timeline_of_a_timeline_is_the_same(candidates: list[Span]) -> None:
    timeline = latest_wins(candidates)

    assert latest_wins(timeline) == timeline


def test_a_later_promotion_splits_an_earlier_one() -> None:
    assert latest_wins([a_span(0, None, 1), a_span(3, 5, 2)]) == [
        a_span(0, 3, 1),
        a_span(3, 5, 2),
        a_span(5, None, 1),
    ]


def test_an_earlier_promotion_is_hidden_by_a_later_one() -> None:
    assert latest_wins([a_span(0, None, 2), a_span(3, 5, 1)]) == [a_span(0, None, 2)]


@given(spans(), spans())
def test_parts_outside_of_a_span_are_those_that_it_does_not_cover(span: Span, other: Span) -> None:
    parts = parts_outside(span, other)

    for number in range(12):
        at = day(number)
        outside = shows(span, at) and not shows(other, at)
        assert [shows(part, at) for part in parts].count(True) == outside
    assert all(part.ends_at is None or part.starts_at < part.ends_at for part in parts)
    assert {(part.promotion_id, part.percent) for part in parts} <= {
        (span.promotion_id, span.percent)
    }

"""The calendar of promotions: a bar for each, a month at a time."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from starlette.responses import Response

from sconto.domain.home import (
    Bar,
    CalendarEntry,
    CalendarPosition,
    Window,
    bar_of,
)
from sconto.domain.numbers import MAX_INT64
from sconto.domain.people import Action
from sconto.domain.schedule import Period, PeriodState
from sconto.operations import home as operation
from sconto.portal.pages import read
from sconto.portal.places import promotion_page
from sconto.portal.visit import Visit

_STRIP_DAYS: Final = 30
_PAGE: Final = 50
_WEEK: Final = 7
_FIRST_MONTH: Final = date(2000, 1, 1)
_LAST_MONTH: Final = date(2999, 12, 1)

_LOOKS: Final = {
    PeriodState.RUNNING: "runs",
    PeriodState.NOT_STARTED: "comes",
    PeriodState.OVER: "over",
}


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """A promotion of the calendar, with its bar in thousandths."""

    name: str
    address: str
    period: Period
    bar: Bar
    look: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the bars are drawn on: the days below them, and now, in thousandths of the width."""

    rows: Sequence[CalendarRow]
    ticks: Sequence[tuple[int, date]]
    now: int | None


def strip_window(visit: Visit) -> Window:
    """Thirty days before today, and as many after."""
    today = visit.now.astimezone(visit.language.zone).date()
    return window_of(
        visit, today - timedelta(days=_STRIP_DAYS), today + timedelta(days=_STRIP_DAYS + 1)
    )


def window_of(visit: Visit, first: date, end: date) -> Window:
    """The time of some days; the last day is excluded."""
    zone = visit.language.zone
    start, stop = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, end))
    return Window(start, stop)


def draw_calendar(
    visit: Visit, entries: Sequence[CalendarEntry], window: Window, step: int
) -> Calendar:
    """The bars of the promotions; a day is written below every `step` days."""
    first = window.first.astimezone(visit.language.zone).date()
    days = [first + timedelta(days=step * number) for number in range(62 // step + 1)]
    ticks = [(window.place(window_of(visit, day, day).first), day) for day in days]
    is_now = window.first <= visit.now < window.end
    return Calendar(
        [_row(visit, entry, window) for entry in entries],
        [(place, day) for place, day in ticks if place < 1000],
        window.place(visit.now) if is_now else None,
    )


def _row(visit: Visit, entry: CalendarEntry, window: Window) -> CalendarRow:
    return CalendarRow(
        entry.promotion.name,
        promotion_page(entry.promotion.kind, entry.promotion.id),
        entry.period,
        bar_of(entry.period, window),
        _LOOKS[entry.period.state(visit.now)],
    )


async def show_month(visit: Visit) -> Response:
    """The promotions of a month, by default the present one; the one that starts last first."""
    today = visit.now.astimezone(visit.language.zone).date()
    month = _month(visit.query("month"), today)
    following = _month_after(month)
    window = window_of(visit, month, following)
    after = _position(visit.query("after"))
    page = await operation.list_calendar(visit.context.database, visit.caller, window, after, _PAGE)
    return visit.render(
        "calendar.html",
        month=month,
        calendar=draw_calendar(visit, page.entries, window, _WEEK),
        before=(month - timedelta(days=1)).replace(day=1) if month > _FIRST_MONTH else None,
        following=following if month < _LAST_MONTH else None,
        this_month=today.replace(day=1),
        after=after,
        next=_written(page.next),
    )


def _month_after(month: date) -> date:
    return month + timedelta(days=calendar.monthrange(month.year, month.month)[1])


def _month(text: str, today: date) -> date:
    """The first day of a month that is written `2026-11`; of the present one for other texts."""
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return month if _FIRST_MONTH <= month <= _LAST_MONTH else today.replace(day=1)


def _position(text: str) -> CalendarPosition | None:
    """Where a page begins; None if the text is not a position."""
    instant, _, number = text.rpartition("_")
    try:
        position = CalendarPosition(datetime.fromisoformat(instant), int(number))
    except ValueError:
        return None
    is_known = position.starts_at.tzinfo is UTC and 0 <= position.promotion_id <= MAX_INT64
    return position if is_known else None


def _written(position: CalendarPosition | None) -> str | None:
    if position is None:
        return None
    return f"{position.starts_at.astimezone(UTC).isoformat()}_{position.promotion_id}"


PAGES: Final = (read("/calendar", show_month, Action.READ_PROMOTIONS),)

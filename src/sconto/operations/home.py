"""A merchant's home page: figures, what needs attention, first steps, the next promotions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sconto.domain.home import (
    BEATEN_DAYS,
    ENDS_SOON,
    Attention,
    CalendarEntry,
    CalendarPosition,
    FirstSteps,
    Window,
)
from sconto.domain.people import Caller
from sconto.domain.reports import ShopReport, latest_days
from sconto.store import attention, promotion_calendar, reports
from sconto.store.database import Database, retried

FIGURES_DAYS: Final = 30
"""The figures are of so many days, and of as many before."""

_ENTRIES: Final = 12


@dataclass(frozen=True, slots=True)
class Home:
    """The home page of a merchant; `steps` is None once they are done."""

    report: ShopReport
    attention: Sequence[Attention]
    steps: FirstSteps | None
    entries: Sequence[CalendarEntry]
    more_entries: bool


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """Promotions of a time; `next` is where the next page begins."""

    entries: Sequence[CalendarEntry]
    next: CalendarPosition | None


@retried
async def show_home(
    database: Database, caller: Caller, now: datetime, today: date, window: Window
) -> Home:
    """The merchant's home page, in four statements; `window` is what its calendar shows.

    Their cost does not depend on the number of orders, and is bounded for any number of promotions.
    Orders are counted on the day `today` at present.
    """
    merchant_id = caller.merchant_id
    async with database.read(merchant_id) as connection:
        report = await reports.read_shop(
            connection, merchant_id, latest_days(FIGURES_DAYS, today), now
        )
        found = await attention.read_attention(
            connection, merchant_id, now, now + ENDS_SOON, today - timedelta(days=BEATEN_DAYS)
        )
        steps = await attention.read_first_steps(connection, merchant_id, now)
        entries = await promotion_calendar.list_entries(
            connection, merchant_id, window, None, _ENTRIES + 1
        )
    more = len(entries) > _ENTRIES
    return Home(report, found, None if steps.is_done else steps, entries[:_ENTRIES], more)


@retried
async def list_calendar(
    database: Database,
    caller: Caller,
    window: Window,
    after: CalendarPosition | None,
    limit: int,
) -> CalendarPage:
    """The promotions of a window after a position, the one that starts last first."""
    async with database.read(caller.merchant_id) as connection:
        found = await promotion_calendar.list_entries(
            connection, caller.merchant_id, window, after, limit + 1
        )
    entries, last = found[:limit], found[:limit][-1:]
    is_last = len(found) <= limit or not last
    position = CalendarPosition(last[0].period.starts_at, last[0].promotion.id) if last else None
    return CalendarPage(entries, None if is_last else position)

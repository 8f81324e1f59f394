"""The filters `first` and `last` of a list: whole days in the server's zone."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from sconto.domain.far_times import to_utc
from sconto.portal.visit import Visit


def read_day_filters(
    visit: Visit, asked: Mapping[str, str], faults: list[str]
) -> tuple[datetime | None, datetime | None]:
    """The start of the first day and the end of the last day; None for an empty text.

    Notes texts that are not days.
    """
    bounds: list[datetime | None] = []
    for name, days_later in (("first", 0), ("last", 1)):
        try:
            bounds.append(_start_of_day(visit, asked[name], days_later))
        except (ValueError, OverflowError):
            bounds.append(None)
            faults.append(visit.gettext("Write a day like 2026-11-27."))
    since, until = bounds
    return since, until


def _start_of_day(visit: Visit, text: str, days_later: int) -> datetime | None:
    if not text:
        return None
    day = datetime.strptime(text, "%Y-%m-%d").date() + timedelta(days=days_later)  # noqa: DTZ007
    return to_utc(datetime.combine(day, time(), visit.context.zone))

"""The days of a report, as its address chooses them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sconto.domain.reports import (
    MAX_DAYS,
    DayRange,
    DaysRefused,
    Preset,
    days_of,
    refuse_days,
)
from sconto.portal.typed_values import choice_of
from sconto.portal.visit import Visit
from sconto.portal.words import marked

PRESETS: Final = {
    Preset.WEEK: marked("7 days"),
    Preset.MONTH: marked("30 days"),
    Preset.QUARTER: marked("90 days"),
    Preset.THIS_MONTH: marked("This month"),
    Preset.LAST_MONTH: marked("Last month"),
}

_FAULTS: Final = {
    DaysRefused.BACKWARDS: marked("The first day is after the last."),
    DaysRefused.TOO_EARLY: marked("There were no orders that long ago."),
}


@dataclass(frozen=True, slots=True)
class ChosenDays:
    """The days that are shown; `query` shows them again. After a fault they are the default."""

    days: DayRange
    preset: Preset | None
    query: Mapping[str, str]
    first: str
    last: str
    fault: str | None


def read_days(visit: Visit) -> ChosenDays:
    """The days that the address names: a preset, or the first and the last; by default 30 days."""
    first, last, named = visit.query("from"), visit.query("to"), visit.query("days")
    fault = None
    if first or last:
        found = _read_own(visit, first, last)
        if isinstance(found, DayRange):
            query = {"from": first, "to": last}
            return ChosenDays(found, None, query, first, last, None)
        fault = found
    preset = choice_of(Preset, named) or Preset.MONTH
    days = days_of(preset, visit.today)
    if fault is None:
        first, last = days.first.isoformat(), days.last.isoformat()
    query = {"days": preset.value} if named else {}
    return ChosenDays(days, preset, query, first, last, fault)


def _read_own(visit: Visit, first: str, last: str) -> DayRange | str:
    """The days, or what is wrong with them."""
    try:
        since, until = _day(first), _day(last)
    except ValueError:
        return visit.gettext("Write a day like 2026-11-27.")
    refused = refuse_days(since, until)
    if refused is DaysRefused.TOO_MANY:
        return visit.gettext("A report has at most %(days)s days.") % {"days": MAX_DAYS}
    return DayRange(since, until) if refused is None else visit.gettext(_FAULTS[refused])


def _day(text: str) -> date:
    return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone

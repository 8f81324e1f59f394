"""Times in the subscription API: RFC 3339, in UTC in answers."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from sconto.api.rfc3339 import read_end, read_instant
from sconto.domain.far_times import in_utc
from sconto.domain.schedule import INSTANT

RULE: Final = "a date and time with an offset (2026-12-01T00:00:00Z), or a date (2026-12-01)"

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY: Final = timedelta(days=1)


def parse_start(text: str, zone: ZoneInfo) -> datetime:
    """The instant in UTC; a bare date is the first instant of that day in the zone.

    Raises ValueError, also for times outside of the years 1 to 9999.
    """
    if _DATE.fullmatch(text) is None:
        return _parse_instant(text)
    return _to_utc(datetime.combine(date.fromisoformat(text), time(), zone))


def parse_end(text: str, zone: ZoneInfo) -> datetime:
    """The instant in UTC; a bare date is the last instant of that day in the zone.

    To many systems the year 9999 means no end. Its last day is the last possible instant in every
    zone, and a time in it is accepted with any offset. Raises ValueError, also for times before the
    year 1.
    """
    if _DATE.fullmatch(text) is None:
        return _parse_instant(text, read_end)
    day = date.fromisoformat(text)
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return _to_utc(datetime.combine(day + _DAY, time(), zone)) - INSTANT


parse_instant: Final = partial(parse_start, zone=ZoneInfo("UTC"))
"""For the times of contracts, whose bare dates are days in UTC."""


def format_instant(instant: datetime) -> str:
    """The instant in UTC, as in 2026-12-01T00:00:00Z, with its fraction of a second, if any."""
    return in_utc(instant).isoformat().replace("+00:00", "Z")


def _parse_instant(text: str, read: Callable[[str], datetime | None] = read_instant) -> datetime:
    # RFC 3339 allows a blank instead of the T.
    instant = read(text.replace(" ", "T", 1))
    if instant is None:
        raise ValueError(f"not a time with an offset: {text!r}")
    return instant


def _to_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"outside of the years 1 to 9999: {instant}") from None

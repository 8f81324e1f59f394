"""Times in the merchant API: `YYYY-MM-DDThh:mm:ss±hh:mm`."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from sconto.domain.far_times import in_zone, to_utc

_INSTANT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})([+-])(\d{2}):([0-5]\d)", re.ASCII
)
_MINUTE: Final = timedelta(minutes=1)
_WIDEST_OFFSET: Final = timedelta(hours=14)
# The widest western offset of any historical local mean time was almost 16 hours (Manila).
_EARLIEST: Final = datetime(1, 1, 1, 16, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _WIDEST_OFFSET


def parse_start(text: str) -> datetime:
    """The instant in UTC.

    Raises ValueError for any other format, for offsets beyond ±14:00, and for instants outside of
    the years 1 to 9999 in some zone, because each instant must be writable in every zone.
    """
    instant = _parse(text)
    if not _EARLIEST <= instant <= _LATEST:
        raise ValueError(f"outside of the years 1 to 9999 somewhere: {text!r}")
    return instant


def parse_end(text: str) -> datetime:
    """The instant in UTC; an end of the year 9999 means "never" and is accepted in any offset.

    Raises ValueError as `parse_start` does for times that are too early.
    """
    instant = _parse(text)
    if instant < _EARLIEST:
        raise ValueError(f"outside of the years 1 to 9999 somewhere: {text!r}")
    return instant


def _parse(text: str) -> datetime:
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError(f"not a time with an offset: {text!r}")
    *local, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset > _WIDEST_OFFSET:
        raise ValueError(f"no offset of any zone: {text!r}")
    zone = timezone(-offset if sign == "-" else offset)
    year, month, day, hour, minute, second = map(int, local)
    try:
        return to_utc(datetime(year, month, day, hour, minute, second, tzinfo=zone))
    except OverflowError:
        raise ValueError(f"outside of the years 1 to 9999: {text!r}") from None


def format_instant(instant: datetime, zone: ZoneInfo) -> str:
    """The instant in that zone, without fractions of a second, and in the year 9999 at most.

    If the zone's offset is not a whole number of minutes, as in historical local mean times, the
    instant is written with the next lower offset.
    """
    offset = in_zone(instant, zone).utcoffset() or timedelta()
    there = in_zone(instant, timezone(offset // _MINUTE * _MINUTE))
    return there.isoformat(timespec="seconds")


def no_end(zone: ZoneInfo) -> datetime:
    """The instant that means "no end": `3000-01-01T00:00:00` in that zone."""
    return datetime(3000, 1, 1, tzinfo=zone).astimezone(UTC)

"""Times as the merchant API writes them: `YYYY-MM-DDThh:mm:ss±hh:mm`."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

_INSTANT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})([+-])(\d{2}):([0-5]\d)", re.ASCII
)
_MINUTE: Final = timedelta(minutes=1)
_WIDEST_OFFSET: Final = timedelta(hours=14)
# In the local mean times of old, the widest offset to the west was almost 16 hours (Manila).
_EARLIEST: Final = datetime(1, 1, 1, 16, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _WIDEST_OFFSET


def parse_instant(text: str) -> datetime:
    """The instant in UTC.

    Raises ValueError for any other format, for offsets beyond ±14:00, and for instants whose year
    is not within 1 to 9999 in every zone, so that each can be answered in any.
    """
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
        instant = datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"outside of the years 1 to 9999: {text!r}") from None
    if not _EARLIEST <= instant <= _LATEST:
        raise ValueError(f"outside of the years 1 to 9999 somewhere: {text!r}")
    return instant


def format_instant(instant: datetime, zone: ZoneInfo) -> str:
    """The instant in that zone, cut to the second.

    Where the zone's offset was no whole number of minutes, as in the local mean times of old, the
    next one below is written, which names the same instant.
    """
    offset = instant.astimezone(zone).utcoffset() or timedelta()
    return instant.astimezone(timezone(offset // _MINUTE * _MINUTE)).isoformat(timespec="seconds")


def no_end(zone: ZoneInfo) -> datetime:
    """The instant that stands for "no end": `3000-01-01T00:00:00` in that zone."""
    return datetime(3000, 1, 1, tzinfo=zone).astimezone(UTC)

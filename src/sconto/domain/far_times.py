"""Times at the end of the year 9999, which clients send for "never", in every time zone.

A `datetime` in UTC cannot exceed the year 9999. West of UTC that year lasts some hours longer. An
end in those hours is stored within UTC's last second, with one microsecond for each second. So it
is stored and compared like any other time, and every zone gets back what it sent.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

LAST_SECOND: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""A period that ends here or later never ends."""

_SECOND: Final = timedelta(seconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_MAX_SECONDS: Final = 16 * 3600
_FIRST_SECOND: Final = datetime(1, 1, 1, tzinfo=UTC)


def to_utc(local: datetime) -> datetime:
    """A time in some zone as an instant in UTC.

    Raises OverflowError for times before the year 1.
    """
    try:
        return local.astimezone(UTC)
    except OverflowError:
        offset = local.utcoffset()
        if offset is None or offset > timedelta():
            raise
        late = local.replace(tzinfo=UTC) - LAST_SECOND - offset
        return LAST_SECOND + late // _SECOND * _MICROSECOND


def in_zone(instant: datetime, zone: tzinfo) -> datetime:
    """The instant in local time of the zone.

    Outside the years 1 to 9999 it is the last second of 9999 or the first of year 1.
    """
    late = _seconds_late(instant)
    try:
        return (instant - late * _MICROSECOND).astimezone(zone) + late * _SECOND
    except OverflowError:
        end = LAST_SECOND if instant.year > 1 else _FIRST_SECOND
        return end.replace(tzinfo=zone)


def in_utc(instant: datetime) -> datetime:
    """The instant in UTC; later ones are the last second of 9999."""
    return instant.astimezone(UTC) - _seconds_late(instant) * _MICROSECOND


def _seconds_late(instant: datetime) -> int:
    """How many seconds an end is after the last second of 9999 in UTC."""
    late = max(instant - LAST_SECOND, timedelta()) // _MICROSECOND
    return late if late < _MAX_SECONDS else 0

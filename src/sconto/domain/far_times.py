"""Times at the end of the year 9999, which clients write for "never", in every zone.

A `datetime` in UTC ends with the year 9999; in zones west of UTC that year goes on for some hours.
An end in those hours is kept as an instant of UTC's last second: a microsecond for each second. So
it is stored and compared like any other, and no zone loses what was sent.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

LAST_SECOND: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""What ends here or later never ends."""

_SECOND: Final = timedelta(seconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_MOST_SECONDS: Final = 16 * 3600
_FIRST_SECOND: Final = datetime(1, 1, 1, tzinfo=UTC)


def to_utc(local: datetime) -> datetime:
    """The instant in UTC of a time in some zone.

    Raises OverflowError for what lies before the year 1.
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
    """The instant as the clocks of the zone show it.

    Where they are in another year than 1 to 9999, the last second of 9999 or the first of year 1.
    """
    late = _seconds_late(instant)
    try:
        return (instant - late * _MICROSECOND).astimezone(zone) + late * _SECOND
    except OverflowError:
        end = LAST_SECOND if instant.year > 1 else _FIRST_SECOND
        return end.replace(tzinfo=zone)


def in_utc(instant: datetime) -> datetime:
    """The instant as UTC shows it: the last second of 9999 for what is later."""
    return instant.astimezone(UTC) - _seconds_late(instant) * _MICROSECOND


def _seconds_late(instant: datetime) -> int:
    """By how many seconds an end is later than the last second of 9999 in UTC."""
    late = max(instant - LAST_SECOND, timedelta()) // _MICROSECOND
    return late if late < _MOST_SECONDS else 0

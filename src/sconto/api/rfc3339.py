"""Times with an offset, as in RFC 3339."""

import re
from datetime import UTC, datetime
from typing import Final

from sconto.domain.far_times import in_utc, to_utc

RULE: Final = 'must be a time with its offset, such as "2026-11-27T00:00:00+00:00"'

# Digits after the microseconds are ignored.
_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,6})?[0-9]*"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def read_instant(text: object) -> datetime | None:
    """The instant in UTC; None unless the text is a time in the years 1 to 9999."""
    local = _read_local(text)
    try:
        return None if local is None else local.astimezone(UTC)
    except OverflowError:
        return None


def read_end(text: object) -> datetime | None:
    """As `read_instant`, for an end: a later time in UTC is the last second of the year 9999."""
    local = _read_local(text)
    try:
        return None if local is None else in_utc(to_utc(local))
    except OverflowError:
        return None


def _read_local(text: object) -> datetime | None:
    match = _INSTANT.fullmatch(text) if type(text) is str else None
    if match is None:
        return None
    day, time, fraction, offset = match.groups(default="")
    microseconds = fraction.ljust(7, "0") if fraction else ""
    try:
        return datetime.fromisoformat(f"{day}T{time}{microseconds}{offset.upper()}")
    except ValueError:
        return None


def write_instant(instant: datetime) -> str:
    """The instant in UTC."""
    return in_utc(instant).isoformat()


def write_optional_instant(instant: datetime | None) -> str | None:
    """The instant in UTC; None for None."""
    return None if instant is None else write_instant(instant)

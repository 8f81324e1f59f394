"""Times as RFC 3339 writes them, with an offset."""

import re
from datetime import UTC, datetime
from typing import Final

RULE: Final = 'must be a time with its offset, such as "2026-11-27T00:00:00+00:00"'

# A fraction finer than microseconds is cut off.
_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,6})?[0-9]*"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def read_instant(text: object) -> datetime | None:
    """The instant in UTC; None for anything else than the text of one."""
    match = _INSTANT.fullmatch(text) if type(text) is str else None
    if match is None:
        return None
    day, time, fraction, offset = match.groups(default="")
    microseconds = fraction.ljust(7, "0") if fraction else ""
    try:
        instant = datetime.fromisoformat(f"{day}T{time}{microseconds}{offset.upper()}")
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write_instant(instant: datetime) -> str:
    """The instant in UTC."""
    return instant.astimezone(UTC).isoformat()

"""The clock of the service; operations, store and domain get the time as an argument."""

from datetime import UTC, datetime


def read_clock() -> datetime:
    """The current time in UTC, to the microsecond."""
    return datetime.now(UTC)

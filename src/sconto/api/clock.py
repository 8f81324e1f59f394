"""The one clock of the service; below the wires and the command line time is an argument."""

from datetime import UTC, datetime


def read_clock() -> datetime:
    """This moment in UTC, to the microsecond."""
    return datetime.now(UTC)

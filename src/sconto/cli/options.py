"""Option values that several commands read."""

from datetime import UTC, datetime

from sconto.cli.refusals import CommandRefused


def read_time(option: str, text: str) -> datetime:
    """The time in an option. Without an offset it is in UTC. Raises CommandRefused."""
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise CommandRefused(
            f"{option} {text}: a time is a date such as 2026-11-27, or 2026-11-27T09:00:00+01:00"
        ) from None

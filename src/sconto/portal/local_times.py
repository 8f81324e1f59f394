"""Times as people type them: in the server's zone, as `<input type="datetime-local">` has them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def read_local_time(text: str, zone: ZoneInfo) -> datetime | None:
    """The moment that the text, such as `2026-11-27T00:00`, is in the zone; None for no such text.

    Of an hour that the clocks go through twice, the first.
    """
    try:
        local = datetime.fromisoformat(text)
        return None if local.tzinfo else local.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def move_to(instant: datetime, zone: ZoneInfo) -> datetime:
    """The moment as the clocks of the zone tell it; in UTC where they have no such year."""
    try:
        return instant.astimezone(zone)
    except OverflowError:
        return instant.astimezone(UTC)


def write_local_time(instant: datetime, zone: ZoneInfo) -> str:
    """The moment as the field shows it, to the minute."""
    return instant.astimezone(zone).strftime("%Y-%m-%dT%H:%M")

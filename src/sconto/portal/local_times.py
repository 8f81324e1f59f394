"""Times as people type them: in the server's zone, as `<input type="datetime-local">` has them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sconto.domain.far_times import to_utc


def read_local_time(text: str, zone: ZoneInfo) -> datetime | None:
    """The moment that the text, such as `2026-11-27T00:00`, is in the zone; None for no such text.

    Of an hour that the clocks go through twice, the first. The year 9999 ends as in `far_times`.
    """
    try:
        local = datetime.fromisoformat(text)
        return None if local.tzinfo else to_utc(local.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return None

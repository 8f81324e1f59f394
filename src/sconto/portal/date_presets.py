"""Periods that people choose by a word, such as this weekend, as texts of the form's fields."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Final

from sconto.portal.words import marked

PRESETS: Final[Mapping[str, str]] = {
    "weekend": marked("This weekend"),
    "week": marked("7 days"),
    "month": marked("To the end of the month"),
    "no-end": marked("No end"),
}

_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_LAST: Final = time(23, 59, 59)


def preset_texts(preset: str, typed_start: str, here: datetime) -> tuple[str, str] | None:
    """The texts of start and end; None for an unknown preset. `here` is now, in local time.

    A typed start stays, except with this weekend, which starts on Saturday, or now if it has begun.
    Seven days include the day of the start.
    """
    now = here.replace(tzinfo=None, second=0, microsecond=0)
    start = _start(typed_start, now)
    match preset:
        case "weekend":
            ahead = (_SATURDAY - now.weekday()) % 7
            begun = now.weekday() >= _SATURDAY
            start = now if begun else datetime.combine(now + ahead * _DAY, time())
            sunday = start + (6 - start.weekday()) * _DAY
            return _text(start), _text(datetime.combine(sunday, _LAST))
        case "week":
            return _text(start), _text(datetime.combine(start + 6 * _DAY, _LAST))
        case "month":
            in_next = start.replace(day=28) + 4 * _DAY
            last_day = in_next.replace(day=1) - _DAY
            return _text(start), _text(datetime.combine(last_day, _LAST))
        case "no-end":
            return _text(start), ""
    return None


def _start(text: str, now: datetime) -> datetime:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        return now
    # The last year has no seventh day after its end.
    return now if start.tzinfo or start.year > 9000 else start


def _text(local: datetime) -> str:
    return local.isoformat(timespec="seconds" if local.second else "minutes")

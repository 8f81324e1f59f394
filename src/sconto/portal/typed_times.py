"""Times as people type them: in the server's zone, as `<input type="datetime-local">` has them."""

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sconto.domain.far_times import in_zone, to_utc
from sconto.domain.schedule import Period
from sconto.portal.faults import Faults
from sconto.portal.language import Language

_FRACTION: Final = re.compile("[.,]")
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9998


def write_instant(instant: datetime | None, zone: ZoneInfo) -> str:
    """The text of a field for the instant; empty for None."""
    if instant is None:
        return ""
    there = in_zone(instant, zone).replace(tzinfo=None, microsecond=0)
    return there.isoformat(timespec="seconds" if there.second else "minutes")


def read_local_time(text: str, zone: ZoneInfo) -> datetime | None:
    """The instant of a text such as `2026-11-27T00:00` in the zone; None for other texts.

    If an hour occurs twice, it is the first one. The year 9999 ends as in `far_times`.
    """
    try:
        local = datetime.fromisoformat(text)
        return None if local.tzinfo else to_utc(local.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return None


def read_start(text: str, zone: ZoneInfo, stored: datetime | None) -> datetime | None:
    """The instant that was typed; `stored` if the field still shows it. None for other texts."""
    instant = read_end(text, zone, stored)
    return None if instant != stored and instant and instant.year > _LAST_YEAR else instant


def read_end(text: str, zone: ZoneInfo, stored: datetime | None) -> datetime | None:
    """Like `read_start`, but also in the year 9999. Fractions of a second are dropped."""
    if stored is not None and text == write_instant(stored, zone):
        return stored
    instant = read_local_time(_FRACTION.split(text)[0], zone)
    return instant if instant and instant.year >= _FIRST_YEAR else None


def read_start_and_end(
    texts: tuple[str, str],
    stored: tuple[datetime | None, datetime | None],
    language: Language,
    faults: Faults,
    *,
    start_required: bool,
) -> tuple[datetime | None, datetime | None]:
    """The instants of the fields `starts_at` and `ends_at`, None for empty ones.

    If a field still shows the stored instant, the instant is unchanged, to the microsecond.
    """
    _ = language.gettext
    starts_at = ends_at = None
    if texts[0] or start_required:
        starts_at = read_start(texts[0], language.zone, stored[0])
        if starts_at is None:
            faults.note(
                "starts_at",
                _("Write a day and a time.")
                if start_required
                else _("Write a day and a time, or nothing."),
            )
    if texts[1]:
        ends_at = read_end(texts[1], language.zone, stored[1])
        if ends_at is None:
            faults.note("ends_at", _("Write a day and a time, or nothing."))
        elif starts_at is not None and ends_at < starts_at:
            faults.note("ends_at", _("The end is before the start."))
    return starts_at, ends_at


def read_period(
    texts: tuple[str, str], stored: Period | None, language: Language, faults: Faults
) -> Period | None:
    """The period of the fields `starts_at` and `ends_at`; None without a start.

    An instant that still reads as it was shown stays as it is stored, to the microsecond.
    """
    before = (None, None) if stored is None else (stored.starts_at, stored.ends_at)
    starts_at, ends_at = read_start_and_end(texts, before, language, faults, start_required=True)
    return None if starts_at is None else Period(starts_at, ends_at)

"""Hours of the week in which a cart promotion runs ("happy hour")."""

from datetime import datetime, time
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

EVERY_DAY: Final = frozenset(range(7))
"""Monday is 0, as in `datetime.weekday`."""


class Hours(msgspec.Struct, frozen=True, omit_defaults=True):
    """From one time of the day to another, on some weekdays, by the clock of a zone.

    `starts` is included, `ends` is not. With `ends` at or before `starts` the hours run past
    midnight and belong to the day on which they start.
    """

    starts: time
    ends: time
    time_zone: str
    weekdays: frozenset[int] = EVERY_DAY

    def include(self, at: datetime) -> bool:
        """Whether a moment is within the hours.

        The local time of the moment decides: an hour that the zone skips does not occur, and an
        hour that it repeats occurs twice.
        """
        local = at.astimezone(_zone(self.time_zone))
        clock = local.time()
        if self.starts < self.ends:
            return self.starts <= clock < self.ends and local.weekday() in self.weekdays
        if clock >= self.starts:
            return local.weekday() in self.weekdays
        return clock < self.ends and (local.weekday() - 1) % 7 in self.weekdays


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)

"""How long records are kept: the age from which a purge deletes them."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

_AGE: Final = re.compile(r"(\d{1,5})([dwy])", re.ASCII)
_DAYS: Final = {"d": 1, "w": 7, "y": 365}


@dataclass(frozen=True, slots=True)
class Purged:
    """How many records a purge deleted, or would delete."""

    orders: int = 0
    history: int = 0
    keys: int = 0
    events: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.orders + self.history + self.keys + self.events


def parse_age(text: str) -> timedelta | None:
    """The age that a text like `90d`, `26w` or `2y` names; None if it names none.

    A year is 365 days.
    """
    found = _AGE.fullmatch(text.strip())
    return timedelta(days=int(found[1]) * _DAYS[found[2]]) if found else None

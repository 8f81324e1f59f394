"""Redemptions of a promotion by day and by code."""

from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple


class UsesPlace(NamedTuple):
    """The place of uses in a list by day, code and currency.

    `code_id` is 0 without a code, and for all one-time codes together.
    """

    day: date
    code_id: int
    code_type: str
    currency: str


FIRST_PLACE: Final = UsesPlace(date.min, 0, "", "")
"""Before all uses."""


@dataclass(frozen=True, slots=True)
class DailyUses:
    """The uses of a code on a day, or in the month that begins on it; discount in minor units."""

    place: UsesPlace
    code: str | None
    applied_uses: int
    outdone_uses: int
    discount: int


@dataclass(frozen=True, slots=True)
class DailyQuery:
    """Which uses: up to `limit` after a place, on days from `since` to `until`, both included."""

    limit: int
    after: UsesPlace = FIRST_PLACE
    since: date | None = None
    until: date | None = None

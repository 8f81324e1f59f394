"""Redemptions of a promotion by day and by code, for charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class DayCount:
    """Uses on one day in one currency, and their discount in minor units."""

    day: date
    currency: str
    applied_uses: int
    outdone_uses: int
    discount: int


@dataclass(frozen=True, slots=True)
class CodeCount:
    """Uses of one code, which may have been removed since."""

    code: str
    applied_uses: int
    outdone_uses: int


@dataclass(frozen=True, slots=True)
class RedemptionChart:
    """The days with any use, in order, and the most used codes."""

    days: Sequence[DayCount]
    codes: Sequence[CodeCount]

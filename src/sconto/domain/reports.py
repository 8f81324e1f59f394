"""Reports: the days that they are about, and the figures of these days.

A figure is of orders that were placed on the days, whatever became of them later. Days are those of
the zone in which orders are counted. Amounts are in minor units of one currency.
"""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

MOST_DAYS: Final = 366
"""The most days of a report."""


class DaysRefused(StrEnum):
    """Why two days cannot be the first and the last of a report."""

    BACKWARDS = "backwards"
    TOO_MANY = "too many"
    TOO_EARLY = "too early"


class Preset(StrEnum):
    """Days that are chosen by a name."""

    WEEK = "7-days"
    MONTH = "30-days"
    QUARTER = "90-days"
    THIS_MONTH = "this-month"
    LAST_MONTH = "last-month"


_LENGTHS: Final = {Preset.WEEK: 7, Preset.MONTH: 30, Preset.QUARTER: 90}


@dataclass(frozen=True, slots=True)
class DayRange:
    """The days of a report, the first and the last included."""

    first: date
    last: date

    @property
    def length(self) -> int:
        """How many days they are."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "DayRange":
        """The days that they are compared with.

        Those of a whole month are the whole month before. Others are as many, directly before.
        """
        last = self.first - timedelta(days=1)
        if _is_whole_month(self):
            return DayRange(last.replace(day=1), last)
        return DayRange(self.first - timedelta(days=self.length), last)

    @property
    def days(self) -> list[date]:
        """All of them."""
        return [self.first + timedelta(days=number) for number in range(self.length)]


def latest_days(length: int, today: date) -> DayRange:
    """The last `length` days, today included."""
    return DayRange(today - timedelta(days=length - 1), today)


def days_of(preset: Preset, today: date) -> DayRange:
    """The days of a preset; the last may be today."""
    if preset is Preset.THIS_MONTH:
        return DayRange(today.replace(day=1), today)
    if preset is Preset.LAST_MONTH:
        last = today.replace(day=1) - timedelta(days=1)
        return DayRange(last.replace(day=1), last)
    return latest_days(_LENGTHS[preset], today)


def refuse_days(first: date, last: date) -> DaysRefused | None:
    """Why the two days are not those of a report; None if they are."""
    if last < first:
        return DaysRefused.BACKWARDS
    if (last - first).days >= MOST_DAYS:
        return DaysRefused.TOO_MANY
    # The days before must exist too.
    return DaysRefused.TOO_EARLY if (first - date.min).days < MOST_DAYS else None


def _is_whole_month(days: DayRange) -> bool:
    last = calendar.monthrange(days.last.year, days.last.month)[1]
    return days.first == days.last.replace(day=1) and days.last.day == last


@dataclass(frozen=True, slots=True)
class ShopFigures:
    """The merchant's orders of some days in one currency.

    An order is with a discount if anything was taken off it, by whatever promotion. Revenue is what
    customers paid: the totals, shipping included, before returns.
    """

    orders: int = 0
    discounted_orders: int = 0
    discount: int = 0
    revenue: int = 0
    discounted_revenue: int = 0

    @property
    def full_price_orders(self) -> int:
        """Orders without a discount."""
        return self.orders - self.discounted_orders

    @property
    def full_price_revenue(self) -> int:
        """Revenue of orders without a discount."""
        return self.revenue - self.discounted_revenue


@dataclass(frozen=True, slots=True)
class PromotionFigures:
    """The orders of some days in one currency in which a promotion took something off.

    `discount` is what this promotion took off, `revenue` the totals of these orders. `beaten` are
    orders in which it was eligible, and others gave more on everything that it is for.
    """

    orders: int = 0
    beaten: int = 0
    discount: int = 0
    revenue: int = 0


NO_ORDERS: Final = ShopFigures()
"""The figures of days without orders."""


@dataclass(frozen=True, slots=True)
class ShopReport:
    """The merchant's figures by currency, those of the days before, and what is running now.

    A currency has figures if there were orders in it on the days or on those before. The currency
    with the most orders comes first. `active_promotions` are promotions of all kinds that are
    switched on and within their period.
    """

    days: DayRange
    now: Mapping[str, ShopFigures]
    before: Mapping[str, ShopFigures]
    active_promotions: int


def average(amount: int, orders: int) -> int | None:
    """An amount for each order, rounded half up; None without orders."""
    return None if not orders else (2 * amount + orders) // (2 * orders)


def share(part: int, whole: int) -> int | None:
    """A part in thousandths of the whole, rounded half up; None of nothing."""
    return None if not whole else (2000 * part + whole) // (2 * whole)


def growth(now: int, before: int) -> int | None:
    """By how many thousandths a figure has grown, rounded half up; None from nothing."""
    return None if not before else (2000 * (now - before) + before) // (2 * before)

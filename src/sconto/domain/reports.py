"""Reports: the days that they are about, and the figures of these days.

A figure counts orders that were placed on the days, whatever happened to them later. Days are those
of the zone in which orders are counted. Amounts are in minor units of one currency.
"""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final, NamedTuple

from sconto.domain.far_times import to_utc
from sconto.domain.order_counts import Subject
from sconto.domain.order_list import OrderPlace
from sconto.domain.promotion_kind import PromotionKind

LOOKED_AT: Final = 500
"""Orders that are read for what no counter has: products, and who gave more."""

MAX_CODES: Final = 10_000
"""Codes of a promotion are counted up to this number."""

WHOLE_SHOP: Final = (Subject.DISCOUNTED, Subject.FULL_PRICE)
"""The subjects of all orders of the merchant."""

MAX_DAYS: Final = 366
"""The most days of a report."""


class DaysRefused(StrEnum):
    """Why two days cannot be the first and the last of a report."""

    BACKWARDS = "backwards"
    TOO_MANY = "too many"
    TOO_EARLY = "too early"


class Preset(StrEnum):
    """A named choice of days."""

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
        """The number of days."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "DayRange":
        """The days that they are compared with.

        For a whole month that is the month before. Otherwise as many days, directly before.
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
    """Why the two days are not valid for a report; None if they are."""
    if last < first:
        return DaysRefused.BACKWARDS
    if (last - first).days >= MAX_DAYS:
        return DaysRefused.TOO_MANY
    # The days before must exist too.
    return DaysRefused.TOO_EARLY if (first - date.min).days < MAX_DAYS else None


def _is_whole_month(days: DayRange) -> bool:
    last = calendar.monthrange(days.last.year, days.last.month)[1]
    return days.first == days.last.replace(day=1) and days.last.day == last


@dataclass(frozen=True, slots=True)
class ShopFigures:
    """The merchant's orders of some days in one currency.

    An order has a discount if anything was taken off it, by whatever promotion. Revenue is what
    customers paid: the totals, shipping included, before returns.
    """

    orders: int = 0
    discounted_orders: int = 0
    discount: int = 0
    revenue: int = 0
    discounted_revenue: int = 0

    @property
    def full_price_revenue(self) -> int:
        """Revenue of orders without a discount."""
        return self.revenue - self.discounted_revenue


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


@dataclass(frozen=True, slots=True)
class Figures:
    """Some orders in one currency, counted for a subject (`domain.order_counts`).

    `discount` is what was taken off; for a promotion, by this one alone. `revenue` are the totals
    of the orders, shipping included, before returns. `beaten` are orders in which a promotion was
    eligible, and others gave more on everything that it is for; they are in no other figure.
    """

    orders: int = 0
    beaten: int = 0
    discount: int = 0
    revenue: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        """Both together."""
        return Figures(
            self.orders + other.orders,
            self.beaten + other.beaten,
            self.discount + other.discount,
            self.revenue + other.revenue,
        )

    @property
    def average_order(self) -> int | None:
        """Revenue for each order, rounded half up; None without orders."""
        return average(self.revenue, self.orders)


class DayCount(NamedTuple):
    """The figures of a subject on a day in a currency."""

    subject: Subject
    day: date
    currency: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Report:
    """The counts of the days and of those before: of all orders, and of one promotion if any."""

    days: DayRange
    counts: Sequence[DayCount]

    @property
    def currencies(self) -> list[str]:
        """The currencies in which there are orders, the one with the most first.

        Those of the promotion come before those of other orders.
        """
        weights: dict[str, tuple[int, int]] = {}
        for one in self.counts:
            own, all_orders = weights.get(one.currency, (0, 0))
            number = one.figures.orders + one.figures.beaten
            if one.subject in WHOLE_SHOP:
                all_orders += number
            else:
                own += number
            weights[one.currency] = (own, all_orders)
        return sorted(weights, key=lambda one: (-weights[one][0], -weights[one][1], one))

    def total(self, days: DayRange, currency: str, *subjects: Subject) -> Figures:
        """The figures of the subjects on some of the days, added up."""
        return sum(self.by_day(days, currency, *subjects).values(), Figures())

    def by_day(self, days: DayRange, currency: str, *subjects: Subject) -> dict[date, Figures]:
        """The figures of the subjects by day; days without orders are missing."""
        found: dict[date, Figures] = {}
        for one in self.counts:
            if (
                one.currency == currency
                and one.subject in subjects
                and days.first <= one.day <= days.last
            ):
                found[one.day] = found.get(one.day, Figures()) + one.figures
        return found


def subject_of(kind: PromotionKind) -> Subject:
    """What the orders of promotions of this kind are counted for."""
    return Subject.SUBSCRIPTION if kind is PromotionKind.SUBSCRIPTION else Subject.PROMOTION


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """What a report shows: its days, from `since` to before `until`.

    The currency is this one if there are orders in it, otherwise the one with the most. `orders` of
    those before a place are listed, and `top` rows of each ranking.
    """

    days: DayRange
    since: datetime
    until: datetime
    currency: str | None = None
    before: OrderPlace | None = None
    orders: int = 25
    top: int = 10


def query_for(days: DayRange, zone: tzinfo) -> ReportQuery:
    """The query for days of the zone in which orders are counted."""
    following = datetime.combine(days.last + timedelta(days=1), time(), zone)
    return ReportQuery(days, to_utc(datetime.combine(days.first, time(), zone)), to_utc(following))


class TopCode(NamedTuple):
    """A reusable code and what it gave on the days."""

    code: str
    orders: int
    discount: int


class TopPromotion(NamedTuple):
    """A promotion and what it gave on the days."""

    kind: PromotionKind
    promotion_id: int
    name: str
    figures: Figures


class TopProduct(NamedTuple):
    """A product in some of the newest orders; `name` is None if the catalogue lacks it.

    `discount` is what was taken off it; for a promotion, by this one alone. `revenue` is what was
    paid for it.
    """

    product_id: int
    name: str | None
    orders: int
    discount: int
    revenue: int


class Winner(NamedTuple):
    """A promotion that gave more than another one, and in how many of the newest orders."""

    kind: PromotionKind
    promotion_id: int
    name: str
    orders: int


class ReportedOrder(NamedTuple):
    """An order in which a promotion applied."""

    order_id: str
    placed_at: datetime
    code: str | None
    discount: int
    total: int


class CodeTotals(NamedTuple):
    """How many codes a promotion has, up to MAX_CODES, and how many of these are used up.

    Only one-time codes can be used up.
    """

    codes: int
    used_up: int


class Mark(NamedTuple):
    """A change of the promotion, as a mark in a chart; no name means at the command line."""

    changed_at: datetime
    verb: str
    username: str | None


class Redemptions(NamedTuple):
    """What the merchant API counts of a promotion: picks, each product of an order once."""

    applied: int
    beaten: int


@dataclass(frozen=True, slots=True)
class Details:
    """Further details in a report of a promotion; the redemptions are of all time."""

    codes: Sequence[TopCode]
    code_totals: CodeTotals
    marks: Sequence[Mark]
    redemptions: Redemptions


@dataclass(frozen=True, slots=True)
class Newest:
    """Facts about the newest orders of the days; `looked_at` of them were read, at most LOOKED_AT.

    `next` is the place before which the list of orders continues; None at its end.
    """

    looked_at: int
    products: Sequence[TopProduct]
    winners: Sequence[Winner]
    orders: Sequence[ReportedOrder]
    next: OrderPlace | None


def average(amount: int, orders: int) -> int | None:
    """An amount for each order, rounded half up; None without orders."""
    return None if not orders else (2 * amount + orders) // (2 * orders)


def share(part: int, whole: int) -> int | None:
    """A part of the whole in thousandths, rounded half up; None if the whole is zero."""
    return None if not whole else (2000 * part + whole) // (2 * whole)


def growth(now: int, before: int) -> int | None:
    """By how many thousandths a figure has grown, rounded half up; None if it was zero."""
    return None if not before else (2000 * (now - before) + before) // (2 * before)

"""Figures: what a back-test adds up, order by order. Amounts are minor units."""

from collections.abc import Mapping
from datetime import date, datetime
from heapq import nsmallest
from typing import Final

import msgspec

from sconto.domain.bill import PricedCart
from sconto.domain.promotion_kind import PromotionKind

MAX_LARGEST: Final = 10
"""Orders with the largest difference that are named, of each currency."""


class BeforeAfter(msgspec.Struct):
    """A number as things stand, and the same with the draft."""

    before: int = 0
    after: int = 0


class OfCurrency(msgspec.Struct):
    """The orders in a currency, and what they cost before discounts."""

    orders: int = 0
    subtotal: int = 0
    discount: BeforeAfter = msgspec.field(default_factory=BeforeAfter)


class OfPromotion(msgspec.Struct):
    """The orders on which a promotion applies, and the discounts that it gives, by currency.

    `gained` and `lost` are orders on which it applies only with the draft, or only without.
    """

    orders: BeforeAfter = msgspec.field(default_factory=BeforeAfter)
    gained: int = 0
    lost: int = 0
    discounts: dict[str, BeforeAfter] = {}


class ChangedOrder(msgspec.Struct, frozen=True):
    """An order and its totals, shipping included."""

    order_id: str
    placed_at: datetime
    before: int
    after: int

    @property
    def rank(self) -> tuple[int, datetime, str]:
        """The sort key: the largest difference first, then the earlier order."""
        return -abs(self.before - self.after), self.placed_at, self.order_id


class PricedTwice(msgspec.Struct, frozen=True):
    """An order, priced as things stand and with the draft.

    `day` is when it was placed in the merchant's zone, `customer` a digest of who ordered.
    """

    order_id: str
    placed_at: datetime
    day: date
    before: PricedCart
    after: PricedCart
    customer: str | None = None


class BacktestFigures(msgspec.Struct):
    """The sums over the orders so far.

    An order is `changed` if its total or the promotions that apply on it differ; `cheaper` and
    `dearer` ones have another total. `promotions` are by their kind and id, `days` by ISO date and
    currency. `reached` are digests of the customers on whose orders the draft applies;
    `reached_unnamed` counts such orders without a customer.
    """

    orders: int = 0
    changed: int = 0
    cheaper: int = 0
    dearer: int = 0
    deleted: int = 0
    without_request: int = 0
    currencies: dict[str, OfCurrency] = {}
    promotions: dict[str, OfPromotion] = {}
    days: dict[str, dict[str, BeforeAfter]] = {}
    reached: set[str] = set()
    reached_unnamed: int = 0
    largest: dict[str, list[ChangedOrder]] = {}

    @property
    def done(self) -> int:
        """How many orders were priced or left out."""
        return self.orders + self.deleted + self.without_request


def promotion_key(kind: PromotionKind, promotion_id: int) -> str:
    """The key of a promotion in the figures."""
    return f"{kind.value} {promotion_id}"


def parse_promotion_key(key: str) -> tuple[PromotionKind, int]:
    """The kind and the id of a key."""
    kind, _, promotion_id = key.partition(" ")
    return PromotionKind(kind), int(promotion_id)


def applied_discounts(priced: PricedCart) -> dict[str, int]:
    """What each promotion that applies takes off, by its key."""
    taken: dict[str, int] = {}
    for line in priced.lines:
        if line.picks:
            key = promotion_key(PromotionKind.PRODUCT, line.picks[0].promotion_id)
            taken[key] = taken.get(key, 0) + line.discount
    for one in priced.cart_promotions:
        if one.applied:
            taken[promotion_key(PromotionKind.CART, one.promotion_id)] = one.discount
    winner = None if priced.subscription is None else priced.subscription.winner
    if winner is not None and winner.promotion_id is not None:
        taken[promotion_key(PromotionKind.SUBSCRIPTION, winner.promotion_id)] = winner.discount
    return taken


def add_order(figures: BacktestFigures, order: PricedTwice, draft_key: str) -> None:
    """Add an order; `draft_key` is the key of the draft."""
    before, after = order.before, order.after
    figures.orders += 1
    currency = before.currency
    of_currency = figures.currencies.setdefault(currency, OfCurrency())
    of_currency.orders += 1
    of_currency.subtotal += before.subtotal
    _add(of_currency.discount, before.discount, after.discount)
    of_day = figures.days.setdefault(order.day.isoformat(), {})
    _add(of_day.setdefault(currency, BeforeAfter()), before.discount, after.discount)
    discounts = applied_discounts(before)
    changed = discounts if after is before else applied_discounts(after)
    _add_promotions(figures, currency, discounts, changed)
    if draft_key in changed:
        if order.customer is None:
            figures.reached_unnamed += 1
        else:
            figures.reached.add(order.customer)
    if before.total != after.total or discounts.keys() != changed.keys():
        figures.changed += 1
    if before.total != after.total:
        figures.cheaper += after.total < before.total
        figures.dearer += after.total > before.total
        one = ChangedOrder(order.order_id, order.placed_at, before.total, after.total)
        _add_largest(figures.largest.setdefault(currency, []), one)


def _add(sums: BeforeAfter, before: int, after: int) -> None:
    sums.before += before
    sums.after += after


def _add_promotions(
    figures: BacktestFigures, currency: str, before: Mapping[str, int], after: Mapping[str, int]
) -> None:
    for key in {**before, **after}:
        sums = figures.promotions.setdefault(key, OfPromotion())
        was, would = key in before, key in after
        _add(sums.orders, was, would)
        sums.gained += would and not was
        sums.lost += was and not would
        of_currency = sums.discounts.setdefault(currency, BeforeAfter())
        _add(of_currency, before.get(key, 0), after.get(key, 0))


def _add_largest(largest: list[ChangedOrder], one: ChangedOrder) -> None:
    if len(largest) < MAX_LARGEST or one.rank < largest[-1].rank:
        largest[:] = nsmallest(MAX_LARGEST, [*largest, one], key=lambda order: order.rank)

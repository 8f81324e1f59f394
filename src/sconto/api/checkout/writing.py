"""The checkout API's answers, field by field.

They are structs that msgspec encodes: filling dictionaries takes twice as long.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from sconto.api.checkout.cart_promotions import (
    Adjusted,
    Shipping,
    WrittenCartPromotion,
    write_adjustments,
    write_cart_promotions,
    write_shipping,
)
from sconto.api.checkout.subscription import JsonObject, write_subscription
from sconto.api.rfc3339 import write_instant
from sconto.domain.bill import PricedCart, PricedLine
from sconto.domain.choice import Group, Pick, Reason
from sconto.domain.code_outcomes import CodeOutcome, CodeStatus
from sconto.domain.holds import Hold
from sconto.domain.listing import ListedPrice
from sconto.domain.money import amount_writer, format_amount, format_percent
from sconto.domain.order import OrderStatus, StoredOrder
from sconto.domain.promotion import PromotionType

# Enum lookups are slow in Python 3.11.
_CODE, _COUPON, _DISCOUNT = Group.CODE, PromotionType.COUPON, PromotionType.DISCOUNT


class _WrittenPick(msgspec.Struct, gc=False):
    promotion_id: int
    group: Group
    code: str | UnsetType | None
    discount_percent: str
    applied: bool
    reason: Reason | UnsetType


class _WrittenPromotion(msgspec.Struct, gc=False):
    id: int
    type: PromotionType
    code: str | UnsetType | None = UNSET


class _WrittenLine(msgspec.Struct, gc=False):
    line_id: str
    product_id: int
    quantity: int
    unit_price: str
    known: bool
    subtotal: str
    discount: str
    discount_percent: str
    subscription_discount: str | UnsetType
    adjustments: list[Adjusted] | UnsetType
    total: str
    promotion: msgspec.Raw
    picks: msgspec.Raw


class _WrittenCode(msgspec.Struct, gc=False):
    code: str
    status: CodeStatus
    promotion_id: int | UnsetType = UNSET
    starts_at: str | UnsetType = UNSET
    ended_at: str | UnsetType = UNSET
    used_at: str | UnsetType = UNSET
    held_until: str | UnsetType = UNSET


class WrittenCart(msgspec.Struct, kw_only=True, gc=False):
    """A priced cart; the first four fields only for an order or a hold."""

    order_id: str | UnsetType = UNSET
    created_at: str | UnsetType = UNSET
    status: OrderStatus | UnsetType = UNSET
    expires_at: str | UnsetType = UNSET
    currency: str
    subtotal: str
    discount: str
    total: str
    lines: list[_WrittenLine]
    codes: list[_WrittenCode]
    subscription: JsonObject | UnsetType = UNSET
    shipping: Shipping | UnsetType = UNSET
    cart_promotions: list[WrittenCartPromotion | msgspec.Raw] | UnsetType = UNSET


class ListedOrder(WrittenCart, kw_only=True):
    """An order in a list, with its customer and the orders that it replaces or that replaced it."""

    customer_id: str | UnsetType = UNSET
    replaces: str | UnsetType = UNSET
    replaced_by: str | UnsetType = UNSET


class OrderWithRefusedCodes(msgspec.Struct, kw_only=True):
    """An order with refused codes; its codes come first, otherwise it is like any other."""

    codes: list[_WrittenCode]
    order_id: str | UnsetType
    created_at: str | UnsetType
    status: OrderStatus | UnsetType
    currency: str
    subtotal: str
    discount: str
    total: str
    lines: list[_WrittenLine]
    subscription: JsonObject | UnsetType
    shipping: Shipping | UnsetType
    cart_promotions: list[WrittenCartPromotion | msgspec.Raw] | UnsetType


_REFUSED: Final = frozenset(
    (CodeStatus.EXPIRED, CodeStatus.NOT_STARTED, CodeStatus.INACTIVE, CodeStatus.UNKNOWN)
)
"""Statuses of codes that apply to no cart: a shop that placed such an order missed it."""


class _Price(msgspec.Struct, frozen=True, gc=False):
    product_id: int
    unit_price: str
    price: str
    discount_percent: str
    promotion_id: int | None
    adjustments: tuple[Adjusted, ...] | UnsetType = UNSET


class WrittenPrices(msgspec.Struct):
    """What one unit of each product costs."""

    currency: str
    products: list[msgspec.Raw]


def write_quote(priced: PricedCart) -> WrittenCart:
    """A priced cart."""
    currency = priced.currency
    write = amount_writer(currency)
    answer = WrittenCart(
        currency=currency,
        subtotal=write(priced.subtotal),
        discount=write(priced.discount),
        total=write(priced.total),
        lines=[_write_line(line, priced, write) for line in priced.lines],
        codes=[_write_code(code) for code in priced.codes],
    )
    if priced.subscription is not None:
        answer.subscription = write_subscription(priced.subscription, currency)
    if priced.shipping is not None:
        answer.shipping = write_shipping(priced.shipping, currency)
    if priced.cart_promotions:
        answer.cart_promotions = write_cart_promotions(priced.cart_promotions, currency)
    return answer


def write_order(order: StoredOrder) -> WrittenCart | OrderWithRefusedCodes:
    """An order, with the cart as it was priced."""
    answer = _write_placed(order)
    if _REFUSED.isdisjoint([code.status for code in order.outcome.codes]):
        return answer
    fields = msgspec.structs.asdict(answer)
    del fields["expires_at"]
    return OrderWithRefusedCodes(**fields)


def _write_placed(order: StoredOrder) -> WrittenCart:
    answer = write_quote(order.outcome)
    answer.order_id = order.order_id
    answer.created_at = write_instant(order.created_at)
    answer.status = order.status
    return answer


def write_listed_order(order: StoredOrder) -> ListedOrder:
    """An order in a list."""
    return ListedOrder(
        **msgspec.structs.asdict(_write_placed(order)),
        customer_id=UNSET if order.customer_id is None else order.customer_id,
        replaces=UNSET if order.replaces is None else order.replaces,
        replaced_by=UNSET if order.replaced_by is None else order.replaced_by,
    )


def write_hold(hold: Hold) -> WrittenCart:
    """A hold, with the cart as its order will be priced."""
    answer = write_quote(hold.outcome)
    answer.order_id = hold.order_id
    answer.expires_at = write_instant(hold.expires_at)
    return answer


# For promotions on tags, whose prices no board has.
@lru_cache(16_384)
def write_price(product_id: int, price: ListedPrice, currency: str) -> msgspec.Raw:
    """What one unit of a product costs, as JSON."""
    written = _Price(
        product_id,
        format_amount(price.unit_price, currency),
        format_amount(price.price, currency),
        "0" if price.pick is None else format_percent(price.pick.percent),
        None if price.pick is None else price.pick.promotion_id,
        tuple(write_adjustments(price.adjustments, currency)) or UNSET,
    )
    return _encode(written)


def _write_line(line: PricedLine, priced: PricedCart, write: Callable[[int], str]) -> _WrittenLine:
    picks = _write_picks(line.picks)
    return _WrittenLine(
        line.line_id,
        line.product_id,
        line.quantity,
        write(line.unit_price),
        line.known,
        write(line.subtotal),
        write(line.discount),
        picks.percent,
        UNSET if priced.subscription is None else write(line.subscription_discount),
        write_adjustments(line.adjustments, priced.currency) if line.adjustments else UNSET,
        write(line.total),
        picks.promotion,
        picks.picks,
    )


class _WrittenPicks(msgspec.Struct, frozen=True, gc=False):
    """The percent of the winning pick, and as JSON its promotion and all picks."""

    percent: str
    promotion: msgspec.Raw
    picks: msgspec.Raw


# A shop's promotions give its products few different sets of picks.
@lru_cache(2_048)
def _write_picks(picks: tuple[Pick, ...]) -> _WrittenPicks:
    if not picks:
        return _WrittenPicks("0", _encode(None), _encode([]))
    winning = picks[0]
    return _WrittenPicks(
        format_percent(winning.percent),
        _write_promotion(winning),
        msgspec.Raw(b"[%b]" % b",".join([_write_pick(pick) for pick in picks])),
    )


# If a shop has very many codes, sets of picks rarely come again, but their automatic picks do.
@lru_cache(1_024)
def _write_promotion(pick: Pick) -> msgspec.Raw:
    if pick.group is _CODE:
        return _encode(_WrittenPromotion(pick.promotion_id, _COUPON, pick.code))
    return _encode(_WrittenPromotion(pick.promotion_id, _DISCOUNT))


@lru_cache(2_048)
def _write_pick(pick: Pick) -> bytes:
    written = _WrittenPick(
        pick.promotion_id,
        pick.group,
        pick.code if pick.group is _CODE else UNSET,
        format_percent(pick.percent),
        pick.reason is None,
        pick.reason or UNSET,
    )
    return msgspec.json.encode(written)


def _encode(part: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(part))


def _write_code(outcome: CodeOutcome) -> _WrittenCode:
    answer = _WrittenCode(outcome.code, outcome.status)
    if outcome.promotion_id is not None:
        answer.promotion_id = outcome.promotion_id
    if outcome.starts_at is not None:
        answer.starts_at = write_instant(outcome.starts_at)
    if outcome.ended_at is not None:
        answer.ended_at = write_instant(outcome.ended_at)
    if outcome.used_at is not None:
        answer.used_at = write_instant(outcome.used_at)
    if outcome.held_until is not None:
        answer.held_until = write_instant(outcome.held_until)
    return answer

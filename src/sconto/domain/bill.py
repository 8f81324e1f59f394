"""Bills: a cart while it is being priced step by step, and what it costs in the end."""

from datetime import datetime

import msgspec

from sconto.domain.candidates import Candidates
from sconto.domain.cart import Cart
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.cart_promotion import Target
from sconto.domain.choice import Pick
from sconto.domain.code_outcomes import CodeOutcome
from sconto.domain.subscription import SubscriptionOutcome


class Adjustment(msgspec.Struct, frozen=True, gc=False):
    """What a cart promotion takes off a line; always more than zero."""

    promotion_id: int
    target: Target
    discount: int


class PricedLine(msgspec.Struct, frozen=True, gc=False):
    """A line and what it costs. Amounts are in minor units, for the whole line.

    `discount` is what product promotions take off, the `adjustments` are what cart promotions take
    off, and `subscription_discount` is the line's share of what the subscription's code takes off.
    `total` is what remains.
    """

    line_id: str
    product_id: int
    quantity: int
    unit_price: int
    known: bool
    subtotal: int
    discount: int
    total: int
    picks: tuple[Pick, ...]
    subscription_discount: int = 0
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def winning_pick(self) -> Pick | None:
        """The pick whose discount the customer gets."""
        return self.picks[0] if self.picks else None


class PricedShipping(msgspec.Struct, frozen=True, gc=False):
    """What shipping costs before promotions, and what they take off."""

    amount: int
    discount: int = 0

    @property
    def total(self) -> int:
        """What remains."""
        return self.amount - self.discount


class PricedCart(msgspec.Struct, frozen=True, gc=False):
    """A cart with what it costs; lines and shipping, with all discounts, add up to the totals.

    `discount` is everything that is taken off; `total` includes shipping.
    """

    currency: str
    subtotal: int
    discount: int
    total: int
    lines: tuple[PricedLine, ...]
    codes: tuple[CodeOutcome, ...]
    subscription: SubscriptionOutcome | None = None
    shipping: PricedShipping | None = None
    cart_promotions: tuple[CartPromotionOutcome, ...] = ()


class Bill(msgspec.Struct, frozen=True, gc=False):
    """A cart during pricing: what a step may read, and what the steps have decided so far.

    The `total` of a line is what the steps so far have left of it.
    """

    cart: Cart
    candidates: Candidates
    at: datetime
    lines: tuple[PricedLine, ...]
    codes: tuple[CodeOutcome, ...] = ()
    subscription: SubscriptionOutcome | None = None
    shipping: PricedShipping | None = None
    cart_promotions: tuple[CartPromotionOutcome, ...] = ()


def open_bill(cart: Cart, candidates: Candidates, at: datetime) -> Bill:
    """The bill before any step: each line costs its subtotal."""
    known = candidates.known
    lines = [
        PricedLine(
            line.line_id,
            line.product_id,
            line.quantity,
            line.unit_price,
            line.product_id in known,
            subtotal := line.quantity * line.unit_price,
            0,
            subtotal,
            (),
        )
        for line in cart.lines
    ]
    shipping = None if cart.shipping is None else PricedShipping(cart.shipping)
    return Bill(cart, candidates, at, tuple(lines), shipping=shipping)


def add_up(bill: Bill) -> PricedCart:
    """The priced cart, after all steps."""
    subtotal = sum([line.subtotal for line in bill.lines])
    total = sum([line.total for line in bill.lines])
    discount, shipping = subtotal - total, bill.shipping
    if shipping is not None:
        discount += shipping.discount
        total += shipping.total
    return PricedCart(
        bill.cart.currency,
        subtotal,
        discount,
        total,
        bill.lines,
        bill.codes,
        bill.subscription,
        shipping,
        bill.cart_promotions,
    )

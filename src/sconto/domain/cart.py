"""Carts: what a shopper wants to buy."""

import msgspec

from sconto.domain.subscription import Subscription


class Line(msgspec.Struct, frozen=True):
    """A product in a cart; `unit_price` in minor units of the cart's currency."""

    line_id: str
    product_id: int
    quantity: int
    unit_price: int


class Cart(msgspec.Struct, frozen=True):
    """Lines, and activated codes as typed, in the order of activation.

    `subscription` is set if the cart is an order of a subscription.
    """

    currency: str
    lines: tuple[Line, ...]
    codes: tuple[str, ...] = ()
    subscription: Subscription | None = None

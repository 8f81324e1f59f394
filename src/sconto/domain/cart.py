"""Carts: what a shopper wants to buy."""

import msgspec

from sconto.domain.subscription import Subscription


class Line(msgspec.Struct, frozen=True, gc=False):
    """A product in a cart; `unit_price` in minor units of the cart's currency."""

    line_id: str
    product_id: int
    quantity: int
    unit_price: int


class Customer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The shopper, by the shop's own id.

    `has_ordered` says that the shop knows of earlier orders that were not placed here.
    """

    id: str | None = None
    segments: frozenset[str] = frozenset()
    has_ordered: bool = False


NOBODY = Customer()


class Cart(msgspec.Struct, frozen=True, gc=False):
    """Lines, and activated codes as typed, in the order of activation.

    `subscription` is set if the cart is an order of a subscription. `shipping` is what shipping
    costs before promotions; None if the cart does not say.
    """

    currency: str
    lines: tuple[Line, ...]
    codes: tuple[str, ...] = ()
    subscription: Subscription | None = None
    customer: Customer = NOBODY
    shipping: int | None = None

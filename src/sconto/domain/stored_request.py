"""Stored requests: the cart of an order as it was sent, as its row keeps it, with a version.

A repeated order is compared with it (`placement`), for as long as the order exists. As with
outcomes (`stored_outcome`), the field names are independent of the values that pricing works with.
A new field needs a default. Any other change needs a new version, and a decoder for the previous
version.

Version 1 has no `version` field, and writes fields that have their default. Version 2 is the same
with `version`, so that programs that only know version 1 read it too.
"""

from typing import Final

import msgspec

from sconto.domain.cart import NOBODY, Cart, Customer, Line
from sconto.domain.stored_outcome import StoredSubscription, read_subscription, store_subscription

NEWEST_VERSION: Final = 2


class StoredCartLine(msgspec.Struct, frozen=True, gc=False):
    """A line; `unit_price` in minor units."""

    line_id: str
    product_id: int
    quantity: int
    unit_price: int


class StoredCustomer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The shopper."""

    id: str | None = None
    segments: frozenset[str] = frozenset()
    has_ordered: bool = False


class StoredRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A cart as it was sent; `codes` as typed, amounts in minor units."""

    version: int = 1
    currency: str
    lines: tuple[StoredCartLine, ...]
    codes: tuple[str, ...] = ()
    subscription: StoredSubscription | None = None
    customer: StoredCustomer = StoredCustomer()
    shipping: int | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a version that this program does not know."""
        if self.version > NEWEST_VERSION:
            raise ValueError(f"a request of version {self.version}, later than {NEWEST_VERSION}")


def request_of(cart: Cart) -> StoredRequest:
    """The request of an order of the cart, to be stored."""
    subscription, customer = cart.subscription, cart.customer
    return StoredRequest(
        version=NEWEST_VERSION,
        currency=cart.currency,
        lines=tuple(
            [
                StoredCartLine(line.line_id, line.product_id, line.quantity, line.unit_price)
                for line in cart.lines
            ]
        ),
        codes=cart.codes,
        subscription=None if subscription is None else store_subscription(subscription),
        customer=StoredCustomer(customer.id, customer.segments, customer.has_ordered),
        shipping=cart.shipping,
    )


def cart_of(request: StoredRequest) -> Cart:
    """The cart that was sent."""
    subscription, customer = request.subscription, request.customer
    sent = Customer(customer.id, customer.segments, customer.has_ordered)
    return Cart(
        request.currency,
        tuple(
            [
                Line(line.line_id, line.product_id, line.quantity, line.unit_price)
                for line in request.lines
            ]
        ),
        request.codes,
        None if subscription is None else read_subscription(subscription),
        NOBODY if sent == NOBODY else sent,
        request.shipping,
    )

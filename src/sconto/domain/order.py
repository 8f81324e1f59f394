"""Orders: priced carts that were placed under the shop's own ids."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sconto.domain.bill import PricedCart
from sconto.domain.cart import Cart


class OrderStatus(StrEnum):
    """What the shop says about an order; statistics do not depend on it."""

    NOT_PAID = "not paid"
    PAID = "paid"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be placed.

    `expected_total` is the total that the shopper agreed to, in minor units. `replaces` is the id
    of the shopper's earlier order that this one replaces.
    """

    order_id: str
    cart: Cart
    expected_total: int | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order that was placed. `outcome` is what it got, by value; it never changes.

    `cart` is the cart as it was sent, None for orders from before schema 0014. `gave_back` says
    that it is deleted and has given back what its cart promotions took.
    """

    order_id: str
    status: OrderStatus
    created_at: datetime
    outcome: PricedCart
    replaces: str | None = None
    replaced_by: str | None = None
    cart: Cart | None = None
    gave_back: bool = False

    @property
    def customer_id(self) -> str | None:
        """The customer who ordered, if the shop named one."""
        return None if self.cart is None else self.cart.customer.id


@dataclass(frozen=True, slots=True)
class Placed:
    """An order, and whether this request created it or repeated an earlier one."""

    order: StoredOrder
    created: bool

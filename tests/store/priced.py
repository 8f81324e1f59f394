"""An order that a test prices and inserts itself, to hold it open or to insert it late."""

from dataclasses import dataclass

from sconto.domain.allowances import LimitClaim, claim_of
from sconto.domain.cart import Cart
from sconto.domain.order import OrderStatus, StoredOrder
from sconto.domain.people import Caller
from sconto.domain.pricing import price
from sconto.store.candidates import CartAt, Versions, read_candidates_of_carts
from sconto.store.database import Connection
from sconto.store.orders import insert_order
from sconto.store.pick_cache import PickCache
from tests.builders import NOON


@dataclass(frozen=True)
class PricedOrder:
    """An order, the versions that it was priced at, and what it takes from limits."""

    merchant_id: int
    order: StoredOrder
    versions: Versions | None
    claim: LimitClaim

    async def insert(self, connection: Connection) -> None:
        """Insert it, as the checkout does. Raises OrderRaceLost."""
        await insert_order(
            connection, self.merchant_id, self.order, NOON.date(), self.versions, self.claim
        )


async def price_order(
    connection: Connection, caller: Caller, order_id: str, cart: Cart
) -> PricedOrder:
    """Price the order with the present promotions."""
    [found] = await read_candidates_of_carts(
        connection, PickCache(), caller.merchant_id, [CartAt(cart, NOON)]
    )
    outcome = price(cart, found, NOON)
    order = StoredOrder(order_id, OrderStatus.NOT_PAID, NOON, outcome, cart=cart)
    claim = claim_of(outcome, cart, found.cart_offers)
    return PricedOrder(caller.merchant_id, order, found.versions, claim)

"""Orders and holds that a test prices and inserts itself, to keep them open or insert them late."""

from dataclasses import dataclass
from datetime import datetime

from sconto.domain.allowances import LimitClaim, claim_of
from sconto.domain.cart import Cart
from sconto.domain.holds import (
    Hold,
    NewHold,
    OwnHold,
    claim_of_promised,
    claim_to_hold,
    claim_with_holds,
    keeps_promise,
    new_hold,
)
from sconto.domain.order import NewOrder, OrderStatus, StoredOrder
from sconto.domain.people import Caller
from sconto.domain.pricing import price
from sconto.store.candidates import (
    CartAt,
    StoredCandidates,
    Versions,
    read_candidates_of_carts,
)
from sconto.store.database import Connection
from sconto.store.holds import put_hold, start_holds
from sconto.store.orders import insert_order
from sconto.store.pick_cache import PickCache
from tests.builders import NOON
from tests.operations import holding


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
    connection: Connection, caller: Caller, order_id: str, cart: Cart, now: datetime = NOON
) -> PricedOrder:
    """Price the order with the present promotions."""
    [found] = await read_candidates_of_carts(
        connection, PickCache(), caller.merchant_id, [CartAt(cart, now)]
    )
    outcome = price(cart, found, now)
    order = StoredOrder(order_id, OrderStatus.NOT_PAID, now, outcome, cart=cart)
    claim = claim_of(outcome, cart, found.cart_offers)
    return PricedOrder(caller.merchant_id, order, found.versions, claim)


@dataclass(frozen=True)
class PricedHold:
    """A hold, the versions that it was priced at, and what it claims."""

    merchant_id: int
    hold: Hold
    versions: Versions
    claim: LimitClaim
    before: Hold | None

    async def insert(self, connection: Connection) -> None:
        """Make it, as the checkout does. Raises OrderRaceLost."""
        await put_hold(
            connection, self.merchant_id, self.hold, self.versions, self.claim, self.before
        )


async def price_hold(
    connection: Connection, caller: Caller, order_id: str, cart: Cart, now: datetime = holding.NOON
) -> PricedHold:
    """Price the hold of an order with the present promotions, for fifteen minutes."""
    found = await _read(connection, caller, order_id, cart, now)
    if not found.has_holds:
        await start_holds(connection, caller.merchant_id)
        found = await _read(connection, caller, order_id, cart, now)
    assert found.versions is not None
    outcome = price(cart, found, now)
    limits = claim_of(outcome, cart, found.cart_offers)
    new = NewHold(NewOrder(order_id, cart))
    hold = new_hold(new, outcome, now, is_first=limits.is_first)
    claim = claim_to_hold(outcome, cart, limits, None)
    return PricedHold(caller.merchant_id, hold, found.versions, claim, found.hold)


@dataclass(frozen=True)
class OrderBesideHolds:
    """An order of a merchant with holds, and the hold of its id."""

    priced: PricedOrder
    own: OwnHold | None

    async def insert(self, connection: Connection) -> None:
        """Insert it, as the checkout does. Raises OrderRaceLost."""
        one = self.priced
        await insert_order(
            connection, one.merchant_id, one.order, NOON.date(), one.versions, one.claim, self.own
        )


async def price_with_holds(
    connection: Connection, caller: Caller, order_id: str, cart: Cart, now: datetime = holding.NOON
) -> OrderBesideHolds:
    """Price the order, or find what was promised to its id."""
    found = await _read(connection, caller, order_id, cart, now)
    own = None
    if found.hold is not None:
        own = OwnHold(found.hold, keeps_promise(NewOrder(order_id, cart), found.hold, now))
    if own is not None and own.is_kept:
        order, claim = own.hold.order_at(now, cart), claim_of_promised(own.hold)
    else:
        outcome = price(cart, found, now)
        order = StoredOrder(order_id, OrderStatus.NOT_PAID, now, outcome, cart=cart)
        claim = claim_with_holds(claim_of(outcome, cart, found.cart_offers))
    return OrderBesideHolds(PricedOrder(caller.merchant_id, order, found.versions, claim), own)


async def _read(
    connection: Connection, caller: Caller, order_id: str, cart: Cart, now: datetime
) -> StoredCandidates:
    [found] = await read_candidates_of_carts(
        connection, PickCache(), caller.merchant_id, [CartAt(cart, now, [order_id])]
    )
    return found

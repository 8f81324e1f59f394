"""Holds: a checkout makes one when payment starts, and orders or releases it afterwards."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from sconto.domain.allowances import claim_of
from sconto.domain.holds import (
    Held,
    Hold,
    NewHold,
    claim_to_hold,
    codes_of,
    keeps_promise,
    new_hold,
)
from sconto.domain.people import Caller
from sconto.domain.placement import check_agreed, check_replaceable
from sconto.domain.pricing import STEPS, Step, price
from sconto.domain.problems import HoldNotFound, OrderPlaced
from sconto.operations.background import keep_running
from sconto.operations.order_turns import OrderTurns, attempt_in_turn
from sconto.store import holds as store
from sconto.store.candidates import CartAt
from sconto.store.database import Database, retrying
from sconto.store.orders import OrderRaceLost

_PAUSE: Final = 5.0
_ENDED_TOGETHER: Final = 1_000
_BATCH_PAUSE: Final = 0.05


async def hold_order(
    database: Database,
    caller: Caller,
    new: NewHold,
    now: datetime,
    steps: Sequence[Step] = STEPS,
) -> Held:
    """Promise the order's price, codes and limits to its id, from now on for some seconds.

    A running hold of the same cart stays unchanged. Any other is replaced. Nothing is counted.
    Raises OrderPlaced if the order exists, ReplacedOrderNotFound, OrderNotReplaceable, TotalDiffers
    or CodesUsedUp as for an order, and OrderBusy if something else uses the id or one of the codes
    for long. Then nothing is changed.
    """

    async def attempt(turns: OrderTurns) -> Held:
        return await retrying(lambda: _price_and_hold(database, caller, new, now, turns, steps))

    return await attempt_in_turn(database, caller.merchant_id, attempt)


async def _price_and_hold(
    database: Database,
    caller: Caller,
    new: NewHold,
    now: datetime,
    turns: OrderTurns,
    steps: Sequence[Step],
) -> Held:
    """Price the order and hold it. Raises OrderRaceLost if another request was first."""
    merchant_id, order = caller.merchant_id, new.order
    order_ids = [order.order_id] if order.replaces is None else [order.order_id, order.replaces]
    wanted = CartAt(order.cart, now, order_ids)
    found = await database.carts.read(merchant_id, wanted)
    if not found.has_holds:
        async with database.write(merchant_id, queue="orders", transaction=False) as connection:
            await store.start_holds(connection, merchant_id)
        found = await database.carts.read(merchant_id, wanted)
    if (stored := found.orders.get(order.order_id)) is not None:
        raise OrderPlaced(stored)
    if found.hold is not None and keeps_promise(order, found.hold, now):
        return Held(found.hold, created=False)
    replaced = None
    if order.replaces is not None:
        replaced = found.orders.get(order.replaces)
        check_replaceable(order.replaces, replaced)
    priced = price(order.cart, found, now, steps)
    check_agreed(order, priced)
    limits = claim_of(priced, order.cart, found.cart_offers)
    hold = new_hold(new, priced, now, is_first=limits.is_first)
    claim = claim_to_hold(priced, order.cart, limits, replaced)
    if claim.contested:
        await turns.wait_for((order.order_id, *codes_of(hold), *claim.contested))
    if found.versions is None:
        # Another process has just restored the database: read again.
        raise OrderRaceLost(order.order_id)
    async with database.write(merchant_id, queue="orders", transaction=False) as connection:
        await store.put_hold(connection, merchant_id, hold, found.versions, claim, found.hold)
    return Held(hold, created=True)


async def get_hold(database: Database, caller: Caller, order_id: str, now: datetime) -> Hold:
    """The hold of the order id. Raises HoldNotFound, also if it has ended or was ordered."""

    async def look() -> Hold | None:
        async with database.read(caller.merchant_id, pool="checkout") as connection:
            return await store.find_hold(connection, caller.merchant_id, order_id)

    hold = await retrying(look)
    if hold is None or hold.is_over(now):
        raise HoldNotFound(order_id)
    return hold


async def release_hold(database: Database, caller: Caller, order_id: str, now: datetime) -> None:
    """Release the hold of the order id. Raises HoldNotFound if there is none, and OrderBusy."""
    merchant_id = caller.merchant_id

    async def release() -> bool:
        async with database.write(merchant_id, queue="orders", transaction=False) as connection:
            return await store.release_hold(connection, merchant_id, order_id, now, over=False)

    if not await attempt_in_turn(database, merchant_id, lambda _: retrying(release)):
        raise HoldNotFound(order_id)


async def sweep_holds(database: Database, now: datetime) -> int:
    """Delete the holds of all merchants that have ended; returns their number.

    Their codes and limits are free without that. A hold that is in use is left for the next sweep.
    """
    async with database.read() as connection:
        merchant_ids = await store.list_merchants_with_ended(connection, now)
    return sum([await sweep_merchant(database, one, now) for one in merchant_ids])


async def sweep_merchant(database: Database, merchant_id: int, now: datetime) -> int:
    """As `sweep_holds`, for one merchant."""
    swept = 0
    while True:
        async with database.read() as connection:
            order_ids = await store.list_ended(connection, merchant_id, now, _ENDED_TOGETHER)
        removed = [await _sweep(database, merchant_id, one, now) for one in order_ids]
        swept += sum(removed)
        if len(order_ids) < _ENDED_TOGETHER or not any(removed):
            return swept
        await asyncio.sleep(_BATCH_PAUSE)


async def _sweep(database: Database, merchant_id: int, order_id: str, now: datetime) -> bool:
    async def release() -> bool:
        async with database.write(merchant_id, queue="orders", transaction=False) as connection:
            return await store.release_hold(connection, merchant_id, order_id, now, over=True)

    try:
        return await retrying(release)
    except OrderRaceLost:
        return False


async def keep_sweeping_holds(database: Database, clock: Callable[[], datetime]) -> None:
    """Delete ended holds every few seconds; ends when cancelled."""
    await keep_running(
        lambda: sweep_holds(database, clock()), "holds that are over are not removed", pause=_PAUSE
    )

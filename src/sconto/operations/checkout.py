"""What a shop's checkout asks for: prices, quotes and orders."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Final

from sconto.domain.cart import Cart
from sconto.domain.choice import Candidates
from sconto.domain.order import NewOrder, OrderStatus, Placed, StoredOrder
from sconto.domain.people import Caller
from sconto.domain.placement import check_agreed, check_replaceable, is_repetition
from sconto.domain.pricing import ListedPrice, PricedCart, price, price_listing
from sconto.domain.problems import OrderConflict, OrderNotFound, OrderReplaced
from sconto.store.candidates import CartAt, read_automatic_picks
from sconto.store.database import Connection, Database, DatabaseUnavailable, retrying
from sconto.store.orders import (
    Overtaken,
    find_order,
    insert_order,
    replace_order,
    update_status,
)

_ATTEMPTS: Final = 10
"""How often an order is priced before it gives up: each time another order was first."""


async def quote(database: Database, caller: Caller, cart: Cart, at: datetime) -> PricedCart:
    """What the cart costs at a time, with the promotions as they are now."""
    found = await database.carts.read(caller.merchant_id, CartAt(cart, at))
    return price(cart, found.candidates, at)


async def list_prices(
    database: Database, caller: Caller, products: Sequence[tuple[int, int]], at: datetime
) -> list[ListedPrice]:
    """What one unit of each product costs without a code, in their order.

    `products` are ids with unit prices in minor units.
    """
    product_ids = [product_id for product_id, _ in products]

    async def look() -> Candidates:
        async with database.read_at_checkout() as connection:
            return await read_automatic_picks(
                connection, database.picks, caller.merchant_id, product_ids, at
            )

    return price_listing(products, await retrying(look))


async def place_order(
    database: Database, caller: Caller, order: NewOrder, now: datetime, day: date
) -> Placed:
    """Place the order, or find that the same one was placed before.

    `day` is the one its redemptions are counted on. Raises OrderConflict, ReplacedOrderNotFound,
    OrderNotReplaceable, TotalDiffers or CodesUsedUp; then nothing was written.
    """
    for _ in range(_ATTEMPTS):
        with suppress(Overtaken):
            return await retrying(lambda: _price_and_place(database, caller, order, now, day))
    raise DatabaseUnavailable("too many orders in one another's way")


async def _price_and_place(
    database: Database, caller: Caller, order: NewOrder, now: datetime, day: date
) -> Placed:
    """Price the order and write it down. Raises Overtaken where another order was first."""
    order_ids = [order.order_id] if order.replaces is None else [order.order_id, order.replaces]
    found = await database.carts.read(caller.merchant_id, CartAt(order.cart, now, order_ids))
    if (stored := found.orders.get(order.order_id)) is not None:
        if is_repetition(order, stored):
            return Placed(stored, created=False)
        raise OrderConflict(stored)
    if order.replaces is not None:
        check_replaceable(order.replaces, found.orders.get(order.replaces))
    priced = price(order.cart, found.candidates, now)
    check_agreed(order, priced)
    placed = StoredOrder(order.order_id, OrderStatus.NOT_PAID, now, priced, order.replaces)
    if placed.replaces is None:
        async with database.write_at_checkout() as connection:
            await insert_order(connection, caller.merchant_id, placed, day)
    else:
        async with database.write(at_checkout=True) as connection:
            await replace_order(connection, caller.merchant_id, placed)
            await insert_order(connection, caller.merchant_id, placed, day)
    return Placed(placed, created=True)


async def get_order(database: Database, caller: Caller, order_id: str) -> StoredOrder:
    """The order as it was placed, with its present status. Raises OrderNotFound."""

    async def look() -> StoredOrder:
        async with database.read_at_checkout() as connection:
            return await _get(connection, caller, order_id)

    return await retrying(look)


async def change_order_status(
    database: Database, caller: Caller, order_id: str, status: OrderStatus
) -> StoredOrder:
    """Set what the shop says of the order; nothing is counted or given back by it.

    Raises OrderNotFound, or OrderReplaced where another order took its place, after which it stays
    deleted.
    """
    async with database.write(at_checkout=True) as connection:
        changed = await update_status(connection, caller.merchant_id, order_id, status)
        order = await _get(connection, caller, order_id)
    if not changed:
        raise OrderReplaced(order)
    return order


async def _get(connection: Connection, caller: Caller, order_id: str) -> StoredOrder:
    order = await find_order(connection, caller.merchant_id, order_id)
    if order is None:
        raise OrderNotFound(order_id)
    return order

"""The checkout: prices, quotes and orders."""

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, Final, TypeAlias, TypeVar

from sconto.domain.allowances import LimitClaim, claim_of
from sconto.domain.bill import PricedCart
from sconto.domain.cart import Cart
from sconto.domain.holds import (
    OwnHold,
    claim_of_promised,
    claim_with_holds,
    keeps_promise,
)
from sconto.domain.listing import ListedPrice, price_listing, rules_at
from sconto.domain.order import NewOrder, OrderStatus, Placed, StoredOrder
from sconto.domain.people import Caller
from sconto.domain.placement import (
    check_agreed,
    check_promised,
    check_replaceable,
    is_repetition,
)
from sconto.domain.pricing import STEPS, Step, price
from sconto.domain.problems import (
    CodesUsedUp,
    OrderConflict,
    OrderGaveBack,
    OrderNotFound,
    OrderReplaced,
    TotalDiffers,
)
from sconto.operations.order_turns import OrderTurns, attempt_in_turn
from sconto.store.candidates import (
    CartAt,
    StoredCandidates,
    StoredListing,
    Versions,
    find_cached_candidates,
    read_listing_candidates,
)
from sconto.store.database import Connection, Database, retrying
from sconto.store.giving_back import GivingBackRaceLost, give_back
from sconto.store.order_replacing import replace_and_insert_order, replaces_in_one_call
from sconto.store.order_status import deletes_in_one_call, find_order, update_status
from sconto.store.orders import (
    OrderRaceLost,
    insert_order,
    insert_order_at_cached_prices,
    replace_order,
    wanted_by,
)
from sconto.store.price_boards import PriceBoard

T = TypeVar("T")

_LONGEST_STRETCH: Final = 0.005
"""Seconds of pricing a listing after which other requests are served. A thousand products with a
hundred cart promotions take many times as long, the first time."""

_STRETCH: Final = 20
"""Products of a listing that are priced without a look at the clock."""

_What: TypeAlias = tuple[int, StoredOrder, date, Versions | None, LimitClaim, OwnHold | None]
"""The arguments of `insert_order` after the connection."""


async def quote(
    database: Database,
    caller: Caller,
    cart: Cart,
    at: datetime,
    steps: Sequence[Step] = STEPS,
    now: datetime | None = None,
) -> PricedCart:
    """What the cart costs at a time, with the promotions as they are now.

    Holds that ended at `now` or earlier are ignored. Without `now`, `at` is now.
    """
    found = await database.carts.read(caller.merchant_id, CartAt(cart, at, now=now))
    return price(cart, found, at, steps)


async def list_prices(
    database: Database,
    caller: Caller,
    products: Sequence[tuple[int, int]],
    currency: str,
    at: datetime,
) -> list[ListedPrice]:
    """What one unit of each product costs without a code, in their order.

    `products` are ids with unit prices in minor units of the currency.
    """
    return await write_prices(database, caller, products, currency, at, _as_listed)


def _as_listed(_product_id: int, price: ListedPrice, _currency: str) -> ListedPrice:
    return price


async def write_prices(
    database: Database,
    caller: Caller,
    products: Sequence[tuple[int, int]],
    currency: str,
    at: datetime,
    write: Callable[[int, ListedPrice, str], T],
) -> list[T]:
    """What `write` makes of the price of each product, as in `list_prices`.

    It gets the product id, the price and the currency. What it made before is used again, while
    the price is the same.
    """
    boards, key = database.pick_cache.price_boards, (caller.merchant_id, currency, write)
    board = boards.of(key)
    if not board.window.has(at):
        # Added to it, this time would leave no time at all.
        board = PriceBoard()
    written: list[Any] = board.find(products, at)
    missing: Sequence[tuple[int, int]] = [
        product for product, one in zip(products, written, strict=True) if one is None
    ]
    found = await _look_up(database, caller, missing, at)
    if board.state != (state := (found.version, rules_at(found, currency, at))):
        if len(missing) < len(products):
            missing = products
            found = await _look_up(database, caller, missing, at)
            state = found.version, rules_at(found, currency, at)
        board = PriceBoard(state)
    if not missing:
        return written
    new = await _write_missing(missing, found, currency, at, write)
    if found.window is not None:
        boards.put(key, board, found.window, zip(missing, new, strict=True))
    if len(new) == len(products):
        return new
    following = iter(new)
    return [next(following) if one is None else one for one in written]


async def _look_up(
    database: Database, caller: Caller, products: Sequence[tuple[int, int]], at: datetime
) -> StoredListing:
    product_ids = [product_id for product_id, _ in products]

    async def look() -> StoredListing:
        async with database.read(caller.merchant_id, pool="checkout") as connection:
            return await read_listing_candidates(
                connection, database.pick_cache, caller.merchant_id, product_ids, at
            )

    return await retrying(look)


async def _write_missing(
    products: Sequence[tuple[int, int]],
    found: StoredListing,
    currency: str,
    at: datetime,
    write: Callable[[int, ListedPrice, str], T],
) -> list[T]:
    """Price products, and write their prices, in short steps."""
    clock = asyncio.get_running_loop().time
    resumed, written = clock(), []
    priced = zip(products, price_listing(products, found, currency, at), strict=True)
    while stretch := list(islice(priced, _STRETCH)):
        written += [write(product_id, price, currency) for (product_id, _), price in stretch]
        if clock() - resumed > _LONGEST_STRETCH:
            await asyncio.sleep(0)
            resumed = clock()
    return written


async def place_order(
    database: Database,
    caller: Caller,
    order: NewOrder,
    now: datetime,
    day: date,
    steps: Sequence[Step] = STEPS,
) -> Placed:
    """Place the order, or find that the same order was placed before.

    Its redemptions are counted on `day`. Promotions apply as of `now`, however long it takes.
    Raises OrderConflict, ReplacedOrderNotFound, OrderNotReplaceable, TotalDiffers or CodesUsedUp,
    and OrderBusy if something else uses its id or one of its codes for long. Then nothing is
    written.
    """
    await database.fair_turns.step_aside()
    placed = await retrying(
        lambda: _place_at_cached_prices(database, caller, order, now, day, steps)
    )
    if placed is not None:
        return placed

    async def attempt(turns: OrderTurns) -> Placed:
        return await retrying(
            lambda: _price_and_place(database, caller, order, now, day, turns, steps)
        )

    return await attempt_in_turn(database, caller.merchant_id, attempt)


async def _place_at_cached_prices(
    database: Database,
    caller: Caller,
    order: NewOrder,
    now: datetime,
    day: date,
    steps: Sequence[Step],
) -> Placed | None:
    """Place the order with one statement, if all that its price depends on is cached.

    It only ever places: an order that must be refused, or was placed before, or whose prices may
    have changed, is priced again from what is stored. Then it returns None.
    """
    merchant_id, cart = caller.merchant_id, order.cart
    if order.replaces is not None:
        return None
    found = find_cached_candidates(database.pick_cache, merchant_id, CartAt(cart, now))
    if found is None or found.versions is None:
        return None
    priced = price(cart, found, now, steps)
    try:
        check_agreed(order, priced)
    except (TotalDiffers, CodesUsedUp):
        return None
    placed = StoredOrder(order.order_id, OrderStatus.NOT_PAID, now, priced, cart=cart)
    claim, products = claim_of(priced, cart, found.cart_offers), list(found.known)
    await database.fair_turns.step_aside()
    async with database.write(merchant_id, queue="orders", transaction=False) as connection:
        is_placed = await insert_order_at_cached_prices(
            connection, merchant_id, placed, day, found.versions, claim, products
        )
    return Placed(placed, created=True) if is_placed else None


async def _price_and_place(
    database: Database,
    caller: Caller,
    order: NewOrder,
    now: datetime,
    day: date,
    turns: OrderTurns,
    steps: Sequence[Step],
) -> Placed:
    """Price the order and store it. Raises OrderRaceLost if another request was first.

    An order that takes from a scarce limit waits for its turn between the two. It need not be
    priced again after that: the statement that writes checks the limits and the price version. A
    promised order is not priced at all.
    """
    order_ids = [order.order_id] if order.replaces is None else [order.order_id, order.replaces]
    found = await database.carts.read(caller.merchant_id, CartAt(order.cart, now, order_ids))
    if (stored := found.orders.get(order.order_id)) is not None:
        if is_repetition(order, stored):
            return Placed(stored, created=False)
        raise OrderConflict(stored)
    if order.replaces is not None:
        check_replaceable(order.replaces, found.orders.get(order.replaces))
    placed, claim, own = _decide(order, found, now, steps)
    await database.fair_turns.step_aside()
    merchant_id = caller.merchant_id
    if claim.contested:
        await turns.wait_for(wanted_by(placed, claim))
    what = (merchant_id, placed, day, found.versions, claim, own)
    if placed.replaces is None:
        async with database.write(merchant_id, queue="orders", transaction=False) as connection:
            await insert_order(connection, *what)
    else:
        await _replace(database, found.orders[placed.replaces], now, what)
    return Placed(placed, created=True)


def _decide(
    order: NewOrder, found: StoredCandidates, now: datetime, steps: Sequence[Step]
) -> tuple[StoredOrder, LimitClaim, OwnHold | None]:
    """The order to store, what it takes of limits, and the hold of its id."""
    own = None
    if (hold := found.hold) is not None:
        own = OwnHold(hold, keeps_promise(order, hold, now))
    if own is not None and own.is_kept:
        check_promised(order, own.hold.outcome)
        return own.hold.order_at(now, order.cart), claim_of_promised(own.hold), own
    priced = price(order.cart, found, now, steps)
    check_agreed(order, priced)
    placed = StoredOrder(
        order.order_id, OrderStatus.NOT_PAID, now, priced, order.replaces, cart=order.cart
    )
    takes_last = order.replaces is None
    claim = claim_of(priced, order.cart, found.cart_offers, takes_last=takes_last)
    return placed, claim_with_holds(claim) if found.has_holds else claim, own


async def _replace(database: Database, replaced: StoredOrder, now: datetime, what: _What) -> None:
    """Store an order that replaces another one, which gives back what it took."""
    merchant_id, placed = what[:2]
    async with database.write(
        merchant_id,
        queue="orders",
        transaction=lambda connection: not replaces_in_one_call(connection),
    ) as connection:
        if replaces_in_one_call(connection):
            await replace_and_insert_order(connection, *what)
        else:
            await replace_order(connection, merchant_id, placed)
            await _give_back(connection, merchant_id, replaced, now)
            await insert_order(connection, *what)


async def get_order(database: Database, caller: Caller, order_id: str) -> StoredOrder:
    """The order as it was placed, with its present status. Raises OrderNotFound."""

    async def look() -> StoredOrder | None:
        async with database.read(caller.merchant_id, pool="checkout") as connection:
            return await find_order(connection, caller.merchant_id, order_id)

    if (order := await retrying(look)) is None:
        raise OrderNotFound(order_id)
    return order


async def change_order_status(
    database: Database, caller: Caller, order_id: str, status: OrderStatus, now: datetime
) -> StoredOrder:
    """Set the order's status. Statistics do not change.

    A deleted order gives back once what its cart promotions took from their limits. Raises
    OrderNotFound; OrderReplaced or OrderGaveBack if the order stays deleted because another
    replaced it or because it gave back; and OrderBusy if something else uses the order for long.
    """
    merchant_id = caller.merchant_id

    async def change() -> StoredOrder | None:
        if status is not OrderStatus.DELETED:
            async with database.write(merchant_id, queue="orders", transaction=False) as connection:
                return await update_status(connection, merchant_id, order_id, status, now)
        async with database.write(
            merchant_id,
            queue="orders",
            transaction=lambda connection: not deletes_in_one_call(connection),
        ) as connection:
            gives_back = deletes_in_one_call(connection)
            order = await update_status(
                connection, merchant_id, order_id, status, now, gives_back=gives_back
            )
            if order is None:
                return None
            if gives_back:
                gave_back = order.gave_back or bool(_limited_promotions(order))
                return dataclasses.replace(order, gave_back=gave_back)
            return await _give_back(connection, merchant_id, order, now)

    order = await attempt_in_turn(database, merchant_id, lambda _: retrying(change))
    if order is None:
        raise OrderNotFound(order_id)
    if order.status is not status:
        raise OrderReplaced(order) if order.replaced_by is not None else OrderGaveBack(order)
    return order


async def _give_back(
    connection: Connection, merchant_id: int, order: StoredOrder, now: datetime
) -> StoredOrder:
    """Give back what the order took for its cart promotions, unless that was done before."""
    promotion_ids = _limited_promotions(order)
    if not promotion_ids or order.gave_back:
        return order
    try:
        await give_back(connection, merchant_id, order.order_id, promotion_ids, now)
    except GivingBackRaceLost as lost:
        raise OrderRaceLost(order.order_id) from lost
    return dataclasses.replace(order, gave_back=True)


def _limited_promotions(order: StoredOrder) -> list[int]:
    """The cart promotions that the order got, which may have limits."""
    return [one.promotion_id for one in order.outcome.cart_promotions if one.applied]

"""Two requests for the last use: the later one sees the first or is refused, hold or not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any, Final, Protocol

import pytest

from sconto.domain.cart import Cart
from sconto.domain.people import Caller
from sconto.domain.problems import HoldNotFound
from sconto.store.database import Connection, Database
from sconto.store.holds import find_hold, release_hold
from sconto.store.orders import OrderRaceLost
from tests.operations.holding import BEFORE_END, END, NOON, Shop, a_basket
from tests.store.lost_races import lose_to, put_before_codes
from tests.store.priced import price_hold, price_with_holds

BASKET: Final = a_basket("ONCE", customer="c-1")


class Writing(Protocol):
    """A hold or an order that is priced."""

    def insert(self, connection: Connection) -> Awaitable[None]: ...


Price = Callable[..., Awaitable[Writing]]

RIVALS: Final[dict[str, tuple[Price, Price]]] = {
    "two holds": (price_hold, price_hold),
    "a hold, then an order": (price_hold, price_with_holds),
    "an order, then a hold": (price_with_holds, price_hold),
    "two orders": (price_with_holds, price_with_holds),
}
SCARCE: Final[dict[str, dict[str, Any]]] = {
    "code": {},
    "total": {"total": 1},
    "customer": {"per_customer": 1},
    "budget": {"budget": {"EUR": 1500}},
    "first order": {"first_order": True},
}


@pytest.fixture
async def shop(database: Database, merchant: Caller) -> AsyncIterator[Shop]:
    """A merchant with holds, whose records keep all promises at the end of each test."""
    shop = Shop(database, merchant)
    await shop.hold("A-0", a_basket())
    yield shop
    assert await shop.violations() == []


async def lose(database: Database, first: Writing, second: Writing) -> None:
    """Write both, priced at the same time: the second one loses.

    It loses while the first is open, and after it is committed.
    """
    async with database.read() as late:
        async with database.write() as early:
            await first.insert(early)
            losing = asyncio.ensure_future(second.insert(late))
            # It loses, or waits for a row that the first one has inserted.
            await asyncio.wait([losing], timeout=0.02)
        with pytest.raises(OrderRaceLost):
            await losing
        with pytest.raises(OrderRaceLost):
            await second.insert(late)


@pytest.mark.parametrize("rivals", RIVALS.values(), ids=RIVALS)
@pytest.mark.parametrize("scarce", SCARCE.values(), ids=SCARCE)
async def test_the_last_of_anything_is_given_once(
    shop: Shop, rivals: tuple[Price, Price], scarce: dict[str, Any]
) -> None:
    cart = a_basket(customer="c-1")
    if scarce:
        await shop.ten_off(**scarce)
    else:
        await shop.once("ONCE")
        cart = BASKET
    async with shop.database.read() as connection:
        first, second = [
            await price(connection, shop.caller, f"A-{number}", cart)
            for number, price in enumerate(rivals, 1)
        ]
    await lose(shop.database, first, second)


async def promise(shop: Shop) -> Cart:
    """A hold of a code and all limits for A-1."""
    await shop.once("ONCE")
    await shop.ten_off(total=1, per_customer=1, budget={"EUR": 1000}, first_order=True)
    await shop.hold("A-1", BASKET)
    return BASKET


async def price_at(shop: Shop, price: Price, order_id: str, cart: Cart, now: datetime) -> Writing:
    async with shop.database.read() as connection:
        return await price(connection, shop.caller, order_id, cart, now)


@pytest.mark.parametrize("taker", [price_hold, price_with_holds], ids=["hold", "order"])
@pytest.mark.parametrize("is_late", [True, False], ids=["promise is late", "promise is first"])
async def test_at_its_end_a_hold_is_ordered_or_goes_to_another_order(
    shop: Shop, taker: Price, is_late: bool
) -> None:
    """One clock is at the end of the hold, another just before it; both have read it."""
    cart = await promise(shop)
    promised = await price_at(shop, price_with_holds, "A-1", cart, BEFORE_END)
    taking = await price_at(shop, taker, "A-2", cart, END)
    first, second = (taking, promised) if is_late else (promised, taking)
    await lose(shop.database, first, second)
    placed = await shop.order("A-1", cart, BEFORE_END, expected_total=3000 if is_late else None)
    assert placed.created == is_late
    assert placed.order.outcome.total == (3000 if is_late else 1700)


async def test_only_one_of_an_order_and_a_second_hold_of_its_id_is_written(shop: Shop) -> None:
    cart = await promise(shop)
    order = await price_at(shop, price_with_holds, "A-1", cart, NOON)
    other = await price_at(shop, price_hold, "A-1", a_basket("ONCE", customer="c-2"), NOON)
    await lose(shop.database, order, other)
    assert (await shop.order("A-1", cart)).order.outcome.total == 1700


async def test_a_promised_order_loses_to_another_hold_of_its_id(shop: Shop) -> None:
    cart = await promise(shop)
    order = await price_at(shop, price_with_holds, "A-1", cart, NOON)
    other = a_basket("ONCE", customer="c-2")
    await lose(
        shop.database,
        await price_at(shop, price_hold, "A-1", other, NOON),
        order,
    )
    assert (await shop.order("A-1", other)).order.outcome.total == 1700


async def test_one_of_two_first_holds_of_one_id_is_made(shop: Shop) -> None:
    first, second = [
        await price_at(shop, price_hold, "A-1", a_basket(price=price), NOON)
        for price in (3000, 4000)
    ]
    await lose(shop.database, first, second)
    assert (await shop.get("A-1")).outcome.total == 3000


async def test_a_release_and_an_order_of_one_hold(shop: Shop) -> None:
    cart = await promise(shop)
    order = await price_at(shop, price_with_holds, "A-1", cart, NOON)
    async with shop.database.write() as early:
        await order.insert(early)
        async with shop.database.read() as late:
            with pytest.raises(OrderRaceLost):
                await release_hold(late, shop.caller.merchant_id, "A-1", NOON, over=False)
    with pytest.raises(HoldNotFound):
        await shop.release("A-1")


async def test_an_order_that_was_promised_what_is_released_is_priced_again(shop: Shop) -> None:
    cart = await promise(shop)
    order = await price_at(shop, price_with_holds, "A-1", cart, NOON)
    await shop.release("A-1")
    async with shop.database.read() as connection:
        with pytest.raises(OrderRaceLost):
            await order.insert(connection)
    assert (await shop.order("A-1", cart)).order.outcome.total == 1700


async def test_a_sweep_leaves_what_an_order_has_locked(shop: Shop) -> None:
    cart = await promise(shop)
    order = await price_at(shop, price_with_holds, "A-1", cart, BEFORE_END)
    async with shop.database.write() as early:
        await order.insert(early)
        assert await shop.sweep(END) == 1  # the hold of A-0
    async with shop.database.read() as connection:
        assert await find_hold(connection, shop.caller.merchant_id, "A-1") is None


async def test_an_order_takes_no_code_of_a_merchants_first_hold(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(database, merchant)
    await shop.once("ONCE")
    order = await price_at(shop, price_with_holds, "A-2", BASKET, NOON)
    with monkeypatch.context() as gated:
        put_before_codes(gated)

        async def hold() -> None:
            gated.undo()
            await shop.hold("A-1", BASKET)

        await lose_to(database, order.insert, hold)
    assert (await shop.order("A-1", BASKET)).order.outcome.total == 2700
    assert await shop.violations() == []


async def test_an_order_priced_before_the_first_hold_of_a_merchant_is_not_placed(
    database: Database, merchant: Caller
) -> None:
    shop = Shop(database, merchant)
    await shop.once("ONCE")
    order = await price_at(shop, price_with_holds, "A-2", BASKET, NOON)
    await shop.hold("A-1", BASKET)
    async with database.read() as connection:
        with pytest.raises(OrderRaceLost):
            await order.insert(connection)

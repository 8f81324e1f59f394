"""Orders that create an allowance at the same time: one is placed, and no statement fails."""

import asyncio
from typing import Final

import pytest

from sconto.domain import allowances
from sconto.domain.cart import Cart, Customer
from sconto.domain.cart_promotion import Limits
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.operations.cart_promotions import create_promotion
from sconto.operations.checkout import place_order
from sconto.store.database import Connection, Database, DatabaseUnavailable
from sconto.store.orders import OrderRaceLost
from tests.builders import NOON, a_line, ten_off
from tests.store.priced import PricedOrder, price_order

pytestmark = pytest.mark.oldest

CART: Final = Cart("EUR", (a_line(unit_price=3000),), customer=Customer("c-1"))
ONE_EACH: Final = Limits(per_customer=1)
MANY: Final = Limits(total=2_000, budget={"EUR": 2_000_000})


async def taken(database: Database, caller: Caller) -> dict[int, int]:
    """What is taken by customers, by promotion."""
    async with database.read() as connection:
        rows = await connection.fetch(
            "SELECT promotion_id, taken FROM allowances"
            " WHERE merchant_id = $1 AND scope = 'customer'",
            caller.merchant_id,
        )
    return {row["promotion_id"]: int(row["taken"]) for row in rows}


async def customers(database: Database, caller: Caller) -> dict[str, int]:
    """What is taken by customers, by their ids."""
    async with database.read() as connection:
        rows = await connection.fetch(
            "SELECT key, taken FROM allowances WHERE merchant_id = $1 AND scope = 'customer'",
            caller.merchant_id,
        )
    return {row["key"]: int(row["taken"]) for row in rows}


async def lose(order: PricedOrder, connection: Connection, failures: list[object]) -> None:
    """Insert an order that loses a race; note what failed in PostgreSQL."""
    connection.add_query_logger(
        lambda record: None if record.exception is None else failures.append(record.exception)
    )
    with pytest.raises(OrderRaceLost):
        await order.insert(connection)
    await asyncio.sleep(0)  # the logger gets a statement a moment after its end


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "committed"])
async def test_concurrent_orders_of_a_customer_create_each_allowance_once(
    database: Database, merchant: Caller, is_open: bool
) -> None:
    await create_promotion(database, merchant, ten_off(limits=ONE_EACH), NOON)
    failures: list[object] = []
    async with database.read() as late:
        second = await price_order(late, merchant, "A-2", CART)
        async with database.write() as early:
            await (await price_order(early, merchant, "A-1", CART)).insert(early)
            losing = asyncio.ensure_future(lose(second, late, failures)) if is_open else None
            if losing is not None:
                await asyncio.wait([losing], timeout=0.05)
                assert not losing.done()
        await (losing or lose(second, late, failures))
    assert failures == []
    assert list((await taken(database, merchant)).values()) == [1]


async def test_an_order_that_is_not_placed_leaves_no_new_allowance(
    database: Database, merchant: Caller
) -> None:
    first = await create_promotion(database, merchant, ten_off(limits=ONE_EACH), NOON)
    second = await create_promotion(database, merchant, ten_off(limits=ONE_EACH), NOON)
    failures: list[object] = []
    async with database.read() as late:
        both = await price_order(late, merchant, "A-2", CART)
        async with database.write() as early:
            await early.execute(
                "INSERT INTO allowances VALUES ($1, $2, 'customer', 'c-1', 1)",
                merchant.merchant_id,
                second.id,
            )
            losing = asyncio.ensure_future(lose(both, late, failures))
            await asyncio.wait([losing], timeout=0.05)
        await losing
    assert len(failures) == 1
    assert await taken(database, merchant) == {second.id: 1}
    placed = await place_order(database, merchant, NewOrder("A-2", CART), NOON, NOON.date())
    assert [one.promotion_id for one in placed.order.outcome.cart_promotions if one.applied] == [
        first.id
    ]
    assert await taken(database, merchant) == {first.id: 1, second.id: 1}


async def shared(database: Database, caller: Caller) -> list[int]:
    """What is taken of budgets, then of totals."""
    async with database.read() as connection:
        rows = await connection.fetch(
            "SELECT taken FROM allowances WHERE merchant_id = $1 AND scope <> 'customer'"
            " ORDER BY scope, promotion_id",
            caller.merchant_id,
        )
    return [int(row["taken"]) for row in rows]


async def test_an_order_that_takes_from_an_ample_limit_waits_for_the_one_before(
    database: Database, merchant: Caller
) -> None:
    await create_promotion(database, merchant, ten_off(limits=MANY), NOON)
    async with database.read() as late:
        second = await price_order(late, merchant, "A-2", CART)
        async with database.write() as early:
            await (await price_order(early, merchant, "A-1", CART)).insert(early)
            waiting = asyncio.ensure_future(second.insert(late))
            await asyncio.wait([waiting], timeout=0.05)
            assert not waiting.done()
        await waiting
    assert await shared(database, merchant) == [2_000, 2]


async def test_an_order_that_is_killed_while_it_waits_for_an_ample_limit_takes_nothing(
    database: Database, merchant: Caller
) -> None:
    await create_promotion(database, merchant, ten_off(limits=MANY), NOON)

    async def be_killed() -> None:
        async with database.read() as late:
            second = await price_order(late, merchant, "A-2", CART)
            async with database.write() as early:
                await (await price_order(early, merchant, "A-1", CART)).insert(early)
                waiting = asyncio.ensure_future(second.insert(late))
                await asyncio.wait([waiting], timeout=0.05)
                await early.execute("SELECT pg_terminate_backend($1::int)", late.get_server_pid())
            await waiting

    with pytest.raises(DatabaseUnavailable):
        await be_killed()
    assert await shared(database, merchant) == [1_000, 1]
    again = await place_order(database, merchant, NewOrder("A-2", CART), NOON, NOON.date())
    assert again.created
    assert await shared(database, merchant) == [2_000, 2]


async def test_an_ample_limit_that_is_used_up_meanwhile_takes_back_the_whole_order(
    database: Database, merchant: Caller
) -> None:
    promotion = await create_promotion(database, merchant, ten_off(limits=MANY), NOON)
    failures: list[object] = []
    async with database.read() as connection:
        late = await price_order(connection, merchant, "A-1", CART)
        await connection.execute(
            "UPDATE allowances SET taken = 1999001 WHERE promotion_id = $1 AND scope = 'budget'",
            promotion.id,
        )
        await lose(late, connection, failures)
    assert len(failures) == 1
    assert await shared(database, merchant) == [1_999_001, 0]
    placed = await place_order(database, merchant, NewOrder("A-1", CART), NOON, NOON.date())
    assert placed.order.outcome.discount == 0


async def test_many_processes_take_a_limit_exactly_while_it_turns_from_ample_to_used_up(
    database: Database,
    database_url: str,
    merchant: Caller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(allowances, "AMPLE_ORDERS", 4)
    both = Limits(total=12, per_customer=1, budget={"EUR": 11_000})
    for limits in (both, Limits(total=9)):
        await create_promotion(database, merchant, ten_off(limits=limits), NOON)
    processes = [await Database.open(database_url, connections=4) for _ in range(2)]

    async def order(number: int) -> int:
        customer = Customer(f"c-{number % 20}")
        cart = Cart("EUR", (a_line(unit_price=3000),), customer=customer)
        new = NewOrder(f"A-{number}", cart)
        process = processes[number % len(processes)]
        placed = await place_order(process, merchant, new, NOON, NOON.date())
        return placed.order.outcome.discount

    discounts = await asyncio.gather(*(order(number) for number in range(30)))
    for process in processes:
        await process.close()
    assert sum(discounts) == (11 + 9) * 1000
    assert await shared(database, merchant) == [11_000, 11, 9]
    assert sorted((await customers(database, merchant)).values()) == [1] * 11

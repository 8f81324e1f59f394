"""Orders of one process take turns with a limit that they share; others do not wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Final

import pytest

from sconto.domain.cart import Cart, Customer
from sconto.domain.cart_promotion import Limits
from sconto.domain.order import NewOrder, Placed
from sconto.domain.people import Caller
from sconto.operations.cart_promotions import create_promotion
from sconto.operations.checkout import place_order
from sconto.store.database import Database
from tests.builders import NOON, a_line, ten_off

CONNECTIONS: Final = 4


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url, connections=CONNECTIONS)
    yield database
    await database.close()


def cart(*codes: str, customer: str | None = None) -> Cart:
    return Cart("EUR", (a_line(unit_price=3000),), codes, customer=Customer(customer))


async def place(database: Database, caller: Caller, order_id: str, cart: Cart) -> Placed:
    return await place_order(database, caller, NewOrder(order_id, cart), NOON, NOON.date())


async def count_writes(database: Database) -> list[str]:
    """The statements that place orders, from now on, on all connections."""
    writes: list[str] = []
    async with AsyncExitStack() as stack:
        for _ in range(CONNECTIONS):
            connection = await stack.enter_async_context(database.read())
            connection.add_query_logger(
                lambda record: (
                    writes.append(record.query) if "INSERT INTO orders" in record.query else None
                )
            )
    return writes


@pytest.mark.plain_postgresql("counts statements by their texts")
@pytest.mark.parametrize(
    ("limits", "customer"),
    [
        (Limits(total=24), None),
        (Limits(budget={"EUR": 24_000}), None),
        (Limits(per_customer=24), "c"),
        (Limits(total=24_000, budget={"EUR": 24_000_000}), None),
    ],
    ids=["total", "budget", "per_customer", "ample"],
)
async def test_orders_that_share_a_limit_need_one_attempt_each(
    database: Database, merchant: Caller, limits: Limits, customer: str | None
) -> None:
    await create_promotion(database, merchant, ten_off(limits=limits), NOON)
    writes = await count_writes(database)
    placed = await asyncio.gather(
        *(place(database, merchant, f"A-{one}", cart(customer=customer)) for one in range(24))
    )
    await asyncio.sleep(0)  # the logger gets a statement a moment after its end
    assert {one.order.outcome.discount for one in placed} == {1000}
    assert len(writes) == 24


async def test_only_orders_that_take_from_the_limit_wait_for_it(
    database: Database, merchant: Caller
) -> None:
    limited = await create_promotion(
        database, merchant, ten_off("TEN", limits=Limits(total=9)), NOON
    )
    await create_promotion(database, merchant, ten_off("OTHER", limits=Limits(total=9)), NOON)
    deadline = asyncio.get_running_loop().time() + 5
    first = {(merchant.merchant_id, f"{limited.id} total ")}
    async with database.order_turns.hold(first, deadline):
        waiting = asyncio.ensure_future(place(database, merchant, "A-1", cart("TEN")))
        for name, other in {"A-2": cart(), "A-3": cart("OTHER")}.items():
            assert (await place(database, merchant, name, other)).created
        assert not waiting.done()
    assert (await waiting).order.outcome.discount == 1000

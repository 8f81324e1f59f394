"""Returns on a real database: stored once, concurrently with others, and after lost connections."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from sconto.domain.cart import Cart
from sconto.domain.events import Event
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.people import Caller
from sconto.domain.problems import OrderBusy, OrderNotFound
from sconto.domain.refund import decide_return
from sconto.domain.return_problems import MoreThanLeft, OrderDeleted, ReturnConflict
from sconto.domain.returns import Goods, Refund, Returned
from sconto.operations import checkout, order_turns, retention, returns
from sconto.store.database import Database, DatabaseUnavailable
from sconto.store.orders import OrderRaceLost
from sconto.store.returns import find_returns, insert_return
from tests.builders import NOON, a_cart, a_line
from tests.conftest import create_caller
from tests.operations.event_source import an_event_source
from tests.promises import violations

ONE: Final = Goods({"1": 1})
OLD: Final = json.loads(
    (Path(__file__).parents[1] / "store" / "outcomes_of_version_1.json").read_text("utf-8")
)
"""What version 1 stored for three orders: nine codes, a subscription in RSD, and JPY."""


class Shop:
    """A merchant with the order A of three units."""

    def __init__(self, database: Database, caller: Caller) -> None:
        self.database = database
        self.caller = caller

    async def order(self, order_id: str = "A", cart: Cart | None = None) -> None:
        order = NewOrder(order_id, cart or a_cart(a_line(quantity=3)))
        await checkout.place_order(self.database, self.caller, order, NOON, NOON.date())

    async def keep(self, return_id: str, goods: Goods = ONE, order_id: str = "A") -> Returned:
        return await returns.create_return(
            self.database, self.caller, order_id, return_id, goods, NOON
        )

    async def set_status(self, status: OrderStatus) -> None:
        await checkout.change_order_status(self.database, self.caller, "A", status, NOON)

    async def returned(self) -> dict[str, int]:
        """The returned units of the order, by return."""
        found = await returns.list_returns(self.database, self.caller, "A", 0, 100)
        return {one.return_id: sum(one.refund.goods.units.values()) for one in found.listed}


@pytest.fixture
async def shop(database: Database, merchant: Caller) -> Shop:
    shop = Shop(database, merchant)
    await shop.order()
    return shop


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """Another process's pool: it has turns of its own."""
    database = await Database.open(database_url, connections=4)
    yield database
    await database.close()


async def test_concurrent_returns_of_the_last_units_are_stored_as_far_as_they_fit(
    shop: Shop, other: Database
) -> None:
    shops = (shop, Shop(other, shop.caller))
    tasks = [shops[number % 2].keep(f"R-{number}") for number in range(12)]
    done = await asyncio.gather(*tasks, return_exceptions=True)
    kept = [one for one in done if isinstance(one, Returned)]
    refused = [one for one in done if isinstance(one, MoreThanLeft)]
    assert (len(kept), len(refused)) == (3, 9)
    assert {one.left.units["1"] for one in refused} == {0}
    assert sum(one.kept.refund.total for one in kept) == 3000
    assert await violations(shop.database, shop.caller) == []


async def test_the_same_return_sent_concurrently_is_stored_once(
    shop: Shop, other: Database
) -> None:
    shops = (shop, Shop(other, shop.caller))
    done = await asyncio.gather(*(shops[number % 2].keep("R-1") for number in range(8)))
    assert sum(one.created for one in done) == 1
    assert all(one.kept == done[0].kept for one in done)
    assert await shop.returned() == {"R-1": 1}


async def test_two_concurrent_returns_with_one_id_are_one_and_a_conflict(
    shop: Shop, other: Database
) -> None:
    done = await asyncio.gather(
        shop.keep("R-1"),
        Shop(other, shop.caller).keep("R-1", Goods({"1": 2})),
        return_exceptions=True,
    )
    assert {type(one) for one in done} == {Returned, ReturnConflict}


async def test_a_return_decided_before_another_one_is_decided_again(shop: Shop) -> None:
    async with shop.database.read() as connection:
        found = await find_returns(connection, shop.caller.merchant_id, "A", "R-2")
    assert found is not None
    kept = await shop.keep("R-1", Goods({"1": 3}))
    async with shop.database.write() as connection:
        with pytest.raises(OrderRaceLost):
            await insert_return(
                connection, shop.caller.merchant_id, found, "R-2", kept.kept.refund, NOON
            )
    assert await shop.returned() == {"R-1": 3}


async def test_a_return_decided_before_a_deletion_is_not_stored(shop: Shop) -> None:
    async with shop.database.read() as connection:
        found = await find_returns(connection, shop.caller.merchant_id, "A", "R-1")
    assert found is not None
    refund = decide_return(found, ONE)
    assert isinstance(refund, Refund)
    await shop.set_status(OrderStatus.DELETED)
    async with shop.database.write() as connection:
        with pytest.raises(OrderRaceLost):
            await insert_return(connection, shop.caller.merchant_id, found, "R-1", refund, NOON)
    assert await shop.returned() == {}


async def test_a_concurrent_deletion_and_return_come_one_after_the_other(
    shop: Shop, other: Database
) -> None:
    deletion = Shop(other, shop.caller).set_status(OrderStatus.DELETED)
    done = await asyncio.gather(shop.keep("R-1"), deletion, return_exceptions=True)
    assert isinstance(done[0], Returned | OrderDeleted)
    with pytest.raises(OrderDeleted):
        await shop.keep("R-2")
    assert await shop.returned() in ({}, {"R-1": 1})


async def test_a_return_waits_for_no_locked_order(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_turns, "_BUSY_TIMEOUT", 0.1)
    async with shop.database.write() as connection:
        await connection.execute(
            "SELECT FROM orders WHERE merchant_id = $1 FOR UPDATE", shop.caller.merchant_id
        )
        with pytest.raises(OrderBusy):
            await shop.keep("R-1")
    assert (await shop.keep("R-1")).created


async def test_a_return_whose_connection_is_lost_is_stored_when_repeated(
    shop: Shop, other: Database
) -> None:
    """Like a killed process: the server rolls back what it has not committed."""
    merchant_id = shop.caller.merchant_id
    async with shop.database.read() as connection:
        found = await find_returns(connection, merchant_id, "A", "R-1")
    assert found is not None
    refund = decide_return(found, ONE)
    assert isinstance(refund, Refund)

    async def keep_and_lose_the_connection() -> None:
        async with other.write() as connection:
            await insert_return(connection, merchant_id, found, "R-1", refund, NOON)
            pid = await connection.fetchval("SELECT pg_backend_pid()")
            async with shop.database.write() as killer:
                await killer.execute("SELECT pg_terminate_backend($1::int, 5000)", pid)

    with pytest.raises(DatabaseUnavailable):
        await keep_and_lose_the_connection()
    assert await shop.returned() == {}
    assert (await shop.keep("R-1")).created
    assert not (await shop.keep("R-1")).created
    assert await shop.returned() == {"R-1": 1}


async def test_the_event_of_a_return_comes_after_its_orders(shop: Shop) -> None:
    source = await an_event_source(shop.database, shop.caller)
    await shop.order("B", Cart("EUR", (a_line(quantity=3),), shipping=490))
    await shop.keep("R-1", Goods({"1": 2}, shipping=True), "B")
    assert not (await shop.keep("R-1", Goods({"1": 2}, shipping=True), "B")).created
    with pytest.raises(MoreThanLeft):
        await shop.keep("R-2", Goods({"1": 2}), "B")
    placed, event = await source.news()
    assert [placed.type, event.type] == ["order.placed", "return.created"]
    assert placed.object == event.object == "order B"
    assert_event(event)


def assert_event(event: Event) -> None:
    line: dict[str, Any] = {"line_id": "1", "product_id": 11111, "quantity": 2, "total": "20.00"}
    assert event.data == {
        "return": {
            "return_id": "R-1",
            "order_id": "B",
            "created_at": "2026-06-01T12:00:00+00:00",
            "currency": "EUR",
            "subtotal": "20.00",
            "discount": "0.00",
            "total": "24.90",
            "lines": [line],
            "shipping": "4.90",
        }
    }


async def test_a_purge_deletes_returns_with_their_orders(own_database: Database) -> None:
    shop = Shop(own_database, await create_caller(own_database))
    await shop.order()
    source = await an_event_source(shop.database, shop.caller)
    await shop.keep("R-1")
    merchant_id = shop.caller.merchant_id
    await retention.purge(shop.database, merchant_id, NOON + timedelta(days=1))
    assert await source.types() == ["return.created"]
    with pytest.raises(OrderNotFound):
        await shop.keep("R-1")
    async with shop.database.read() as connection:
        left = "SELECT count(*) FROM returns WHERE merchant_id = $1"
        assert await connection.fetchval(left, merchant_id) == 0
    # The id is free for another order, which has no returns.
    await shop.order()
    assert (await shop.keep("R-1")).created


async def test_concurrent_purges_and_returns_leave_no_return_without_its_order(
    shop: Shop, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_REST", 0)
    for number in range(10):
        await shop.order(f"P-{number}")

    async def purge() -> None:
        await retention.purge(other, shop.caller.merchant_id, NOON + timedelta(days=1))

    tasks = [shop.keep("R-1", ONE, f"P-{number}") for number in range(10)]
    done = await asyncio.gather(*tasks[:5], purge(), *tasks[5:], return_exceptions=True)
    assert {type(one) for one in done} <= {Returned, OrderNotFound, type(None)}
    assert await violations(shop.database, shop.caller) == []


@pytest.mark.parametrize("stored", OLD, ids=lambda stored: str(stored["currency"]))
async def test_older_orders_are_returned_to_the_cent(shop: Shop, stored: dict[str, Any]) -> None:
    async with shop.database.write() as connection:
        await connection.execute(
            "INSERT INTO orders (merchant_id, order_id, status, created_at, outcome)"
            " VALUES ($1, 'old', 'paid', $2, $3)",
            shop.caller.merchant_id,
            NOON,
            json.dumps(stored),
        )
    order = await checkout.get_order(shop.database, shop.caller, "old")
    paid, number = 0, 0
    for line in order.outcome.lines:
        for _ in range(min(line.quantity, 3)):
            number += 1
            kept = await shop.keep(f"R-{number}", Goods({line.line_id: 1}), "old")
            paid += kept.kept.refund.total
    left = (await returns.list_returns(shop.database, shop.caller, "old", 0, 1)).left
    rest = {line_id: units for line_id, units in left.units.items() if units}
    if rest:
        paid += (await shop.keep("rest", Goods(rest), "old")).kept.refund.total
    assert paid == order.outcome.total
    returned_checks = [
        words for words in await violations(shop.database, shop.caller) if "return" in words
    ]
    assert returned_checks == []

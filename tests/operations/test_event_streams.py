"""The stream of events: read by cursor, skipping nothing, and removed when it is old."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from msgspec.structs import replace

from sconto.domain.candidates import Candidates
from sconto.domain.cart import Customer
from sconto.domain.order import OrderStatus, StoredOrder
from sconto.domain.pricing import price
from sconto.domain.problems import EventsGone
from sconto.operations import (
    event_removal,
    events,
    retention,
)
from sconto.store import events as store
from sconto.store.orders import insert_order
from sconto.store.pick_cache import Versions
from tests.builders import NOON, a_cart
from tests.conftest import own_database
from tests.operations.event_source import EventSource

database = own_database

HOUR = timedelta(hours=1)
WAITING = """
SELECT EXISTS (
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
)
"""
VERSIONS = "SELECT version, price_version FROM timeline_versions WHERE merchant_id = $1"


async def test_a_late_reader_learns_that_events_are_gone(source: EventSource) -> None:
    # Other merchants of this database have nothing that is as old.
    then = NOON - timedelta(days=1000)
    for number in range(5):
        await source.order(f"A-{number}")
        await events.append_all(source.database, source.caller.merchant_id, then + number * HOUR)
    assert await event_removal.remove_old(source.database, then + 2 * HOUR) == 3
    with pytest.raises(EventsGone) as gone:
        await source.news()
    assert gone.value.oldest == 3
    source.after = gone.value.oldest
    assert [one.object for one in await source.news()] == ["order A-3", "order A-4"]
    with pytest.raises(EventsGone):
        await events.list_events(source.database, source.caller, 99, None, (), 9, NOON)


async def test_a_reader_gets_the_events_that_another_process_is_numbering(
    source: EventSource,
) -> None:
    await source.order("A-1")
    async with source.database.write() as connection:
        position = await store.lock_stream(connection, source.caller.merchant_id)
        assert position is not None
        reading = asyncio.create_task(source.news())
        for _ in range(1000):
            if reading.done() or await connection.fetchval(WAITING):
                break
            await asyncio.sleep(0.02)
        await events._append_some(connection, source.caller.merchant_id, position, NOON)
    assert [one.object for one in await reading] == ["order A-1"]


async def test_readers_choose_types_and_a_time(source: EventSource) -> None:
    read = partial(events.list_events, source.database, source.caller)
    for number in range(3):
        await source.order(f"A-{number}")
        await source.set_status(f"A-{number}", OrderStatus.PAID)
        await events.append_all(source.database, source.caller.merchant_id, NOON + number * HOUR)
    paid = await read(None, None, ("order.paid",), 2, NOON)
    assert [one.object for one in paid.events] == ["order A-0", "order A-1"]
    assert (paid.last_position, paid.more) == (4, True)
    rest = await read(paid.last_position, None, ("order.paid",), 2, NOON)
    assert ([one.object for one in rest.events], rest.more) == (["order A-2"], False)
    late = await read(None, NOON + HOUR, (), 99, NOON)
    assert [one.position for one in late.events] == [3, 4, 5, 6]
    assert (await read(None, NOON + 9 * HOUR, (), 99, NOON)).last_position == 6


async def test_an_event_that_is_committed_late_is_not_skipped(source: EventSource) -> None:
    database, merchant_id = source.database, source.caller.merchant_id
    late = StoredOrder("late", OrderStatus.NOT_PAID, NOON, price(a_cart(), Candidates(), NOON))
    async with database.read() as reading:
        versions = await reading.fetchrow(VERSIONS, merchant_id)
    assert versions is not None
    seen = Versions(versions["version"], versions["price_version"], None, True, False)
    async with database.write(merchant_id, queue="orders") as connection:
        # Its event has the lower number, and nobody sees it yet.
        await insert_order(connection, merchant_id, late, NOON.date(), seen)
        await source.order("early")
        assert [one.object for one in await source.news()] == ["order early"]
    assert [one.object for one in await source.news()] == ["order late"]
    assert [one.position for one in source.seen] == [1, 2]


async def test_readers_miss_nothing_while_many_write(source: EventSource) -> None:
    readers = [source, *(EventSource(source.database, source.caller) for _ in range(2))]
    orders = [f"A-{number}" for number in range(60)]
    running = True

    async def read(reader: EventSource) -> None:
        while running:
            await reader.news()

    async def write(some: list[str]) -> None:
        for order_id in some:
            await source.order(order_id)
            await source.set_status(order_id, OrderStatus.PAID)

    reading = [asyncio.create_task(read(reader)) for reader in readers]
    await asyncio.gather(*(write(orders[start::6]) for start in range(6)))
    running = False
    await asyncio.gather(*reading)
    for reader in readers:
        await reader.news()
        assert [one.position for one in reader.seen] == list(range(1, 121))
        for order_id in orders:
            of_order = [one.type for one in reader.seen if one.object == f"order {order_id}"]
            assert of_order == ["order.placed", "order.paid"]


async def test_a_purge_removes_old_events_and_an_erased_customer_is_in_none(
    source: EventSource,
) -> None:
    database, merchant_id = source.database, source.caller.merchant_id
    cart = replace(a_cart(), customer=Customer("c-1"))
    await source.order("A-1", cart=cart)
    await source.news()
    await source.order("A-2", cart=cart)
    await retention.erase_customer(database, merchant_id, "c-1")
    await source.news()
    source.after = 0
    ids = {one.data["order"]["customer_id"] for one in await source.news()}  # type: ignore[index]
    assert len(ids) == 1
    assert ids.pop().startswith("erased-")
    purged = await retention.purge(database, merchant_id, NOON + HOUR)
    assert (purged.orders, purged.events) == (2, 2)
    source.after = 2
    assert await source.news() == []


async def test_an_order_purged_before_its_event_is_numbered_still_has_the_event(
    source: EventSource,
) -> None:
    await source.order("A-1")
    await retention.purge(source.database, source.caller.merchant_id, NOON + HOUR)
    [placed] = await source.news()
    assert (placed.type, placed.data) == ("order.placed", {"order": {"order_id": "A-1"}})

"""Calls of checkout go to the node itself, and through the coordinator if they cannot."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import pytest

from sconto.domain.holds import NewHold
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.people import Caller
from sconto.domain.returns import Goods
from sconto.operations import checkout, holds, returns
from sconto.store import candidate_statements, node_watch, order_replacing, order_status, orders
from sconto.store import holds as holds_store
from sconto.store import returns as returns_store
from sconto.store.database import Database
from sconto.store.node_functions import NAMES
from sconto.store.pool import Connection, Pool
from sconto.store.shard_map import READ_MAP
from tests.builders import NOON, a_cart
from tests.citus.checked import assert_no_violations, until
from tests.citus.test_nodes import move, serve, shops_of
from tests.distributed import Cluster, until_direct, watched

OF_ASYNCPG: Final = re.compile(r"typeinfo_tree|current_setting\('jit'\)")
"""What it asks about types on a new connection."""

HOT: Final = (
    orders._ON_NODES["cached", False],
    orders._ON_NODES["codes", False],
    order_replacing._ON_NODES["codes", False],
    holds_store._HOLD_ON_NODE,
    holds_store._RELEASE_ON_NODE,
    holds_store._FIND_ON_NODE,
    *returns_store.ON_NODES,
    *order_status.ON_NODES,
)
"""What the checkout calls, among others."""


async def check_out(database: Database, shop: Caller, number: int) -> None:
    """Do all that a shop's checkout can ask for."""
    names = [f"{letter}-{number}" for letter in "ABC"]
    await serve(database, shop, number)
    # The first one reads what the second one is priced from.
    for plain in ("D", "E"):
        order = NewOrder(f"{plain}-{number}", a_cart())
        await checkout.place_order(database, shop, order, NOON, NOON.date())
    await checkout.list_prices(database, shop, [(1, 1000), (2, 500)], "EUR", NOON)
    held = NewHold(NewOrder(names[2], a_cart(codes=(f"C{number + 20}",))), 600)
    for _ in range(2):
        await holds.hold_order(database, shop, held, NOON)
        await holds.get_hold(database, shop, names[2], NOON)
        await holds.release_hold(database, shop, names[2], NOON)
    stored = await checkout.get_order(database, shop, names[1])
    line = stored.outcome.lines[0]
    goods = Goods({line.line_id: 1}, False)
    await returns.quote_return(database, shop, names[1], None, goods)
    await returns.create_return(database, shop, names[1], "R-1", goods, NOON)
    for status in (OrderStatus.PAID, OrderStatus.DELETED):
        await checkout.change_order_status(database, shop, names[1], status, NOON)


@asynccontextmanager
async def sent_to_nodes_alone(
    direct: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[str]]:
    """The calls that the block sends. It fails if the coordinator or a node is asked for more."""
    sent: list[str] = []
    acquire = Pool.acquire

    async def acquire_of_node(pool: Pool, group: int | None = None) -> Connection:
        assert pool not in direct.to_coordinator, "the coordinator is asked"
        connection = await acquire(pool, group)
        connection.add_query_logger(log)
        return connection

    def log(record: asyncpg.connection.LoggedQuery) -> None:
        sent.append(record.query)

    calls: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(node_watch, "_READ_EVERY", 3600.0)
        patch.setattr(Pool, "acquire", acquire_of_node)
        yield calls
    await asyncio.sleep(0)  # asyncpg logs the last one a step later
    calls += [query for query in sent if query.startswith("SELECT * FROM sconto_")]
    others = [query for query in sent if query not in calls and not OF_ASYNCPG.search(query)]
    assert others == []


async def test_checkout_asks_the_node_alone_and_sends_it_nothing_but_calls(
    direct: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shops = await shops_of(direct, 4)
    async with sent_to_nodes_alone(direct, monkeypatch) as calls:
        for shop in shops:
            await check_out(direct, shop, 1)
    assert len(calls) > 15 * len(shops)
    called = {call.removeprefix("SELECT * FROM ").partition("(")[0] for call in calls}
    assert {function.name for function in HOT} <= called
    assert {function.name for function in candidate_statements.ON_NODES.values()} & called
    await assert_no_violations(direct)


async def test_a_merchant_whose_shard_moved_is_served_from_the_first_request_on(
    cluster: Cluster, distributed_url: str, direct: Database
) -> None:
    [shop] = await shops_of(direct, 1)
    await check_out(direct, shop, 1)
    here = direct.nodes.group_of(shop.merchant_id)
    await asyncio.to_thread(move, cluster, distributed_url, shop)
    await check_out(direct, shop, 2)
    await until(lambda: direct.nodes.group_of(shop.merchant_id) != here)
    await check_out(direct, shop, 3)
    await assert_no_violations(direct)


@asynccontextmanager
async def through_the_coordinator(url: str) -> AsyncIterator[Database]:
    """A database whose checkout has connections of its own, and none to the nodes."""
    async with watched(url) as database:
        await until(lambda: bool(database.nodes.known))
        await asyncio.sleep(0.3)  # it would connect in a moment
        assert database.node_pools.nodes == []
        [shop] = await shops_of(database, 1)
        await check_out(database, shop, 1)
        yield database
        await check_out(database, shop, 2)


@pytest.mark.parametrize(
    ("port", "because"),
    [("nodeport + 30000", "Connect call failed"), ("{both} - nodeport", "another server answers")],
    ids=["nobody answers", "another node answers"],
)
async def test_a_node_that_is_not_at_its_address_is_asked_through_the_coordinator(
    cluster: Cluster,
    distributed_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    port: str,
    because: str,
) -> None:
    """It is tried again later."""
    (_, one, _), (_, two, _) = cluster.nodes[1:3]
    elsewhere = port.format(both=one + two) + " AS port"
    read_map = READ_MAP.replace("nodeport AS port", elsewhere)
    monkeypatch.setattr(node_watch, "READ_MAP", read_map)
    monkeypatch.setattr(node_watch, "_CONNECT_EVERY", 0.2)
    async with through_the_coordinator(distributed_url) as database:
        # Another database of this process may say it too.
        said = {message for message in caplog.messages if "cannot be reached from here" in message}
        assert len(said) == 2
        assert all(because in message for message in said)
        monkeypatch.undo()
        await until_direct(database)
        assert len({one for one in caplog.messages if "can be reached from here" in one}) == 2


async def test_the_check_names_nodes_that_it_cannot_reach(
    distributed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await Database.open(distributed_url, connections=1)
    assert await node_watch.find_detours(database) == []
    nowhere = READ_MAP.replace("nodeport AS port", "nodeport + 30000 AS port")
    monkeypatch.setattr(node_watch, "READ_MAP", nowhere)
    detours = await node_watch.find_detours(database)
    assert len(detours) == 2
    assert all("Connect call failed" in detour for detour in detours)
    await database.close()


async def test_a_node_without_the_functions_is_asked_through_the_coordinator(
    distributed_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(node_watch, "NAMES", NAMES | {"sconto_read_of_tomorrow"})
    async with through_the_coordinator(distributed_url):
        assert "functions of this version are missing" in caplog.text


async def test_behind_a_pooler_all_go_through_the_coordinator(
    distributed_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with through_the_coordinator(f"{distributed_url}?prepared_statements=false"):
        [message] = caplog.messages
        assert message == "quotes and orders go through the coordinator: a pooler stands before it"

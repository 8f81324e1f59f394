"""Nodes that fail, and shards that move, while merchants quote and order."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Final, TypeVar

import psycopg
import pytest

from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.people import Caller
from sconto.domain.problems import OrderBusy
from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import Application
from sconto.operations.checkout import change_order_status, place_order, quote
from sconto.operations.events import append_for_all
from sconto.operations.idempotency import AlreadyAnswered, AnswerAroundUsage, KeyedRequest
from sconto.operations.promotions import create_promotion
from sconto.operations.subscription_promotions import create_promotion as create_subscription
from sconto.operations.subscriptions import apply_code
from sconto.store.database import Database, DatabaseUnavailable, StatementStopped
from sconto.store.events import start_recording
from sconto.store.session import find_node_faults
from tests.builders import NOON, a_cart, a_promotion, subscription_terms
from tests.citus.checked import assert_no_violations
from tests.citus.faults import unreachable
from tests.conftest import create_caller
from tests.distributed import Cluster

CODES: Final = 40

MOVES: Final = 10
"""How often a move is asked for, if Citus cancels it."""

T = TypeVar("T")

_PLACE: Final = """
SELECT shardid, nodename, nodeport
FROM pg_dist_shard_placement
WHERE shardid = get_shard_id_for_distribution_column('orders', %s)
"""


async def shops_of(database: Database, number: int) -> list[Caller]:
    """Merchants with a promotion that has one-time codes."""
    shops = [await create_caller(database) for _ in range(number)]
    for shop in shops:
        codes = tuple(f"C{code}" for code in range(CODES))
        new = a_promotion(codes=codes, code_type=CodeType.ONE_TIME)
        await create_promotion(database, shop, new, NOON)
    return shops


def node_of(url: str, shop: Caller) -> tuple[int, str, int]:
    """The shard of the merchant's orders, and its node."""
    with psycopg.connect(url) as connection:
        row = connection.execute(_PLACE, [shop.merchant_id]).fetchone()
    assert row is not None
    return row


async def test_a_dead_node_stops_its_own_merchants_only(
    cluster: Cluster,
    distributed_url: str,
    database_of_nodes: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    distributed = database_of_nodes
    shops = await shops_of(distributed, 6)
    name = distributed_url.rpartition("/")[2]
    dead = cluster.nodes[1][:2]
    there = {shop for shop in shops if node_of(distributed_url, shop)[1:] == dead}
    assert there
    assert there != set(shops)
    for number, shop in enumerate(shops):
        async with distributed.write(shop.merchant_id) as connection:
            await start_recording(connection, shop.merchant_id, number)
        await serve(distributed, shop, 1)
    assert await append_for_all(distributed, NOON) == 3 * len(shops)

    with unreachable(cluster, name):
        for shop in shops:
            if shop not in there:
                await serve(distributed, shop, 2)
                continue
            with pytest.raises(DatabaseUnavailable):
                await quote(distributed, shop, a_cart(), NOON)
            with pytest.raises(DatabaseUnavailable):
                await serve(distributed, shop, 2)
        assert await append_for_all(distributed, NOON) == 3 * (len(shops) - len(there))
        assert await append_for_all(distributed, NOON) == 0
        [address] = distributed.nodes.silent
        assert address == f"{dead[0]}:{dead[1]}"
        async with distributed.read() as connection:
            [fault] = await find_node_faults(connection)
        assert fault.startswith(f"node {address} does not answer")

    async with asyncio.timeout(20):
        while distributed.nodes.silent:  # it is checked again every two seconds
            await append_for_all(distributed, NOON)
            await asyncio.sleep(0.05)
    for shop in there:
        await serve(distributed, shop, 2)
    assert await append_for_all(distributed, NOON) == 3 * len(there)
    assert [message for message in caplog.messages if address not in message] == []
    assert len(caplog.messages) == 2
    await assert_no_violations(distributed)


async def test_all_merchants_are_served_while_citus_passes_no_calls_on(
    distributed_url: str, distributed: Database
) -> None:
    """As after a change of nodes, until Citus has informed all nodes."""
    shops = await shops_of(distributed, 2)
    for shop in shops:
        async with distributed.write(shop.merchant_id) as connection:
            await start_recording(connection, shop.merchant_id, 1)
        await serve(distributed, shop, 1)
    with psycopg.connect(distributed_url, autocommit=True) as coordinator:
        tell = "UPDATE pg_dist_node SET metadatasynced = %s WHERE groupid <> 0"
        coordinator.execute(tell, [False])
        try:
            assert await append_for_all(distributed, NOON) == 3 * len(shops)
            for shop in shops:
                await serve(distributed, shop, 2)
                deleted = OrderStatus.DELETED
                await change_order_status(distributed, shop, "B-2", deleted, NOON)
        finally:
            coordinator.execute(tell, [True])
    for shop in shops:
        await serve(distributed, shop, 3)
    await assert_no_violations(distributed)


async def serve(database: Database, shop: Caller, number: int) -> None:
    """Quote and order twice. The second order replaces the first, so there are three events."""
    cart = a_cart(codes=(f"C{number}",))
    assert (await quote(database, shop, cart, NOON)).total == 900
    await place_order(database, shop, NewOrder(f"A-{number}", cart), NOON, NOON.date())
    order = NewOrder(f"B-{number}", cart, replaces=f"A-{number}")
    await place_order(database, shop, order, NOON, NOON.date())


@pytest.mark.parametrize("mode", ["block_writes", "auto"])
async def test_shards_move_while_merchants_quote_order_and_apply_codes(
    cluster: Cluster, distributed_url: str, database_of_nodes: Database, mode: str
) -> None:
    levels = {level_of(cluster.address("postgres", node)) for node in range(3)}
    if mode == "auto" and levels != {"logical"}:
        pytest.skip("not all nodes have wal_level = logical")
    distributed = database_of_nodes
    [shop] = await shops_of(distributed, 1)
    await create_subscription(distributed, shop, subscription_terms(), NOON)
    done = asyncio.Event()
    orders, applications = count(1), count(1)

    async def order_on() -> None:
        while not done.is_set():
            number = next(orders)
            codes = (f"C{number}",) if number < CODES else ()
            cart = a_cart(codes=codes)
            order = NewOrder(f"M-{number}", cart)
            priced = await sent_again(partial(quote, distributed, shop, cart, NOON))
            placed = await sent_again(
                partial(place_order, distributed, shop, order, NOON, NOON.date())
            )
            assert placed.order.outcome == priced

    async def apply_on() -> None:
        while not done.is_set():
            request: KeyedRequest[Application, AnswerAroundUsage] = KeyedRequest(
                f"K-{next(applications)}", b"", lambda _: AnswerAroundUsage(200, b"", b"")
            )
            with suppress(AlreadyAnswered):
                await sent_again(
                    partial(
                        apply_code,
                        distributed,
                        shop,
                        "TRY3",
                        Contract(None, "monthly"),
                        NOON,
                        request,
                    )
                )

    loads = [asyncio.create_task(load()) for load in (order_on, order_on, order_on, apply_on)]
    for _ in range(2):
        await asyncio.to_thread(move, cluster, distributed_url, shop, mode)
    done.set()
    await asyncio.gather(*loads)

    async with distributed.read() as connection:
        [stored] = await connection.fetch(
            "SELECT (SELECT count(*) FROM orders WHERE merchant_id = $1),"
            " (SELECT count(*) FROM codes WHERE merchant_id = $1 AND used_by IS NOT NULL),"
            " (SELECT count(*) FROM subscription_applications WHERE merchant_id = $1)",
            shop.merchant_id,
        )
    sent = next(orders) - 1
    assert tuple(stored) == (sent, min(sent, CODES - 1), next(applications) - 1)
    await assert_no_violations(distributed)


async def sent_again(request: Callable[[], Awaitable[T]]) -> T:
    """The answer. A move interrupts some requests, and a shop sends them again."""
    while True:
        with suppress(DatabaseUnavailable, StatementStopped, OrderBusy):
            return await request()


def level_of(url: str) -> str:
    """How much the server at the address writes to its log."""
    with psycopg.connect(url) as connection:
        [(level,)] = connection.execute("SHOW wal_level").fetchall()
    return str(level)


def move(cluster: Cluster, url: str, shop: Caller, mode: str = "block_writes") -> None:
    """Move the shards with the merchant's rows to the other worker.

    Citus may cancel a move in favour of a transaction that waits for it. Then it is asked again.
    """
    shard, *here = node_of(url, shop)
    [other] = [node[:2] for node in cluster.nodes[1:3] if [*node[:2]] != here]
    for _ in range(MOVES):
        with (
            suppress(psycopg.errors.DeadlockDetected),
            psycopg.connect(url, autocommit=True) as connection,
        ):
            connection.execute(
                "SELECT citus_move_shard_placement(%s, %s, %s, %s, %s, %s)",
                [shard, *here, *other, mode],
            )
            break
    assert node_of(url, shop)[1:] == other

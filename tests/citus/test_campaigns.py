"""Nodes fail again and again, and shards move, while merchants ask for everything over HTTP."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from typing import Final

import psycopg
import pytest

from sconto.store.database import Database
from tests.citus.busy_shops import BusyShop
from tests.citus.checked import assert_no_violations, assert_nothing_failed, until
from tests.citus.faults import (
    Fault,
    beside_load,
    hanging,
    killed,
    restarted,
    signalled,
    unreachable,
)
from tests.citus.test_nodes import level_of, move, node_of
from tests.citus.test_service import settings_for
from tests.distributed import Cluster
from tests.services import Service

pytestmark = pytest.mark.timeout(1500)

FAULTS: Final[tuple[Fault, ...]] = (
    killed,
    hanging,
    unreachable,
    restarted("fast"),
    restarted("immediate"),
    signalled("pg_terminate_backend"),
    signalled("pg_cancel_backend"),
)

MODES: Final = ("block_writes", "force_logical", "auto")

SHOPS: Final = 2
"""Merchants on each worker."""

_names = count(1)


@pytest.fixture(scope="module")
def service(distributed_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of two workers."""
    folder = tmp_path_factory.mktemp("service")
    with Service.running(folder, settings_for(distributed_url), "--workers", "2") as running:
        yield running


@asynccontextmanager
async def busy_shops(
    cluster: Cluster, url: str, service: Service
) -> AsyncIterator[tuple[list[BusyShop], list[BusyShop]]]:
    """Merchants on the first worker and on the second, who ask all the time during the block.

    At the end, nothing has failed unexpectedly, and what was acknowledged is stored once.
    """
    database = await Database.open(url, connections=4)
    log = len(service.log)
    shops: dict[tuple[str, int], list[BusyShop]] = {node[:2]: [] for node in cluster.nodes[1:3]}
    while any(len(some) < SHOPS for some in shops.values()):
        shop = await BusyShop.open(database, f"busy-{next(_names)}", lambda: service.url)
        some = shops[node_of(url, shop.caller)[1:]]
        if len(some) < SHOPS:
            await shop.stock()
            some.append(shop)
    first, second = shops.values()
    async with AsyncExitStack() as stack:
        for shop in (*first, *second):
            await stack.enter_async_context(shop.asking())
        await until_served(*first, *second)
        yield first, second
        await until_served(*first, *second)
    assert_nothing_failed(service.log[log:])
    async with database.read() as connection:
        for shop in (*first, *second):
            await shop.check(connection)
    await assert_no_violations(database)
    await database.close()


async def until_served(*shops: BusyShop, more: int = 15) -> None:
    """Wait until each merchant has had this many more answers."""
    wanted = {shop: shop.number_answered + more for shop in shops}
    await until(
        lambda: all(shop.number_answered >= number for shop, number in wanted.items()), within=90
    )


async def go_through(
    faults: list[Fault], cluster: Cluster, distributed_url: str, service: Service
) -> None:
    """Let the faults befall the first worker, one after the other, each for a random time."""
    name = distributed_url.rpartition("/")[2]
    async with busy_shops(cluster, distributed_url, service) as (there, elsewhere):
        for fault in faults:
            async with beside_load(fault(cluster, name)):
                await asyncio.sleep(random.uniform(0, 4))
                await until_served(*elsewhere)
            await asyncio.sleep(random.uniform(0, 4))
    assert Counter() == sum((shop.failures for shop in elsewhere), Counter())
    assert sum((shop.failures for shop in there), Counter())


async def test_a_node_that_fails_in_every_way_harms_its_own_merchants_alone(
    cluster: Cluster, distributed_url: str, service: Service
) -> None:
    """Those are answered 503; nobody is answered 500, and all counts are exact afterwards."""
    await go_through(list(FAULTS), cluster, distributed_url, service)


@pytest.mark.soak
async def test_a_node_that_fails_all_the_time_harms_its_own_merchants_alone(
    cluster: Cluster, distributed_url: str, service: Service
) -> None:
    faults = random.sample(FAULTS * 5, 5 * len(FAULTS))
    await go_through(faults, cluster, distributed_url, service)


async def test_shards_move_in_every_mode_under_requests_of_every_kind(
    cluster: Cluster, distributed_url: str, service: Service
) -> None:
    levels = {level_of(cluster.address("postgres", node)) for node in range(3)}
    if levels != {"logical"}:
        pytest.skip("not all nodes have wal_level = logical")
    async with busy_shops(cluster, distributed_url, service) as (first, second):
        for mode in MODES:
            for shop in (first[0], second[0]):
                await asyncio.to_thread(move, cluster, distributed_url, shop.caller, mode)


@pytest.mark.soak
async def test_a_node_is_emptied_removed_added_and_filled_under_requests_of_every_kind(
    cluster: Cluster, distributed_url: str, service: Service
) -> None:
    host, port, _ = cluster.nodes[2]

    def run(statement: str) -> None:
        with psycopg.connect(distributed_url, autocommit=True) as connection:
            connection.execute(statement.encode(), [host, port])

    async with busy_shops(cluster, distributed_url, service):
        for statement in (
            "SELECT citus_drain_node(%s, %s, shard_transfer_mode := 'block_writes')",
            "SELECT citus_remove_node(%s, %s)",
            "SELECT citus_add_node(%s, %s)",
            "SELECT rebalance_table_shards(shard_transfer_mode := 'block_writes')"
            " WHERE %s <> %s::text",
        ):
            await asyncio.to_thread(run, statement)

"""A node that hangs keeps nobody waiting whose rows are elsewhere."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final

from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.promotion import PromotionQuery
from sconto.operations.checkout import place_order, quote
from sconto.operations.idempotency import EncodedAnswer, KeyedRequest, run_once
from sconto.operations.promotions import create_promotion, list_promotions
from sconto.store.database import Connection, Database, DatabaseUnavailable
from tests.builders import NOON, a_cart, a_promotion
from tests.citus.checked import assert_no_violations, until
from tests.citus.faults import hanging
from tests.citus.test_nodes import node_of, shops_of
from tests.distributed import Cluster, until_direct

NO_WAIT: Final = 3.5
"""Seconds: a busy machine may be slow. A request waits for four for a node that hangs."""


class Load:
    """What merchants ask for all the time, and how it went."""

    def __init__(self, database: Database, shop: Caller) -> None:
        self.shop = shop
        self.done = 0
        self.refused = 0
        self.slowest = 0.0
        self._database = database
        self._numbers = count(1)

    async def run(self, until: asyncio.Event) -> None:
        """Ask for everything, with several concurrent requests, until the event is set."""
        verbs = (*[self._quote] * 2, *[self._order] * 2, self._list, self._edit, self._keyed)
        async with asyncio.TaskGroup() as group:
            for verb in verbs:
                group.create_task(self._repeat(verb, until))

    async def _repeat(self, verb: Callable[[], Awaitable[object]], until: asyncio.Event) -> None:
        while not until.is_set():
            began = time.monotonic()
            try:
                await verb()
                self.done += 1
            except DatabaseUnavailable:
                self.refused += 1
            self.slowest = max(self.slowest, time.monotonic() - began)
            await asyncio.sleep(0.05)

    async def _quote(self) -> None:
        await quote(self._database, self.shop, a_cart(), NOON)

    async def _order(self) -> None:
        order = NewOrder(f"L-{next(self._numbers)}", a_cart())
        await place_order(self._database, self.shop, order, NOON, NOON.date())

    async def _list(self) -> None:
        await list_promotions(self._database, self.shop, PromotionQuery(limit=10), NOON)

    async def _edit(self) -> None:
        await create_promotion(self._database, self.shop, a_promotion(), NOON)

    async def _keyed(self) -> None:
        """As the merchant API does it with an Idempotency-Key."""

        async def effect(connection: Connection) -> int:
            return await codes_of(connection, self.shop.merchant_id)

        key = f"K-{next(self._numbers)}"
        request: KeyedRequest[int, EncodedAnswer] = KeyedRequest(
            key, b"same", lambda _: EncodedAnswer(200, b"{}")
        )
        await run_once(self._database, self.shop, request, effect, NOON)


async def codes_of(connection: Connection, merchant_id: int) -> int:
    found: int = await connection.fetchval(
        "SELECT count(*) FROM codes WHERE merchant_id = $1", merchant_id
    )
    return found


async def test_only_the_merchants_of_a_node_that_hangs_wait(
    cluster: Cluster, distributed_url: str, database_of_nodes: Database
) -> None:
    database = database_of_nodes
    loads = [Load(database, shop) for shop in await shops_of(database, 6)]
    dead = cluster.nodes[1][:2]
    there = [load for load in loads if node_of(distributed_url, load.shop)[1:] == dead]
    elsewhere = [load for load in loads if load not in there]
    assert there
    assert elsewhere
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for load in loads:
            group.create_task(load.run(over))
        await until(lambda: all(load.done > 20 for load in loads))
        for load in loads:
            load.slowest = 0.0
        with hanging(cluster, ""):
            await until(lambda: database.nodes.silent == [f"{dead[0]}:{dead[1]}"])
            await asyncio.sleep(1)  # what was cut is outcomes
            done = [load.done for load in loads]
            for load in there:
                load.slowest = 0.0
            await until(lambda: all(load.done > done[loads.index(load)] + 50 for load in elsewhere))
            assert [load.done for load in there] == [done[loads.index(load)] for load in there]
            assert max(load.slowest for load in there) < NO_WAIT
        assert max(load.slowest for load in elsewhere) < NO_WAIT
        assert [load.refused for load in elsewhere] == [0] * len(elsewhere)
        assert all(load.refused > 10 for load in there)
        await until(lambda: database.nodes.silent == [])
        done = [load.done for load in loads]
        await until(lambda: all(load.done > done[loads.index(load)] + 20 for load in loads))
        over.set()
    if database.node_pools.limit:
        await until_direct(database)
    await assert_no_violations(database)

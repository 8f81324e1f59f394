"""Two services on a distributed database: examples, races, and a node that is killed under load."""

import asyncio
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Final

import httpx
import pytest

from sconto.store.database import Database
from tests.citus.checked import assert_no_violations, assert_nothing_failed, until
from tests.citus.faults import Fault, beside_load, hanging, killed, unreachable
from tests.citus.test_hanging_nodes import NO_WAIT
from tests.citus.test_nodes import node_of
from tests.citus.test_service import settings_for
from tests.distributed import Cluster
from tests.faults.demo import open_demo
from tests.faults.shoppers import Shop
from tests.faults.test_pooler import try_every_example
from tests.services import Service

pytestmark = pytest.mark.timeout(400)

SHOPS: Final = 6

ORDERS: Final = 20
"""Orders that are to be placed before, during and after."""


@pytest.fixture(scope="module")
def services(
    distributed_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Service]]:
    folder: Path = tmp_path_factory.mktemp("services")
    settings = settings_for(distributed_url)
    with (
        Service.running(folder / "one", settings) as one,
        Service.running(folder / "two", settings) as two,
    ):
        yield [one, two]


async def test_every_example_works(distributed_url: str, services: list[Service]) -> None:
    _, token = await open_demo(distributed_url)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=services[0].url, headers=headers, timeout=30) as client:
        await try_every_example(client)
    database = await Database.open(distributed_url)
    await assert_no_violations(database)
    await database.close()


@pytest.mark.parametrize("fault", [unreachable, killed, hanging])
async def test_a_node_lost_under_load_affects_only_its_merchants(
    cluster: Cluster, distributed_url: str, services: list[Service], fault: Fault
) -> None:
    """All acknowledged orders are stored once, with their codes and limits."""
    shops = [await Shop.open(distributed_url, with_limits=True) for _ in range(SHOPS)]
    for shop in shops:
        shop.holding = True
    dead = cluster.nodes[1][:2]
    there = [shop for shop in shops if node_of(distributed_url, shop._caller)[1:] == dead]
    elsewhere = [shop for shop in shops if shop not in there]
    assert there
    assert elsewhere
    urls = cycle(service.url for service in services)
    name = distributed_url.rpartition("/")[2]
    async with asyncio.TaskGroup() as group:
        killed, back = asyncio.Event(), asyncio.Event()

        async def order(shop: Shop) -> None:
            async with shop.ordering(lambda: next(urls), pause=0.2) as outcomes:
                await shop.wait_until_placed(ORDERS)
                await killed.wait()
                if shop in elsewhere:
                    await shop.wait_until_placed(ORDERS)
                await back.wait()
                await shop.wait_until_placed(ORDERS)
            # A busy machine may be late for one. While the node is lost, most are refused there.
            refused = outcomes.statuses[503] / outcomes.statuses.total()
            assert (refused < 0.1) == (shop in elsewhere)
            assert outcomes.slowest < (NO_WAIT if shop in elsewhere else 15)

        ordering = [group.create_task(order(shop)) for shop in shops]
        await asyncio.gather(*(shop.wait_until_placed(ORDERS) for shop in shops))
        logs = {service: len(service.log) for service in services}
        async with beside_load(fault(cluster, name)):
            killed.set()
            await asyncio.gather(*(shop.wait_until_placed(ORDERS) for shop in elsewhere))
            for service in services:
                await until_ready_says(service, [f"{dead[0]}:{dead[1]}"])
            await until(lambda: all(shop.outcomes.statuses[503] > 3 * ORDERS for shop in there))
        back.set()
        await asyncio.gather(*ordering)
    for service in services:
        await until_ready_says(service, None)
        assert_nothing_failed(service.log)
        assert service.log[logs[service] :].count("does not answer: ") == 1
    for shop in shops:
        await shop.check_orders()


async def until_ready_says(service: Service, silent: list[str] | None) -> None:
    """Wait until the service is ready and names these nodes."""
    async with asyncio.timeout(20):
        while True:
            ready = await asyncio.to_thread(service.get, "/health/ready")
            assert ready.status_code == 200
            if ready.json().get("silent_nodes") == silent:
                return
            await asyncio.sleep(0.05)

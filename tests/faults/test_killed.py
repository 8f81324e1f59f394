"""The database or the service is killed while shoppers order."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster
from tests.faults.conftest import Settings
from tests.faults.shoppers import Shop
from tests.services import Service

SOAK = [pytest.mark.soak, pytest.mark.timeout(600)]


# The short version is in tests/stories/test_killed_database.py.
@pytest.mark.parametrize("times", [pytest.param(20, marks=SOAK)])
async def test_a_killed_database_loses_no_acknowledged_order(
    cluster: Cluster, service: Service, times: int
) -> None:
    shop = await Shop.open(cluster.url, with_limits=True)
    shop.holding = True
    async with shop.ordering(lambda: service.url) as outcomes:
        for _ in range(times):
            await shop.wait_until_placed(20)
            await asyncio.to_thread(cluster.kill)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(cluster.start)
        await shop.wait_until_placed(20)
    assert outcomes.statuses[503] > 0
    assert set(outcomes.statuses) <= {200, 201, 409, 503}
    assert outcomes.broken == 0
    await shop.check_orders()
    await shop.find_again(service.url, most=60 * times)
    assert "Traceback" not in service.log


@pytest.mark.parametrize(
    ("times", "holding"),
    [(1, True), pytest.param(20, True, marks=SOAK), pytest.param(20, False, marks=SOAK)],
)
async def test_a_killed_service_loses_no_acknowledged_order(
    cluster: Cluster, folder: Path, settings_for: Settings, times: int, holding: bool
) -> None:
    shop = await Shop.open(cluster.url, with_limits=True)
    shop.holding = holding
    settings = settings_for(cluster.url)
    running = [await asyncio.to_thread(Service, folder / "0", settings)]
    try:
        async with shop.ordering(lambda: running[-1].url) as outcomes:
            for number in range(times):
                await shop.wait_until_placed(20)
                os.killpg(running[-1].process.pid, signal.SIGKILL)
                started = await asyncio.to_thread(Service, folder / str(number + 1), settings)
                running.append(started)
            await shop.wait_until_placed(20)
        assert outcomes.broken > 0
        assert set(outcomes.statuses) <= {200, 201, 409}
        await shop.check_orders()
        await shop.find_again(running[-1].url, most=60 * times)
    finally:
        for service in running:
            service.kill_all()

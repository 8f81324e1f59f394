"""A primary dies, and a standby takes its place."""

import asyncio
from pathlib import Path

from sconto.store.migrate import migrate
from tests.faults.cluster import Cluster
from tests.faults.conftest import Settings
from tests.faults.shoppers import Shop
from tests.services import Service, wait_until


async def test_orders_continue_on_a_promoted_standby(
    cluster: Cluster, folder: Path, settings_for: Settings
) -> None:
    standby = Cluster(folder / "standby")
    await asyncio.to_thread(standby.copy, cluster, "-R")
    try:
        await asyncio.to_thread(standby.start)
        # Replication is synchronous: otherwise a failover could lose acknowledged orders.
        cluster.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        cluster.execute("SELECT pg_reload_conf()")
        await asyncio.to_thread(wait_until, lambda: is_synchronous(cluster))
        url = (
            f"postgresql://postgres@127.0.0.1:{cluster.port},127.0.0.1:{standby.port}/sconto"
            "?target_session_attrs=read-write"
        )
        await asyncio.to_thread(migrate, url)
        running = Service(folder / "service", settings_for(url))
        try:
            await asyncio.to_thread(running.wait_until_live)
            shop = await Shop.open(url)
            async with shop.ordering(lambda: running.url) as outcomes:
                await shop.wait_until_placed(20)
                await asyncio.to_thread(cluster.kill)
                await asyncio.sleep(0.5)
                await asyncio.to_thread(standby.execute, "SELECT pg_promote()")
                await shop.wait_until_placed(20)
            assert outcomes.statuses[503] > 0
            assert outcomes.broken == 0
            await shop.check_orders(standby.url)
            await shop.find_again(running.url)
            assert "Traceback" not in running.log
            running.stop()
        finally:
            running.kill_all()
    finally:
        standby.kill()


def is_synchronous(primary: Cluster) -> bool:
    return primary.execute("SELECT sync_state FROM pg_stat_replication") == [("sync",)]

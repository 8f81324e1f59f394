"""The check of a whole distributed database, and waiting for something."""

import asyncio
from collections.abc import Callable

from sconto.operations.check import check
from sconto.store.database import Database
from sconto.store.session import find_node_faults


async def assert_no_violations(database: Database) -> None:
    """The check finds nothing, no node has a fault, and no node has drawn its own ids."""
    checked = [promise async for promise in check(database)]
    assert [promise for promise in checked if promise.violations] == []
    async with database.read() as connection:
        assert await find_node_faults(connection) == []


async def until(is_so: Callable[[], bool], within: float = 20) -> None:
    """Wait until it is so, these seconds at most."""
    async with asyncio.timeout(within):
        while True:
            if is_so():
                return
            await asyncio.sleep(0.02)


def assert_nothing_failed(log: str) -> None:
    """No request of a service, and nothing in its background, failed unexpectedly."""
    failures = [line for line in log.splitlines() if '"status":500' in line or "Traceback" in line]
    assert not failures, "\n".join(failures)

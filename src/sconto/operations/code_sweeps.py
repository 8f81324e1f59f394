"""Removing the codes of deleted promotions in the background, in batches."""

import asyncio
from typing import Final

from sconto.operations.background import keep_running
from sconto.store import code_sweeps as store
from sconto.store.database import Database, retrying

_PAUSE: Final = 2.0
_MAX_JOBS: Final = 100

_BATCH_PAUSE: Final = 0.01
"""Seconds between two rounds of batches, so that a million codes leave time for others."""


async def sweep_codes(database: Database) -> None:
    """Sweep for all deleted promotions, one after the other, until nothing is left."""
    async with database.read() as connection:
        waiting = await store.list_sweeps(connection, _MAX_JOBS)
    while waiting:
        waiting = [job for job in waiting if await _sweep_batch(database, *job)]
        await asyncio.sleep(_BATCH_PAUSE)


async def keep_sweeping_codes(database: Database) -> None:
    """Remove the codes of deleted promotions; ends when cancelled."""
    await keep_running(
        lambda: sweep_codes(database), "codes of deleted promotions are not removed", pause=_PAUSE
    )


async def _sweep_batch(database: Database, merchant_id: int, promotion_id: int) -> bool:
    """Sweep a batch; returns whether more is left."""

    async def sweep() -> bool:
        async with database.write() as connection:
            return await store.sweep_batch(connection, merchant_id, promotion_id)

    return await retrying(sweep)

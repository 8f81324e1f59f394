"""Indexes orders from before schema 0020 by promotion and code, in the background."""

import asyncio
from typing import Final

from sconto.operations.background import keep_running
from sconto.store import order_listing as store
from sconto.store.database import Database, retrying

_FIRST_PAUSE: Final = 10.0
_PAUSE: Final = 600.0
_BATCH_PAUSE: Final = 0.05
"""Seconds between two batches, so that years of orders leave time for others."""


async def list_old_orders(database: Database) -> int:
    """Index all older orders that are not indexed yet; returns their number."""
    async with database.read() as connection:
        merchant_ids = await store.list_merchants_to_list(connection)
    listed = 0
    for merchant_id in merchant_ids:
        while found := await _list_some(database, merchant_id):
            listed += found
            await asyncio.sleep(_BATCH_PAUSE)
    return listed


async def _list_some(database: Database, merchant_id: int) -> int:
    async def run() -> int:
        async with database.write() as connection:
            return await store.list_some(connection, merchant_id)

    return await retrying(run)


async def keep_listing_old_orders(database: Database) -> None:
    """Index older orders every few minutes, the first time soon; ends when cancelled."""
    await keep_running(
        lambda: list_old_orders(database),
        "old orders are not listed by promotion",
        pause=_PAUSE,
        first_pause=_FIRST_PAUSE,
    )

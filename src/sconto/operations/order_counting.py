"""Counts older orders in the background: from before schema 0022 or of the previous version."""

import asyncio
from datetime import date, datetime, tzinfo
from typing import Final

from sconto.operations.background import keep_running
from sconto.store import order_counting as store
from sconto.store.database import Database, retrying

_FIRST_PAUSE: Final = 5.0
_PAUSE: Final = 60.0
_BATCH_PAUSE: Final = 0.05
"""Seconds between two batches, so that years of orders leave time for others."""


async def count_old_orders(database: Database, zone: tzinfo) -> int:
    """Count all orders that are not counted, by their days in the zone; returns their number."""
    async with database.read() as connection:
        merchant_ids = await store.list_merchants_to_count(connection)
    read = 0
    for merchant_id in merchant_ids:
        read += await count_orders_of(database, merchant_id, zone)
    return read


async def count_orders_of(database: Database, merchant_id: int, zone: tzinfo) -> int:
    """Count the merchant's orders that are not counted; returns how many were read."""
    read = 0
    while found := await _count_some(database, merchant_id, zone):
        read += found
        await asyncio.sleep(_BATCH_PAUSE)
    return read


async def _count_some(database: Database, merchant_id: int, zone: tzinfo) -> int:
    def day_of(time: datetime) -> date:
        return time.astimezone(zone).date()

    async def run() -> int:
        async with database.write(merchant_id) as connection:
            of_previous = await store.count_some_of_previous(connection, merchant_id, day_of)
            return of_previous + await store.count_some(connection, merchant_id, day_of)

    return await retrying(run)


async def keep_counting_old_orders(database: Database, zone: tzinfo) -> None:
    """Count older orders every minute, the first time soon; ends when cancelled."""
    await keep_running(
        lambda: count_old_orders(database, zone),
        "old orders are not counted",
        pause=_PAUSE,
        first_pause=_FIRST_PAUSE,
    )

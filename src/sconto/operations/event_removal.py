"""Removing old events and deliveries in the background."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sconto.operations.background import keep_running
from sconto.store import event_removal as store
from sconto.store.database import Database, retrying

_FIRST_PAUSE: Final = 60.0
_PAUSE: Final = 900.0
_BATCH_PAUSE: Final = 0.05


async def remove_old(database: Database, before: datetime) -> int:
    """Remove all events and deliveries from before a time; returns the number of rows.

    It stops if another worker removes. Each batch is a transaction, so it may end at any time.
    """

    async def remove(merchant_id: int) -> int | None:
        async with database.write() as connection:
            if not await store.lock_removal(connection):
                return None
            return sum(await store.remove_some(connection, merchant_id, before))

    async with database.read() as connection:
        merchant_ids = await store.list_merchants_with_old_events(connection, before)
    removed = 0
    for merchant_id in merchant_ids:
        while some := await retrying(partial(remove, merchant_id)):
            removed += some
            await asyncio.sleep(_BATCH_PAUSE)
        if some is None:
            break
    return removed


async def keep_removing_events(
    database: Database, clock: Callable[[], datetime], kept_for: timedelta
) -> None:
    """Remove old events every few minutes; ends when cancelled."""
    await keep_running(
        lambda: remove_old(database, clock() - kept_for),
        "old events are not removed",
        pause=_PAUSE,
        first_pause=_FIRST_PAUSE,
    )

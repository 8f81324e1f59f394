"""Folding the counters, so that their number does not grow with the orders.

Concurrent orders count in different rows, by slot, and each day has its own rows. Old counters need
neither. When no order counts on a day any more, its slots become one row. Days of redemptions
become one row a month. The sums stay the same at every moment.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

from sconto.operations.background import keep_running
from sconto.store import counters as store
from sconto.store.database import Connection, Database, retrying

SLOTS_FOLDED_AFTER: Final = timedelta(days=2)
"""A day's slots are folded this long after it in UTC: it is over in every time zone."""

DAYS_FOLDED_AFTER: Final = timedelta(days=100)
"""Redemptions of days that are older are counted by month."""

_FIRST_PAUSE: Final = 30.0
_PAUSE: Final = 900.0
_BATCH_PAUSE: Final = 0.05
"""Seconds between two batches, so that a backlog of years leaves time for others."""

_Fold: TypeAlias = Callable[[Connection, int, date], Awaitable[int]]


async def fold(database: Database, now: datetime) -> int:
    """Fold all counters that are old enough; returns their number, 0 if another worker folds."""
    slots_before, days_before = now.date() - SLOTS_FOLDED_AFTER, now.date() - DAYS_FOLDED_AFTER
    # Slots first: only rows of slot 0 are folded into months.
    steps = (
        (store.fold_codes, slots_before),
        (store.fold_slots, slots_before),
        (store.fold_days, days_before),
        (store.fold_order_counts, slots_before),
    )
    async with database.read() as connection:
        merchant_ids = await store.list_merchants_to_fold(connection, slots_before, days_before)
    folded = 0
    for merchant_id in merchant_ids:
        found = await _fold_merchant(database, merchant_id, steps)
        if found is None:
            break
        folded += found
    return folded


async def _fold_merchant(
    database: Database, merchant_id: int, steps: Sequence[tuple[_Fold, date]]
) -> int | None:
    """The number of rows that were folded; None if another worker folds."""
    folded = 0
    for fold_some, before in steps:
        found: int | None = store.FOLD_BATCH
        while found == store.FOLD_BATCH:
            if folded:
                await asyncio.sleep(_BATCH_PAUSE)
            found = await _fold_batch(database, merchant_id, fold_some, before)
            if found is None:
                return None
            folded += found
    return folded


async def _fold_batch(
    database: Database, merchant_id: int, fold_some: _Fold, before: date
) -> int | None:
    async def run() -> int | None:
        async with database.write() as connection:
            if not await store.lock_folding(connection):
                return None
            return await fold_some(connection, merchant_id, before)

    return await retrying(run)


async def keep_folding(
    database: Database,
    clock: Callable[[], datetime],
    *,
    pause: float = _PAUSE,
    first_pause: float = _FIRST_PAUSE,
) -> None:
    """Fold every few minutes, the first time soon; ends when cancelled."""
    await keep_running(
        lambda: fold(database, clock()),
        "counters are not folded",
        pause=pause,
        first_pause=first_pause,
    )

"""Starting back-tests and computing them in this process."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sconto.api.clock import read_clock
from sconto.domain.backtest.draft import Draft
from sconto.domain.backtest.job import Backtest, NewBacktest
from sconto.domain.people import Caller
from sconto.operations.backtesting import jobs
from sconto.operations.backtesting.running import BatchSizes, run_backtest
from sconto.store.database import Database
from tests.backtests.shop import END, START, Shop

NOW: Final = END + timedelta(days=5)
SHORT: Final = BatchSizes(orders=17, checkpoint_every=timedelta(0))


async def start(shop: Shop, draft: Draft, *, as_if_running: bool = False) -> Backtest:
    """Start a back-test of the period."""
    new = NewBacktest(draft, START, END, as_if_running, "UTC")
    return await jobs.start_backtest(shop.database, shop.caller, new, NOW)


async def run(
    shop: Shop,
    job: Backtest,
    clock: Callable[[], datetime] = lambda: NOW,
    sizes: BatchSizes = SHORT,
) -> bool:
    """Compute a back-test."""
    merchant_id = shop.caller.merchant_id
    return await run_backtest(shop.database, merchant_id, job.id, uuid4(), clock, sizes)


async def get(shop: Shop, job: Backtest) -> Backtest:
    """The current back-test."""
    return await jobs.get_backtest(shop.database, shop.caller, job.id)


async def computed(shop: Shop, draft: Draft, *, as_if_running: bool = False) -> Backtest:
    """Start and compute a back-test."""
    job = await start(shop, draft, as_if_running=as_if_running)
    assert await run(shop, job)
    return await get(shop, job)


async def finish(database: Database, caller: Caller, backtest_id: int) -> None:
    """Compute a back-test, unless a service of other tests does it."""
    await run_backtest(database, caller.merchant_id, backtest_id, uuid4(), read_clock)
    for _ in range(6_000):
        if (await jobs.get_backtest(database, caller, backtest_id)).finished_at is not None:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it is not computed")

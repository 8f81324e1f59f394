"""Back-tests as jobs: killed, resumed, cancelled, run by several workers, and tidied up."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from sconto.domain.backtest.draft import Draft
from sconto.domain.backtest.job import KEPT_FOR, MAX_WAITING, Backtest, BacktestState
from sconto.domain.backtest.problems import BacktestNotFound, TooManyBacktests
from sconto.domain.cart import Cart, Customer, Line
from sconto.domain.cart_promotion import AmountOff, Limits, Target
from sconto.operations.backtesting import jobs, process
from sconto.operations.backtesting.running import LEASE, BatchSizes
from sconto.operations.retention import erase_customer
from sconto.store.database import Database
from tests.backtests.conftest import History
from tests.backtests.running import NOW, SHORT, computed, get, run, start
from tests.backtests.shop import START, SentOrder, Shop, cart_promotion
from tests.conftest import create_caller

ONE_BY_ONE: Final = BatchSizes(orders=1, checkpoint_every=timedelta(0))


class Killed(Exception):
    """The worker was killed."""


def a_draft() -> Draft:
    limits = Limits(total=20, per_customer=3, budget={"EUR": 20000})
    new = cart_promotion("Draft", Target.ORDER, AmountOff({"EUR": 1500}), limits=limits)
    return jobs.draft_cart_promotion(new)


def dying(now: datetime, readings: int) -> Callable[[], datetime]:
    """A clock that kills its worker when it is read for the nth time."""
    left = iter(range(readings))

    def read() -> datetime:
        if next(left, None) is None:
            raise Killed
        return now

    return read


async def is_seen(shop: Shop, job: Backtest, condition: Callable[[Backtest], bool]) -> None:
    """Wait for a state of the back-test."""
    for _ in range(10_000):
        if condition(await get(shop, job)):
            return
        await asyncio.sleep(0.001)
    raise AssertionError(await get(shop, job))


async def checkpoint_of(shop: Shop, job: Backtest) -> bytes | None:
    async with shop.database.read() as connection:
        found: bytes | None = await connection.fetchval(
            "SELECT checkpoint FROM backtests WHERE merchant_id = $1 AND backtest_id = $2",
            shop.caller.merchant_id,
            job.id,
        )
    return found


async def test_a_backtest_whose_workers_are_killed_gives_the_same_result(history: History) -> None:
    shop = history.shop
    whole = await computed(shop, a_draft())
    job = await start(shop, a_draft())
    now, lives = NOW, 0
    while (seen := await get(shop, job)).done < 30:
        assert lives < 20
        with pytest.raises(Killed):
            await run(shop, job, dying(now, 7))
        # The killed worker owns the job until its lease ends.
        assert not await run(shop, job, dying(now, 7))
        now, lives = now + LEASE, lives + 1
    assert seen.state is BacktestState.RUNNING
    assert await run(shop, job, lambda: now)
    assert lives > 1
    assert (await get(shop, job)).result == whole.result
    assert await checkpoint_of(shop, job) is None


def children() -> Iterator[int]:
    """The processes that this one has started."""
    for listed in Path("/proc/self/task").glob("*/children"):
        yield from map(int, listed.read_text().split())


async def test_a_killed_process_is_replaced_and_a_second_worker_waits_for_its_lease(
    history: History, quiet_url: str
) -> None:
    shop, url = history.shop, quiet_url
    whole = await computed(shop, a_draft())
    job = await start(shop, a_draft())
    other_merchant = await asyncpg.connect(url)
    known, outcomes = set(children()), list[str]()
    async with other_merchant.transaction():
        # This makes sure that the process is killed after it claimed the job.
        await other_merchant.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        computing = asyncio.create_task(
            process.compute_waiting(shop.database, url, lambda: NOW, outcomes.append)
        )
        await is_seen(shop, job, lambda seen: seen.state is BacktestState.RUNNING)
        assert not await run(shop, job)
        [child] = set(children()) - known
        os.kill(child, signal.SIGKILL)
        await computing
    await other_merchant.close()
    assert outcomes == ["died"]
    assert (await get(shop, job)).state is BacktestState.RUNNING
    await process.compute_waiting(shop.database, url, lambda: NOW, outcomes.append)
    assert outcomes == ["died", "ended"]
    assert (await get(shop, job)).result == whole.result


@pytest.mark.parametrize("seconds", [30, 0])
async def test_a_backtest_whose_process_is_stopped_or_killed_is_released(
    history: History, quiet_url: str, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_STOP_TIMEOUT", seconds)
    shop = history.shop
    job = await start(shop, a_draft())
    other_merchant = await asyncpg.connect(quiet_url)
    async with other_merchant.transaction():
        await other_merchant.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        computing = asyncio.create_task(
            process.compute_waiting(shop.database, quiet_url, lambda: NOW)
        )
        await is_seen(shop, job, lambda seen: seen.state is BacktestState.RUNNING)
        computing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await computing
    await other_merchant.close()
    # Its lease has ended, and this does not count as an attempt.
    assert await run(shop, job)
    assert (await get(shop, job)).state is BacktestState.FINISHED


async def test_a_worker_whose_lease_has_ended_adds_nothing(history: History) -> None:
    shop = history.shop
    whole = await computed(shop, a_draft())
    job = await start(shop, a_draft())
    first = asyncio.create_task(run(shop, job, sizes=ONE_BY_ONE))
    await is_seen(shop, job, lambda seen: seen.done > 2)
    later = NOW + LEASE + timedelta(seconds=1)
    assert await run(shop, job, lambda: later)
    assert not await first
    assert (await get(shop, job)).result == whole.result


async def test_a_cancelled_backtest_stops_and_keeps_no_data_of_its_orders(
    history: History,
) -> None:
    shop = history.shop
    job = await start(shop, a_draft())
    running = asyncio.create_task(run(shop, job, sizes=ONE_BY_ONE))
    await is_seen(shop, job, lambda seen: seen.done > 2)
    cancelled = await jobs.cancel_backtest(shop.database, shop.caller, job.id, NOW)
    assert not await running
    assert cancelled == await get(shop, job)
    assert (cancelled.state, cancelled.finished_at, cancelled.result) == (
        BacktestState.CANCELLED,
        NOW,
        None,
    )
    assert cancelled.done < (cancelled.orders or 0)
    assert await checkpoint_of(shop, job) is None
    again = await jobs.cancel_backtest(shop.database, shop.caller, job.id, NOW + LEASE)
    assert again == cancelled
    await jobs.delete_backtest(shop.database, shop.caller, job.id)
    with pytest.raises(BacktestNotFound):
        await get(shop, job)


async def test_the_backtests_of_a_merchant_run_one_after_the_other(history: History) -> None:
    shop = history.shop
    waiting = [await start(shop, a_draft()) for _ in range(MAX_WAITING)]
    with pytest.raises(TooManyBacktests):
        await start(shop, a_draft())
    assert not await run(shop, waiting[1])
    assert await run(shop, waiting[0])
    assert await run(shop, waiting[1])
    for job in waiting[2:]:
        await jobs.delete_backtest(shop.database, shop.caller, job.id)


async def test_a_backtest_without_progress_fails(history: History) -> None:
    shop = history.shop
    job = await start(shop, a_draft())
    now = NOW
    for _ in range(3):
        with pytest.raises(Killed):
            await run(shop, job, dying(now, 3))
        now += LEASE * 2
    assert not await run(shop, job, lambda: now)
    ended = await get(shop, job)
    assert (ended.state, ended.result, ended.finished_at) == (BacktestState.FAILED, None, now)


async def test_erasing_a_customer_restarts_open_backtests(quiet_database: Database) -> None:
    shop = await Shop(quiet_database, await create_caller(quiet_database)).open()
    await shop.place(some_of_one_customer())
    job = await start(shop, a_draft())
    with pytest.raises(Killed):
        await run(shop, job, dying(NOW, 5), ONE_BY_ONE)
    assert (await get(shop, job)).done > 0
    assert await checkpoint_of(shop, job) is not None
    await erase_customer(quiet_database, shop.caller.merchant_id, "c-1")
    begun = await get(shop, job)
    assert (begun.state, begun.done) == (BacktestState.WAITING, 0)
    assert await checkpoint_of(shop, job) is None
    assert await run(shop, job, sizes=SHORT)
    result = (await get(shop, job)).result
    assert result is not None
    assert (result.orders, result.customers) == (4, 1)


def some_of_one_customer() -> list[SentOrder]:
    cart = Cart("EUR", (Line("1", 1, 3, 1999),), customer=Customer("c-1"))
    return [SentOrder(f"o-{n}", START + timedelta(hours=n), cart) for n in range(4)]


async def test_an_ended_backtest_is_deleted_after_thirty_days(history: History) -> None:
    shop = history.shop
    job = await computed(shop, a_draft())
    await process.sweep_backtests(shop.database, NOW + KEPT_FOR)
    assert await get(shop, job) == job
    await process.sweep_backtests(shop.database, NOW + KEPT_FOR + timedelta(seconds=1))
    with pytest.raises(BacktestNotFound):
        await get(shop, job)

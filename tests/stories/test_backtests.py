"""A service whose workers are killed computes a back-test as if nothing had happened."""

import asyncio
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from sconto.api.clock import read_clock
from sconto.domain.backtest.job import Backtest, BacktestState, NewBacktest
from sconto.domain.cart import Cart, Customer, Line
from sconto.domain.cart_promotion import AmountOff, Limits, Target
from sconto.domain.people import Caller
from sconto.operations.backtesting import jobs
from sconto.operations.backtesting.running import run_backtest
from sconto.store.database import Database
from sconto.store.outcomes import encode_request
from tests.backtests.shop import cart_promotion
from tests.conftest import SECRET_KEY, create_caller
from tests.services import Service

ORDERS = 12_000


async def place(database: Database, merchant: Caller) -> None:
    """Store orders as they were sent; what they cost does not matter here."""
    now = read_clock()
    rows = [
        (
            merchant.merchant_id,
            f"o-{number}",
            "paid",
            now - timedelta(days=20) * (1 - number / ORDERS) - timedelta(minutes=1),
            "{}",
            encode_request(
                Cart(
                    "EUR",
                    (Line("1", 1, 1 + number % 3, 1999),),
                    customer=Customer(f"c-{number % 999}"),
                )
            ),
            f"c-{number % 999}",
        )
        for number in range(ORDERS)
    ]
    columns = ("merchant_id", "order_id", "status", "created_at", "outcome", "request")
    async with database.write() as connection:
        await connection.copy_records_to_table(
            "orders", records=rows, columns=(*columns, "customer_id")
        )


async def start(database: Database, merchant: Caller, until: NewBacktest) -> Backtest:
    return await jobs.start_backtest(database, merchant, until, read_clock())


@pytest.mark.soak
async def test_a_backtest_survives_the_death_of_its_workers(
    create_database: Callable[[], str], tmp_path: Path
) -> None:
    url = create_database()
    database = await Database.open(url)
    merchant = await create_caller(database)
    await place(database, merchant)
    limits = Limits(total=ORDERS // 2, per_customer=9)
    terms = cart_promotion("Draft", Target.ORDER, AmountOff({"EUR": 500}), limits=limits)
    now = read_clock()
    new = NewBacktest(jobs.draft_cart_promotion(terms), now - timedelta(days=30), now, True, "UTC")
    whole = await start(database, merchant, new)
    assert await run_backtest(database, merchant.merchant_id, whole.id, uuid4(), read_clock)
    expected = (await jobs.get_backtest(database, merchant, whole.id)).result
    job = await start(database, merchant, new)
    settings = {
        "SCONTO_DATABASE_URL": url,
        "SCONTO_SECRET_KEY": SECRET_KEY.decode(),
        "SCONTO_DATA_DIR": str(tmp_path / "unused"),
    }
    kills = 0
    with Service.running(tmp_path / "service", settings, "--workers", "2") as service:
        async with asyncio.timeout(110):
            while (job := await jobs.get_backtest(database, merchant, job.id)).finished_at is None:
                if job.state is BacktestState.RUNNING and not kills:
                    for worker in service.workers():
                        os.kill(worker, signal.SIGKILL)
                    kills += 1
                await asyncio.sleep(0.05)
    assert kills == 1
    assert (job.state, job.result) == (BacktestState.FINISHED, expected)
    await database.close()

"""Codes are generated even if the workers that generate them are killed."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from sconto.api.clock import read_clock
from sconto.domain.code_pattern import CodePattern, Ending
from sconto.operations.code_generation import get_generation, start_generation
from sconto.operations.codes import count_codes
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import SECRET_KEY, create_caller
from tests.services import Service


@pytest.mark.parametrize(
    ("wanted", "times"), [(25_000, 1), pytest.param(150_000, 3, marks=pytest.mark.soak)]
)
async def test_all_codes_are_generated_although_workers_are_killed(
    create_database: Callable[[], str], tmp_path: Path, wanted: int, times: int
) -> None:
    # On its own database: the services of other tests would generate the codes too.
    url = create_database()
    database = await Database.open(url)
    merchant = await create_caller(database)
    promotion_id = await create_promotion(database, merchant, a_promotion(codes=("X",)), NOON)
    settings = {
        "SCONTO_DATABASE_URL": url,
        "SCONTO_SECRET_KEY": SECRET_KEY.decode(),
        "SCONTO_DATA_DIR": str(tmp_path / "unused"),
    }
    pattern = CodePattern("KILL-")
    job = await start_generation(database, merchant, promotion_id, pattern, wanted, read_clock())
    kills = 0
    with Service.running(tmp_path / "service", settings, "--workers", "2") as service:
        seen = 0
        async with asyncio.timeout(100):
            while (job := await get_generation(database, merchant, job.id)).ending is None:
                # Whenever there are more codes, kill all workers: one of them generates.
                if job.made > seen and kills < times:
                    seen = job.made
                    for worker in service.workers():
                        os.kill(worker, signal.SIGKILL)
                    kills += 1
                await asyncio.sleep(0.05)
    assert kills == times
    assert (job.made, job.ending) == (wanted, Ending.COMPLETE)
    assert (await count_codes(database, merchant, promotion_id)).total == wanted + 1
    await database.close()

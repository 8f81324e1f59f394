"""Background jobs: repeated until cancelled, whatever fails."""

import asyncio
from contextlib import suppress

import pytest

from sconto.operations.background import keep_running
from sconto.store.database import DatabaseReadOnly, DatabaseUnavailable

FAILURE = "beans are not counted"


class Job:
    """A job that fails in the ways given, then works; `done` is set by the first run that works."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.done = asyncio.Event()

    async def run(self) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.done.set()

    async def run_until_done(self, *, pause: float, first_pause: float | None = None) -> None:
        """Keep it running until it worked once."""
        running = asyncio.create_task(
            keep_running(self.run, FAILURE, pause=pause, first_pause=first_pause)
        )
        async with asyncio.timeout(10):
            await self.done.wait()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        assert running.cancelled()


async def test_a_job_runs_again_after_every_failure(caplog: pytest.LogCaptureFixture) -> None:
    job = Job(DatabaseUnavailable("gone"), ValueError("wrong"), DatabaseReadOnly("replica"))
    await job.run_until_done(pause=0.001)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", f"{FAILURE}: no database"),
        ("ERROR", FAILURE),
    ]


async def test_the_first_pause_can_be_shorter() -> None:
    await Job().run_until_done(pause=60, first_pause=0)


async def test_a_job_that_finds_nothing_rests_until_it_is_woken() -> None:
    runs: asyncio.Queue[bool] = asyncio.Queue()
    answers = [True, True, False, False]
    wake = asyncio.Event()

    async def run() -> bool:
        runs.put_nowait(True)
        return answers.pop(0)

    running = asyncio.create_task(
        keep_running(run, FAILURE, pause=0.001, first_pause=0, rest=60, wake=wake)
    )
    async with asyncio.timeout(10):
        for _ in range(3):
            await runs.get()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(runs.get(), 0.02)
        wake.set()
        await runs.get()
    running.cancel()

"""The process that computes a back-test, so that pricing does not delay a worker's requests.

A worker reserves a back-test, starts a process for it with a lower priority, and waits for its end.
The process ends when its standard input ends, so also if the worker is killed.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

import msgspec

from sconto.domain.backtest.job import KEPT_FOR, MAX_ATTEMPTS
from sconto.operations.background import keep_running
from sconto.operations.backtesting.running import LEASE, fail_backtest, run_backtest
from sconto.store import backtests as store
from sconto.store.database import Database, DatabaseUnavailable, retrying

_PAUSE: Final = 2.0
_SWEEP_PAUSE: Final = 600.0
_MAX_LISTED: Final = 100
_NICENESS: Final = 5
"""A third of a worker's share of a busy core."""
_STOP_TIMEOUT: Final = 2.0
_RELEASE_TIMEOUT: Final = 5.0
_COMMAND: Final = (sys.executable, "-P", "-m", "sconto.operations.backtesting")

_log = logging.getLogger(__name__)


class Assignment(msgspec.Struct, frozen=True):
    """What a process must compute, as it is sent to its standard input."""

    database_url: str
    merchant_id: int
    backtest_id: int
    lease: UUID


async def keep_backtesting(
    database: Database,
    database_url: str,
    clock: Callable[[], datetime],
    count: Callable[[str], None],
) -> None:
    """Compute the back-tests that merchants start, one at a time; ends when cancelled.

    `count` gets whether a process `ended` normally or `died`.
    """
    await keep_running(
        lambda: compute_waiting(database, database_url, clock, count),
        "back-tests are not computed",
        pause=_PAUSE,
    )


async def keep_sweeping_backtests(database: Database, clock: Callable[[], datetime]) -> None:
    """Delete back-tests that ended long ago, at intervals; ends when cancelled."""
    await keep_running(
        lambda: sweep_backtests(database, clock()),
        "old back-tests are not deleted",
        pause=_SWEEP_PAUSE,
    )


async def compute_waiting(
    database: Database,
    database_url: str,
    clock: Callable[[], datetime],
    count: Callable[[str], None] = lambda _: None,
) -> None:
    """Compute all back-tests that no other worker has, each in a process of its own."""
    while (assignment := await _reserve_one(database, database_url, clock)) is not None:
        if not await _compute(database, assignment):
            count("died")
            await _release(database, assignment, stopped=False)
            return
        count("ended")


async def sweep_backtests(database: Database, now: datetime) -> None:
    """Delete the back-tests that ended long ago."""
    before = now - KEPT_FOR
    async with database.read() as connection:
        merchant_ids = await store.list_merchants_to_sweep(connection, before, _MAX_LISTED)
    for merchant_id in merchant_ids:
        async with database.write() as connection:
            await store.sweep_backtests(connection, merchant_id, before)


async def _reserve_one(
    database: Database, database_url: str, clock: Callable[[], datetime]
) -> Assignment | None:
    async with database.read() as connection:
        waiting = await store.list_claimable(connection, clock(), _MAX_LISTED)
    for merchant_id, backtest_id in waiting:
        assignment = Assignment(database_url, merchant_id, backtest_id, uuid4())
        attempts = await _reserve(database, assignment, clock())
        if attempts is not None and attempts <= MAX_ATTEMPTS:
            return assignment
        if attempts is not None:
            await fail_backtest(database, merchant_id, backtest_id, assignment.lease, clock())
    return None


async def _reserve(database: Database, assignment: Assignment, now: datetime) -> int | None:
    async def reserve() -> int | None:
        async with database.write() as connection:
            return await store.reserve_backtest(
                connection,
                assignment.merchant_id,
                assignment.backtest_id,
                assignment.lease,
                now,
                now + LEASE,
            )

    return await retrying(reserve)


async def _compute(database: Database, assignment: Assignment) -> bool:
    """Start a process that computes the back-test, and wait; whether it ended normally.

    When cancelled it ends the process, and any worker may continue the back-test.
    """
    process = await asyncio.create_subprocess_exec(
        *_COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        # A Ctrl-C at the terminal is for the service, which then ends the process.
        start_new_session=True,
    )
    assert process.stdin is not None and process.stderr is not None  # noqa: S101, PT018 - pipes
    try:
        process.stdin.write(msgspec.json.encode(assignment) + b"\n")
        said = await process.stderr.read()
        await process.wait()
    finally:
        if process.returncode is None and not await _stop(process):
            await _release_in_time(database, assignment)
    if process.returncode:
        _log.error(
            "the process of back-test %s ended with %s: %s",
            assignment.backtest_id,
            process.returncode,
            said.decode(errors="replace")[-4000:],
        )
    return process.returncode == 0


async def _stop(process: asyncio.subprocess.Process) -> bool:
    """Ask the process to end, and otherwise kill it; whether it has released its back-test."""
    assert process.stdin is not None  # noqa: S101 - a pipe
    process.stdin.close()
    try:
        async with asyncio.timeout(_STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
    return process.returncode == 0


async def _release_in_time(database: Database, assignment: Assignment) -> None:
    """Release the back-test of a process that could not; otherwise its lease ends by itself."""
    with suppress(TimeoutError, DatabaseUnavailable):
        async with asyncio.timeout(_RELEASE_TIMEOUT):
            await _release(database, assignment, stopped=True)


async def _release(database: Database, assignment: Assignment, *, stopped: bool) -> None:
    """Let any worker continue the back-test, if this one still has it."""
    async with database.write() as connection:
        await store.release_backtest(
            connection,
            assignment.merchant_id,
            assignment.backtest_id,
            assignment.lease,
            stopped=stopped,
        )


async def serve_assignment(text: bytes, clock: Callable[[], datetime]) -> None:
    """Compute the back-test that a worker assigned; ends early if standard input ends."""
    assignment = msgspec.json.decode(text, type=Assignment)
    os.nice(_NICENESS)
    database = await Database.open(assignment.database_url, connections=1)
    computing = asyncio.ensure_future(
        run_backtest(
            database, assignment.merchant_id, assignment.backtest_id, assignment.lease, clock
        )
    )
    # When the worker is gone, the pipe ends and becomes readable.
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), computing.cancel)
    try:
        await computing
    except asyncio.CancelledError:
        await _release(database, assignment, stopped=True)
    finally:
        await database.close()

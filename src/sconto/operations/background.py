"""Background jobs: run once or repeatedly, with failures in the log."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

from sconto.store.database import DatabaseReadOnly, DatabaseUnavailable

_log = logging.getLogger(__name__)


async def keep_running(
    job: Callable[[], Awaitable[object]],
    failure: str,
    *,
    pause: float,
    first_pause: float | None = None,
    rest: float | None = None,
    wake: asyncio.Event | None = None,
) -> None:
    """Run the job after each pause; ends when cancelled, but not when the job fails.

    Pauses are in seconds, and shortened at random by up to a half: workers that start together must
    not run the job together. `failure` is the log's text for a failed run. A process that can only
    read logs nothing: a process that writes to the primary does the job.

    With `rest`, the pause is that long after the job returned False because it had nothing to do.
    `wake` ends a pause.
    """
    longest = pause if first_pause is None else first_pause
    while True:
        await _sleep(longest * random.uniform(0.5, 1), wake)  # noqa: S311
        has_more = await try_to_run(job, failure)
        longest = pause if has_more or rest is None else rest


async def try_to_run(job: Callable[[], Awaitable[object]], failure: str) -> object:
    """Run the job; a failure is logged and not raised. Returns the job's result, True if it failed.

    `failure` is as in `keep_running`.
    """
    try:
        return await job()
    except DatabaseReadOnly:
        pass
    except DatabaseUnavailable:
        _log.warning("%s: no database", failure)
    except Exception:
        _log.exception(failure)
    return True


async def _sleep(seconds: float, wake: asyncio.Event | None) -> None:
    if wake is None:
        await asyncio.sleep(seconds)
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()
    wake.clear()

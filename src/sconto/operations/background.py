"""Background jobs: one loop that runs a job again and again."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from sconto.store.database import DatabaseReadOnly, DatabaseUnavailable

_log = logging.getLogger(__name__)


async def keep_running(
    job: Callable[[], Awaitable[object]],
    failure: str,
    *,
    pause: float,
    first_pause: float | None = None,
) -> None:
    """Run the job after each pause; ends when cancelled, and not when the job fails.

    Pauses are in seconds, and cut by up to a half at random: workers that start together must not
    run the job together. `failure` says in the log what was not done. A process that can only read
    logs nothing: a process that writes to the primary does the job.
    """
    longest = pause if first_pause is None else first_pause
    while True:
        await asyncio.sleep(longest * random.uniform(0.5, 1))  # noqa: S311
        longest = pause
        try:
            await job()
        except DatabaseReadOnly:
            pass
        except DatabaseUnavailable:
            _log.warning("%s: no database", failure)
        except Exception:
            _log.exception(failure)

"""Errors that say what the database did not do, and which of them are worth a retry."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from enum import StrEnum
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import asyncpg

P = ParamSpec("P")
T = TypeVar("T")

UNDONE: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
"""PostgreSQL gave a transaction up so that another could go on."""

_ATTEMPTS: Final = 5

_UNDONE_REPEATED_WITHIN: Final = 20.0
_STOPPED_REPEATED_WITHIN: Final = 2.0
"""Seconds after which a transaction is not run again: it would be as slow again."""


class BusyReason(StrEnum):
    """Why the database, which answers, does not do something in time."""

    EDIT = "Another change of this merchant is still being written."
    IMPORT = "Another import of this merchant is still being written."
    REQUESTS = "Too many requests of this merchant are under way."
    APPLICATIONS = "The promotion is locked by another change, or too many apply their codes."


class DatabaseUnavailable(Exception):
    """The database could not be reached, or the connection was lost.

    If it was lost during a commit, it is unknown whether the transaction was committed. The caller
    must ask again.
    """


class DatabaseReadOnly(DatabaseUnavailable):
    """The database is a replica: only its primary can be written."""


class StatementStopped(DatabaseUnavailable):
    """PostgreSQL stopped a statement; its transaction is rolled back."""


class TransactionUndone(StatementStopped):
    """PostgreSQL cancelled the transaction in favour of another one; a retry succeeds."""


class Busy(DatabaseUnavailable):
    """The merchant's other requests left no slot, or no lock, in time.

    The transaction is rolled back.
    """

    def __init__(self, reason: BusyReason) -> None:
        self.reason = reason
        super().__init__(reason)


async def retrying(run: Callable[[], Awaitable[T]]) -> T:
    """Run a transaction, or a savepoint of one, and retry it if PostgreSQL cancelled it.

    A deadlock or a serialization failure says nothing about the request. After a few attempts the
    database counts as unavailable. A statement that was stopped early is retried once.
    """
    began = time.monotonic()
    was_stopped = False
    for attempt in range(_ATTEMPTS):
        try:
            return await run()
        except (TransactionUndone, *UNDONE) as error:
            if attempt == _ATTEMPTS - 1:
                raise DatabaseUnavailable("too many conflicting transactions") from error
            is_whole = isinstance(error, TransactionUndone)
            if is_whole and time.monotonic() - began > _UNDONE_REPEATED_WITHIN:
                raise
        except StatementStopped:
            if was_stopped or time.monotonic() - began > _STOPPED_REPEATED_WITHIN:
                raise
            was_stopped = True
        await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311
    raise DatabaseUnavailable("too many conflicting transactions")


def retried(verb: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """The same function, which only reads, run through `retrying`."""

    @wraps(verb)
    async def run(*arguments: P.args, **named: P.kwargs) -> T:
        return await retrying(lambda: verb(*arguments, **named))

    return run

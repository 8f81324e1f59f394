"""What it means that the database is not there, or not for this, and what is worth another try."""

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
"""A transaction, or a look, that PostgreSQL gave up for the sake of another."""

STOPPED: Final = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError)
"""A statement that the database's administrator ended, by hand or by a time-out."""

_ATTEMPTS: Final = 5

_REPEATED_WITHIN: Final = 2.0
"""Seconds after which a statement that was stopped is not run again: it would be as slow again."""


class BusyReason(StrEnum):
    """What keeps the database from doing something in time though it answers."""

    EDIT = "Another change of this merchant is still being written."
    IMPORT = "Another import of this merchant is still being written."
    REQUESTS = "Too many requests of this merchant are under way."
    APPLICATIONS = "The promotion is locked by another change, or too many apply their codes."


class DatabaseUnavailable(Exception):
    """The database could not be reached, or was lost on the way.

    Where it was lost during a commit nobody knows whether the transaction took place; the caller
    finds out by asking again.
    """


class DatabaseReadOnly(DatabaseUnavailable):
    """The database is a replica: only its primary can be written."""


class StatementStopped(DatabaseUnavailable):
    """PostgreSQL gave a statement up; nothing of its transaction is left."""


class Busy(DatabaseUnavailable):
    """The database answers; what is under way for the merchant left no place, or no lock, in time.

    Nothing of the transaction is left.
    """

    def __init__(self, reason: BusyReason) -> None:
        self.reason = reason
        super().__init__(reason)


async def retrying(verb: Callable[[], Awaitable[T]]) -> T:
    """Run a transaction again that PostgreSQL gave up.

    A deadlock or a serialization failure says nothing about the request: the same transaction
    succeeds a moment later. After a few attempts the database counts as unavailable. A statement
    that was stopped soon is tried once more.
    """
    began = time.monotonic()
    was_stopped = False
    for attempt in range(_ATTEMPTS):
        try:
            return await verb()
        except UNDONE as error:
            if attempt == _ATTEMPTS - 1:
                raise DatabaseUnavailable("too many conflicting transactions") from error
        except StatementStopped:
            if was_stopped or time.monotonic() - began > _REPEATED_WITHIN:
                raise
            was_stopped = True
        await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311
    raise DatabaseUnavailable("too many conflicting transactions")


def retried(verb: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """The same verb, which only reads, run again where PostgreSQL gave it up."""

    @wraps(verb)
    async def run(*arguments: P.args, **named: P.kwargs) -> T:
        return await retrying(lambda: verb(*arguments, **named))

    return run

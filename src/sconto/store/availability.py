"""What it means that the database is not there, or not for this, and what is worth another try."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import asyncpg

T = TypeVar("T")

UNDONE: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
"""A transaction, or a look, that PostgreSQL gave up for the sake of another."""

_ATTEMPTS: Final = 5


class DatabaseUnavailable(Exception):
    """The database could not be reached, or was lost on the way.

    Where it was lost during a commit nobody knows whether the transaction took place; the caller
    finds out by asking again.
    """


class DatabaseReadOnly(DatabaseUnavailable):
    """The database is a replica: only its primary can be written."""


async def retrying(verb: Callable[[], Awaitable[T]]) -> T:
    """Run a transaction again that PostgreSQL undid for the sake of another.

    A deadlock or a serialization failure says nothing about the request: the same transaction
    succeeds a moment later. After a few attempts the database counts as unavailable.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return await verb()
        except UNDONE as error:
            if attempt == _ATTEMPTS - 1:
                raise DatabaseUnavailable("too many conflicting transactions") from error
        await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311
    raise AssertionError("unreachable")

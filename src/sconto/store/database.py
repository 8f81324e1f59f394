"""The database: a pool of connections, one way to read and one way to write."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, Self, TypeAlias, TypeVar

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

T = TypeVar("T")

_PATIENCE: Final = 5.0
"""Seconds to wait for a connection: longer than a busy moment, shorter than a caller's patience."""

_ATTEMPTS: Final = 5

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    # The server is there and lets nobody in, or not to this database: wrong settings, or a restore.
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.exceptions.ClientConfigurationError,
    ConnectionError,
    TimeoutError,
    OSError,
)


class DatabaseUnavailable(Exception):
    """The database could not be reached, or was lost on the way.

    Where it was lost during a commit nobody knows whether the transaction took place; the caller
    finds out by asking again.
    """


class Database:
    """A pool of connections to one PostgreSQL database."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    @classmethod
    async def open(cls, url: str, *, connections: int = 10) -> Self:
        """Make the pool; connections are opened as they are needed, so none is needed now."""
        pool = await asyncpg.create_pool(
            url,
            min_size=0,
            max_size=connections,
            timeout=_PATIENCE,
            command_timeout=60,
            # The usual reset is a round trip each time; no session of ours keeps any state.
            reset=_keep,
            # All rows are found by key. A plan made while a table was nearly empty would scan it,
            # and stay in use when the table has grown.
            server_settings={"enable_seqscan": "off", "jit": "off"},
        )
        return cls(pool)

    async def close(self) -> None:
        """Close all connections once they are idle."""
        await self._pool.close()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection for single statements, each a snapshot of its own."""
        async with self._connection() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        """A transaction: committed when the block ends, rolled back when it raises.

        Each statement sees what was committed before it (READ COMMITTED), whatever the server's
        default: conditional statements and upserts rely on meeting the newest version of a row.
        """
        async with (
            self._connection() as connection,
            connection.transaction(isolation="read_committed"),
        ):
            yield connection

    async def answers(self) -> bool:
        """Whether the database can be reached at this moment."""
        try:
            async with self.read() as connection:
                await connection.execute("SELECT 1")
        except DatabaseUnavailable:
            return False
        return True

    @property
    def size(self) -> tuple[int, int, int]:
        """Connections that are idle, that are open, and that may be opened."""
        pool = self._pool
        return pool.get_idle_size(), pool.get_size(), pool.get_max_size()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        try:
            async with self._pool.acquire(timeout=_PATIENCE) as connection:
                yield connection
        except _LOST as error:
            raise DatabaseUnavailable(str(error) or type(error).__name__) from error
        except asyncpg.InterfaceError as error:
            if "closed" not in str(error) and "released" not in str(error):
                raise
            raise DatabaseUnavailable(str(error)) from error


async def retrying(verb: Callable[[], Awaitable[T]]) -> T:
    """Run a transaction again that PostgreSQL undid for the sake of another.

    A deadlock or a serialization failure says nothing about the request: the same transaction
    succeeds a moment later. After a few attempts the database counts as unavailable.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return await verb()
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError) as error:
            if attempt == _ATTEMPTS - 1:
                raise DatabaseUnavailable("too many conflicting transactions") from error
        await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311
    raise AssertionError("unreachable")


async def _keep(_connection: Connection) -> None:
    """Leave a released connection as it is."""

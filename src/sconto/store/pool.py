"""The connections of one process, and what breaks those that nobody will ever answer."""

import asyncio
import time
from collections import deque
from typing import Any, Final, Self, TypeAlias

import asyncpg
from asyncpg.connect_utils import SessionAttribute
from asyncpg.pool import PoolConnectionProxy

from sconto.store.address import split_address

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

SESSION_SETTINGS: Final = {
    # All rows are found by key, so one plan a statement fits all arguments; to plan a quote anew
    # takes PostgreSQL four times as long as to run it. But a plan made while a table was nearly
    # empty would scan it, and stay in use when the table has grown.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "jit": "off",
    # Times come as texts too, in JSON, and older offsets of some zones have seconds.
    "timezone": "UTC",
    # Conditional statements and upserts rely on meeting the newest version of a row.
    "default_transaction_isolation": "read committed",
}
"""What PostgreSQL is told for the length of each connection."""

_STATEMENTS: Final = 100
"""Statements that a connection keeps, with their plans."""

CONNECTION_TIMEOUT: Final = 5.0
"""Seconds to wait for a connection: longer than a busy moment, shorter than a caller's patience."""

_STALL_CHECK_AFTER: Final = 4.0
"""Seconds after which we ask whether the server is still there that owes us an answer."""

_PROBE_TIMEOUT: Final = 3.0
"""Seconds within which a server lets a new connection in, or says why not."""

_CLOSE_TIMEOUT: Final = 5.0
"""Seconds for the connections to be closed in good order."""


class Pool:
    """At most so many connections to one database, opened as they are needed.

    asyncpg's pool has them. What it does to take one and to give it back is 17 µs of processor time
    a request, a tenth of a quote, so we keep those that came back in good order, lend the one that
    came back last, and give those to asyncpg that nobody has needed for a while.
    """

    def __init__(self, url: str, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._url = url
        self._pool = pool
        self._places = asyncio.Semaphore(pool.get_max_size())
        self._kept: deque[Connection] = deque()
        self._closing = False
        self._loans: dict[Connection, float] = {}
        self._watch = asyncio.create_task(self._break_the_dead())

    @classmethod
    async def open(cls, url: str, limit: int) -> Self:
        """Make the pool; no connection is opened yet."""
        url, keeps_statements = split_address(url)
        pool = await asyncpg.create_pool(
            url,
            statement_cache_size=_STATEMENTS if keeps_statements else 0,
            # By default they are forgotten and planned anew every five minutes.
            max_cached_statement_lifetime=0,
            min_size=0,
            max_size=limit,
            timeout=CONNECTION_TIMEOUT,
            command_timeout=60,
            # The usual reset is a round trip each time; no session of ours keeps any state.
            reset=_keep,
            server_settings=SESSION_SETTINGS,
        )
        return cls(url, pool)

    async def acquire(self) -> Connection:
        """A connection that nobody else uses until it is released.

        Raises TimeoutError where none is to be had in time, and what asyncpg raises where none can
        be opened.
        """
        if self._places.locked():
            async with asyncio.timeout(CONNECTION_TIMEOUT):
                await self._places.acquire()
        else:
            await self._places.acquire()
        try:
            connection = await self._take()
        except BaseException:
            self._places.release()
            raise
        self._loans[connection] = time.monotonic()
        return connection

    async def release(self, connection: Connection, *, sound: bool) -> None:
        """Give a connection back; `sound` says that nothing went wrong while it was lent."""
        del self._loans[connection]
        try:
            if sound and not self._closing:
                self._kept.append(connection)
            else:
                await self._pool.release(connection)
        finally:
            self._places.release()

    async def close(self) -> None:
        """Wait for the connections in use, and close all; one that cannot say good-bye is cut."""
        self._watch.cancel()
        self._closing = True
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self._give_back(len(self._kept))
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    @property
    def size(self) -> tuple[int, int, int]:
        """Connections that are idle, that are open, and that may be opened."""
        pool = self._pool
        idle = pool.get_idle_size() + len(self._kept)
        return idle, pool.get_size(), pool.get_max_size()

    async def _take(self) -> Connection:
        while self._kept:
            connection = self._kept.pop()
            if _is_open(connection):
                return connection
            await self._pool.release(connection)
        return await self._pool.acquire(timeout=CONNECTION_TIMEOUT)

    async def _give_back(self, number: int) -> None:
        """Give so many of the kept connections back to asyncpg's pool, the least used first."""
        for _ in range(min(number, len(self._kept))):
            await self._pool.release(self._kept.popleft())

    async def _break_the_dead(self) -> None:
        """Break connections to a server that can no longer be reached; endless.

        A network that swallows everything looks like a statement that takes its time. The server
        tells them apart: one that lets nobody else in will not answer us either. A deadline for
        each statement would be shorter than some, and longer than a shopper waits.
        """
        while True:
            await asyncio.sleep(_STALL_CHECK_AFTER / 2)
            await self._give_back(1)
            since = time.monotonic() - _STALL_CHECK_AFTER
            late = [connection for connection, lent in self._loans.items() if lent < since]
            for address in {_address_of(connection) for connection in late}:
                if await self._shows_life(*address):
                    continue
                for connection in late:
                    if connection in self._loans and _address_of(connection) == address:
                        connection.terminate()
                # The idle ones are no better.
                await self._give_back(len(self._kept))
                await self._pool.expire_connections()

    async def _shows_life(self, host: str, port: int) -> bool:
        """Whether the server at this address answers, be it with a refusal."""
        try:
            probe = await asyncpg.connect(
                self._url,
                host=host,
                port=port,
                timeout=_PROBE_TIMEOUT,
                target_session_attrs=SessionAttribute.any,
            )
        except OSError:
            return False  # TimeoutError is one
        except Exception:
            return True
        probe.terminate()
        return True


def _is_open(connection: Connection) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False  # asyncpg saw that it broke, and took it back


async def _keep(_connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Leave a released connection as it is."""


def _address_of(connection: Connection) -> tuple[str, int]:
    """Which of the servers that the address names this one is: host, or socket folder, and port.

    asyncpg knows, and has no public word for it.
    """
    address: Any = connection._addr  # type: ignore[attr-defined]
    if isinstance(address, str):
        folder, _, number = address.rpartition("/.s.PGSQL.")
        return folder, int(number)
    return address[0], address[1]

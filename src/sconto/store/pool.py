"""The connections of one process: opened when they are needed, kept while they are not."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import asyncpg
from asyncpg.connect_utils import SessionAttribute

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_PATIENCE: Final = 5.0
"""Seconds to wait for a connection: longer than a busy moment, shorter than a caller's patience."""

_REST: Final = 300.0
"""Seconds after which an unused connection may have been forgotten by a firewall on the way."""

_SUSPICION: Final = 4.0
"""Seconds after which we ask whether the server is still there that owes us an answer."""

_SIGN_OF_LIFE: Final = 3.0
"""Seconds within which a server lets a new connection in, or says why not."""

_FAREWELL: Final = 1.0
"""Seconds for a connection to be closed in good order."""


class Pool:
    """At most so many connections to one database; the one that was used last is used next.

    asyncpg has a pool of its own, which makes a task, a timer and a proxy each time. That costs
    40 µs of processor time, more than everything else about the statement of a quote.
    """

    def __init__(self, url: str, limit: int) -> None:
        self._url = url
        self._limit = limit
        self._free = asyncio.Semaphore(limit)
        self._idle: list[tuple[Connection, float]] = []
        self._loans: dict[Connection, float] = {}
        self._watch: asyncio.Task[None] | None = None

    async def acquire(self) -> Connection:
        """A connection that nobody else uses until it is released.

        Raises TimeoutError where none is to be had in time, and what asyncpg raises where none can
        be opened.
        """
        if self._free.locked():
            async with asyncio.timeout(_PATIENCE):
                await self._free.acquire()
        else:
            await self._free.acquire()
        try:
            connection = self._take_idle() or await self._open()
        except BaseException:
            self._free.release()
            raise
        self._loans[connection] = time.monotonic()
        if self._watch is None:
            self._watch = asyncio.create_task(self._break_the_dead())
        return connection

    def release(self, connection: Connection) -> None:
        """Give a connection back; one that was cancelled in a transaction is of no more use."""
        if connection.is_closed() or connection.is_in_transaction():
            connection.terminate()
        else:
            self._idle.append((connection, time.monotonic()))
        del self._loans[connection]
        self._free.release()

    async def close(self) -> None:
        """Wait for the connections in use, and close all."""
        for _ in range(self._limit):
            await self._free.acquire()
        if self._watch is not None:
            self._watch.cancel()
        idle = [connection for connection, _ in self._idle]
        self._idle.clear()
        farewells = (connection.close(timeout=_FAREWELL) for connection in idle)
        # One that cannot say good-bye is cut off.
        await asyncio.gather(*farewells, return_exceptions=True)

    @property
    def size(self) -> tuple[int, int, int]:
        """Connections that are idle, that are open, and that may be opened."""
        idle = sum(not connection.is_closed() for connection, _ in self._idle)
        return idle, idle + len(self._loans), self._limit

    def _take_idle(self) -> "Connection | None":
        while self._idle:
            connection, since = self._idle.pop()
            if not connection.is_closed() and time.monotonic() - since < _REST:
                return connection
            connection.terminate()
        return None

    async def _open(self) -> Connection:
        return await asyncpg.connect(
            self._url,
            timeout=_PATIENCE,
            command_timeout=60,
            # All rows are found by key, so one plan a statement fits all arguments; to plan a quote
            # anew takes PostgreSQL four times as long as to run it. But a plan made while a table
            # was nearly empty would scan it, and stay in use when the table has grown.
            server_settings={
                "plan_cache_mode": "force_generic_plan",
                "enable_seqscan": "off",
                "jit": "off",
                # Conditional statements and upserts rely on meeting the newest version of a row.
                "default_transaction_isolation": "read committed",
            },
        )

    async def _break_the_dead(self) -> None:
        """Break connections to a server that can no longer be reached; endless.

        A network that swallows everything looks like a statement that takes its time. The server
        tells them apart: one that lets nobody else in will not answer us either. A deadline for
        each statement would be shorter than some, and longer than a shopper waits.
        """
        while True:
            await asyncio.sleep(_SUSPICION / 2)
            since = time.monotonic() - _SUSPICION
            late = [connection for connection, lent in self._loans.items() if lent < since]
            for address in {_address_of(connection) for connection in late}:
                if not await self._shows_life(*address):
                    self._break(address, late)

    def _break(self, address: tuple[str, int], late: Sequence[Connection]) -> None:
        for connection in (*late, *(connection for connection, _ in self._idle)):
            if _address_of(connection) == address:
                connection.terminate()

    async def _shows_life(self, host: str, port: int) -> bool:
        """Whether the server at this address answers, be it with a refusal."""
        try:
            probe = await asyncpg.connect(
                self._url,
                host=host,
                port=port,
                timeout=_SIGN_OF_LIFE,
                target_session_attrs=SessionAttribute.any,
            )
        except OSError:
            return False  # TimeoutError is one
        except Exception:
            return True
        probe.terminate()
        return True


def _address_of(connection: Connection) -> tuple[str, int]:
    """Which of the servers that the address names this one is: host, or socket folder, and port.

    asyncpg knows, and has no public word for it.
    """
    address: Any = connection._addr  # type: ignore[attr-defined]
    if isinstance(address, str):
        folder, _, number = address.rpartition("/.s.PGSQL.")
        return folder, int(number)
    return address[0], address[1]

"""The connections of one process: opened when they are needed, kept while they are not."""

import asyncio
import time
from typing import Final, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_PATIENCE: Final = 5.0
"""Seconds to wait for a connection: longer than a busy moment, shorter than a caller's patience."""

_REST: Final = 300.0
"""Seconds after which an unused connection may have been forgotten by a firewall on the way."""


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
        self._busy = 0

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
        self._busy += 1
        return connection

    def release(self, connection: Connection) -> None:
        """Give a connection back; one that was cancelled in a transaction is of no more use."""
        if connection.is_closed() or connection.is_in_transaction():
            connection.terminate()
        else:
            self._idle.append((connection, time.monotonic()))
        self._busy -= 1
        self._free.release()

    async def close(self) -> None:
        """Wait for the connections in use, and close all."""
        for _ in range(self._limit):
            await self._free.acquire()
        while self._idle:
            await self._idle.pop()[0].close()

    @property
    def size(self) -> tuple[int, int, int]:
        """Connections that are idle, that are open, and that may be opened."""
        idle = sum(not connection.is_closed() for connection, _ in self._idle)
        return idle, idle + self._busy, self._limit

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
            },
        )

"""What carts depend on, read for several callers at once by one statement.

Most of what a small statement costs is the statement: its round trip, its start and its end, on
both sides. So while two are under way for a merchant, the carts that come meanwhile wait for one of
them to end, and go together. Who is alone waits for nobody; the more ask, the more share.

A statement is sent after everything that it answers was asked for. So whatever was acknowledged
before a caller asked is in the snapshot that the caller is answered from.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from sconto.store.availability import DatabaseUnavailable, retrying
from sconto.store.candidates import CartAt, StoredCandidates, read_candidates_of_carts
from sconto.store.pick_cache import PickCache
from sconto.store.pool import Connection

_UNDER_WAY: Final = 2
"""Statements of a merchant at once: one is answered here while PostgreSQL works on the other."""

_TOGETHER: Final = 500
"""Lines and codes in one statement, as many as a large cart has, which goes alone."""


class CartReads:
    """The reads of one process that are under way, by merchant."""

    def __init__(
        self, connect: Callable[[], AbstractAsyncContextManager[Connection]], memory: PickCache
    ) -> None:
        self._connect = connect
        self._memory = memory
        self._queues: dict[int, _Queue] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def read(self, merchant_id: int, cart: CartAt) -> StoredCandidates:
        """What is stored around the cart, in one snapshot. Raises DatabaseUnavailable."""
        queue = self._queues.get(merchant_id)
        if queue is None:
            queue = self._queues[merchant_id] = _Queue()
        waiting = _Waiting(cart, queue.loop.create_future())
        queue.waiting.append(waiting)
        if queue.under_way < _UNDER_WAY:
            queue.under_way += 1
            task = queue.loop.create_task(self._serve(merchant_id, queue))
            # The event loop alone would not keep it alive.
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await waiting.answer

    async def _serve(self, merchant_id: int, queue: "_Queue") -> None:
        """Read what waits, one statement after the other, until nothing does."""
        try:
            while group := queue.take_group():
                await self._read(merchant_id, group)
        finally:
            queue.under_way -= 1
            if not queue.under_way and not queue.waiting:
                self._queues.pop(merchant_id, None)

    async def _read(self, merchant_id: int, group: "list[_Waiting]") -> None:
        carts = [one.cart for one in group]

        async def read() -> list[StoredCandidates]:
            async with self._connect() as connection:
                return await read_candidates_of_carts(connection, self._memory, merchant_id, carts)

        try:
            found = await retrying(read)
        except DatabaseUnavailable as error:
            for one in group:
                one.fail(error)
        except Exception as error:
            if len(group) == 1:
                group[0].fail(error)
                return
            # Nobody foresaw it: it may be one of the carts, and shall not be the others' fault.
            for one in group:
                await self._read(merchant_id, [one])
        except BaseException:
            for one in group:
                one.answer.cancel()
            raise
        else:
            for one, surroundings in zip(group, found, strict=True):
                one.succeed(surroundings)


class _Waiting:
    """A cart, and where its answer goes; a caller who left has cancelled it."""

    __slots__ = ("answer", "cart")

    def __init__(self, cart: CartAt, answer: "asyncio.Future[StoredCandidates]") -> None:
        self.cart = cart
        self.answer = answer

    def succeed(self, surroundings: StoredCandidates) -> None:
        if not self.answer.done():
            self.answer.set_result(surroundings)

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class _Queue:
    """Who waits for a merchant's next statement, and how many statements are under way."""

    __slots__ = ("loop", "under_way", "waiting")

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.waiting: deque[_Waiting] = deque()
        self.under_way = 0

    def take_group(self) -> list[_Waiting]:
        """Those that go together: the first, and after it as many as make no large statement."""
        group: list[_Waiting] = []
        size = 0
        while self.waiting:
            size += self.waiting[0].cart.size
            if group and size > _TOGETHER:
                break
            group.append(self.waiting.popleft())
        return group

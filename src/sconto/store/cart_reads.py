"""Reads the candidates of several concurrent callers in one statement.

Most of the cost of a small statement is fixed: its round trip, and its start and end on both sides.
So while two statements of a merchant are running, new carts wait until one of them ends, and are
then read together. A single request never waits. The more requests are concurrent, the more of them
share a statement.

A statement is sent after all its carts arrived. So a caller's snapshot contains everything that was
acknowledged before the call.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Final

from sconto.store.availability import DatabaseUnavailable, retrying
from sconto.store.candidates import CartAt, StoredCandidates, read_candidates_of_carts
from sconto.store.pick_cache import PickCache
from sconto.store.pool import Connection

_CONCURRENT_STATEMENTS: Final = 2
"""Of one merchant: this process decodes one result while PostgreSQL works on the other."""

_MAX_TOGETHER: Final = 500
"""Lines and codes in one statement. A large cart has as many, and is read alone."""


class CartReads:
    """The reads of this process, by merchant."""

    def __init__(
        self,
        connect: Callable[[int], AbstractAsyncContextManager[Connection]],
        cache: PickCache,
    ) -> None:
        self._connect = connect
        self._cache = cache
        self._queues: dict[int, _Queue] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def read(self, merchant_id: int, cart: CartAt) -> StoredCandidates:
        """The candidates of the cart, in one snapshot. Raises DatabaseUnavailable."""
        queue = self._queues.get(merchant_id)
        if queue is None:
            queue = self._queues[merchant_id] = _Queue()
        waiting = _Waiting(cart, queue.loop.create_future())
        queue.waiting.append(waiting)
        if queue.running < _CONCURRENT_STATEMENTS:
            queue.running += 1
            task = queue.loop.create_task(self._serve(merchant_id, queue))
            # The event loop holds only a weak reference.
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await waiting.answer

    async def _serve(self, merchant_id: int, queue: "_Queue") -> None:
        """Read the waiting carts, one statement after the other, until none waits."""
        try:
            while group := queue.take_group():
                await self._read(merchant_id, group)
        finally:
            queue.running -= 1
            if not queue.running and not queue.waiting:
                self._queues.pop(merchant_id, None)

    async def _read(self, merchant_id: int, group: "list[_Waiting]") -> None:
        try:
            found = await retrying(partial(self._ask, merchant_id, [one.cart for one in group]))
        except Exception as error:
            await self._fail(merchant_id, group, error)
        except BaseException:
            for one in group:
                one.answer.cancel()
            raise
        else:
            for one, candidates in zip(group, found, strict=True):
                one.succeed(candidates)

    async def _ask(self, merchant_id: int, carts: Sequence[CartAt]) -> list[StoredCandidates]:
        async with self._connect(merchant_id) as connection:
            return await read_candidates_of_carts(connection, self._cache, merchant_id, carts)

    async def _fail(self, merchant_id: int, group: "list[_Waiting]", error: Exception) -> None:
        """Tell the callers. If one cart may be the cause, the others are read without it."""
        if len(group) == 1 or isinstance(error, DatabaseUnavailable):
            for one in group:
                one.fail(error)
            return
        for one in group:
            await self._read(merchant_id, [one])


class _Waiting:
    """A cart, and the future of its candidates, which is cancelled with the caller."""

    __slots__ = ("answer", "cart")

    def __init__(self, cart: CartAt, answer: "asyncio.Future[StoredCandidates]") -> None:
        self.cart = cart
        self.answer = answer

    def succeed(self, candidates: StoredCandidates) -> None:
        if not self.answer.done():
            self.answer.set_result(candidates)

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class _Queue:
    """The waiting carts of a merchant, and the number of its running statements."""

    __slots__ = ("loop", "running", "waiting")

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.waiting: deque[_Waiting] = deque()
        self.running = 0

    def take_group(self) -> list[_Waiting]:
        """The carts of the next statement: the first, and more while it stays small."""
        group: list[_Waiting] = []
        size = 0
        while self.waiting:
            size += self.waiting[0].cart.size
            if group and size > _MAX_TOGETHER:
                break
            group.append(self.waiting.popleft())
        return group

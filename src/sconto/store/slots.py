"""Slots that limit concurrent work in one process, and share it fairly."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Hashable, Iterable
from contextlib import asynccontextmanager


class NoSlot(Exception):
    """No slot became free in time, or too many requests already wait for one."""


class Slots:
    """At most `each` slots for one key, such as a merchant, and `together` for all keys.

    Waiting keys are served in rotation, and each key's requests in their order. So a key whose
    requests wait never takes the slots that others need. At most `waiting` requests wait for one
    key.
    """

    def __init__(self, *, each: int, together: float = math.inf, waiting: float = math.inf) -> None:
        self._each = each
        self._free = together
        self._longest_queue = waiting
        self._taken: dict[Hashable, int] = {}
        self._queues: dict[Hashable, deque[asyncio.Future[None]]] = {}

    @property
    def waiting(self) -> int:
        """How many requests wait for a slot."""
        return sum(map(len, self._queues.values()))

    def has_slot(self, key: Hashable) -> bool:
        """Whether a request gets a slot of the key immediately."""
        return self._free > 0 and self._taken.get(key, 0) < self._each

    async def take(self, key: Hashable, deadline: float) -> None:
        """Take a slot of the key. Raises NoSlot at `deadline`, a time of the event loop."""
        if self.has_slot(key):
            self._grant(key)
            return
        queue = self._queues.setdefault(key, deque())
        if len(queue) >= self._longest_queue:
            raise NoSlot
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            async with asyncio.timeout_at(deadline):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.give_back(key)  # it was granted in the same moment
            else:
                self._leave(key, turn)
            if isinstance(error, TimeoutError):
                raise NoSlot from None
            raise

    def give_back(self, key: Hashable) -> None:
        """Give a slot of the key back, to the next request that waits."""
        self._free += 1
        self._taken[key] -= 1
        if not self._taken[key]:
            del self._taken[key]
        while self._queues and (following := self._next_key()) is not None:
            queue = self._queues.pop(following)
            turn = queue.popleft()
            if queue:
                self._queues[following] = queue  # behind the other keys
            if not turn.done():  # a cancelled request may not have left the queue yet
                self._grant(following)
                turn.set_result(None)

    @asynccontextmanager
    async def hold(self, keys: Iterable[Hashable], deadline: float) -> AsyncIterator[None]:
        """A slot of each key for the length of a block. Raises NoSlot at `deadline`."""
        taken: list[Hashable] = []
        try:
            # The same order everywhere, so that no two requests deadlock.
            for key in sorted(set(keys), key=repr):
                await self.take(key, deadline)
                taken.append(key)
            yield
        finally:
            for key in taken:
                self.give_back(key)

    def _grant(self, key: Hashable) -> None:
        self._free -= 1
        self._taken[key] = self._taken.get(key, 0) + 1

    def _next_key(self) -> Hashable | None:
        return next((key for key in self._queues if self.has_slot(key)), None)

    def _leave(self, key: Hashable, turn: "asyncio.Future[None]") -> None:
        queue = self._queues.get(key, deque())
        if turn in queue:
            queue.remove(turn)
            if not queue:
                del self._queues[key]

"""Who may go next: slots that merchants share fairly, and lines for what several want."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final


class Slots:
    """At most so many at once, and of one merchant no more than its share.

    Those that wait are served in turn, one merchant after the other, and the first of each first.
    So what a merchant's requests wait for never takes the slots that others need.
    """

    def __init__(self, total: int, share: int) -> None:
        self._free = total
        self._share: Final = share
        self._taken: dict[int, int] = {}
        self._waiting: dict[int, deque[asyncio.Future[None]]] = {}

    @property
    def waiting(self) -> int:
        """How many wait for a slot."""
        return sum(map(len, self._waiting.values()))

    async def take(self, merchant_id: int, patience: float) -> None:
        """Take a slot for the merchant. Raises TimeoutError after so many seconds."""
        if self._may_take(merchant_id):
            self._grant(merchant_id)
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(merchant_id, deque()).append(turn)
        try:
            async with asyncio.timeout(patience):
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give_back(merchant_id)
            else:
                self._leave(merchant_id, turn)
            raise

    def give_back(self, merchant_id: int) -> None:
        """Give a slot of the merchant's back, to whoever is next."""
        self._free += 1
        self._taken[merchant_id] -= 1
        if not self._taken[merchant_id]:
            del self._taken[merchant_id]
        while self._free and (following := self._next_merchant()) is not None:
            line = self._waiting.pop(following)
            turn = line.popleft()
            if line:
                self._waiting[following] = line  # behind the other merchants
            if not turn.done():  # whoever was cancelled has not left the line yet
                self._grant(following)
                turn.set_result(None)

    def _may_take(self, merchant_id: int) -> bool:
        return self._free > 0 and self._taken.get(merchant_id, 0) < self._share

    def _grant(self, merchant_id: int) -> None:
        self._free -= 1
        self._taken[merchant_id] = self._taken.get(merchant_id, 0) + 1

    def _next_merchant(self) -> int | None:
        return next((one for one in self._waiting if self._may_take(one)), None)

    def _leave(self, merchant_id: int, turn: "asyncio.Future[None]") -> None:
        line = self._waiting.get(merchant_id, deque())
        if turn in line:
            line.remove(turn)
            if not line:
                del self._waiting[merchant_id]


class LockTimeout(Exception):
    """The first in line did not get what it wanted in time."""


@dataclass(slots=True)
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    members: int = 0


class KeyedLocks:
    """Those of one process that want the same thing, one after the other.

    What they want is not theirs alone: other processes may have it. But where many requests of this
    process would try again and again for one code, only the first in line does.
    """

    def __init__(self) -> None:
        self._lines: dict[Hashable, _Line] = {}

    @asynccontextmanager
    async def hold(
        self, merchant_id: int, wanted: Iterable[int | str], deadline: float
    ) -> AsyncIterator[None]:
        """Be the first in line for each thing. Raises LockTimeout at the loop's time `deadline`."""
        # Always in the same order, so that nobody waits in a circle.
        keys = sorted({(merchant_id, type(one).__name__, str(one)) for one in wanted})
        async with AsyncExitStack() as stack:
            for key in keys:
                await stack.enter_async_context(self._first(key, deadline))
            yield

    @asynccontextmanager
    async def _first(self, key: Hashable, deadline: float) -> AsyncIterator[None]:
        line = self._lines.setdefault(key, _Line())
        line.members += 1
        try:
            try:
                async with asyncio.timeout_at(deadline):
                    await line.lock.acquire()
            except TimeoutError:
                raise LockTimeout from None
            try:
                yield
            finally:
                line.lock.release()
        finally:
            line.members -= 1
            if not line.members:
                del self._lines[key]

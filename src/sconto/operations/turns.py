"""Large requests of one merchant take turns: other merchants pay for them with nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

from sconto.domain.problems import TooManyLargeRequests
from sconto.store.threads import in_thread

__all__ = ["Turns", "in_short_turns", "in_thread", "short_turns"]

MOST_RUNNING: Final = 2
"""Large requests of one merchant that a worker serves at a time."""

MOST_WAITING: Final = 8
"""How many more may wait; others are refused at once."""

TURN_TIMEOUT: Final = 10.0
"""Seconds that a request waits for its turn."""

_RETRY_AFTER: Final = 5

S = TypeVar("S")
T = TypeVar("T")


async def in_short_turns(
    turns: "Turns", whose: Hashable, parts: AsyncIterator[S], write: Callable[[S], T]
) -> AsyncIterator[T]:
    """What is written of the parts of a long answer; each is found and written in a turn.

    So all the long answers of one merchant take no more time from others than one of them. Sending
    takes no turn: a slow reader keeps nobody waiting.
    """
    while True:
        async with turns.of(whose):
            part = await anext(parts, None)
            if part is None:
                return
            written = write(part)
        yield written


@dataclass(slots=True)
class _Queue:
    """The turns of one merchant, and how many requests have or want one."""

    turns: asyncio.Semaphore
    asking: int = field(default=0)


class Turns:
    """Who has a turn in this worker, and who waits for one."""

    def __init__(
        self,
        most_running: int = MOST_RUNNING,
        most_waiting: int = MOST_WAITING,
        timeout: float = TURN_TIMEOUT,
    ) -> None:
        self._most_running = most_running
        self._most = most_running + most_waiting
        self._timeout = timeout
        self._queues: dict[Hashable, _Queue] = {}

    @asynccontextmanager
    async def of(self, whose: Hashable) -> AsyncIterator[None]:
        """A turn for the block. Raises TooManyLargeRequests instead of waiting for long."""
        queue = self._queues.get(whose)
        if queue is None:
            queue = self._queues[whose] = _Queue(asyncio.Semaphore(self._most_running))
        if queue.asking >= self._most:
            raise TooManyLargeRequests(_RETRY_AFTER)
        queue.asking += 1
        try:
            await self._wait(queue)
            try:
                yield
            finally:
                queue.turns.release()
        finally:
            queue.asking -= 1
            if not queue.asking:
                del self._queues[whose]

    async def _wait(self, queue: _Queue) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await queue.turns.acquire()
        except TimeoutError:
            raise TooManyLargeRequests(_RETRY_AFTER) from None


def short_turns() -> Turns:
    """Turns for parts of long answers: one at a time, and each waits as long as it takes."""
    return Turns(most_running=1, most_waiting=1_000, timeout=600.0)

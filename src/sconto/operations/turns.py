"""Large requests of one merchant take turns: other merchants pay for them with nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from sconto.domain.problems import TooManyLargeRequests
from sconto.store.slots import NoSlot, Slots
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


class Turns:
    """Turns of the large requests in this worker."""

    def __init__(
        self,
        most_running: int = MOST_RUNNING,
        most_waiting: int = MOST_WAITING,
        timeout: float = TURN_TIMEOUT,
    ) -> None:
        self._slots = Slots(each=most_running, waiting=most_waiting)
        self._timeout = timeout

    @asynccontextmanager
    async def of(self, whose: Hashable) -> AsyncIterator[None]:
        """A turn for the block. Raises TooManyLargeRequests instead of waiting for long."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            await self._slots.take(whose, deadline)
        except NoSlot:
            raise TooManyLargeRequests(_RETRY_AFTER) from None
        try:
            yield
        finally:
            self._slots.give_back(whose)


def short_turns() -> Turns:
    """Turns for parts of long answers: one at a time, and each waits as long as it takes."""
    return Turns(most_running=1, most_waiting=1_000, timeout=600.0)

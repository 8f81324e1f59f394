"""Large requests of one merchant take turns, so that they do not slow down other merchants."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from sconto.domain.problems import TooManyLargeRequests
from sconto.store.slots import NoSlot, Slots
from sconto.store.threads import in_thread

__all__ = ["Turns", "in_short_turns", "in_thread", "short_turns"]

MAX_RUNNING: Final = 2
"""Large requests of one merchant that a worker serves at a time."""

MAX_WAITING: Final = 8
"""Large requests of one merchant that may wait; more are refused immediately."""

TURN_TIMEOUT: Final = 10.0
"""Seconds that a request waits for its turn."""

_RETRY_AFTER: Final = 5

S = TypeVar("S")
T = TypeVar("T")


async def in_short_turns(
    turns: "Turns", whose: Hashable, parts: AsyncIterator[S], write: Callable[[S], T]
) -> AsyncIterator[T]:
    """Write the parts of a long answer; each part is read and written in a turn.

    So all long answers of a merchant together delay others no more than one of them. Sending needs
    no turn: a slow reader blocks nobody.
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
        most_running: int = MAX_RUNNING,
        most_waiting: int = MAX_WAITING,
        timeout: float = TURN_TIMEOUT,
    ) -> None:
        self._slots = Slots(each=most_running, waiting=most_waiting)
        self._timeout = timeout

    @asynccontextmanager
    async def of(self, whose: Hashable) -> AsyncIterator[None]:
        """A turn for the block. Raises TooManyLargeRequests if none is free in time."""
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
    """Turns for parts of long answers: one at a time, with room for many that wait."""
    return Turns(most_running=1, most_waiting=1_000, timeout=600.0)

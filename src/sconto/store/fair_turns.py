"""Merchants take turns on the processor of a worker.

The event loop runs what is ready in the order in which it became ready. So sixteen requests of one
merchant that arrive or get their rows together would run before one of another merchant that comes
a moment later. While several merchants send requests, a request waits here before each of its long
steps: before its body is read, and before its cart is priced. The waiting merchants start one step
each, in rotation. A merchant that is alone never waits.

A turn is the right to start a step. Nothing is held while a request waits for the database, so a
slow request keeps nobody waiting.
"""

import asyncio
from collections import deque
from typing import Final, Generic, TypeVar

ALONE_AFTER: Final = 60.0
"""Seconds after another merchant's last request until a merchant counts as alone."""

_PAUSE: Final = 3
"""Passes of the event loop between two steps of one merchant, unless another one has a step.

What another merchant waits for needs some passes: from its rows to its step, and from its step to
its statement. In between the event loop must not start another long step. A pass with nothing to do
takes a few microseconds.
"""

Item = TypeVar("Item")


class Queues(Generic[Item]):
    """Waiting items, taken one of each merchant in rotation, and those of a merchant in order."""

    def __init__(self) -> None:
        self._queues: dict[int, deque[Item]] = {}

    def __bool__(self) -> bool:
        return bool(self._queues)

    def put(self, merchant_id: int, item: Item) -> None:
        """Add an item behind those of its merchant; a new merchant comes after the others."""
        self._queues.setdefault(merchant_id, deque()).append(item)

    def next_but(self, merchant_id: int | None) -> int | None:
        """The merchant whose turn it is, if this one had the last; None if no other waits."""
        return next((one for one in self._queues if one != merchant_id), None)

    def take(self, merchant_id: int) -> Item:
        """Take the merchant's first item; its others then wait behind those of other merchants."""
        queue = self._queues.pop(merchant_id)
        item = queue.popleft()
        if queue:
            self._queues[merchant_id] = queue
        return item


class FairTurns:
    """The turns of all merchants in one worker."""

    def __init__(self, alone_after: float = ALONE_AFTER) -> None:
        self._alone_after = alone_after
        self._waiting: Queues[asyncio.Future[None]] = Queues()
        self._alone: int | None = None
        self._asked_last: int | None = None
        self._shared_until = 0.0
        self._started_last: int | None = None
        self._passes_since = 0
        self._is_passing = False
        self.waited = 0
        """How many steps have waited for their turn so far."""

    @property
    def is_shared(self) -> bool:
        """Whether several merchants sent requests lately."""
        return self._alone is None and self._asked_last is not None

    def is_alone(self, merchant_id: int) -> bool:
        """Whether only this merchant sent requests lately, so that it need not wait."""
        return merchant_id == self._alone

    async def wait(self, merchant_id: int) -> None:
        """Wait for the merchant's turn to start a step."""
        if self.is_alone(merchant_id):
            return
        loop = asyncio.get_running_loop()
        if self._comes_alone(merchant_id, loop.time()):
            return
        if not self._is_passing:
            self._is_passing = True
            loop.call_soon(self._pass, loop)
            self._note_start(merchant_id)
        elif (
            merchant_id != self._started_last and self._waiting.next_but(self._started_last) is None
        ):
            self._note_start(merchant_id)
        else:
            turn = loop.create_future()
            self._waiting.put(merchant_id, turn)
            self.waited += 1
            await turn

    def _comes_alone(self, merchant_id: int, now: float) -> bool:
        """Whether no other merchant has sent a request for a while."""
        if self._asked_last is None:
            self._alone = merchant_id
        elif merchant_id != self._asked_last:
            self._alone = None
            self._shared_until = now + self._alone_after
        elif now >= self._shared_until and not self._waiting:
            self._alone = merchant_id
        self._asked_last = merchant_id
        return self._alone == merchant_id

    def _note_start(self, merchant_id: int) -> None:
        self._started_last = merchant_id
        self._passes_since = 0

    def _pass(self, loop: asyncio.AbstractEventLoop) -> None:
        """In each pass of the event loop, start the step whose turn it is, if there is one."""
        self._passes_since += 1
        following = self._waiting.next_but(self._started_last)
        if following is None and self._passes_since > _PAUSE:
            if not self._waiting:
                self._is_passing = False
                return
            following = self._started_last
        if following is not None:
            turn = self._waiting.take(following)
            if not turn.done():  # its request may have been cancelled
                turn.set_result(None)
                self._note_start(following)
        loop.call_soon(self._pass, loop)

"""Merchants take turns in a worker: while several send requests, each has at most one running.

The event loop runs what is ready in the order in which it became ready, and PostgreSQL shares a
core among all statements. So a request would wait behind all sixteen that another merchant sent a
moment before. Here it waits behind one of them. The others wait in front of their first step, and
cost nothing until it is their turn. A merchant that is alone never waits.

A request that waits for PostgreSQL, a lock or its client needs no processor. So a turn ends with
its request, or before that: when an order waits for another one, and once the worker had nothing to
do for some milliseconds. So slow requests keep nobody waiting for long. After a turn with much
work, such as a cart of 500 lines, the merchant rests for as long: turns share the worker's time
fairly, not the number of requests.

What arrives while a step of a request runs is read after it. So the next turn begins, and a long
request goes on, only after the event loop has looked for new requests, and has begun those.
"""

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import Any, Final

from sconto.store.slots import NoSlot, Slots

ALONE_AFTER: Final = 0.25
"""Seconds after another merchant's last request until a merchant counts as alone. It is short: with
few requests at a time a merchant's carts share no statement, which halves its rate."""

MOST_IDLE: Final = 0.004
"""Seconds without work, since a turn began, that end it. An order that waits for its write to a
slow disk may be such a turn; most quotes and orders take less time."""

LONGEST_TURN: Final = 0.25
"""Seconds. A request that keeps the worker busy for as long, such as an export, gives way too."""

_REST_AFTER: Final = 0.002
"""Seconds of work in a turn after which the merchant rests. Most quotes and orders take less."""

_TURNS_OF_MERCHANT: Final = 1
"""With two, a flood made half as many requests again, and another merchant's quote took 1.8 times
as long as alone instead of 1.4 times, beside a flood of orders 2.5 instead of 1.5 times."""

_LONGEST_WAIT: Final = 5.0
"""Seconds after which a request is served without a turn."""


def idle_seconds() -> float:
    """How long this process has had nothing to do, since some point in time."""
    return time.perf_counter() - time.process_time()


class FairTurns:
    """The turns of all merchants in one worker; each belongs to the task of a request."""

    def __init__(
        self,
        alone_after: float = ALONE_AFTER,
        most_idle: float = MOST_IDLE,
        longest_turn: float = LONGEST_TURN,
        idle_seconds: Callable[[], float] = idle_seconds,
    ) -> None:
        self._asking = _RecentMerchants(alone_after)
        self._checking_out = _RecentMerchants(alone_after)
        self.most_idle: Final = most_idle
        self.longest_turn: Final = longest_turn
        self.idle_seconds: Final = idle_seconds
        self.slots: Final = Slots(each=_TURNS_OF_MERCHANT)
        self._turns: dict[asyncio.Task[Any] | None, _Turn] = {}
        self.waited = 0
        """How many requests have waited for their turn so far."""

    def note_request(self, merchant_id: int, *, is_checkout: bool) -> bool:
        """Take note of a request. Returns whether its merchant is alone, so that it need not wait.

        A merchant is alone if no other has sent a request recently, and none waits for a turn. For
        checkout only other merchants' checkout counts: their edits may wait some milliseconds.
        """
        now = asyncio.get_running_loop().time()
        is_shared = self._asking.note(merchant_id, now)
        if is_checkout:
            is_shared = self._checking_out.note(merchant_id, now)
        return not is_shared and not self.slots.waiting

    async def begin(self, merchant_id: int, *, is_checkout: bool) -> None:
        """Wait for a turn of the merchant, which is not alone. The task has it until `end`.

        Checkout has its own turns, so a merchant's lists and imports delay none of its shoppers.
        """
        now = asyncio.get_running_loop().time()
        key = (merchant_id, is_checkout)
        if not self.slots.has_slot(key):
            self.waited += 1
        try:
            await self.slots.take(key, now + _LONGEST_WAIT)
        except NoSlot:
            return
        self._turns[asyncio.current_task()] = _Turn(self, key)

    async def step_aside(self) -> None:
        """Let requests of others that have just arrived begin, unless the merchant is alone.

        The loop reads what arrived after its first pass, and runs it in its second.
        """
        if asyncio.current_task() in self._turns:
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    def end(self) -> None:
        """End the task's turn, if it has one: its request ends, or waits for another request."""
        if (turn := self._turns.pop(asyncio.current_task(), None)) is not None:
            turn.end()


class _RecentMerchants:
    """Whether several merchants have sent requests recently."""

    __slots__ = ("_alone_after", "_last", "_last_at", "_shared_until")

    def __init__(self, alone_after: float) -> None:
        self._alone_after = alone_after
        self._last: int | None = None
        self._last_at = -alone_after
        self._shared_until = 0.0

    def note(self, merchant_id: int, now: float) -> bool:
        """Take note of a request. Returns whether another merchant sent one recently."""
        if merchant_id != self._last:
            self._shared_until = self._last_at + self._alone_after
            self._last = merchant_id
        self._last_at = now
        return now < self._shared_until


class _Turn:
    """The right of a request to be served."""

    __slots__ = ("_began", "_check", "_idle_before", "_key", "_turns")

    def __init__(self, turns: FairTurns, key: Hashable) -> None:
        self._turns = turns
        self._key = key
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        self._idle_before = turns.idle_seconds()
        self._check: asyncio.TimerHandle | None = loop.call_later(
            turns.most_idle, self._end_if_slow
        )

    def end(self) -> None:
        """Let the next request begin, unless the turn has ended before."""
        if self._check is not None:
            self._check.cancel()
            self._check = None
            loop = asyncio.get_running_loop()
            worked = loop.time() - self._began - self._idle()
            if worked >= _REST_AFTER:
                loop.call_later(worked, self._turns.slots.give_back, self._key)
            else:
                # The requests that the loop is about to read begin before the next turn does.
                loop.call_soon(self._turns.slots.give_back, self._key)

    def _idle(self) -> float:
        """Seconds of the turn in which the worker had nothing to do."""
        return self._turns.idle_seconds() - self._idle_before

    def _end_if_slow(self) -> None:
        loop = asyncio.get_running_loop()
        turns = self._turns
        if self._idle() >= turns.most_idle or loop.time() - self._began >= turns.longest_turn:
            self.end()
        else:
            self._check = loop.call_later(turns.most_idle, self._end_if_slow)

"""Orders of this process that need the same code, limit or order id take turns.

Without turns each of them would ask the database, lose, and ask again. Turns only save these
attempts: limits are exact without them, and each process has its own.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from itertools import count
from typing import Final, TypeVar

from sconto.domain.problems import OrderBusy
from sconto.store.database import Database
from sconto.store.orders import OrderRaceLost
from sconto.store.slots import NoSlot

_BUSY_TIMEOUT: Final = 5.0
"""Seconds after which an order gives up on what something else uses."""

_LONGEST_PAUSE: Final = 0.2
"""Seconds between two attempts, at most; the first pauses are shorter."""

_RETRY_AFTER: Final = 1

T = TypeVar("T")


class OrderTurns:
    """The turns of one order: no other order in this process uses what they stand for."""

    def __init__(self, database: Database, merchant_id: int, deadline: float) -> None:
        self._turns = database.order_turns
        self._fair_turns = database.fair_turns
        self._merchant_id = merchant_id
        self._deadline = deadline
        self._holding = AsyncExitStack()
        self._held: frozenset[str | int] = frozenset()

    async def wait_for(self, wanted: Collection[str | int]) -> None:
        """Take all wanted turns, and keep them until `give_back`. Raises NoSlot at the deadline.

        Two orders that each have what the other wants would wait forever. So an order that wants
        more than it has gives all back first, and waits for everything in one fixed order.
        """
        if self._held.issuperset(wanted):
            return
        await self.give_back()
        keys = {(self._merchant_id, one) for one in wanted}
        if not all(map(self._turns.has_slot, keys)):
            self._fair_turns.end()
        await self._holding.enter_async_context(self._turns.hold(keys, self._deadline))
        self._held = frozenset(wanted)

    async def give_back(self) -> None:
        """Give the turns to the orders that wait for them."""
        self._held = frozenset()
        await self._holding.aclose()


async def attempt_in_turn(
    database: Database, merchant_id: int, attempt: Callable[[OrderTurns], Awaitable[T]]
) -> T:
    """Repeat an attempt until it loses no race; from the second on, it waits for its turn.

    An attempt may also wait for its turn earlier, if it knows before it writes what other orders
    want. Raises OrderBusy after a few seconds.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + _BUSY_TIMEOUT
    turns = OrderTurns(database, merchant_id, deadline)
    try:
        for number in count():
            try:
                return await attempt(turns)
            except OrderRaceLost as lost:
                database.fair_turns.end()
                await turns.wait_for(lost.wanted)
            if number:
                longest = min(0.005 * 2 ** (number - 1), _LONGEST_PAUSE)
                pause = longest * random.uniform(0.5, 1)  # noqa: S311
                if clock() + pause > deadline:
                    break
                await asyncio.sleep(pause)
    except NoSlot:
        pass
    finally:
        await turns.give_back()
    raise OrderBusy(_RETRY_AFTER)

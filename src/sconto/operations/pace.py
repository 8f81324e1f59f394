"""A pace: for each key one thing a second, in the order in which they were asked for."""

import asyncio
from collections import OrderedDict


class Pace:
    """Keeps a pace for as many keys as it remembers; it counts for this process alone."""

    def __init__(self, seconds: float, patience: float, remembered: int = 10_000) -> None:
        self._seconds = seconds
        self._patience = patience
        self._remembered = remembered
        self._free_at: OrderedDict[str, float] = OrderedDict()

    async def wait(self, key: str) -> bool:
        """Wait for a turn; False at once where that would take longer than anybody may wait."""
        now = asyncio.get_running_loop().time()
        turn = max(now, self._free_at.get(key, now))
        if turn - now > self._patience:
            return False
        self._free_at[key] = turn + self._seconds
        self._free_at.move_to_end(key)
        if len(self._free_at) > self._remembered:
            self._free_at.popitem(last=False)
        await asyncio.sleep(turn - now)
        return True

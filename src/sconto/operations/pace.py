"""A pace: one turn every few seconds for each key, in the order of the requests."""

import asyncio
from collections import OrderedDict


class Pace:
    """The pace of the most recent keys, in this process.

    Turns of a key are `seconds` apart. Nobody waits longer than `timeout` for one.
    """

    def __init__(self, seconds: float, timeout: float, most_keys: int = 10_000) -> None:
        self._seconds = seconds
        self._timeout = timeout
        self._most_keys = most_keys
        self._free_at: OrderedDict[str, float] = OrderedDict()

    async def wait(self, key: str) -> bool:
        """Wait for a turn; False immediately if that would take longer than the timeout."""
        now = asyncio.get_running_loop().time()
        turn = max(now, self._free_at.get(key, now))
        if turn - now > self._timeout:
            return False
        self._free_at[key] = turn + self._seconds
        self._free_at.move_to_end(key)
        if len(self._free_at) > self._most_keys:
            self._free_at.popitem(last=False)
        await asyncio.sleep(turn - now)
        return True

"""Shares of a pool's connections, so that one merchant never has what the others need.

A request that waits for a lock keeps a connection from all others. So a request of a merchant takes
a place in the merchant's share first. Where the merchant has no place left, it waits there, without
a connection.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sconto.store.availability import Busy, BusyReason


class Share:
    """Places for one kind of work: so many for each merchant, and so many for all together."""

    def __init__(self, *, each: int, together: int) -> None:
        self._each = each
        self._together = asyncio.Semaphore(together)
        self._lanes: dict[int, _Lane] = {}

    async def enter(self, merchant_id: int) -> None:
        """Wait for a place. A merchant's queue takes none of the places that others may have."""
        lane = self._lanes.get(merchant_id)
        if lane is None:
            lane = self._lanes[merchant_id] = _Lane(asyncio.Semaphore(self._each))
        lane.users += 1
        try:
            await lane.places.acquire()
            try:
                await self._together.acquire()
            except BaseException:
                lane.places.release()
                raise
        except BaseException:
            self._forget(merchant_id, lane)
            raise

    def leave(self, merchant_id: int) -> None:
        """Give the place back."""
        lane = self._lanes[merchant_id]
        self._together.release()
        lane.places.release()
        self._forget(merchant_id, lane)

    def _forget(self, merchant_id: int, lane: "_Lane") -> None:
        lane.users -= 1
        if not lane.users:
            del self._lanes[merchant_id]


@dataclass(slots=True)
class _Lane:
    """A merchant's places, and how many have one or wait for one."""

    places: asyncio.Semaphore
    users: int = 0


@dataclass(frozen=True, slots=True)
class Admission:
    """The shares that a kind of work needs a place in, and what is said where there is none."""

    shares: Sequence[Share]
    refusal: BusyReason

    async def enter(self, merchant_id: int, deadline: float) -> None:
        """Wait for a place in each share, until a time of the event loop. Raises Busy."""
        entered: list[Share] = []
        try:
            async with asyncio.timeout_at(deadline):
                for share in self.shares:
                    await share.enter(merchant_id)
                    entered.append(share)
        except BaseException as error:
            for share in entered:
                share.leave(merchant_id)
            if isinstance(error, TimeoutError):
                raise Busy(self.refusal) from error
            raise

    def leave(self, merchant_id: int) -> None:
        """Give all places back."""
        for share in self.shares:
            share.leave(merchant_id)


class Admissions:
    """What each kind of work needs, in a pool of so many connections.

    A merchant reads on half of them at most, and writes on two: an edit, and an import beside it.
    All writes together have half.
    """

    def __init__(self, connections: int) -> None:
        half = max(1, connections // 2)
        read = Share(each=half, together=connections)
        # One fewer, so that a merchant whose applications wait for a row can still read.
        applied = Share(each=max(1, half - 1), together=connections)
        written = Share(each=2, together=half)
        edited = Share(each=1, together=half)
        # An import takes as long as its file is. So some places are for edits alone.
        imported = Share(each=1, together=max(1, half // 2))
        self.reads: Final = Admission((read,), BusyReason.REQUESTS)
        self.applications: Final = Admission((applied, read), BusyReason.APPLICATIONS)
        self.edits: Final = Admission((edited, written), BusyReason.EDIT)
        self.imports: Final = Admission((imported, written), BusyReason.IMPORT)

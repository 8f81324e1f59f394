"""Limits on each kind of work, so that one merchant never takes what the others need.

A request that waits for a lock occupies a connection. So a request takes a slot of its merchant
first. If the merchant has no slot left, the request waits without a connection.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sconto.store.availability import Busy, BusyReason, DatabaseUnavailable
from sconto.store.slots import NoSlot, Slots

CONCURRENT_ORDERS_OF_MERCHANT: Final = 8
"""Each is a process of PostgreSQL: with sixteen on one of its cores an order took a quarter longer
than with eight."""

_CONCURRENT_ORDERS: Final = 10
"""Of all merchants: some slots are left for other merchants, and some connections for quotes."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The slots that a kind of work takes, and the error if they are not free in time."""

    slots: Sequence[Slots]
    refusal: Callable[[], DatabaseUnavailable]

    async def enter(self, merchant_id: int, deadline: float) -> None:
        """Take the slots before a time of the event loop, or raise the refusal."""
        taken: list[Slots] = []
        try:
            for slots in self.slots:
                await slots.take(merchant_id, deadline)
                taken.append(slots)
        except BaseException as error:
            for slots in taken:
                slots.give_back(merchant_id)
            if isinstance(error, NoSlot):
                raise self.refusal() from error
            raise

    def leave(self, merchant_id: int) -> None:
        """Give the slots back."""
        for slots in self.slots:
            slots.give_back(merchant_id)


class Admissions:
    """The slots that each kind of work needs, for a pool of this number of connections.

    A merchant reads on at most half of them, and writes on two: an edit, and an import beside it.
    All writes together have half. Orders have a pool of their own.
    """

    def __init__(self, connections: int) -> None:
        half = max(1, connections // 2)
        reads = Slots(each=half, together=connections)
        # One fewer, so that a merchant whose applications wait for a row can still read.
        applications = Slots(each=max(1, half - 1), together=connections)
        writes = Slots(each=2, together=half)
        edits = Slots(each=1, together=half)
        # An import takes as long as its file is large. So some slots are for edits alone.
        imports = Slots(each=1, together=max(1, half // 2))
        self.order_slots: Final = Slots(
            each=CONCURRENT_ORDERS_OF_MERCHANT, together=_CONCURRENT_ORDERS
        )
        self.reads: Final = Admission((reads,), _busy(BusyReason.REQUESTS))
        self.applications: Final = Admission((applications, reads), _busy(BusyReason.APPLICATIONS))
        self.edits: Final = Admission((edits, writes), _busy(BusyReason.EDIT))
        self.imports: Final = Admission((imports, writes), _busy(BusyReason.IMPORT))
        self.orders: Final = Admission(
            (self.order_slots,),
            partial(DatabaseUnavailable, "the orders before this one do not end"),
        )


def _busy(reason: BusyReason) -> Callable[[], DatabaseUnavailable]:
    return partial(Busy, reason)

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


_ORDERS_OF_NODE: Final = 6
"""Orders of the merchants of one node that go through the coordinator."""

SUBSCRIPTIONS_AT_NODE: Final = 5
"""Requests about subscription codes that ask a node directly. They take none of the connections
that quotes and orders have there."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The slots that a kind of work takes, and the error if they are not free in time.

    On a distributed database the merchants of one node take slots `of_node` first. So a node that
    hangs leaves some to the merchants of the others.
    """

    slots: Sequence[Slots]
    refusal: Callable[[], DatabaseUnavailable]
    of_node: Slots | None = None

    async def enter(self, merchant_id: int, group: int | None, deadline: float) -> None:
        """Take the slots before a time of the event loop; `group` is that of the merchant's node.

        Raises the refusal.
        """
        taken: list[tuple[Slots, int]] = []
        try:
            if group is not None and self.of_node is not None:
                await self.of_node.take(group, deadline)
                taken.append((self.of_node, group))
            for slots in self.slots:
                await slots.take(merchant_id, deadline)
                taken.append((slots, merchant_id))
        except BaseException as error:
            for slots, key in taken:
                slots.give_back(key)
            if isinstance(error, NoSlot):
                raise self.refusal() from error
            raise

    def leave(self, merchant_id: int, group: int | None) -> None:
        """Give the slots back that were taken with the same arguments."""
        for slots in self.slots:
            slots.give_back(merchant_id)
        if group is not None and self.of_node is not None:
            self.of_node.give_back(group)


class Admissions:
    """The slots that each kind of work needs, for a pool of this number of connections.

    A merchant reads on at most half of them, and writes on two: an edit, and an import at the same
    time. All writes together have half. Orders have a pool of their own.
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
        self.order_slots: Final = _new_order_slots()
        of_node = Slots(each=max(1, connections * 2 // 3))
        writes_of_node = Slots(each=max(1, half - 1))
        self.reads: Final = Admission((reads,), _busy(BusyReason.REQUESTS), of_node)
        self.applications: Final = Admission(
            (applications, reads), _busy(BusyReason.APPLICATIONS), of_node
        )
        self.edits: Final = Admission((edits, writes), _busy(BusyReason.EDIT), writes_of_node)
        self.imports: Final = Admission(
            (imports, writes), _busy(BusyReason.IMPORT), Slots(each=max(1, half // 2 - 1))
        )
        self.orders: Final = _orders(self.order_slots, of_node=Slots(each=_ORDERS_OF_NODE))


class NodeAdmissions:
    """The slots of what asks a node directly, on connections to that node alone."""

    def __init__(self) -> None:
        self.orders: Final = _orders(_new_order_slots())
        """As for the orders of all merchants elsewhere."""
        half = (SUBSCRIPTIONS_AT_NODE + 1) // 2
        reads = Slots(each=half, together=SUBSCRIPTIONS_AT_NODE)
        # As in `Admissions`.
        applications = Slots(each=half - 1, together=SUBSCRIPTIONS_AT_NODE)
        self.reads: Final = Admission((reads,), _busy(BusyReason.REQUESTS))
        self.applications: Final = Admission((applications, reads), _busy(BusyReason.APPLICATIONS))


def _orders(slots: Slots, of_node: Slots | None = None) -> Admission:
    """That of orders which share these slots."""
    refusal = partial(DatabaseUnavailable, "the orders before this one do not end")
    return Admission((slots,), refusal, of_node)


def _new_order_slots() -> Slots:
    """Slots of all orders on one pool of connections."""
    return Slots(each=CONCURRENT_ORDERS_OF_MERCHANT, together=_CONCURRENT_ORDERS)


def _busy(reason: BusyReason) -> Callable[[], DatabaseUnavailable]:
    return partial(Busy, reason)

"""A merchant that records events, and a reader of its stream."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sconto.domain.events import Event
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.people import Caller
from sconto.operations import checkout, events
from sconto.store.database import Database
from tests.builders import NOON, a_cart


@dataclass
class EventSource:
    """A merchant that records events; its stream is read, each event once."""

    database: Database
    caller: Caller
    after: int = 0
    seen: list[Event] = field(default_factory=list)

    async def news(self, now: datetime = NOON) -> list[Event]:
        """The events that were not read before, including starts and ends until now."""
        await events.record_starts_and_ends(self.database, now)
        page = await events.list_events(self.database, self.caller, self.after, None, (), 1000, now)
        self.after = page.last_position
        self.seen += page.events
        return list(page.events)

    async def types(self, now: datetime = NOON) -> list[str]:
        """The types of the events that were not read before."""
        return [one.type for one in await self.news(now)]

    async def order(self, order_id: str, **fields: Any) -> None:
        """Place an order of one product."""
        cart = fields.pop("cart", None) or a_cart()
        new = NewOrder(order_id, cart, **fields)
        await checkout.place_order(self.database, self.caller, new, NOON, NOON.date())

    async def set_status(self, order_id: str, status: OrderStatus) -> None:
        """Change an order's status."""
        await checkout.change_order_status(self.database, self.caller, order_id, status, NOON)


async def an_event_source(database: Database, caller: Caller, now: datetime = NOON) -> EventSource:
    """A merchant whose events are recorded from now on."""
    await events.start_recording(database, caller, now)
    return EventSource(database, caller)

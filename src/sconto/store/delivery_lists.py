"""Lists of deliveries with their results, and the number of waiting ones."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from sconto.domain.webhooks import Attempt, Delivery, DeliveryState
from sconto.store.database import Connection
from sconto.store.events import event_id
from sconto.store.polls import Poll

_DELIVERY: Final = """
SELECT delivery_id, webhook_id, deliveries.type, state, attempts, due_at, created_at,
       finished_at, deliveries.position, event_id, occurred_at, data, status, failure
FROM deliveries
LEFT JOIN events ON events.merchant_id = $1 AND events.position = deliveries.position
LEFT JOIN LATERAL (
    SELECT status, failure
    FROM delivery_attempts
    WHERE merchant_id = $1 AND delivery_id = deliveries.delivery_id
    ORDER BY number DESC
    LIMIT 1
) AS last ON true
WHERE deliveries.merchant_id = $1 AND webhook_id = $2
"""

_LIST: Final = f"""{_DELIVERY} AND delivery_id < $3
ORDER BY delivery_id DESC
LIMIT $4
"""

# Each state has its index.
_LIST_OF_STATE: Final = {
    state: f"""{_DELIVERY} AND delivery_id < $3 AND state = '{state}'
ORDER BY delivery_id DESC
LIMIT $4
"""
    for state in DeliveryState
}

_FIND: Final = f"{_DELIVERY} AND delivery_id = $3"

_ATTEMPTS: Final = """
SELECT number, started_at, milliseconds, status, failure, answer
FROM delivery_attempts
WHERE merchant_id = $1 AND delivery_id = $2
ORDER BY number
"""

# It reads all merchants, in indexes that have only waiting rows.
BACKLOG: Final = Poll("""
SELECT (SELECT count(*) FROM (SELECT true FROM event_outbox LIMIT $1) AS new) AS outbox,
       (SELECT min(occurred_at) FROM (SELECT occurred_at FROM event_outbox LIMIT $1) AS new)
           AS outbox_since,
       count(*) AS deliveries, min(created_at) AS deliveries_since
FROM (SELECT created_at FROM deliveries WHERE state = 'waiting' LIMIT $1) AS waiting
""")


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A delivery with its event; `data` is None for a test, or a deleted event."""

    delivery: Delivery
    occurred_at: datetime | None
    data: Any
    is_test: bool


async def list_deliveries(
    connection: Connection,
    merchant_id: int,
    webhook_id: int,
    before: int,
    limit: int,
    state: DeliveryState | None,
) -> list[StoredDelivery]:
    """The latest deliveries of a webhook with an id below `before`."""
    statement = _LIST if state is None else _LIST_OF_STATE[state]
    rows = await connection.fetch(statement, merchant_id, webhook_id, before, limit)
    return [_delivery(row) for row in rows]


async def find_delivery(
    connection: Connection, merchant_id: int, webhook_id: int, delivery_id: int
) -> StoredDelivery | None:
    """The delivery; None if the webhook has no such delivery."""
    row = await connection.fetchrow(_FIND, merchant_id, webhook_id, delivery_id)
    return None if row is None else _delivery(row)


async def list_attempts(
    connection: Connection, merchant_id: int, delivery_id: int
) -> Sequence[Attempt]:
    """All attempts of a delivery, the first one first."""
    rows = await connection.fetch(_ATTEMPTS, merchant_id, delivery_id)
    return [Attempt(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many events wait, and since when the first of them; None if none does."""

    outbox: int
    outbox_since: datetime | None
    deliveries: int
    deliveries_since: datetime | None


async def measure_backlog(connection: Connection, most: int) -> Backlog:
    """The events that wait for a position or for delivery, each counted up to `most`."""
    rows = await BACKLOG.fetch(connection, most)
    return Backlog(
        sum(row["outbox"] for row in rows),
        _first(row["outbox_since"] for row in rows),
        sum(row["deliveries"] for row in rows),
        _first(row["deliveries_since"] for row in rows),
    )


def _first(times: Iterable[datetime | str | None]) -> datetime | None:
    """The earliest time; those of other nodes are texts."""
    known = [datetime.fromisoformat(one) if isinstance(one, str) else one for one in times if one]
    return min(known, default=None)


def _delivery(row: asyncpg.Record) -> StoredDelivery:
    number, state = row["event_id"], DeliveryState(row["state"])
    delivery = Delivery(
        row["delivery_id"],
        row["webhook_id"],
        test_id(row["delivery_id"]) if number is None else event_id(number),
        row["type"],
        state,
        row["attempts"],
        row["due_at"] if state is DeliveryState.WAITING else None,
        row["created_at"],
        row["finished_at"],
        row["status"],
        row["failure"],
    )
    data = None if row["data"] is None else json.loads(row["data"])
    return StoredDelivery(delivery, row["occurred_at"], data, row["position"] is None)


def test_id(delivery_id: int) -> str:
    """The id of a message that tests a webhook."""
    return f"test_{delivery_id}"

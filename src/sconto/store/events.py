"""The stream of a merchant's events: written by the changes themselves, numbered afterwards.

Why no event is lost or skipped, and none comes twice:

1. A change writes its event to `event_outbox` in its own transaction. So the event exists if and
  only if the change happened. Identity numbers are drawn before the commit, so a row with a lower
  number may become visible after one with a higher number. A reader who relied on these numbers
  would skip it.
2. Therefore events get their position in a later step, `append`. It moves committed rows from the
  outbox to `events`, and gives them the next positions. Before it reads the outbox it locks the
  merchant's row in `event_streams`, and commits with that lock. So one transaction at a time
  numbers a merchant's events, each reads the outbox in a snapshot that is later than all positions,
  and an event that is committed late gets a later position. A reader who has seen position N has
  seen everything up to N, and all other events will have higher positions. A long transaction
  delays only its own events.
3. Events about one object are in the order in which they happened. Each is written while its
  transaction has the object's row locked, so the next one draws its number later; and a snapshot
  that sees the later event sees the earlier one.
4. `append` is one transaction: the row leaves the outbox, the event gets its position, and the
  webhooks get their deliveries, or nothing happens. A killed process or a lost database leaves the
  outbox unchanged.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from sconto.domain.events import Event, NewEvent
from sconto.domain.history import Facts
from sconto.domain.holds import Hold
from sconto.domain.order import StoredOrder
from sconto.store.database import Connection
from sconto.store.hold_rows import decode_hold
from sconto.store.outcomes import ORDER_COLUMNS, decode_order
from sconto.store.polls import Poll
from sconto.store.price_versions import first_of, keep_drawn

# With a new price version: orders that were priced without it are priced again, and recorded.
_START: Final = f"""
WITH stream AS (
    INSERT INTO event_streams (merchant_id) VALUES ($1) ON CONFLICT DO NOTHING
)
{first_of("records_events")}
RETURNING true
"""  # noqa: S608  # of our own constants

_IS_RECORDING: Final = """
SELECT EXISTS (SELECT FROM timeline_versions WHERE merchant_id = $1 AND records_events)
"""

# With a new price version too: an order at cached prices would go on to be recorded.
_STOP: Final = f"""
UPDATE timeline_versions AS kept SET records_events = false, price_version = $2,
    {keep_drawn("$2")}
WHERE merchant_id = $1 AND records_events
"""  # noqa: S608  # of our own constants

# The only statement here that reads all merchants: the table is empty most of the time.
LIST_MERCHANTS: Final = Poll("""
SELECT DISTINCT merchant_id
FROM (SELECT merchant_id FROM event_outbox ORDER BY merchant_id, outbox_id LIMIT $1) AS waiting
""")

_HAS_NEWS: Final = "SELECT EXISTS (SELECT FROM event_outbox WHERE merchant_id = $1)"

_LOCK: Final = """
SELECT last_position FROM event_streams WHERE merchant_id = $1 FOR UPDATE SKIP LOCKED
"""

_WAIT: Final = "SELECT last_position FROM event_streams WHERE merchant_id = $1 FOR UPDATE"

_READ_OUTBOX: Final = f"""
SELECT outbox_id, type, object, occurred_at, subject, data,
       CASE WHEN starts_with(type, 'order.') THEN (
           SELECT row_to_json(stored)
           FROM (
               SELECT {ORDER_COLUMNS}
               FROM orders
               WHERE merchant_id = $1 AND order_id = substr(event_outbox.object, 7)
           ) AS stored
       ) END AS stored
FROM event_outbox
WHERE merchant_id = $1
ORDER BY outbox_id
LIMIT $2
"""  # noqa: S608  # of our own constants

_APPEND: Final = """
WITH moved AS (
    DELETE FROM event_outbox WHERE merchant_id = $1 AND outbox_id = ANY ($2::bigint[])
), stream AS (
    UPDATE event_streams SET last_position = $3::bigint + cardinality($4::text[])
    WHERE merchant_id = $1
), stored AS (
    INSERT INTO events (merchant_id, position, type, object, occurred_at, recorded_at, data)
    SELECT $1, $3 + place, type, object, occurred_at, $8, data::json
    FROM unnest($4, $5::text[], $6::timestamptz[], $7::text[]) WITH ORDINALITY
        AS new (type, object, occurred_at, data, place)
    RETURNING position, type, object
)
INSERT INTO deliveries (merchant_id, webhook_id, position, type, object, state, due_at, created_at)
SELECT $1, webhook_id, position, type, object, 'waiting', $8, $8
FROM stored
JOIN webhooks ON merchant_id = $1 AND enabled AND (types = '{}' OR type = ANY (types))
ORDER BY position, webhook_id
RETURNING true
"""

_BOUNDS: Final = """
SELECT coalesce((SELECT last_position FROM event_streams WHERE merchant_id = $1), 0) AS last,
       (SELECT position FROM events WHERE merchant_id = $1 ORDER BY position LIMIT 1) AS first
"""

_LIST: Final = """
SELECT position, event_id, type, object, occurred_at, recorded_at, data
FROM events
WHERE merchant_id = $1 AND position > $2 AND position <= $3
  AND ($4::text[] = '{}' OR type = ANY ($4))
ORDER BY position
LIMIT $5
"""

_BEFORE: Final = """
SELECT position - 1
FROM events
WHERE merchant_id = $1 AND recorded_at >= $2
ORDER BY recorded_at, position
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An event that has no position yet; with the order or the hold that it is about."""

    id: int
    type: str
    object: str
    occurred_at: datetime
    subject: Facts | None
    data: Facts
    order: StoredOrder | None = None
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """The first position that is kept, None without events, and the last that was given."""

    first: int | None
    last: int


async def start_recording(connection: Connection, merchant_id: int, version: int) -> None:
    """Record the merchant's events from now on; `version` is a random number."""
    await connection.execute(_START, merchant_id, version)


async def is_recording(connection: Connection, merchant_id: int) -> bool:
    """Whether the merchant's events are recorded."""
    return bool(await connection.fetchval(_IS_RECORDING, merchant_id))


async def stop_recording(connection: Connection, merchant_id: int) -> None:
    """Stop recording events; those that were recorded stay."""
    await connection.execute(_STOP, merchant_id, secrets.randbits(63))


async def list_merchants_with_news(connection: Connection, limit: int) -> list[int]:
    """The merchants of the first rows of the outbox; `limit` is a number of rows."""
    return [row["merchant_id"] for row in await LIST_MERCHANTS.fetch(connection, limit)]


async def has_news(connection: Connection, merchant_id: int) -> bool:
    """Whether the merchant has committed events without a position."""
    return bool(await connection.fetchval(_HAS_NEWS, merchant_id))


async def lock_stream(connection: Connection, merchant_id: int) -> int | None:
    """Lock the stream for this transaction; returns its last position.

    None if another transaction has it, or the merchant never recorded events.
    """
    position: int | None = await connection.fetchval(_LOCK, merchant_id)
    return position


async def wait_for_stream(connection: Connection, merchant_id: int) -> int | None:
    """Lock the stream as soon as no other transaction has it; returns its last position.

    None if the merchant never recorded events.
    """
    position: int | None = await connection.fetchval(_WAIT, merchant_id)
    return position


async def read_outbox(connection: Connection, merchant_id: int, limit: int) -> list[OutboxRow]:
    """The oldest events that are committed and have no position."""
    return [_outbox_row(row) for row in await connection.fetch(_READ_OUTBOX, merchant_id, limit)]


async def append(
    connection: Connection,
    merchant_id: int,
    last_position: int,
    outbox_ids: Sequence[int],
    new: Sequence[NewEvent],
    now: datetime,
) -> int:
    """Give the events their positions, and the webhooks their deliveries; returns how many.

    The transaction has the stream locked, and `outbox_ids` are the rows of the events.
    """
    rows = await connection.fetch(
        _APPEND,
        merchant_id,
        outbox_ids,
        last_position,
        [one.type for one in new],
        [one.object for one in new],
        [one.occurred_at for one in new],
        [json.dumps(one.data, ensure_ascii=False) for one in new],
        now,
    )
    return len(rows)


async def find_bounds(connection: Connection, merchant_id: int) -> Bounds:
    """The first and the last position."""
    row = await connection.fetchrow(_BOUNDS, merchant_id)
    assert row is not None  # noqa: S101 - a row is asked for
    return Bounds(row["first"], row["last"])


async def find_position_before(
    connection: Connection, merchant_id: int, since: datetime
) -> int | None:
    """The position before the first event that was recorded then or later; None without one."""
    position: int | None = await connection.fetchval(_BEFORE, merchant_id, since)
    return position


async def list_events(
    connection: Connection,
    merchant_id: int,
    after: int,
    until: int,
    types: Sequence[str],
    limit: int,
) -> list[Event]:
    """The first events after one position and up to another, of these types or of all."""
    rows = await connection.fetch(_LIST, merchant_id, after, until, types, limit)
    return [decode_event(row) for row in rows]


def decode_event(row: asyncpg.Record) -> Event:
    """The event of a row."""
    return Event(
        row["position"],
        event_id(row["event_id"]),
        row["type"],
        row["object"],
        row["occurred_at"],
        row["recorded_at"],
        json.loads(row["data"]),
    )


def event_id(number: UUID) -> str:
    """The id of an event as receivers see it."""
    return f"evt_{number.hex}"


def _outbox_row(row: asyncpg.Record) -> OutboxRow:
    stored, is_of_hold = row["stored"], row["type"].startswith("hold.")
    return OutboxRow(
        row["outbox_id"],
        row["type"],
        row["object"],
        row["occurred_at"],
        None if is_of_hold else _decode(row["subject"]),
        _decode(row["data"]) or {},
        None if stored is None else decode_order(stored),
        decode_hold(row["subject"]) if is_of_hold else None,
    )


def _decode(text: str | None) -> Any:
    return None if text is None else json.loads(text)

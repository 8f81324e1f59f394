"""Removes events and deliveries that are older than they are kept, in batches."""

from datetime import datetime
from typing import Final

from sconto.store.database import Connection
from sconto.store.polls import Poll

REMOVAL_BATCH: Final = 1_000
"""Rows that one transaction removes at most."""

_LOCK: Final = 0x5C0_1DE5
"""The advisory lock of the one worker that removes."""

LIST_MERCHANTS: Final = Poll("""
SELECT merchant_id
FROM event_streams
WHERE EXISTS (
    SELECT FROM events
    WHERE events.merchant_id = event_streams.merchant_id AND recorded_at <= $1
) OR EXISTS (
    SELECT FROM deliveries
    WHERE deliveries.merchant_id = event_streams.merchant_id AND created_at <= $1
)
ORDER BY merchant_id
""")

# The lowest positions first, so that no gap appears among the events that are kept.
_REMOVE_EVENTS: Final = f"""
DELETE FROM events
WHERE merchant_id = $1 AND position IN (
    SELECT position FROM events
    WHERE merchant_id = $1
    ORDER BY position
    LIMIT {REMOVAL_BATCH}
) AND recorded_at <= $2
RETURNING true
"""  # noqa: S608  # of our own constants

_REMOVE_DELIVERIES: Final = f"""
WITH old AS MATERIALIZED (
    SELECT delivery_id FROM deliveries
    WHERE merchant_id = $1 AND created_at <= $2
    ORDER BY created_at
    LIMIT {REMOVAL_BATCH}
), attempts AS (
    DELETE FROM delivery_attempts
    WHERE merchant_id = $1 AND delivery_id IN (SELECT delivery_id FROM old)
)
DELETE FROM deliveries
WHERE merchant_id = $1 AND delivery_id IN (SELECT delivery_id FROM old)
RETURNING true
"""  # noqa: S608


async def lock_removal(connection: Connection) -> bool:
    """Take the lock that one removing transaction at a time has; False if another has it."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK))


async def list_merchants_with_old_events(connection: Connection, before: datetime) -> list[int]:
    """The merchants with something to remove."""
    return [row["merchant_id"] for row in await LIST_MERCHANTS.fetch(connection, before)]


async def remove_some(
    connection: Connection, merchant_id: int, before: datetime
) -> tuple[int, int]:
    """Remove some old deliveries and events of a merchant; returns the number of each."""
    deliveries = await connection.fetch(_REMOVE_DELIVERIES, merchant_id, before)
    events = await connection.fetch(_REMOVE_EVENTS, merchant_id, before)
    return len(deliveries), len(events)

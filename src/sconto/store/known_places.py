"""Places where users signed in recently; some limits on failed sign-ins exempt them."""

from datetime import datetime, timedelta
from typing import Final

from sconto.domain.people import Caller
from sconto.domain.sign_in import ADDRESS_KNOWN_FOR, MAX_KNOWN_ADDRESSES
from sconto.store.database import Connection

_FRESH_FOR: Final = timedelta(days=1)
"""A place that was written this recently is not written again."""

_STORE: Final = """
INSERT INTO known_places (merchant_id, user_id, place, seen_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (merchant_id, user_id, place) DO UPDATE SET seen_at = excluded.seen_at
WHERE known_places.seen_at < $5
RETURNING true
"""

_SWEEP: Final = """
WITH old AS (
    SELECT merchant_id, user_id, place FROM known_places
    WHERE seen_at <= $4 ORDER BY seen_at LIMIT 20
    FOR UPDATE SKIP LOCKED
), surplus AS (
    SELECT merchant_id, user_id, place FROM known_places
    WHERE merchant_id = $1 AND user_id = $2 ORDER BY seen_at DESC OFFSET $3
)
DELETE FROM known_places USING (TABLE old UNION TABLE surplus) AS gone
WHERE known_places.merchant_id = gone.merchant_id AND known_places.user_id = gone.user_id
    AND known_places.place = gone.place
"""

_REMOVE_TIMELINES: Final = "DELETE FROM known_places WHERE merchant_id = $1 AND user_id = $2"


async def store_place(connection: Connection, caller: Caller, place: bytes, now: datetime) -> bool:
    """Store that the user signed in from a place; returns whether that is new.

    Places that are too old, or too many, are removed, the oldest first.
    """
    ids = (caller.merchant_id, caller.user_id)
    is_new = await connection.fetchval(_STORE, *ids, place, now, now - _FRESH_FOR)
    if is_new:
        await connection.execute(_SWEEP, *ids, MAX_KNOWN_ADDRESSES, now - ADDRESS_KNOWN_FOR)
    return is_new is not None


async def delete_places(connection: Connection, caller: Caller) -> None:
    """Remove all known places of the user."""
    await connection.execute(_REMOVE_TIMELINES, caller.merchant_id, caller.user_id)

"""Rows of kept forms: a few of each user, for a short time."""

from datetime import datetime
from typing import Final

from sconto.domain.people import Caller
from sconto.store.database import Connection
from sconto.store.polls import Poll

_PUT: Final = """
INSERT INTO kept_forms (merchant_id, user_id, key_hash, content, expires_at)
VALUES ($1, $2, $3, $4, $5)
"""

# At most $3 rows are left after the deletion.
_MAKE_ROOM: Final = """
DELETE FROM kept_forms
WHERE merchant_id = $1 AND user_id = $2 AND key_hash IN (
    SELECT key_hash FROM kept_forms WHERE merchant_id = $1 AND user_id = $2
    ORDER BY expires_at DESC OFFSET $3
)
"""

_FIND: Final = """
SELECT content FROM kept_forms
WHERE merchant_id = $1 AND user_id = $2 AND key_hash = $3 AND expires_at > $4
"""

LIST_MERCHANTS: Final = Poll("SELECT DISTINCT merchant_id FROM kept_forms WHERE expires_at <= $1")

_REMOVE: Final = "DELETE FROM kept_forms WHERE merchant_id = $1 AND expires_at <= $2"


async def put_form(
    connection: Connection,
    owner: Caller,
    key_hash: bytes,
    content: bytes,
    expires_at: datetime,
    most: int,
) -> None:
    """Keep a form of a user, and the latest others: `most` in all."""
    merchant_id, user_id = owner.merchant_id, owner.user_id
    await connection.execute(_MAKE_ROOM, merchant_id, user_id, most - 1)
    await connection.execute(_PUT, merchant_id, user_id, key_hash, content, expires_at)


async def find_form(
    connection: Connection, owner: Caller, key_hash: bytes, now: datetime
) -> bytes | None:
    """The content of the user's form with this key; None if it no longer exists."""
    content: bytes | None = await connection.fetchval(
        _FIND, owner.merchant_id, owner.user_id, key_hash, now
    )
    return content


async def list_merchants_with_expired(connection: Connection, now: datetime) -> list[int]:
    """The merchants whose users have expired forms."""
    return [row["merchant_id"] for row in await LIST_MERCHANTS.fetch(connection, now)]


async def remove_expired(connection: Connection, merchant_id: int, now: datetime) -> None:
    """Remove a merchant's expired forms."""
    await connection.execute(_REMOVE, merchant_id, now)

"""Uploaded files, in parts, until they are taken or expire."""

from datetime import datetime
from typing import Final

from sconto.domain.numbers import MAX_INT64
from sconto.domain.upload import Upload
from sconto.store.database import Connection
from sconto.store.polls import Poll

SWEEP_LOCK: Final = 0x5C0_F11E
"""The advisory lock of the one worker that removes what is over."""

_INSERT: Final = """
INSERT INTO uploads (merchant_id, user_id, name, size, typed, expires_at)
VALUES ($1, $2, $3, 0, $4, $5)
RETURNING upload_id
"""

_INSERT_PART: Final = """
INSERT INTO upload_parts (merchant_id, upload_id, number, content) VALUES ($1, $2, $3, $4)
"""

_SET_SIZE: Final = "UPDATE uploads SET size = $3 WHERE merchant_id = $1 AND upload_id = $2"

_FIND: Final = """
SELECT upload_id, name, size, typed, expires_at
FROM uploads
WHERE merchant_id = $1 AND upload_id = $2 AND user_id = $3 AND expires_at > $4
"""

_READ: Final = """
SELECT content FROM upload_parts WHERE merchant_id = $1 AND upload_id = $2 AND number = $3
"""

_OLDER: Final = """
SELECT upload_id FROM uploads
WHERE merchant_id = $1 AND user_id = $2
ORDER BY upload_id DESC
OFFSET $3
"""

_OVER: Final = """
SELECT upload_id FROM uploads
WHERE merchant_id = $1 AND expires_at <= $2
ORDER BY expires_at
LIMIT 10
"""

_REMOVE_PARTS: Final = """
DELETE FROM upload_parts WHERE merchant_id = $1 AND upload_id = ANY ($2::bigint[])
"""

_REMOVE: Final = "DELETE FROM uploads WHERE merchant_id = $1 AND upload_id = ANY ($2::bigint[])"

# A merchant may have files and no promotion, and so no version. The table is small.
LIST_MERCHANTS: Final = Poll("SELECT DISTINCT merchant_id FROM uploads WHERE expires_at <= $1")


async def insert_upload(
    connection: Connection, merchant_id: int, user_id: int, name: str, *, typed: bool, end: datetime
) -> int:
    """Begin an upload; returns its id."""
    upload_id: int = await connection.fetchval(_INSERT, merchant_id, user_id, name, typed, end)
    return upload_id


async def insert_part(
    connection: Connection, merchant_id: int, upload_id: int, number: int, content: bytes
) -> None:
    """Add a part of the file; the first has the number 0."""
    await connection.execute(_INSERT_PART, merchant_id, upload_id, number, content)


async def set_size(connection: Connection, merchant_id: int, upload_id: int, size: int) -> None:
    """Store how many bytes the file has."""
    await connection.execute(_SET_SIZE, merchant_id, upload_id, size)


async def find_upload(
    connection: Connection, merchant_id: int, user_id: int, upload_id: int, now: datetime
) -> Upload | None:
    """The user's upload; None if it is another user's, taken or expired."""
    if upload_id > MAX_INT64:
        return None
    row = await connection.fetchrow(_FIND, merchant_id, upload_id, user_id, now)
    if row is None:
        return None
    return Upload(row["upload_id"], row["name"], row["size"], row["typed"], row["expires_at"])


async def read_part(
    connection: Connection, merchant_id: int, upload_id: int, number: int
) -> bytes | None:
    """A part of the file; None after the last."""
    content: bytes | None = await connection.fetchval(_READ, merchant_id, upload_id, number)
    return content


async def remove_older(connection: Connection, merchant_id: int, user_id: int, kept: int) -> None:
    """Remove the user's uploads except the latest."""
    rows = await connection.fetch(_OLDER, merchant_id, user_id, kept)
    await remove(connection, merchant_id, [row["upload_id"] for row in rows])


async def remove(connection: Connection, merchant_id: int, upload_ids: list[int]) -> None:
    """Remove uploads with their parts."""
    if upload_ids:
        await connection.execute(_REMOVE_PARTS, merchant_id, upload_ids)
        await connection.execute(_REMOVE, merchant_id, upload_ids)


async def lock_sweep(connection: Connection) -> bool:
    """Take the lock that one removing transaction at a time has; False if another has it."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", SWEEP_LOCK))


async def list_merchants(connection: Connection, now: datetime) -> list[int]:
    """The merchants that have expired uploads."""
    return [row["merchant_id"] for row in await LIST_MERCHANTS.fetch(connection, now)]


async def remove_over(connection: Connection, merchant_id: int, now: datetime) -> int:
    """Remove some expired uploads; returns their number."""
    rows = await connection.fetch(_OVER, merchant_id, now)
    await remove(connection, merchant_id, [row["upload_id"] for row in rows])
    return len(rows)

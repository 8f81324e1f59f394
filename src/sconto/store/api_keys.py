"""API keys, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from sconto.domain.api_keys import ApiKey, NewKey
from sconto.domain.people import Caller, Role, key_caller
from sconto.store.database import Connection

OVERLAP: Final = timedelta(hours=1)
"""How far back changes are read again: they may be committed later than they are stamped."""

_LOCK: Final = "SELECT FROM merchants WHERE merchant_id = $1 FOR NO KEY UPDATE"

# The lock lets one process at a time count and insert.
_INSERT: Final = """
INSERT INTO api_keys
    (merchant_id, name, role, key_hash, prefix, expires_at, created_at, created_by)
SELECT $1, $2, $3, $4, $5, $6, $7, coalesce(
    (SELECT username FROM users WHERE user_id = $8),
    (SELECT 'API key ' || name FROM api_keys WHERE merchant_id = $1 AND key_id = -$8::bigint)
)
WHERE (SELECT count(*) FROM api_keys WHERE merchant_id = $1 AND revoked_at IS NULL) < $9
ON CONFLICT (merchant_id, name) WHERE revoked_at IS NULL DO NOTHING
RETURNING key_id
"""

_IS_TAKEN: Final = """
SELECT EXISTS (SELECT FROM api_keys WHERE merchant_id = $1 AND name = $2 AND revoked_at IS NULL)
"""

_COLUMNS: Final = """
SELECT key_id, name, role, prefix, created_at, created_by, expires_at, last_used_at
FROM api_keys WHERE merchant_id = $1 AND revoked_at IS NULL
"""

_LIST: Final = f"{_COLUMNS} ORDER BY key_id"

_FIND: Final = f"{_COLUMNS} AND key_id = $2"

_FIND_NAMED: Final = f"{_COLUMNS} AND name = $2"

_REVOKE: Final = """
UPDATE api_keys SET
    revoked_at = $3, changed_at = greatest(clock_timestamp(), changed_at + interval '1 microsecond')
WHERE merchant_id = $1 AND key_id = $2 AND revoked_at IS NULL
RETURNING key_hash
"""

_READ_MARK: Final = "SELECT clock_timestamp() AS at, epoch FROM token_epoch"

_LIST_ALL: Final = """
SELECT merchant_id, key_id, role, key_hash, expires_at, false AS revoked FROM api_keys
WHERE revoked_at IS NULL AND (merchant_id, key_id) > ($1, $2)
ORDER BY merchant_id, key_id LIMIT $3
"""

_LIST_CHANGED: Final = """
SELECT merchant_id, key_id, role, key_hash, expires_at, revoked_at IS NOT NULL AS revoked
FROM api_keys WHERE changed_at > $1
"""

# Locked in one order, so that processes that write together wait and do not deadlock.
_WRITE_USES: Final = """
WITH found AS (
    SELECT merchant_id, key_id, used.at
    FROM api_keys JOIN unnest($1::bigint[], $2::bigint[], $3::timestamptz[])
        AS used (merchant_id, key_id, at) USING (merchant_id, key_id)
    WHERE last_used_at IS NULL OR last_used_at < used.at
    ORDER BY merchant_id, key_id
    FOR NO KEY UPDATE OF api_keys
)
UPDATE api_keys SET last_used_at = found.at FROM found
WHERE api_keys.merchant_id = found.merchant_id AND api_keys.key_id = found.key_id
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """The database's time and epoch at a read of the keys."""

    at: datetime
    epoch: int


@dataclass(frozen=True, slots=True)
class KeyState:
    """The caller with the key of a hash, the key's end, and whether it is revoked."""

    key_hash: bytes
    caller: Caller
    expires_at: datetime | None
    revoked: bool


async def insert_key(
    connection: Connection,
    caller: Caller,
    new: NewKey,
    key_hash: bytes,
    prefix: str,
    most: int,
    now: datetime,
) -> int | None:
    """The new key's id; None if the name is taken or the merchant has `most` keys."""
    await connection.execute(_LOCK, caller.merchant_id)
    key_id: int | None = await connection.fetchval(
        _INSERT,
        caller.merchant_id,
        new.name,
        new.role.value,
        key_hash,
        prefix,
        new.expires_at,
        now,
        caller.user_id,
        most,
    )
    return key_id


async def is_name_taken(connection: Connection, merchant_id: int, name: str) -> bool:
    """Whether a key of the merchant that is not revoked has the name."""
    taken: bool = await connection.fetchval(_IS_TAKEN, merchant_id, name)
    return taken


async def list_keys(connection: Connection, merchant_id: int) -> list[ApiKey]:
    """The merchant's keys that are not revoked, in the order of their creation."""
    return [_key(row) for row in await connection.fetch(_LIST, merchant_id)]


async def find_key(connection: Connection, merchant_id: int, key_id: int) -> ApiKey | None:
    """The merchant's key of that id, unless it is revoked."""
    row = await connection.fetchrow(_FIND, merchant_id, key_id)
    return None if row is None else _key(row)


async def find_key_named(connection: Connection, merchant_id: int, name: str) -> ApiKey | None:
    """The merchant's key of that name, unless it is revoked."""
    row = await connection.fetchrow(_FIND_NAMED, merchant_id, name)
    return None if row is None else _key(row)


async def revoke_key(
    connection: Connection, merchant_id: int, key_id: int, now: datetime
) -> bytes | None:
    """Revoke a key; returns its hash, None if there is none or it was revoked before."""
    key_hash: bytes | None = await connection.fetchval(_REVOKE, merchant_id, key_id, now)
    return key_hash


async def read_mark(connection: Connection) -> Mark:
    """The database's time and epoch; read it before the keys."""
    row = await connection.fetchrow(_READ_MARK)
    assert row is not None  # noqa: S101 - the table has one row
    return Mark(row["at"], row["epoch"])


async def list_all(connection: Connection, after: tuple[int, int], limit: int) -> list[KeyState]:
    """Keys of all merchants that are not revoked, by the ids of merchant and key."""
    return _states(await connection.fetch(_LIST_ALL, *after, limit))


async def list_changed(connection: Connection, since: datetime) -> list[KeyState]:
    """The keys that may have been created or revoked since an earlier mark."""
    return _states(await connection.fetch(_LIST_CHANGED, since - OVERLAP))


async def write_uses(connection: Connection, uses: Sequence[tuple[int, int, datetime]]) -> None:
    """Store when keys were last used; each use has the ids of merchant and key."""
    merchants, keys, times = zip(*uses, strict=True)
    await connection.execute(_WRITE_USES, merchants, keys, times)


def _key(row: asyncpg.Record) -> ApiKey:
    return ApiKey(
        row["key_id"],
        row["name"],
        Role(row["role"]),
        row["prefix"],
        row["created_at"],
        row["created_by"],
        row["expires_at"],
        row["last_used_at"],
    )


def _states(rows: Sequence[asyncpg.Record]) -> list[KeyState]:
    return [
        KeyState(
            row["key_hash"],
            key_caller(row["merchant_id"], row["key_id"], Role(row["role"])),
            row["expires_at"],
            row["revoked"],
        )
        for row in rows
    ]

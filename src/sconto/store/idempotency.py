"""Keys of requests that changed something, with the answers they were given.

A key is inserted in the transaction of the effect itself: a second request with the key waits at
the unique index until the first has committed, or rolled back, and then finds the answer, or none.
Where a code is applied, its one statement inserts the key as well (`subscription_applications`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from sconto.store.database import Connection

SWEEP_LOCK: Final = 0x5C0_1DE4
"""The advisory lock of the one worker that sweeps."""

# A key that is too old counts as unused, swept or not.
_CLAIM: Final = """
INSERT INTO idempotency_keys AS kept (merchant_id, key, fingerprint, created_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (merchant_id, key) DO UPDATE
SET fingerprint = excluded.fingerprint, created_at = excluded.created_at,
    status = NULL, answer = NULL
WHERE kept.created_at <= $5
RETURNING true
"""

_FIND: Final = """
SELECT fingerprint, status, answer FROM idempotency_keys WHERE merchant_id = $1 AND key = $2
"""

_KEEP: Final = """
UPDATE idempotency_keys SET status = $3, answer = $4 WHERE merchant_id = $1 AND key = $2
"""

_LIST_MERCHANTS: Final = """
SELECT merchant_id
FROM merchants
WHERE EXISTS (
    SELECT FROM idempotency_keys AS kept
    WHERE kept.merchant_id = merchants.merchant_id AND kept.created_at <= $1
)
ORDER BY merchant_id
"""

_SWEEP: Final = """
DELETE FROM idempotency_keys
WHERE merchant_id = $1 AND key IN (
    SELECT key FROM idempotency_keys
    WHERE merchant_id = $1 AND created_at <= $2
    ORDER BY created_at
    LIMIT $3
)
RETURNING true
"""


class KeyBusy(Exception):
    """The request that has the key is under way, and takes long."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a request was answered, and the fingerprint of that request."""

    fingerprint: bytes
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class AnswerToKeep:
    """A key and its answer, in whose body a number is missing that is known when it is kept.

    The key's answer of `expired_at` or before does not count any more.
    """

    key: str
    fingerprint: bytes
    status: int
    before: bytes
    after: bytes
    expired_at: datetime


async def claim_key(
    connection: Connection,
    merchant_id: int,
    key: str,
    fingerprint: bytes,
    *,
    now: datetime,
    expired_at: datetime,
) -> bool:
    """Take the key for this transaction; False where a request of after `expired_at` has it.

    Waits for a request with the key that is under way, as long as the transaction may wait for a
    lock. Raises KeyBusy after that.
    """
    try:
        claimed = await connection.fetchval(_CLAIM, merchant_id, key, fingerprint, now, expired_at)
    except asyncpg.LockNotAvailableError:
        raise KeyBusy from None
    return bool(claimed)


async def find_answer(connection: Connection, merchant_id: int, key: str) -> KeptAnswer | None:
    """What the key's request was answered; None where it was swept meanwhile."""
    row = await connection.fetchrow(_FIND, merchant_id, key)
    return None if row is None else KeptAnswer(row["fingerprint"], row["status"], row["answer"])


async def keep_answer(
    connection: Connection, merchant_id: int, key: str, status: int, body: bytes
) -> None:
    """Keep the answer of the request whose transaction claimed the key."""
    await connection.execute(_KEEP, merchant_id, key, status, body)


async def may_sweep(connection: Connection) -> bool:
    """Whether no other transaction sweeps; none will until this one ends."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", SWEEP_LOCK))


async def list_merchants_to_sweep(connection: Connection, expired_at: datetime) -> list[int]:
    """The ids of the merchants that have keys which are too old."""
    return [row["merchant_id"] for row in await connection.fetch(_LIST_MERCHANTS, expired_at)]


async def sweep_keys(
    connection: Connection, merchant_id: int, expired_at: datetime, limit: int
) -> int:
    """Forget some of the merchant's keys that are too old, the oldest first; how many."""
    return len(await connection.fetch(_SWEEP, merchant_id, expired_at, limit))

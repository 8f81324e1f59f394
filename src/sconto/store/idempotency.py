"""Idempotency keys of requests that changed something, with their answers.

A key is inserted in the transaction of the effect itself, which first takes an advisory lock on the
key. While a first request is running, a second finds the lock taken, writes nothing, and tries
again until it gets the lock. Then it finds the answer, or none. The unique index makes a key count
once. The lock only keeps requests from waiting for each other in PostgreSQL. The one statement that
applies a code does the same (`subscription_applications`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from sconto.store.database import Connection
from sconto.store.node_calls import NodeFunction
from sconto.store.polls import Poll

SWEEP_LOCK: Final = 0x5C0_1DE4
"""The advisory lock of the one worker that sweeps keys."""

KEY_IS_FREE: Final = "pg_try_advisory_xact_lock(hashtextextended({key}::text, -$1::bigint))"
"""Takes the lock of the merchant $1 on a key. The minus keeps it apart from those of orders."""

# An expired key counts as unused, swept or not.
_CLAIM: Final = f"""
WITH alone AS MATERIALIZED (
    SELECT {KEY_IS_FREE.format(key="$2")} AS key_is_free
), claimed AS (
    INSERT INTO idempotency_keys AS kept (merchant_id, key, fingerprint, created_at)
    SELECT $1, $2, $3, $4 FROM alone WHERE key_is_free
    ON CONFLICT (merchant_id, key) DO UPDATE
    SET fingerprint = excluded.fingerprint, created_at = excluded.created_at,
        status = NULL, answer = NULL
    WHERE kept.created_at <= $5
    RETURNING true
)
SELECT key_is_free, EXISTS (SELECT FROM claimed) AS claimed FROM alone
"""  # noqa: S608  # of our own constants

_CLAIM_ON_NODE: Final = NodeFunction(_CLAIM, writes=True)

ON_NODES: Final = (_CLAIM_ON_NODE,)
"""The functions of these statements on the nodes of a distributed database."""

_FIND: Final = """
SELECT fingerprint, status, answer FROM idempotency_keys WHERE merchant_id = $1 AND key = $2
"""

_KEEP: Final = """
UPDATE idempotency_keys SET status = $3, answer = $4 WHERE merchant_id = $1 AND key = $2
"""

# The oldest key of each merchant: one look-up for each merchant with keys, however many keys there
# are. Citus sends no recursive statement to all shards.
LIST_MERCHANTS: Final = Poll(
    """
WITH RECURSIVE oldest AS (
    (
        SELECT merchant_id, created_at FROM idempotency_keys
        ORDER BY merchant_id, created_at
        LIMIT 1
    )
    UNION ALL
    SELECT following.merchant_id, following.created_at
    FROM oldest
    CROSS JOIN LATERAL (
        SELECT kept.merchant_id, kept.created_at FROM idempotency_keys AS kept
        WHERE kept.merchant_id > oldest.merchant_id
        ORDER BY kept.merchant_id, kept.created_at
        LIMIT 1
    ) AS following
)
SELECT merchant_id FROM oldest WHERE created_at <= $1
""",
    on_all_shards="SELECT DISTINCT merchant_id FROM idempotency_keys WHERE created_at <= $1",
)

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
    """Another request with the key is running."""


@dataclass(frozen=True, slots=True)
class EncodedAnswer:
    """An answer as the edge encoded it; nothing else knows its format."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class AnswerAroundUsage:
    """An encoded answer whose body has a number between `before` and `after`.

    The number is how often a code was applied. Only the statement that counts the use knows it, and
    stores the whole body.
    """

    status: int
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A stored answer, and the fingerprint of its request."""

    fingerprint: bytes
    answer: EncodedAnswer


@dataclass(frozen=True, slots=True)
class AnswerToKeep:
    """A key, and the answer to store under it.

    A stored answer that is from `expired_at` or earlier is ignored.
    """

    key: str
    fingerprint: bytes
    answer: AnswerAroundUsage
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
    """Take the key for this transaction; False if a request after `expired_at` used it.

    Raises KeyBusy if a request with the key is running. During an upgrade, a program older than the
    advisory lock may hold the key: then this waits as long as the transaction may wait for a lock.
    """
    try:
        row = await _CLAIM_ON_NODE.fetchrow(
            connection, merchant_id, key, fingerprint, now, expired_at
        )
    except asyncpg.LockNotAvailableError:
        raise KeyBusy from None
    assert row is not None  # noqa: S101 - a row is asked for
    if not row["key_is_free"]:
        raise KeyBusy
    return bool(row["claimed"])


async def find_answer(connection: Connection, merchant_id: int, key: str) -> KeptAnswer | None:
    """The answer of the key's request; None if the key was swept meanwhile."""
    row = await connection.fetchrow(_FIND, merchant_id, key)
    return None if row is None else decode_answer(row)


def decode_answer(row: asyncpg.Record) -> KeptAnswer:
    """The answer of a row with `fingerprint`, `status` and `answer`."""
    return KeptAnswer(row["fingerprint"], EncodedAnswer(row["status"], row["answer"]))


async def keep_answer(
    connection: Connection, merchant_id: int, key: str, answer: EncodedAnswer
) -> None:
    """Store the answer of the request whose transaction claimed the key."""
    await connection.execute(_KEEP, merchant_id, key, answer.status, answer.body)


async def lock_sweeping(connection: Connection) -> bool:
    """Take the lock that one sweeping transaction at a time has; False if another has it."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", SWEEP_LOCK))


async def list_merchants_to_sweep(connection: Connection, expired_at: datetime) -> list[int]:
    """The ids of the merchants that have expired keys."""
    return [row["merchant_id"] for row in await LIST_MERCHANTS.fetch(connection, expired_at)]


async def sweep_keys(
    connection: Connection, merchant_id: int, expired_at: datetime, limit: int
) -> int:
    """Delete some of the merchant's expired keys, the oldest first; returns their number."""
    return len(await connection.fetch(_SWEEP, merchant_id, expired_at, limit))

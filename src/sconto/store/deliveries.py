"""Deliveries: events on their way to webhooks, shared by the workers of all processes.

A worker claims a delivery for a time: its lease. While it sends, it holds no lock and no
connection. If a worker is killed, its lease ends, and then another one claims the delivery: it is
sent at least once.

The order of events about one object. A delivery is claimed only if no earlier one of the same
webhook and object waits. A claimed delivery still counts as waiting, so the next one is claimed
after it has arrived or is given up. Ids ascend with the positions, because both are given while the
stream is locked (`events`). A delivery that is sent again gets a new id, and comes last.

No webhook delays another one: each has its own deliveries, its own times, and its own number of
running requests.

All times are arguments. A lease is longer than the longest request plus any difference of clocks.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from sconto.domain.webhooks import Attempt, Decision
from sconto.store.database import Connection
from sconto.store.events import event_id
from sconto.store.polls import Poll

# It reads all merchants that have webhooks; there are few of them.
LIST_DUE: Final = Poll("""
SELECT merchant_id, webhook_id
FROM webhooks
WHERE enabled AND coalesce(paused_until <= $1, true) AND EXISTS (
    SELECT FROM deliveries
    WHERE deliveries.merchant_id = webhooks.merchant_id
      AND deliveries.webhook_id = webhooks.webhook_id
      AND state = 'waiting' AND due_at <= $1 AND coalesce(leased_until <= $1, true)
)
ORDER BY random()
LIMIT $2
""")

_MESSAGE: Final = """claimed.delivery_id, claimed.webhook_id, claimed.type, claimed.attempts,
       claimed.created_at, claimed.position, url, secret, previous_secret, previous_until"""

# A row that another worker claimed since the snapshot has a lease in its newest version.
_CLAIM: Final = f"""
WITH webhook AS MATERIALIZED (
    SELECT url, secret, previous_secret, previous_until,
           CASE WHEN failures >= $6 THEN 1 ELSE $5 END AS most
    FROM webhooks
    WHERE merchant_id = $1 AND webhook_id = $2 AND enabled AND coalesce(paused_until <= $3, true)
), due AS MATERIALIZED (
    SELECT delivery_id
    FROM deliveries AS delivery
    WHERE merchant_id = $1 AND webhook_id = $2 AND state = 'waiting' AND due_at <= $3
      AND coalesce(leased_until <= $3, true) AND EXISTS (SELECT FROM webhook)
      AND NOT EXISTS (
          SELECT FROM deliveries AS earlier
          WHERE earlier.merchant_id = $1 AND earlier.webhook_id = $2
            AND earlier.object = delivery.object AND earlier.state = 'waiting'
            AND earlier.delivery_id < delivery.delivery_id
      )
    ORDER BY due_at
    LIMIT (SELECT most FROM webhook)
    FOR NO KEY UPDATE SKIP LOCKED
), claimed AS (
    UPDATE deliveries AS delivery SET attempts = attempts + 1, leased_until = $4
    FROM due
    WHERE delivery.merchant_id = $1 AND delivery.delivery_id = due.delivery_id
    RETURNING delivery.*
)
SELECT {_MESSAGE}, event_id, occurred_at, data
FROM claimed
CROSS JOIN webhook
LEFT JOIN events ON events.merchant_id = $1 AND events.position = claimed.position
ORDER BY claimed.delivery_id
"""  # noqa: S608  # of our own constants

_CLAIM_TEST: Final = f"""
WITH claimed AS (
    INSERT INTO deliveries (merchant_id, webhook_id, type, object, state, attempts, due_at,
                            leased_until, created_at)
    SELECT $1, webhook_id, $3, 'test ' || $5::text, 'waiting', 1, $4, $6, $4
    FROM webhooks
    WHERE merchant_id = $1 AND webhook_id = $2
    RETURNING *
)
SELECT {_MESSAGE}, NULL::uuid AS event_id, NULL::timestamptz AS occurred_at, NULL::json AS data
FROM claimed
JOIN webhooks ON webhooks.merchant_id = $1 AND webhooks.webhook_id = $2
"""  # noqa: S608

# The attempt of a worker whose lease ended is stored, but changes nothing.
_RECORD: Final = """
WITH attempted AS (
    INSERT INTO delivery_attempts
        (merchant_id, delivery_id, number, started_at, milliseconds, status, failure, answer)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT DO NOTHING
)
UPDATE deliveries
SET state = $9, due_at = coalesce($10, due_at), leased_until = NULL,
    finished_at = CASE WHEN $9 = 'waiting' THEN NULL ELSE $11::timestamptz END
WHERE merchant_id = $1 AND delivery_id = $2 AND state = 'waiting' AND attempts = $3
RETURNING true
"""

_HURRY: Final = """
UPDATE deliveries SET due_at = $3
FROM (
    SELECT delivery_id
    FROM deliveries
    WHERE merchant_id = $1 AND webhook_id = $2 AND state = 'waiting' AND due_at > $3
    ORDER BY due_at
    LIMIT $4
    FOR NO KEY UPDATE SKIP LOCKED
) AS late
WHERE deliveries.merchant_id = $1 AND deliveries.delivery_id = late.delivery_id
"""

_BURY: Final = """
UPDATE deliveries SET state = 'dead', finished_at = $3, leased_until = NULL
WHERE merchant_id = $1 AND webhook_id = $2 AND state = 'waiting'
"""

_FIND_PART: Final = """
SELECT max(position)
FROM (
    SELECT position
    FROM events
    WHERE merchant_id = $1 AND position > $2 AND position <= $3
    ORDER BY position
    LIMIT $4
) AS part
"""

# Citus asks all nodes for an INSERT that reads from WITH.
_REPLAY: Final = """
INSERT INTO deliveries (merchant_id, webhook_id, position, type, object, state, due_at, created_at)
SELECT $1, webhook_id, position, type, object, 'waiting', $5, $5
FROM events
JOIN webhooks USING (merchant_id)
WHERE merchant_id = $1 AND webhook_id = $2 AND position > $3 AND position <= $4
    AND (types = '{}' OR type = ANY (types))
ORDER BY position
"""

_RESEND: Final = """
WITH former AS MATERIALIZED (
    SELECT webhook_id, position, type, object
    FROM deliveries
    WHERE merchant_id = $1 AND webhook_id = $2 AND delivery_id = $3
      AND EXISTS (
          SELECT FROM events
          WHERE events.merchant_id = $1 AND events.position = deliveries.position
      )
)
INSERT INTO deliveries (merchant_id, webhook_id, position, type, object, state, due_at, created_at)
SELECT $1, webhook_id, position, type, object, 'waiting', $4, $4
FROM former
RETURNING delivery_id
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker must send. `data` is None for a test, or a deleted event.

    The secrets are as stored; the first is the newest.
    """

    delivery_id: int
    webhook_id: int
    type: str
    attempts: int
    created_at: datetime
    url: str
    secret: str
    previous_secret: str | None
    previous_until: datetime | None
    event_id: str | None
    occurred_at: datetime | None
    data: Any
    is_test: bool


async def list_due(connection: Connection, now: datetime, limit: int) -> list[tuple[int, int]]:
    """The webhooks of all merchants with something to send: the merchant's id and its own."""
    rows = await LIST_DUE.fetch(connection, now, limit)
    return [(row["merchant_id"], row["webhook_id"]) for row in rows]


async def claim(
    connection: Connection,
    merchant_id: int,
    webhook_id: int,
    now: datetime,
    leased_until: datetime,
    most: int,
    one_from: int,
) -> list[Claimed]:
    """Claim due deliveries; only one of a webhook with `one_from` failures in a row."""
    rows = await connection.fetch(
        _CLAIM, merchant_id, webhook_id, now, leased_until, most, one_from
    )
    return [_claimed(row) for row in rows]


async def claim_test(
    connection: Connection,
    merchant_id: int,
    webhook_id: int,
    type_: str,
    token: str,
    now: datetime,
    leased_until: datetime,
) -> Claimed | None:
    """The delivery of a test, which waits for nothing; None if there is no such webhook.

    The random token distinguishes it from other tests.
    """
    row = await connection.fetchrow(
        _CLAIM_TEST, merchant_id, webhook_id, type_, now, token, leased_until
    )
    return None if row is None else _claimed(row)


async def record_attempt(
    connection: Connection,
    merchant_id: int,
    delivery_id: int,
    attempt: Attempt,
    decision: Decision,
    now: datetime,
) -> bool:
    """Store an attempt and the delivery's new state; False if another worker has it."""
    return bool(
        await connection.fetchval(
            _RECORD,
            merchant_id,
            delivery_id,
            attempt.number,
            attempt.started_at,
            attempt.milliseconds,
            attempt.status,
            attempt.failure,
            attempt.answer,
            decision.state,
            decision.retry_at,
            now,
        )
    )


async def hurry(
    connection: Connection, merchant_id: int, webhook_id: int, now: datetime, limit: int
) -> None:
    """Make deliveries due that wait for their next attempt, because the webhook answers again."""
    await connection.execute(_HURRY, merchant_id, webhook_id, now, limit)


async def bury(connection: Connection, merchant_id: int, webhook_id: int, now: datetime) -> None:
    """Make all waiting deliveries of a webhook dead letters."""
    await connection.execute(_BURY, merchant_id, webhook_id, now)


async def replay(
    connection: Connection,
    merchant_id: int,
    webhook_id: int,
    after: int,
    until: int,
    now: datetime,
    limit: int,
) -> tuple[int | None, int]:
    """Send events after a position again: returns the last position read, and how many are sent.

    The position is None if there was no event. The transaction has the stream locked.
    """
    last: int | None = await connection.fetchval(_FIND_PART, merchant_id, after, until, limit)
    if last is None:
        return None, 0
    sent = await connection.execute(_REPLAY, merchant_id, webhook_id, after, last, now)
    return last, int(sent.rpartition(" ")[2])


async def resend(
    connection: Connection, merchant_id: int, webhook_id: int, delivery_id: int, now: datetime
) -> int | None:
    """Send the event of a delivery again; the new delivery's id.

    None if there is no such delivery, it is a test, or its event is no longer kept.
    """
    new_id: int | None = await connection.fetchval(
        _RESEND, merchant_id, webhook_id, delivery_id, now
    )
    return new_id


def _claimed(row: asyncpg.Record) -> Claimed:
    number = row["event_id"]
    return Claimed(
        row["delivery_id"],
        row["webhook_id"],
        row["type"],
        row["attempts"],
        row["created_at"],
        row["url"],
        row["secret"],
        row["previous_secret"],
        row["previous_until"],
        None if number is None else event_id(number),
        row["occurred_at"],
        None if row["data"] is None else json.loads(row["data"]),
        row["position"] is None,
    )

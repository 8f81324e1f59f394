"""Rows of back-tests, which are their queue.

A worker claims a job by a lease: for some time the job is this worker's, which then saves how far
it is, and has the lease renewed. Each save is one conditional statement. If the lease is another
worker's by now, or the job was cancelled, it changes no row, and the worker stops. So what two
workers compute is never added up, and a killed worker leaves nothing to repair: the next one goes
on from the last checkpoint once the lease is over.

Only the first open job of a merchant can be claimed. So a merchant's jobs run one after the other.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from sconto.domain.backtest.draft import Draft
from sconto.domain.backtest.job import (
    Backtest,
    BacktestState,
    Checkpoint,
    NewBacktest,
    Result,
    kind_of,
)
from sconto.domain.numbers import MAX_INT64
from sconto.domain.promotion_kind import PromotionKind
from sconto.store.database import Connection
from sconto.store.polls import Poll

_COLUMNS: Final = """
    backtest_id, kind, name, promotion_id, since, until, as_if_running, state, created_at,
    finished_at, orders, done
"""

# The row lock on the merchant's promotions is not needed: at worst two requests at the same time
# pass the limit together.
_INSERT: Final = f"""
WITH open AS MATERIALIZED (
    SELECT count(*) AS number FROM backtests WHERE merchant_id = $1 AND finished_at IS NULL
)
INSERT INTO backtests (merchant_id, kind, name, promotion_id, draft, since, until, as_if_running,
                       zone, state, created_at)
SELECT $1, $2, $3, $4, $5::json, $6, $7, $8, $9, 'waiting', $10
FROM open
WHERE number < $11
RETURNING {_COLUMNS}
"""  # noqa: S608  # of our own constants

_FIND: Final = f"""
SELECT {_COLUMNS}, result FROM backtests WHERE merchant_id = $1 AND backtest_id = $2
"""  # noqa: S608

_LIST: Final = f"""
SELECT {_COLUMNS} FROM backtests
WHERE merchant_id = $1 AND backtest_id < $2
ORDER BY backtest_id DESC
LIMIT $3
"""  # noqa: S608

_CANCEL: Final = f"""
UPDATE backtests
SET state = 'cancelled', finished_at = $3, lease = NULL, leased_until = NULL, checkpoint = NULL
WHERE merchant_id = $1 AND backtest_id = $2 AND finished_at IS NULL
RETURNING {_COLUMNS}
"""  # noqa: S608

_DELETE: Final = """
DELETE FROM backtests WHERE merchant_id = $1 AND backtest_id = $2 RETURNING true
"""

# These two statements read all merchants, by indexes that have few rows.
LIST_CLAIMABLE: Final = Poll("""
SELECT merchant_id, backtest_id
FROM (
    SELECT DISTINCT ON (merchant_id) merchant_id, backtest_id, leased_until
    FROM backtests
    WHERE finished_at IS NULL
    ORDER BY merchant_id, backtest_id
) AS first
WHERE leased_until IS NULL OR leased_until <= $1
LIMIT $2
""")

LIST_ENDED: Final = Poll("""
SELECT DISTINCT merchant_id FROM backtests WHERE finished_at < $1 LIMIT $2
""")

_SWEEP: Final = "DELETE FROM backtests WHERE merchant_id = $1 AND finished_at < $2"

_IS_CLAIMABLE: Final = """
WHERE merchant_id = $1 AND backtest_id = $2 AND finished_at IS NULL
    AND (leased_until IS NULL OR leased_until <= $5 OR lease = $3)
    AND NOT EXISTS (
        SELECT FROM backtests AS earlier
        WHERE earlier.merchant_id = $1 AND earlier.backtest_id < $2
            AND earlier.finished_at IS NULL
    )
"""

_RESERVE: Final = f"""
UPDATE backtests SET lease = $3, leased_until = $4, attempts = attempts + 1 {_IS_CLAIMABLE}
RETURNING attempts
"""  # noqa: S608  # of our own constants

_CLAIM: Final = f"""
UPDATE backtests
SET state = 'running', lease = $3, leased_until = $4,
    attempts = CASE WHEN lease = $3 THEN attempts ELSE attempts + 1 END
{_IS_CLAIMABLE}
RETURNING draft, since, until, as_if_running, zone, orders, attempts, checkpoint
"""  # noqa: S608  # of our own constants

_SAVE: Final = """
UPDATE backtests
SET orders = $4, done = $5, checkpoint = $6, leased_until = $7,
    attempts = CASE WHEN done < $5 THEN 0 ELSE attempts END
WHERE merchant_id = $1 AND backtest_id = $2 AND lease = $3 AND finished_at IS NULL
RETURNING true
"""

_FINISH: Final = """
UPDATE backtests
SET state = 'finished', finished_at = $4, done = $5, result = $6::json, lease = NULL,
    leased_until = NULL, checkpoint = NULL
WHERE merchant_id = $1 AND backtest_id = $2 AND lease = $3 AND finished_at IS NULL
RETURNING true
"""

_FAIL: Final = """
UPDATE backtests
SET state = 'failed', finished_at = $4, lease = NULL, leased_until = NULL, checkpoint = NULL
WHERE merchant_id = $1 AND backtest_id = $2 AND lease = $3 AND finished_at IS NULL
"""

_RELEASE: Final = """
UPDATE backtests
SET lease = NULL, leased_until = NULL,
    attempts = CASE WHEN $4 THEN greatest(attempts - 1, 0) ELSE attempts END
WHERE merchant_id = $1 AND backtest_id = $2 AND lease = $3 AND finished_at IS NULL
"""

_RESTART: Final = """
UPDATE backtests
SET state = 'waiting', done = 0, lease = NULL, leased_until = NULL, checkpoint = NULL
WHERE merchant_id = $1 AND finished_at IS NULL
"""

_DRAFTS: Final = msgspec.json.Decoder(Draft)
_RESULTS: Final = msgspec.json.Decoder(Result)
_CHECKPOINTS: Final = msgspec.msgpack.Decoder(Checkpoint)


class Claimed(NamedTuple):
    """A claimed job; `checkpoint` is None if no order was read yet."""

    wanted: NewBacktest
    orders: int | None
    attempts: int
    checkpoint: Checkpoint | None


async def insert_backtest(
    connection: Connection, merchant_id: int, new: NewBacktest, now: datetime, most: int
) -> Backtest | None:
    """Insert a job that waits; None if the merchant has `most` open ones."""
    row = await connection.fetchrow(
        _INSERT,
        merchant_id,
        kind_of(new.draft),
        new.draft.name,
        new.draft.replaces,
        msgspec.json.encode(new.draft).decode(),
        new.since,
        new.until,
        new.as_if_running,
        new.zone,
        now,
        most,
    )
    return None if row is None else _backtest(row)


async def find_backtest(
    connection: Connection, merchant_id: int, backtest_id: int
) -> Backtest | None:
    """The job, with its result."""
    if backtest_id > MAX_INT64:
        return None
    row = await connection.fetchrow(_FIND, merchant_id, backtest_id)
    return None if row is None else _backtest(row, row["result"])


async def list_backtests(
    connection: Connection, merchant_id: int, limit: int, before: int | None
) -> Sequence[Backtest]:
    """The latest jobs, without their results."""
    rows = await connection.fetch(_LIST, merchant_id, before or MAX_INT64, limit)
    return [_backtest(row) for row in rows]


async def cancel_backtest(
    connection: Connection, merchant_id: int, backtest_id: int, now: datetime
) -> Backtest | None:
    """End an open job; None if it has already ended."""
    row = await connection.fetchrow(_CANCEL, merchant_id, backtest_id, now)
    return None if row is None else _backtest(row)


async def delete_backtest(connection: Connection, merchant_id: int, backtest_id: int) -> bool:
    """Delete a job, open or not; returns whether there was one."""
    if backtest_id > MAX_INT64:
        return False
    return bool(await connection.fetchval(_DELETE, merchant_id, backtest_id))


async def list_claimable(
    connection: Connection, now: datetime, limit: int
) -> list[tuple[int, int]]:
    """The first open job of each merchant, unless a worker has it: the ids of merchant and job."""
    rows = await LIST_CLAIMABLE.fetch(connection, now, limit)
    return [(row["merchant_id"], row["backtest_id"]) for row in rows]


async def list_merchants_to_sweep(
    connection: Connection, before: datetime, limit: int
) -> list[int]:
    """Merchants with jobs that ended before a time."""
    return [row["merchant_id"] for row in await LIST_ENDED.fetch(connection, before, limit)]


async def sweep_backtests(connection: Connection, merchant_id: int, before: datetime) -> None:
    """Delete the merchant's jobs that ended before a time."""
    await connection.execute(_SWEEP, merchant_id, before)


async def reserve_backtest(
    connection: Connection,
    merchant_id: int,
    backtest_id: int,
    lease: UUID,
    now: datetime,
    leased_until: datetime,
) -> int | None:
    """Take the lease of a job, for another process to claim it.

    Returns how often this was tried since the job last made progress; None if another worker has
    it.
    """
    attempts: int | None = await connection.fetchval(
        _RESERVE, merchant_id, backtest_id, lease, leased_until, now
    )
    return attempts


async def claim_backtest(
    connection: Connection,
    merchant_id: int,
    backtest_id: int,
    lease: UUID,
    now: datetime,
    leased_until: datetime,
) -> Claimed | None:
    """Claim the job, with a lease that may have been reserved.

    None if another worker has it, or it is not the merchant's first open one.
    """
    row = await connection.fetchrow(_CLAIM, merchant_id, backtest_id, lease, leased_until, now)
    if row is None:
        return None
    checkpoint = row["checkpoint"]
    return Claimed(
        NewBacktest(
            _DRAFTS.decode(row["draft"]),
            row["since"],
            row["until"],
            row["as_if_running"],
            row["zone"],
        ),
        row["orders"],
        row["attempts"],
        None if checkpoint is None else _CHECKPOINTS.decode(checkpoint),
    )


async def save_checkpoint(
    connection: Connection,
    merchant_id: int,
    backtest_id: int,
    lease: UUID,
    orders: int,
    checkpoint: Checkpoint,
    leased_until: datetime,
) -> bool:
    """Save the job's progress and renew the lease; False if the job is not this worker's."""
    saved = await connection.fetchval(
        _SAVE,
        merchant_id,
        backtest_id,
        lease,
        orders,
        checkpoint.figures.done,
        msgspec.msgpack.encode(checkpoint),
        leased_until,
    )
    return bool(saved)


async def finish_backtest(
    connection: Connection,
    merchant_id: int,
    backtest_id: int,
    lease: UUID,
    now: datetime,
    done: int,
    result: Result,
) -> bool:
    """End the job with its result; False if it is not this worker's."""
    encoded = msgspec.json.encode(result).decode()
    finished = await connection.fetchval(
        _FINISH, merchant_id, backtest_id, lease, now, done, encoded
    )
    return bool(finished)


async def fail_backtest(
    connection: Connection, merchant_id: int, backtest_id: int, lease: UUID, now: datetime
) -> None:
    """End the job without a result, if it is this worker's."""
    await connection.execute(_FAIL, merchant_id, backtest_id, lease, now)


async def release_backtest(
    connection: Connection, merchant_id: int, backtest_id: int, lease: UUID, *, stopped: bool
) -> None:
    """End the lease, so that any worker can claim the job.

    `stopped` says that the worker was stopped, so this does not count as an attempt.
    """
    await connection.execute(_RELEASE, merchant_id, backtest_id, lease, stopped)


async def restart_backtests(connection: Connection, merchant_id: int) -> None:
    """Restart the merchant's open jobs, without their checkpoints."""
    await connection.execute(_RESTART, merchant_id)


def _backtest(row: asyncpg.Record, result: str | None = None) -> Backtest:
    return Backtest(
        id=row["backtest_id"],
        state=BacktestState(row["state"]),
        kind=PromotionKind(row["kind"]),
        name=row["name"],
        promotion_id=row["promotion_id"],
        since=row["since"],
        until=row["until"],
        as_if_running=row["as_if_running"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        orders=row["orders"],
        done=row["done"],
        result=None if result is None else _RESULTS.decode(result),
    )

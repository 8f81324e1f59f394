"""Removes the codes of a deleted promotion, and restores them, in batches.

The mark on the promotion deletes it: no quote and no order takes a code of a deleted promotion. Its
codes are removed afterwards, only so that deleted promotions do not slow down the look-up of a
code. So it does not matter when that happens.

Removing a million codes in one transaction would keep orders that use them waiting for seconds. So
each transaction removes a thousand, skips those that an order has locked, and stores its progress.
A code's time of removal is the time of the deletion, whenever it is removed; it shows which codes a
restoration must bring back. A restoration is several transactions too, and the promotion stays
deleted until the last one. Meanwhile the removal is paused. It continues if a restoration ends
half-way.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sconto.domain.history import RECORDED_ELEMENTS, ListChange, Sample
from sconto.domain.numbers import MAX_INT64
from sconto.store.codes import FIRST_CODES
from sconto.store.database import Connection
from sconto.store.polls import Poll

SWEEP_BATCH: Final = 1_000
"""Codes that one transaction removes at most. An order waits for no more than these."""

RESTORE_BATCH: Final = 5_000
"""Codes that one transaction restores at most. No order can use one of them meanwhile."""

_COUNT: Final = f"""
SELECT
    (
        SELECT count(*) FROM codes
        WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL
    ) AS count,
    ARRAY({FIRST_CODES}) AS first
"""  # noqa: S608  # of our own constants

# A batch is read in the order of an index. A bitmap scan would read all codes for each batch.
_IN_ORDER: Final = "SET LOCAL enable_bitmapscan = off"

# The planner must know how small a batch is, so the limits are not parameters.
_REMOVE: Final = f"""
UPDATE codes SET removed_at = $3
FROM (
    SELECT code_id
    FROM codes
    WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL AND position > $4
    ORDER BY position
    LIMIT {SWEEP_BATCH}
    FOR UPDATE SKIP LOCKED
) AS chosen
WHERE codes.merchant_id = $1 AND codes.code_id = chosen.code_id
RETURNING codes.position
"""  # noqa: S608  # of our own constants

_START: Final = """
INSERT INTO code_sweeps AS sweep (merchant_id, promotion_id, swept_to)
VALUES ($1, $2, $3)
ON CONFLICT (merchant_id, promotion_id)
DO UPDATE SET swept_to = excluded.swept_to, batches = sweep.batches + 1, paused_until = NULL
"""

# The only statement here that reads all merchants: the table is empty most of the time.
LIST_SWEEPS: Final = Poll("""
SELECT merchant_id, promotion_id
FROM code_sweeps
WHERE paused_until IS NULL OR paused_until <= clock_timestamp()
ORDER BY merchant_id, promotion_id
LIMIT $1
""")

# A restoration waits for the end of this transaction, also in an older program.
_CLAIM: Final = """
SELECT sweep.swept_to, promotion.deleted_at
FROM code_sweeps AS sweep
JOIN promotions AS promotion
    ON promotion.merchant_id = $1 AND promotion.promotion_id = sweep.promotion_id
WHERE sweep.merchant_id = $1 AND sweep.promotion_id = $2
    AND (paused_until IS NULL OR paused_until <= clock_timestamp())
FOR UPDATE OF sweep SKIP LOCKED
FOR SHARE OF promotion SKIP LOCKED
"""

_ADVANCE: Final = """
UPDATE code_sweeps SET swept_to = $3, batches = batches + 1
WHERE merchant_id = $1 AND promotion_id = $2
"""

_END: Final = "DELETE FROM code_sweeps WHERE merchant_id = $1 AND promotion_id = $2"

_PAUSE: Final = """
INSERT INTO code_sweeps (merchant_id, promotion_id, swept_to, paused_until)
VALUES ($1, $2, $3, clock_timestamp() + interval '1 minute')
ON CONFLICT (merchant_id, promotion_id)
DO UPDATE SET swept_to = excluded.swept_to, paused_until = excluded.paused_until
RETURNING batches
"""

_RESTORE: Final = f"""
UPDATE codes SET removed_at = NULL
FROM (
    SELECT code_id
    FROM codes
    WHERE merchant_id = $1 AND code_id > $4 AND promotion_id = $2 AND removed_at = $3
    ORDER BY code_id
    LIMIT {RESTORE_BATCH}
) AS chosen
WHERE codes.merchant_id = $1 AND codes.code_id = chosen.code_id
RETURNING codes.code_id
"""  # noqa: S608


async def begin_sweep(
    connection: Connection, merchant_id: int, promotion_id: int, deleted_at: datetime
) -> ListChange:
    """Remove the first codes of a promotion that this transaction deletes; others follow later.

    Returns what the deletion removes in all.
    """
    [(count, first)] = await connection.fetch(_COUNT, merchant_id, promotion_id, RECORDED_ELEMENTS)
    if not count:
        return ListChange(0, 0)
    removed, swept_to = await _remove_some(
        connection, merchant_id, promotion_id, deleted_at, -MAX_INT64
    )
    if removed < count:
        await connection.execute(_START, merchant_id, promotion_id, swept_to)
    return ListChange(count, 0, removed=Sample(count, tuple(first)))


async def list_sweeps(connection: Connection, limit: int) -> list[tuple[int, int]]:
    """Sweeps of all merchants that are not paused: the ids of the merchant and the promotion."""
    rows = await LIST_SWEEPS.fetch(connection, limit)
    return [(row["merchant_id"], row["promotion_id"]) for row in rows]


async def sweep_batch(connection: Connection, merchant_id: int, promotion_id: int) -> bool:
    """Remove the next codes of a deleted promotion; returns whether this worker has more to do."""
    job = await connection.fetchrow(_CLAIM, merchant_id, promotion_id)
    if job is None:
        return False
    await connection.execute(_IN_ORDER)
    removed, swept_to = 0, -MAX_INT64
    if job["deleted_at"] is not None:
        removed, swept_to = await _remove_some(
            connection, merchant_id, promotion_id, job["deleted_at"], job["swept_to"]
        )
        if not removed and await connection.fetch(FIRST_CODES, merchant_id, promotion_id, 1):
            # Orders had these locked, or they were added behind the sweep: start again in the next
            # round.
            await connection.execute(_ADVANCE, merchant_id, promotion_id, -MAX_INT64)
            return False
    if not removed:
        await connection.execute(_END, merchant_id, promotion_id)
        return False
    await connection.execute(_ADVANCE, merchant_id, promotion_id, swept_to)
    return True


async def _remove_some(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    deleted_at: datetime,
    behind: int,
) -> tuple[int, int]:
    """How many codes after a position were removed, and the position of the last one."""
    rows = await connection.fetch(_REMOVE, merchant_id, promotion_id, deleted_at, behind)
    return len(rows), max((row["position"] for row in rows), default=behind)


@dataclass(frozen=True, slots=True)
class Restoration:
    """How far the codes of a deletion are restored: up to a code's id, after some batches.

    `is_complete` says that all of them are restored.
    """

    deleted_at: datetime
    batches: int
    restored_to: int
    is_complete: bool


async def restore_batch(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    deleted_at: datetime,
    before: Restoration | None,
) -> Restoration:
    """Restore the next codes that the deletion at that time removed.

    `before` is the result of the last transaction. If codes were removed since, this starts again.
    Once it is complete, the sweep is deleted, and the same transaction must restore the promotion.
    """
    await connection.execute(_IN_ORDER)
    batches: int = await connection.fetchval(_PAUSE, merchant_id, promotion_id, -MAX_INT64)
    behind = 0
    if before is not None and (before.deleted_at, before.batches) == (deleted_at, batches):
        behind = before.restored_to
    rows = await connection.fetch(_RESTORE, merchant_id, promotion_id, deleted_at, behind)
    is_complete = len(rows) < RESTORE_BATCH
    if is_complete:
        await connection.execute(_END, merchant_id, promotion_id)
    restored_to = max((row["code_id"] for row in rows), default=behind)
    return Restoration(deleted_at, batches, restored_to, is_complete)

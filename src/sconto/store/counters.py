"""Folding the counters of redemptions: many rows of the past become one, with the same sums.

Why the counts stay exact. A fold is one statement: what its DELETE returns is what its INSERT adds,
so that a reader sees all of it or nothing, and a fold that is killed changes nothing. A row that an
order is adding to is left for the next time (SKIP LOCKED); one that an order has just added to is
locked, and then deleted, as that order left it.

Uses of a one-time code stand with the code, and with its promotion as code 0 (`orders`). What an
earlier version counted by code is moved there: whatever is folded is written in that form. What was
deleted is added to the code's row as it is when that row is locked, so that neither this nor an
order loses what the other adds.

Why orders do not wait. They add to the rows of today, which are not folded. One with a clock that
is days behind may wait for a fold, and a fold for it: then both add to rows of slot 0 in the order
of `orders._PLACE`, so that none waits for the other in a circle. One that takes a code over from
the order that it replaces may wait while the code's uses are moved; should it be days behind too,
there may be a circle, which PostgreSQL breaks: either is then run again.
"""

from datetime import date
from typing import Final

from sconto.store.database import Connection

FOLD_LOCK: Final = 0x5C0_F01D
"""The advisory lock of the one worker that folds."""

FOLD_BATCH: Final = 1_000
"""The rows that one statement folds at most."""

# A batch is read off an index in its order. A bitmap would gather a whole backlog for each, and so
# would a planner that is not told how small the limit is: it is no parameter.
_IN_ORDER: Final = "SET LOCAL enable_bitmapscan = off"

_FOLD: Final = """
WITH chosen AS MATERIALIZED (
    SELECT ctid AS place
    FROM redemption_counts
    WHERE merchant_id = $1 AND day < $2 AND {condition}
    ORDER BY day
    LIMIT {limit}
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM redemption_counts AS counts
    USING chosen
    WHERE counts.merchant_id = $1 AND counts.ctid = chosen.place
    RETURNING promotion_id, code_id, code_type, applied, currency, day, uses, discount
), moved AS (
    UPDATE codes
    SET applied_uses = applied_uses + tally.applied, outdone_uses = outdone_uses + tally.outdone
    FROM (
        SELECT code_id, coalesce(sum(uses) FILTER (WHERE applied), 0) AS applied,
               coalesce(sum(uses) FILTER (WHERE NOT applied), 0) AS outdone
        FROM gone
        WHERE code_type = 'one-time' AND code_id <> 0
        GROUP BY code_id
    ) AS tally
    WHERE codes.merchant_id = $1 AND codes.code_id = tally.code_id
), folded AS (
    INSERT INTO redemption_counts AS counts (merchant_id, promotion_id, code_id, code_type, applied,
                                             currency, day, slot, uses, discount)
    SELECT $1, promotion_id, CASE code_type WHEN 'one-time' THEN 0 ELSE code_id END, code_type,
           applied, currency, {day}, 0, sum(uses)::bigint, sum(discount)
    FROM gone
    GROUP BY 2, 3, 4, 5, 6, 7
    ORDER BY 2, 3, 4, 5, 6, 7
    ON CONFLICT (merchant_id, promotion_id, code_id, code_type, applied, currency, day, slot)
    DO UPDATE SET uses = counts.uses + excluded.uses, discount = counts.discount + excluded.discount
)
SELECT count(*) FROM gone
"""

# The conditions are those of the partial indexes `codes_to_fold`, `slots_to_fold`, `days_to_fold`.
_FOLD_CODES: Final = _FOLD.format(
    limit=FOLD_BATCH, condition="code_type = 'one-time' AND code_id <> 0", day="day"
)
_FOLD_SLOTS: Final = _FOLD.format(limit=FOLD_BATCH, condition="slot > 0", day="day")
_FOLD_DAYS: Final = _FOLD.format(
    limit=FOLD_BATCH,
    condition="slot = 0 AND extract(day FROM day) > 1",
    day="(day - (extract(day FROM day)::integer - 1))",
)

_LIST_MERCHANTS: Final = """
SELECT merchant_id
FROM merchants
WHERE EXISTS (
    SELECT FROM redemption_counts AS counts
    WHERE counts.merchant_id = merchants.merchant_id AND day < $1 AND slot > 0
) OR EXISTS (
    SELECT FROM redemption_counts AS counts
    WHERE counts.merchant_id = merchants.merchant_id AND day < $1
        AND code_type = 'one-time' AND code_id <> 0
) OR EXISTS (
    SELECT FROM redemption_counts AS counts
    WHERE counts.merchant_id = merchants.merchant_id AND day < $2
        AND slot = 0 AND extract(day FROM day) > 1
)
ORDER BY merchant_id
"""


async def lock_folding(connection: Connection) -> bool:
    """Whether no other transaction folds; none will until this one ends."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", FOLD_LOCK))


async def list_merchants_to_fold(
    connection: Connection, slots_before: date, days_before: date
) -> list[int]:
    """The ids of the merchants with slots of days before one, or days before the other, to fold."""
    rows = await connection.fetch(_LIST_MERCHANTS, slots_before, days_before)
    return [row["merchant_id"] for row in rows]


async def fold_codes(connection: Connection, merchant_id: int, before: date) -> int:
    """Move some uses of one-time codes on days before this one to the codes; how many rows."""
    return await _fold(connection, _FOLD_CODES, merchant_id, before)


async def fold_slots(connection: Connection, merchant_id: int, before: date) -> int:
    """Add some rows of days before this one to slot 0 of their day, the oldest first; how many."""
    return await _fold(connection, _FOLD_SLOTS, merchant_id, before)


async def fold_days(connection: Connection, merchant_id: int, before: date) -> int:
    """Add some rows of days before this one to the first of their month, in slot 0; how many."""
    return await _fold(connection, _FOLD_DAYS, merchant_id, before)


async def _fold(connection: Connection, statement: str, merchant_id: int, before: date) -> int:
    await connection.execute(_IN_ORDER)
    return int(await connection.fetchval(statement, merchant_id, before))

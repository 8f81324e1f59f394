"""Folds the counters: many rows of past days become one, with the same sums.

The counters of orders are folded by slot alone, from `open_order_counts` into `order_counts`. They
stay by day, so that reports are exact for any days.

Why the counts stay exact. A fold is one statement. Its INSERT adds exactly what its DELETE returns,
so a reader sees all of it or nothing, and a killed fold changes nothing. A row that an order is
adding to is left for the next fold (SKIP LOCKED). A row that an order has just added to is locked,
and then deleted with that order's addition.

Uses of a one-time code are counted on the code, and for its promotion under code 0 (`orders`). Uses
that an earlier version counted by code are moved there: folded rows are written in that form. The
deleted uses are added to the newest version of the code's row, after it is locked. So neither a
fold nor an order loses what the other adds.

Why orders do not wait. They add to the rows of today, which are not folded. An order of a machine
whose clock is days behind may wait for a fold, and a fold for it. Both add to rows of slot 0 in the
order of `orders._PLACE`, so they do not deadlock. An order that takes a code over from the order
that it replaces may wait while the code's uses are moved. If its clock is days behind too, the two
may deadlock. PostgreSQL resolves that, and the transaction that it cancels is run again.
"""

from datetime import date
from typing import Final

from sconto.store.code_ids import COUNTED_CODE, HAS_CODE
from sconto.store.database import Connection
from sconto.store.node_calls import LONG_TIMEOUT, NodeFunction
from sconto.store.polls import Poll

FOLD_LOCK: Final = 0x5C0_F01D
"""The advisory lock of the one worker that folds."""

FOLD_BATCH: Final = 1_000
"""Rows that one statement folds at most."""

# A batch is read in the order of an index. A bitmap scan would read the whole backlog for each
# batch. So would a planner that does not know the limit, which is why the limit is not a parameter.
_IN_ORDER: Final = """
SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off
"""

_FOLD: Final = """
WITH chosen AS MATERIALIZED (
    SELECT promotion_id, code_id, code_type, applied, currency, day, slot
    FROM redemption_counts
    WHERE merchant_id = $1 AND day < $2 AND {condition}
    ORDER BY day
    LIMIT {limit}
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM redemption_counts AS counts
    USING chosen
    WHERE counts.merchant_id = $1 AND counts.promotion_id = chosen.promotion_id
      AND counts.code_id = chosen.code_id AND counts.code_type = chosen.code_type
      AND counts.applied = chosen.applied AND counts.currency = chosen.currency
      AND counts.day = chosen.day AND counts.slot = chosen.slot
    RETURNING counts.promotion_id, counts.code_id, counts.code_type, counts.applied,
              counts.currency, counts.day, counts.uses, counts.discount
), moved AS (
    UPDATE codes
    SET applied_uses = applied_uses + tally.applied, outdone_uses = outdone_uses + tally.outdone
    FROM (
        SELECT code_id, coalesce(sum(uses) FILTER (WHERE applied), 0) AS applied,
               coalesce(sum(uses) FILTER (WHERE NOT applied), 0) AS outdone
        FROM gone
        WHERE code_type = 'one-time' AND {has_code}
        GROUP BY code_id
    ) AS tally
    WHERE codes.merchant_id = $1 AND codes.code_id = tally.code_id
), folded AS (
    INSERT INTO redemption_counts AS counts (merchant_id, promotion_id, code_id, code_type, applied,
                                             currency, day, slot, uses, discount)
    SELECT $1, promotion_id, {counted_code}, code_type,
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
_IS_CODE_TO_FOLD: Final = f"code_type = 'one-time' AND {HAS_CODE}"
_IS_SLOT_TO_FOLD: Final = "slot > 0"
_IS_DAY_TO_FOLD: Final = "slot = 0 AND extract(day FROM day) > 1"


def _fold_statement(condition: str, day: str = "day") -> str:
    return _FOLD.format(
        condition=condition,
        day=day,
        limit=FOLD_BATCH,
        has_code=HAS_CODE,
        counted_code=COUNTED_CODE,
    )


def _on_node(statement: str) -> NodeFunction:
    return NodeFunction(statement, writes=True, timeout=LONG_TIMEOUT)


_FOLD_CODES: Final = _on_node(_fold_statement(_IS_CODE_TO_FOLD))
_FOLD_SLOTS: Final = _on_node(_fold_statement(_IS_SLOT_TO_FOLD))
_FOLD_DAYS: Final = _on_node(
    _fold_statement(_IS_DAY_TO_FOLD, day="(day - (extract(day FROM day)::integer - 1))")
)

# The table has only rows of the last days, so it needs no index for this.
_FOLD_ORDER_COUNTS: Final = _on_node(f"""
WITH chosen AS MATERIALIZED (
    SELECT subject, promotion_id, code_id, currency, day, slot
    FROM open_order_counts
    WHERE merchant_id = $1 AND day < $2
    LIMIT {FOLD_BATCH}
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM open_order_counts AS counts
    USING chosen
    WHERE counts.merchant_id = $1 AND counts.subject = chosen.subject
      AND counts.promotion_id = chosen.promotion_id AND counts.code_id = chosen.code_id
      AND counts.currency = chosen.currency AND counts.day = chosen.day
      AND counts.slot = chosen.slot
    RETURNING counts.*
), folded AS (
    INSERT INTO order_counts AS counts (merchant_id, subject, promotion_id, day, code_id, currency,
                                        orders, beaten, discount, revenue)
    SELECT $1, subject, promotion_id, day, code_id, currency, sum(orders)::bigint,
           sum(beaten)::bigint, sum(discount), sum(revenue)
    FROM gone
    GROUP BY 2, 3, 4, 5, 6
    ORDER BY 2, 3, 4, 5, 6
    ON CONFLICT (merchant_id, subject, promotion_id, day, code_id, currency)
    DO UPDATE SET orders = counts.orders + excluded.orders,
                  beaten = counts.beaten + excluded.beaten,
                  discount = counts.discount + excluded.discount,
                  revenue = counts.revenue + excluded.revenue
)
SELECT count(*) FROM gone
""")  # noqa: S608  # of our own constants

ON_NODES: Final = (_FOLD_CODES, _FOLD_SLOTS, _FOLD_DAYS, _FOLD_ORDER_COUNTS)
"""The functions of these statements on the nodes of a distributed database."""

# Each merchant with redemptions has a version: it is drawn with the first promotion. Unlike the
# table of merchants, that of versions is distributed like the counters.
LIST_MERCHANTS: Final = Poll(f"""
SELECT merchant_id
FROM timeline_versions AS merchants
WHERE EXISTS (
    SELECT FROM redemption_counts AS counts
    WHERE counts.merchant_id = merchants.merchant_id AND day < $1
        AND {_IS_SLOT_TO_FOLD}
) OR EXISTS (
    SELECT FROM redemption_counts AS counts
    WHERE counts.merchant_id = merchants.merchant_id AND day < $1
        AND {_IS_CODE_TO_FOLD}
) OR EXISTS (
    SELECT FROM redemption_counts AS counts
    WHERE counts.merchant_id = merchants.merchant_id AND day < $2
        AND {_IS_DAY_TO_FOLD}
)
ORDER BY merchant_id
""")  # noqa: S608  # of our own constants

# A merchant may have orders and no version.
LIST_MERCHANTS_WITH_ORDERS: Final = Poll(
    "SELECT DISTINCT merchant_id FROM open_order_counts WHERE day < $1"
)


async def lock_folding(connection: Connection) -> bool:
    """Take the lock that one folding transaction at a time has; False if another has it."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", FOLD_LOCK))


async def list_merchants_to_fold(
    connection: Connection, slots_before: date, days_before: date
) -> list[int]:
    """The merchants that have slots before one day, or days before the other, to fold."""
    rows = await LIST_MERCHANTS.fetch(connection, slots_before, days_before)
    counting = await LIST_MERCHANTS_WITH_ORDERS.fetch(connection, slots_before)
    return sorted({row["merchant_id"] for found in (rows, counting) for row in found})


async def fold_codes(connection: Connection, merchant_id: int, before: date) -> int:
    """Move some uses of one-time codes before a day to the codes; returns the number of rows."""
    return await _fold(connection, _FOLD_CODES, merchant_id, before)


async def fold_slots(connection: Connection, merchant_id: int, before: date) -> int:
    """Add some rows before a day to slot 0 of their day, oldest first; returns their number."""
    return await _fold(connection, _FOLD_SLOTS, merchant_id, before)


async def fold_days(connection: Connection, merchant_id: int, before: date) -> int:
    """Add some rows before a day to slot 0 of the first of their month; returns their number."""
    return await _fold(connection, _FOLD_DAYS, merchant_id, before)


async def fold_order_counts(connection: Connection, merchant_id: int, before: date) -> int:
    """Move some counters of orders before a day to their final table; returns their number."""
    return await _fold(connection, _FOLD_ORDER_COUNTS, merchant_id, before)


async def _fold(connection: Connection, fold: NodeFunction, merchant_id: int, before: date) -> int:
    await connection.execute(_IN_ORDER)
    return int(await fold.fetchval(connection, merchant_id, before))

"""Orders: placed once, counted exactly, without waiting for orders that they share nothing with.

Why the counting is exact, statement by statement. An order is priced from one snapshot
(`candidates.read_candidates`); what it writes is one transaction, and only this module writes it.
Without `_REPLACE` it is `_PLACE` alone, which is a transaction by itself:

1. `_REPLACE`, only where the order takes the place of another: `UPDATE orders ... WHERE status =
   'not paid'`. Of two orders that replace the same one, or of a replacement and a payment, the
   second waits for the first and then finds no row. The one-time codes of the replaced order are
   freed by the same statement, still locked by this transaction; what they count stays, for the
   redemptions of the replaced order do.
2. `_PLACE`, one statement whose parts run in the order in which each needs the one before:
   - `free` locks the one-time codes that nobody used, in the order of their ids. A second order
     with the same code waits here; once the first has committed, PostgreSQL looks at the row again
     and leaves it out, for now it is used.
   - `taken` marks them, and adds to each what the order redeems by it. The limit is this
     conditional statement, never a read before it.
   - `placed` inserts the order, if all codes were taken and no order has its id. The primary key
     is what makes an id serve one order: a second insert waits for the first transaction, then does
     nothing.
   - `recorded` inserts the redemptions, `counted` adds the same rows up and adds them to the
     counters: in the order's own transaction, and only if `placed` did insert. So the counters are
     at any time the sum of the redemptions, and these what the stored outcomes say.
   What is redeemed by a reusable code is counted by code. What is redeemed by a one-time code is
   counted in two places, whose sums are the same: with the code, whose row is locked and written in
   any case, and with its promotion as code 0, so that a promotion with a million codes has as few
   counters as one with a single code. The type is the one that the order was priced with: where it
   was one-time, the code is among those that `taken` took, whatever the promotion has become since.
   If the order was not placed, some of these parts may have written. So the statement ends with a
   division by the number of orders placed: by zero it fails, which undoes all of it, `Overtaken` is
   raised, and the caller looks again.
3. COMMIT, or the end of `_PLACE`. If the connection drops before the server got there, nothing
   happened. If it drops after, everything did, and nobody told us: the caller gets no answer, sends
   the same order again, and is given what is stored, or places it if nothing is. Neither counts
   twice.

A process that is killed is a connection that drops. Each statement must see what was committed
before it, which is why every connection asks for READ COMMITTED.

Why orders do not wait. Adding to a counter locks its row, so all orders that share a promotion
would stand in line until each has committed. Therefore each counter has rows by slot, and an order
adds to those of a slot that no open order uses: the lowest whose advisory lock is free. The lock is
the transaction's: it goes with commit, rollback or a crash, needs no session of its own (so a
pooler in transaction mode is no obstacle), and a counter never has more rows a day than there were
orders open at once; `counters` folds them when the day is over. Orders take no lock on promotions,
reusable codes or products, and there are no foreign keys to lock a row for us.
"""

from datetime import date
from typing import Final

import asyncpg

from sconto.domain.order import OrderStatus, StoredOrder
from sconto.domain.redemption import one_time_codes, redemptions_of
from sconto.store.database import Connection
from sconto.store.outcomes import decode_order, encode_outcome
from sconto.store.stored_amounts import stored_discount

AUTOMATIC: Final = 0
"""The code of redemptions without one."""

NO_TYPE: Final = "none"
"""The code type of redemptions without a code."""


class Overtaken(Exception):
    """Something changed between the look at the stored state and the write; nothing was written."""


_REPLACE: Final = """
WITH replaced AS (
    UPDATE orders SET status = 'deleted', replaced_by = $2
    WHERE merchant_id = $1 AND order_id = $3 AND status = 'not paid'
    RETURNING order_id
), freed AS (
    UPDATE codes SET used_by = NULL, used_at = NULL
    FROM (
        SELECT DISTINCT code_id
        FROM redemptions
        WHERE merchant_id = $1 AND order_id = $3 AND code_type = 'one-time'
    ) AS redeemed
    WHERE codes.merchant_id = $1 AND codes.code_id = redeemed.code_id
      AND codes.used_by = (SELECT order_id FROM replaced)
)
SELECT EXISTS (SELECT FROM replaced)
"""

# generate_series in a select list is asked for one number at a time (in FROM it would be made
# whole), so that with LIMIT 1 the locks are tried from the lowest slot to the first that is free.
# The first number of a lock says what it is for: 23559 is this module's.
_PLACE_BY: Final = """
WITH picked AS (
    SELECT *
    FROM unnest($7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::boolean[],
                $12::text[]::numeric[])
        AS redemption (product_id, promotion_id, code_id, code_type, applied, discount)
), {taken}placed AS (
    INSERT INTO orders (merchant_id, order_id, status, replaces, created_at, outcome)
    SELECT $1, $2, 'not paid', $4, $3, $5::json
    WHERE {all_taken}
    ON CONFLICT DO NOTHING
    RETURNING order_id
), recorded AS (
    INSERT INTO redemptions (merchant_id, order_id, product_id, promotion_id, code_id, code_type,
                             applied, discount)
    SELECT $1, placed.order_id, product_id, promotion_id, code_id, code_type, applied, discount
    FROM placed
    CROSS JOIN picked
), slot AS MATERIALIZED (
    SELECT number
    FROM (SELECT generate_series(0, 32767) AS number FROM placed) AS slots
    WHERE pg_try_advisory_xact_lock(23559, number)
    LIMIT 1
), counted AS (
    INSERT INTO redemption_counts AS counts (merchant_id, promotion_id, code_id, code_type, applied,
                                             currency, day, slot, uses, discount)
    SELECT $1, promotion_id, code_id, code_type, applied, $13, $14, slot.number, uses, discount
    FROM slot
    CROSS JOIN (
        SELECT promotion_id, CASE code_type WHEN 'one-time' THEN 0 ELSE code_id END AS code_id,
               code_type, applied, count(*) AS uses, sum(discount) AS discount
        FROM picked
        GROUP BY 1, 2, 3, 4
    ) AS tally
    ORDER BY promotion_id, code_id, code_type, applied
    ON CONFLICT (merchant_id, promotion_id, code_id, code_type, applied, currency, day, slot)
    DO UPDATE SET uses = counts.uses + excluded.uses, discount = counts.discount + excluded.discount
)
SELECT 1 / count(*) FROM placed
"""

# The codes come in the order of their ids, one look-up in the primary key each, whatever the
# planner knows of the table (coalesce keeps it from the indexes of codes that are not removed), and
# are then found by the place of the row that was locked. Where that row was changed while we waited
# for it, the statement does not see it there: overtaken, look again.
_TAKE: Final = """free AS MATERIALIZED (
    SELECT wanted.code_id, code.place
    FROM unnest($6::bigint[]) AS wanted (code_id)
    CROSS JOIN LATERAL (
        SELECT ctid AS place
        FROM codes
        WHERE merchant_id = $1 AND code_id = wanted.code_id
          AND coalesce(used_at, removed_at) IS NULL
        LIMIT 1
        FOR UPDATE
    ) AS code
), taken AS (
    UPDATE codes
    SET used_by = $2, used_at = $3, applied_uses = applied_uses + tally.applied,
        outdone_uses = outdone_uses + tally.outdone
    FROM free
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE applied) AS applied,
               count(*) FILTER (WHERE NOT applied) AS outdone
        FROM picked
        WHERE picked.code_id = free.code_id
    ) AS tally
    WHERE codes.merchant_id = $1 AND codes.ctid = free.place
    RETURNING codes.code_id
),
"""

_PLACE: Final = _PLACE_BY.replace("{taken}", _TAKE).replace(
    "{all_taken}", "(SELECT count(*) FROM taken) = cardinality($6::bigint[])"
)

# Most orders use up no code: to prepare for it would take PostgreSQL a tenth of the statement.
_PLACE_WITHOUT_TAKING: Final = _PLACE_BY.replace("{taken}", "").replace(
    "{all_taken}", "$6::bigint[] = '{}'"
)


async def replace_order(connection: Connection, merchant_id: int, order: StoredOrder) -> None:
    """Delete the order that this one takes the place of, and free its one-time codes.

    Raises Overtaken where that order cannot be replaced any more.
    """
    if not await connection.fetchval(_REPLACE, merchant_id, order.order_id, order.replaces):
        raise Overtaken


async def insert_order(
    connection: Connection, merchant_id: int, order: StoredOrder, day: date
) -> None:
    """Place the order with all that it uses up, records and counts.

    `day` is the one its redemptions are counted on. Raises Overtaken, after which nothing of the
    transaction is left, where one of its codes is no longer free or its id is taken.
    """
    redemptions = redemptions_of(order.outcome)
    used_up = one_time_codes(redemptions)
    # Numbers of any size as texts: asyncpg takes ten times as long to write a numeric.
    arguments = (
        merchant_id,
        order.order_id,
        order.created_at,
        order.replaces,
        encode_outcome(order.outcome),
        used_up,
        [redemption.product_id for redemption in redemptions],
        [redemption.promotion_id for redemption in redemptions],
        [redemption.code_id or AUTOMATIC for redemption in redemptions],
        [redemption.code_type or NO_TYPE for redemption in redemptions],
        [redemption.applied for redemption in redemptions],
        [stored_discount(one.discount, order.outcome.currency) for one in redemptions],
        order.outcome.currency,
        day,
    )
    try:
        await connection.execute(_PLACE if used_up else _PLACE_WITHOUT_TAKING, *arguments)
    except asyncpg.DivisionByZeroError:
        raise Overtaken from None


_FIND: Final = """
SELECT row_to_json(stored)
FROM (
    SELECT order_id, status, created_at, replaces, replaced_by, outcome
    FROM orders
    WHERE merchant_id = $1 AND order_id = $2
) AS stored
"""

# A replaced order stays deleted: its codes may have served the order that took its place.
_CHANGE_STATUS: Final = """
UPDATE orders SET status = $3
WHERE merchant_id = $1 AND order_id = $2 AND (replaced_by IS NULL OR $3 = 'deleted')
RETURNING true
"""


async def find_order(connection: Connection, merchant_id: int, order_id: str) -> StoredOrder | None:
    """The order that the merchant placed under this id; None where there is none."""
    row = await connection.fetchval(_FIND, merchant_id, order_id)
    return None if row is None else decode_order(row)


async def update_status(
    connection: Connection, merchant_id: int, order_id: str, status: OrderStatus
) -> bool:
    """Set the status; False where there is no such order, or another one took its place."""
    return bool(await connection.fetchval(_CHANGE_STATUS, merchant_id, order_id, status))

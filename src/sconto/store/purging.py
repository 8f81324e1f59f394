"""Purging: old orders, history and idempotency keys are deleted, a few in each statement.

Why nothing is counted wrong. Counters and codes are not touched, so statistics stay the same. A
batch is one statement: it adds exactly what it deletes to `purged_redemptions` and
`purged_allowances`, so the sum of orders and purged orders never changes for any reader, and a
killed purge loses nothing. `past_customers` gets its rows in the same statement, so a customer who
has ordered never looks new.

The transaction holds the merchant's lock on promotions. So no limit is added meanwhile, which would
count orders (`allowances`) while a batch decides which customers a limit counts. Orders do not take
that lock. An order whose row is locked, because its status is being changed, is left for the next
batch. So is one that is not in the counters of orders yet (`order_counting`).
"""

from datetime import datetime
from typing import Final

from sconto.domain.redemption import CART_PRODUCT_ID
from sconto.store.database import Connection
from sconto.store.node_calls import LONG_TIMEOUT, NodeFunction
from sconto.store.order_tallies import PLACED_COLUMNS, SUMS, TALLIES
from sconto.store.past_customers import DIGEST

PURGE_BATCH: Final = 500
"""Rows that one statement deletes at most. An order also has a redemption for each pick."""

_PURGE_ORDERS: Final = f"""
WITH chosen AS MATERIALIZED (
    SELECT order_id
    FROM orders
    WHERE merchant_id = $1 AND created_at < $2 AND coalesce(is_counted, NOT EXISTS (
        SELECT FROM orders_to_count AS reached
        WHERE reached.merchant_id = $1
            AND (orders.created_at, orders.order_id) < (reached.created_at, reached.order_id)
    ))
    ORDER BY created_at
    LIMIT {PURGE_BATCH}
    FOR UPDATE SKIP LOCKED
), placed AS (
    DELETE FROM orders
    WHERE merchant_id = $1 AND order_id = ANY (ARRAY(SELECT order_id FROM chosen))
    RETURNING {PLACED_COLUMNS}, status, customer_id, gave_back_at
), tallied AS (
    INSERT INTO purged_order_counts AS kept (merchant_id, subject, promotion_id, code_id, currency,
                                             orders, beaten, discount, revenue)
    SELECT $1, subject, promotion_id, code_id, currency, {SUMS}
    FROM ({TALLIES}) AS tallied
    GROUP BY subject, promotion_id, code_id, currency
    ON CONFLICT (merchant_id, subject, promotion_id, code_id, currency)
    DO UPDATE SET orders = kept.orders + excluded.orders, beaten = kept.beaten + excluded.beaten,
                  discount = kept.discount + excluded.discount,
                  revenue = kept.revenue + excluded.revenue
), gone AS (
    SELECT order_id, status, customer_id, gave_back_at, outcome ->> 'currency' AS currency,
           10 ^ coalesce((outcome ->> 'decimals')::numeric, 0) AS unit
    FROM placed
), redeemed AS (
    DELETE FROM redemptions
    USING gone
    WHERE redemptions.merchant_id = $1 AND redemptions.order_id = gone.order_id
    RETURNING product_id, promotion_id, code_id, code_type, applied, discount, currency, unit,
              customer_id, gave_back_at
), counted AS (
    INSERT INTO purged_redemptions AS kept (merchant_id, promotion_id, code_id, code_type, applied,
                                            currency, uses, discount)
    SELECT $1, promotion_id, code_id, code_type, applied, currency, count(*), sum(discount)
    FROM redeemed
    GROUP BY promotion_id, code_id, code_type, applied, currency
    ON CONFLICT (merchant_id, promotion_id, code_id, code_type, applied, currency)
    DO UPDATE SET uses = kept.uses + excluded.uses, discount = kept.discount + excluded.discount
), counting AS (
    SELECT promotion_id, customer_id, currency, discount * unit AS discount
    FROM redeemed
    WHERE product_id = {CART_PRODUCT_ID} AND gave_back_at IS NULL
), taken AS (
    SELECT promotion_id, 'total' AS scope, '' AS key, count(*)::numeric AS amount
    FROM counting
    GROUP BY promotion_id
    UNION ALL
    SELECT promotion_id, 'budget', currency, trunc(sum(discount))
    FROM counting
    GROUP BY promotion_id, currency
    UNION ALL
    SELECT promotion_id, 'customer', customer_id, count(*)
    FROM counting
    WHERE EXISTS (
        SELECT FROM allowances
        WHERE merchant_id = $1 AND allowances.promotion_id = counting.promotion_id
            AND scope = 'customer' AND key = counting.customer_id
    )
    GROUP BY promotion_id, customer_id
), moved AS (
    INSERT INTO purged_allowances AS kept (merchant_id, promotion_id, scope, key, taken)
    SELECT $1, promotion_id, scope, key, amount FROM taken
    ON CONFLICT (merchant_id, promotion_id, scope, key)
    DO UPDATE SET taken = kept.taken + excluded.taken
), stored AS (
    INSERT INTO past_customers (merchant_id, digest)
    SELECT DISTINCT $1::bigint, {DIGEST.format(customer="customer_id")}
    FROM gone
    WHERE customer_id IS NOT NULL AND status <> 'deleted'
    ON CONFLICT DO NOTHING
), noted AS (
    INSERT INTO purges AS known (merchant_id, purged_before, counts_kept_before)
    VALUES ($1, $2, $2)
    ON CONFLICT (merchant_id) DO UPDATE
    SET purged_before = greatest(known.purged_before, excluded.purged_before),
        counts_kept_before = CASE WHEN known.counts_kept_before = known.purged_before
            THEN greatest(known.purged_before, excluded.purged_before)
            ELSE known.counts_kept_before END
)
SELECT count(*) FROM gone
"""  # noqa: S608  # of our own constants

_PURGE_ORDERS_ON_NODE: Final = NodeFunction(_PURGE_ORDERS, writes=True, timeout=LONG_TIMEOUT)

ON_NODES: Final = (_PURGE_ORDERS_ON_NODE,)
"""The functions of these statements on the nodes of a distributed database."""

# The trigger that protects the history lets this transaction delete entries before that time. A SET
# takes no argument; unlike `set_config`, it reaches the node that has the merchant.
_ALLOW_HISTORY: Final = "SET LOCAL sconto.purging_before = '{before}'"


def _purge(table: str, key: str, time: str) -> str:
    return f"""
WITH gone AS (
    DELETE FROM {table}
    WHERE merchant_id = $1 AND {key} IN (
        SELECT {key} FROM {table}
        WHERE merchant_id = $1 AND {time} < $2
        ORDER BY {time}
        LIMIT {PURGE_BATCH}
    )
    RETURNING true
)
SELECT count(*) FROM gone
"""  # noqa: S608  # of our own constants


_PURGE_HISTORY: Final = _purge("history", "entry_id", "recorded_at")
_PURGE_KEYS: Final = _purge("idempotency_keys", "key", "created_at")

_COUNT_OLD: Final = """
SELECT (SELECT count(*) FROM orders WHERE merchant_id = $1 AND created_at < $2) AS orders,
       (SELECT count(*) FROM history WHERE merchant_id = $1 AND recorded_at < $2) AS history,
       (SELECT count(*) FROM idempotency_keys WHERE merchant_id = $1 AND created_at < $2) AS keys,
       (SELECT count(*) FROM events WHERE merchant_id = $1 AND recorded_at <= $2) AS events
"""


async def purge_orders(connection: Connection, merchant_id: int, before: datetime) -> int:
    """Delete the oldest orders that were placed before a time; returns how many.

    Needs a transaction that holds the merchant's lock on promotions.
    """
    return int(await _PURGE_ORDERS_ON_NODE.fetchval(connection, merchant_id, before))


async def purge_history(connection: Connection, merchant_id: int, before: datetime) -> int:
    """Delete the oldest entries from before a time; needs a transaction."""
    await connection.execute(_ALLOW_HISTORY.format(before=before.isoformat()))
    return int(await connection.fetchval(_PURGE_HISTORY, merchant_id, before))


async def purge_keys(connection: Connection, merchant_id: int, before: datetime) -> int:
    """Delete the oldest idempotency keys from before a time."""
    return int(await connection.fetchval(_PURGE_KEYS, merchant_id, before))


async def count_old(
    connection: Connection, merchant_id: int, before: datetime
) -> tuple[int, int, int, int]:
    """The orders, entries of the history, idempotency keys and events from before a time."""
    row = await connection.fetchrow(_COUNT_OLD, merchant_id, before)
    assert row is not None  # noqa: S101 - a row is asked for
    return row["orders"], row["history"], row["keys"], row["events"]

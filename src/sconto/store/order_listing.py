"""Sets the times on redemptions of older orders, so that lists by promotion find them fast.

The newest orders come first. `orders_to_list` has the place that a merchant has reached; its row is
deleted when there is no older order. A batch is one statement, so a killed one has done nothing.

An order that the previous version placed during the upgrade has the time of its transaction on all
rows. The batch gives it the same as any other, unless it came after its batch: then it is found by
that time, and may be out of order by milliseconds.
"""

from typing import Final

from sconto.store.database import Connection
from sconto.store.polls import Poll

LISTING_BATCH: Final = 500
"""Orders of a statement."""

_LIST_SOME: Final = f"""
WITH reached AS (
    SELECT created_at, order_id FROM orders_to_list WHERE merchant_id = $1
    FOR UPDATE SKIP LOCKED
), batch AS MATERIALIZED (
    SELECT older.created_at, older.order_id
    FROM reached
    CROSS JOIN LATERAL (
        SELECT created_at, order_id
        FROM orders
        WHERE merchant_id = $1
            AND (created_at, order_id) < (reached.created_at, reached.order_id)
        ORDER BY created_at DESC, order_id DESC
        LIMIT {LISTING_BATCH}
    ) AS older
), times AS (
    SELECT batch.order_id, redeemed.product_id, redeemed.promotion_id,
           CASE WHEN row_number() OVER (
               PARTITION BY batch.order_id, redeemed.promotion_id, redeemed.code_id
               ORDER BY redeemed.product_id
           ) = 1 THEN batch.created_at END AS placed_at
    FROM batch
    CROSS JOIN LATERAL (
        SELECT product_id, promotion_id, code_id
        FROM redemptions
        WHERE merchant_id = $1 AND order_id = batch.order_id
        OFFSET 0
    ) AS redeemed
), listed AS (
    UPDATE redemptions SET placed_at = times.placed_at
    FROM times
    WHERE redemptions.merchant_id = $1 AND redemptions.order_id = times.order_id
        AND redemptions.product_id = times.product_id
        AND redemptions.promotion_id = times.promotion_id
        AND redemptions.placed_at IS DISTINCT FROM times.placed_at
), moved AS (
    UPDATE orders_to_list SET created_at = last.created_at, order_id = last.order_id
    FROM (
        SELECT created_at, order_id FROM batch ORDER BY created_at, order_id LIMIT 1
    ) AS last
    WHERE orders_to_list.merchant_id = $1
), finished AS (
    DELETE FROM orders_to_list
    USING reached
    WHERE merchant_id = $1 AND NOT EXISTS (SELECT FROM batch)
)
SELECT count(*) FROM batch
"""  # noqa: S608  # of our own constants


LIST_MERCHANTS: Final = Poll("SELECT merchant_id FROM orders_to_list ORDER BY merchant_id")


async def list_merchants_to_list(connection: Connection) -> list[int]:
    """The merchants that have older orders to index."""
    rows = await LIST_MERCHANTS.fetch(connection)
    return [row["merchant_id"] for row in rows]


async def list_some(connection: Connection, merchant_id: int) -> int:
    """Index the newest older orders that are not indexed yet; returns their number."""
    return int(await connection.fetchval(_LIST_SOME, merchant_id))

"""Gives back what an order took for its cart promotions: uses, money and one-time codes.

This happens once, in the transaction that deletes or replaces the order. `gone` marks the order, so
a second attempt finds nothing to give back. All transactions that wait for allowances lock them in
the same order, and orders that wait for them wait for nothing else (`order_limits`). So there is no
deadlock.

The transaction first takes the shared lock of each promotion, as orders do. So a count of what is
taken (`allowances`) sees everything that the order gives back, or nothing of it.

`unit` turns stored discounts into minor units (`stored_amounts`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.redemption import CART_PRODUCT_ID
from sconto.store.database import Connection
from sconto.store.node_sql import Script, Step


class GivingBackRaceLost(Exception):
    """An allowance was locked for too long; the transaction must not be committed."""


_STEADY: Final = """
SELECT pg_advisory_xact_lock_shared(
    hashtextextended('cart promotion ' || promotion_id, $1::bigint))
FROM unnest($2::bigint[]) AS applied (promotion_id)
"""

_GIVE_BACK: Final = f"""
WITH gone AS (
    UPDATE orders SET gave_back_at = $3
    WHERE merchant_id = $1 AND order_id = $2 AND gave_back_at IS NULL
    RETURNING customer_id, outcome ->> 'currency' AS currency,
              10 ^ coalesce((outcome ->> 'decimals')::numeric, 0) AS unit
), recorded AS (
    SELECT promotion_id, code_id, code_type, trunc(discount * unit) AS discount, customer_id,
           currency
    FROM gone
    JOIN redemptions ON merchant_id = $1 AND order_id = $2
        AND product_id = {CART_PRODUCT_ID}
), returned AS (
    SELECT promotion_id, 'total' AS scope, '' AS key, 1::numeric AS amount FROM recorded
    UNION ALL
    SELECT promotion_id, 'customer', customer_id, 1 FROM recorded WHERE customer_id IS NOT NULL
    UNION ALL
    SELECT promotion_id, 'budget', currency, discount FROM recorded
), locked AS MATERIALIZED (
    SELECT promotion_id, scope, key, amount
    FROM returned
    JOIN allowances USING (promotion_id, scope, key)
    WHERE allowances.merchant_id = $1
    ORDER BY promotion_id, scope, key
    FOR NO KEY UPDATE OF allowances
), given AS (
    UPDATE allowances SET taken = allowances.taken - locked.amount
    FROM locked
    WHERE allowances.merchant_id = $1 AND allowances.promotion_id = locked.promotion_id
      AND allowances.scope = locked.scope AND allowances.key = locked.key
), freed AS (
    UPDATE codes SET used_by = NULL, used_at = NULL
    FROM recorded
    WHERE codes.merchant_id = $1 AND codes.code_id = recorded.code_id
      AND recorded.code_type = 'one-time' AND codes.used_by = $2
)
SELECT EXISTS (SELECT FROM gone)
"""  # noqa: S608  # of our own constants


# What an order took for its cart promotions is recorded with it.
_PROMOTIONS: Final = f"""
SELECT ARRAY(
    SELECT DISTINCT promotion_id
    FROM redemptions
    WHERE merchant_id = $1 AND order_id = $2 AND product_id = {CART_PRODUCT_ID}
    ORDER BY promotion_id
)
"""  # noqa: S608  # of our own constants


def giving_back(order_id: str, now: str) -> Script:
    """The SQL of `give_back`, for a function on a node; the arguments are its expressions."""
    return (
        Step(_PROMOTIONS, ("$1", order_id), "promotions"),
        "IF cardinality(promotions) > 0 THEN",
        "PERFORM set_config('lock_timeout', '1s', true);",
        Step(_STEADY, ("$1", "promotions")),
        Step(_GIVE_BACK, ("$1", order_id, now)),
        "END IF;",
    )


async def give_back(
    connection: Connection,
    merchant_id: int,
    order_id: str,
    promotion_ids: Sequence[int],
    now: datetime,
) -> bool:
    """Give back what the order took for these cart promotions; False if that was done before.

    Needs a transaction. Raises GivingBackRaceLost.
    """
    await connection.execute("SET LOCAL lock_timeout = '1s'")
    try:
        await connection.execute(_STEADY, merchant_id, sorted(promotion_ids))
        gave_back: bool = await connection.fetchval(_GIVE_BACK, merchant_id, order_id, now)
    except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
        raise GivingBackRaceLost from error
    return gave_back

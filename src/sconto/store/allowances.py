"""Allowances: what orders have taken of the limits of cart promotions, and what holds hold of them.

Orders add to the rows of the limits that a promotion has (`order_limits`). When a limit is added,
its rows are counted from the earlier orders, purged ones included (`purging`), and from what is
held (`held_allowances`, of all promotions). When it is removed, they are deleted. A transaction
that sets limits takes the promotion's lock exclusively. It waits for orders that are being placed
or give back, and later orders try again after it. So the count misses no order, and counts none
twice.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sconto.domain.allowances import Scope, Taken
from sconto.domain.redemption import CART_PRODUCT_ID
from sconto.store.database import Connection
from sconto.store.node_calls import is_of_citus

_LOCK: Final = """
SELECT pg_advisory_xact_lock(hashtextextended('cart promotion ' || $2::bigint, $1::bigint))
"""

# On a distributed database the orders take the lock on the merchant's node. A merchant without this
# row has no promotions.
_LOCK_ON_NODE: Final = """
SELECT pg_advisory_xact_lock(hashtextextended('cart promotion ' || $2::bigint, $1::bigint)) IS NULL
FROM timeline_versions
WHERE merchant_id = $1
"""

# What purged orders took is kept for totals and budgets, but not for customers without a limit.
_DROP: Final = """
WITH dropped AS (
    DELETE FROM purged_allowances
    WHERE merchant_id = $1 AND promotion_id = $2 AND scope = 'customer'
        AND scope <> ALL ($3::text[])
)
DELETE FROM allowances
WHERE merchant_id = $1 AND promotion_id = $2 AND scope <> ALL ($3::text[])
"""

_COUNTED: Final = f"""
FROM redemptions
JOIN orders ON orders.merchant_id = $1 AND orders.order_id = redemptions.order_id
WHERE redemptions.merchant_id = $1 AND redemptions.promotion_id = $2
    AND product_id = {CART_PRODUCT_ID}
    AND gave_back_at IS NULL
"""

_COUNTS: Final = {
    Scope.TOTAL: f"SELECT '', count(*) {_COUNTED}",  # of our own constants
    Scope.CUSTOMER: f"""
        SELECT customer_id, count(*) {_COUNTED} AND customer_id IS NOT NULL GROUP BY customer_id
    """,  # of our own constants
    Scope.BUDGET: f"""
        SELECT outcome ->> 'currency',
               trunc(sum(discount * 10 ^ coalesce((outcome ->> 'decimals')::numeric, 0)))
        {_COUNTED}
        GROUP BY outcome ->> 'currency'
    """,  # of our own constants
}

# With what purged orders took.
_COUNTED_BY_KEY: Final = """
SELECT key, sum(taken) AS taken, sum(held) AS held
FROM (
    SELECT key, taken, 0 AS held FROM ({counts}) AS counted (key, taken)
    UNION ALL
    SELECT key, taken, 0 FROM purged_allowances
    WHERE merchant_id = $1 AND promotion_id = $2 AND scope = $3
    UNION ALL
    SELECT key, 0, amount FROM held_allowances
    WHERE merchant_id = $1 AND promotion_id = $2 AND scope = $3
) AS counted
GROUP BY key
HAVING sum(taken) > 0 OR sum(held) > 0
"""

_COUNT: Final = {
    scope: f"""
        INSERT INTO allowances (merchant_id, promotion_id, scope, key, taken, held)
        SELECT $1, $2, $3, key, taken, held
        FROM ({_COUNTED_BY_KEY.format(counts=counts)}) AS counted
    """  # noqa: S608  # of our own constants
    for scope, counts in _COUNTS.items()
}

_LIVE: Final = """(
    SELECT coalesce(sum(amount), 0) FROM held_allowances
    WHERE merchant_id = $1 AND promotion_id = $2 AND scope = $3 AND key = $4 AND expires_at > $5
)"""

_FIND: Final = f"""
SELECT taken + {_LIVE} FROM allowances
WHERE merchant_id = $1 AND promotion_id = $2 AND scope = $3 AND key = $4
"""  # noqa: S608  # of our own constants

_FIND_COUNTED: Final = {
    scope: f"""
        SELECT taken + {_LIVE} FROM ({_COUNTED_BY_KEY.format(counts=counts)}) AS counted
        WHERE key = $4
    """  # noqa: S608  # of our own constants
    for scope, counts in _COUNTS.items()
}

# Rows that many orders share exist from the start, so that no two orders insert the same row.
_BEGIN: Final = """
INSERT INTO allowances (merchant_id, promotion_id, scope, key, taken)
SELECT $1, $2, shared.scope, shared.key, 0
FROM cart_promotions
CROSS JOIN LATERAL (
    SELECT 'total' AS scope, '' AS key WHERE terms -> 'limits' -> 'total' IS NOT NULL
    UNION ALL
    SELECT 'budget', json_object_keys(terms -> 'limits' -> 'budget')
) AS shared
WHERE merchant_id = $1 AND cart_promotions.promotion_id = $2
ON CONFLICT DO NOTHING
"""

_READ: Final = """
SELECT scope, key, taken FROM allowances
WHERE merchant_id = $1 AND promotion_id = $2 AND scope <> 'customer'
"""


async def lock_limits(connection: Connection, merchant_id: int, promotion_id: int) -> None:
    """Wait for orders that take the promotion's limits; later orders try again after this.

    Needs a transaction, which releases the lock.
    """
    await connection.execute(_LOCK, merchant_id, promotion_id)
    if is_of_citus(connection):
        await connection.execute(_LOCK_ON_NODE, merchant_id, promotion_id)


async def set_scopes(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    before: Collection[Scope],
    after: Collection[Scope],
) -> None:
    """Keep allowances of these scopes from now on; `before` are the scopes kept so far.

    Needs a transaction that also renews the price version.
    """
    if set(before) == set(after):
        return
    await lock_limits(connection, merchant_id, promotion_id)
    await connection.execute(_DROP, merchant_id, promotion_id, list(after))
    for scope in after:
        if scope not in before:
            await connection.execute(_COUNT[scope], merchant_id, promotion_id, scope)
    await connection.execute(_BEGIN, merchant_id, promotion_id)


async def read_taken(
    connection: Connection, merchant_id: int, promotion_id: int
) -> tuple[Taken, dict[str, int]]:
    """What is taken in all, and of the budget in each currency."""
    rows = await connection.fetch(_READ, merchant_id, promotion_id)
    total = sum(int(row["taken"]) for row in rows if row["scope"] == Scope.TOTAL)
    budget = {row["key"]: int(row["taken"]) for row in rows if row["scope"] == Scope.BUDGET}
    return Taken(total), budget


async def find_taken(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    kept: Collection[Scope],
    keys: Mapping[Scope, str],
    now: datetime,
) -> Taken:
    """What is taken or held of each scope for its key; counted if the scope is not kept yet."""
    taken = dict.fromkeys(Scope, 0)
    for scope, key in keys.items():
        statement = _FIND if scope in kept else _FIND_COUNTED[scope]
        taken[scope] = int(
            await connection.fetchval(statement, merchant_id, promotion_id, scope, key, now) or 0
        )
    return Taken(taken[Scope.TOTAL], taken[Scope.CUSTOMER], taken[Scope.BUDGET])

"""Promotions that need attention: each concern is found by an index, with a bound."""

from datetime import date, datetime
from typing import Final

import asyncpg

from sconto.domain.home import (
    LOOKED_AT,
    MAX_OF_A_CONCERN,
    Attention,
    Concern,
    FirstSteps,
    NamedPromotion,
)
from sconto.domain.promotion_kind import PromotionKind
from sconto.store.database import Connection
from sconto.store.kind_sql import kind_of
from sconto.store.period_sql import ends_after, is_running
from sconto.store.reports import ALL_COUNTS

_MOST: Final = MAX_OF_A_CONCERN + 1
"""One more than is named, so that the reader learns that there are others."""

_FREE_CODES: Final = 1_000
"""Free codes are counted up to this number: with more left, codes are not nearly used."""

_PRODUCTS: Final = 200
"""A promotion that names more products is not checked for winning."""

_NO_END: Final = "'9999-12-31 00:00:00+00'::timestamptz"

# Sub-selects stay look-ups, whatever the planner expects. It would turn EXISTS into a join.
_RUNNING: Final = f"""
running AS MATERIALIZED (
    SELECT promotion_id, type, code_type, covers_all, name,
        {kind_of()} AS kind
    FROM promotions
    WHERE merchant_id = $1 AND deleted_at IS NULL AND {is_running("$2")}
    ORDER BY starts_at DESC
    LIMIT {LOOKED_AT}
),
subscriptions AS MATERIALIZED (
    SELECT promotion_id, name, ends_at, max_usage, usage
    FROM subscription_promotions
    WHERE merchant_id = $1 AND archived_at IS NULL AND enabled
        AND coalesce(starts_at <= $2, true) AND coalesce(ends_at >= $2, true)
    ORDER BY promotion_id DESC
    LIMIT {LOOKED_AT}
)
"""  # noqa: S608  # of our own constants

_ENDS_SOON: Final = f"""
SELECT '{Concern.ENDS_SOON}' AS concern, kind, promotion_id, name, ends_at, NULL AS of,
    0::numeric AS rest, 0::bigint AS beaten
FROM (
    (
        SELECT {kind_of()} AS kind, promotion_id, name,
            ends_at
        FROM promotions
        WHERE merchant_id = $1 AND deleted_at IS NULL AND active AND starts_at <= $2
            AND coalesce(ends_at, {_NO_END}) BETWEEN $2::timestamptz - interval '1 second' AND $3
            AND {ends_after("$2")}
        ORDER BY coalesce(ends_at, {_NO_END})
        LIMIT {_MOST}
    )
    UNION ALL
    SELECT 'subscription', promotion_id, name, ends_at FROM subscriptions WHERE ends_at <= $3
) AS ending
ORDER BY ends_at
LIMIT {_MOST}
"""  # noqa: S608  # of our own constants

# Positions of codes have gaps where codes were removed, so the span of positions is at least their
# number. The few promotions that pass this test are counted. OFFSET 0 keeps the planner from
# repeating it.
_CODES: Final = f"""
SELECT '{Concern.NEARLY_USED}', kind, promotion_id, name, NULL::timestamptz, 'codes',
    unused::numeric, 0::bigint
FROM running
CROSS JOIN LATERAL (
    SELECT
        (
            SELECT position FROM codes
            WHERE merchant_id = $1 AND promotion_id = running.promotion_id AND removed_at IS NULL
            ORDER BY position DESC LIMIT 1
        ) - (
            SELECT position FROM codes
            WHERE merchant_id = $1 AND promotion_id = running.promotion_id AND removed_at IS NULL
            ORDER BY position LIMIT 1
        ) + 1 AS span
    OFFSET 0
) AS positions
CROSS JOIN LATERAL (
    SELECT count(*) AS unused FROM (
        SELECT FROM codes
        WHERE merchant_id = $1 AND promotion_id = running.promotion_id AND removed_at IS NULL
            AND used_at IS NULL
        LIMIT least(span / 10, {_FREE_CODES}) + 1
    ) AS free
) AS counted
WHERE code_type = 'one-time' AND span IS NOT NULL AND unused <= least(span / 10, {_FREE_CODES})
    AND (
        unused = 0 OR (
            SELECT code_id FROM codes
            WHERE merchant_id = $1 AND promotion_id = running.promotion_id AND removed_at IS NULL
            ORDER BY position OFFSET 10 * unused - 1 LIMIT 1
        ) IS NOT NULL
    )
LIMIT {_MOST}
"""  # noqa: S608  # of our own constants

_LIMITS: Final = f"""
SELECT '{Concern.NEARLY_USED}', kind, promotion_id, name, NULL::timestamptz,
    CASE scope WHEN 'budget' THEN key ELSE 'total' END, greatest(most - taken, 0), 0::bigint
FROM running
CROSS JOIN LATERAL (
    SELECT terms -> 'limits' AS limits FROM cart_promotions
    WHERE merchant_id = $1 AND promotion_id = running.promotion_id
    LIMIT 1
) AS cart_promotion
CROSS JOIN LATERAL (
    SELECT scope, key, taken, CASE scope WHEN 'budget' THEN limits -> 'budget' ->> key
        ELSE limits ->> 'total' END::numeric AS most
    FROM allowances
    WHERE merchant_id = $1 AND promotion_id = running.promotion_id AND scope IN ('budget', 'total')
        AND limits IS NOT NULL
    OFFSET 0
) AS used
WHERE type = 'cart' AND 10 * taken >= 9 * most
LIMIT {_MOST}
"""  # noqa: S608  # of our own constants

_USAGE: Final = f"""
SELECT '{Concern.NEARLY_USED}', 'subscription', promotion_id, name, NULL::timestamptz, 'total',
    (max_usage - usage)::numeric, 0::bigint
FROM subscriptions
WHERE 10 * usage::numeric >= 9 * max_usage::numeric
LIMIT {_MOST}
"""  # noqa: S608  # of our own constants

_NO_CODES: Final = f"""
SELECT '{Concern.NO_CODES}', kind, promotion_id, name, NULL::timestamptz, NULL, 0::numeric,
    0::bigint
FROM running
WHERE (type = 'coupon' OR (type = 'cart' AND code_type IS NOT NULL))
    AND (
        SELECT code_id FROM codes
        WHERE merchant_id = $1 AND promotion_id = running.promotion_id AND removed_at IS NULL
        LIMIT 1
    ) IS NULL
LIMIT {_MOST}
"""  # noqa: S608  # of our own constants

# An automatic promotion that is never the pick from now on, or one of any kind that was beaten in
# each recent order.
_NEVER_WINS: Final = f"""
SELECT '{Concern.NEVER_WINS}', kind, promotion_id, name, NULL::timestamptz, NULL, 0::numeric,
    coalesce(beaten, 0)::bigint
FROM running
CROSS JOIN LATERAL (
    SELECT CASE WHEN (
        SELECT orders FROM ({ALL_COUNTS}) AS counts
        WHERE merchant_id = $1 AND subject = 'promotion'
            AND counts.promotion_id = running.promotion_id AND day >= $4 AND orders > 0
        LIMIT 1
    ) IS NULL THEN (
        SELECT sum(beaten) FROM ({ALL_COUNTS}) AS counts
        WHERE merchant_id = $1 AND subject = 'promotion'
            AND counts.promotion_id = running.promotion_id AND day >= $4
    ) END AS beaten
) AS orders
WHERE beaten > 0 OR (
    type = 'discount' AND covers_all AND promotion_id <> ALL (ARRAY(
        SELECT promotion_id FROM (
            SELECT promotion_id, ends_at FROM automatic_picks
            WHERE merchant_id = $1 AND product_id = 0
            ORDER BY starts_at DESC
            LIMIT {LOOKED_AT}
        ) AS latest
        WHERE ends_at IS NULL OR ends_at > $2
    ))
) OR (
    type = 'discount' AND NOT covers_all
    AND (
        SELECT product_id FROM promotion_products
        WHERE merchant_id = $1 AND promotion_id = running.promotion_id
        OFFSET {_PRODUCTS} LIMIT 1
    ) IS NULL
    AND (
        SELECT picks.product_id
        FROM promotion_products AS named
        CROSS JOIN LATERAL (
            SELECT product_id FROM automatic_picks
            WHERE merchant_id = $1 AND product_id = named.product_id
                AND automatic_picks.promotion_id = running.promotion_id
                AND (ends_at IS NULL OR ends_at > $2)
            LIMIT 1
        ) AS picks
        WHERE named.merchant_id = $1 AND named.promotion_id = running.promotion_id
        LIMIT 1
    ) IS NULL
)
LIMIT {_MOST}
"""  # noqa: S608  # of our own constants

_CONCERNS: Final = (_ENDS_SOON, _CODES, _LIMITS, _USAGE, _NO_CODES, _NEVER_WINS)

_READ: Final = f"WITH {_RUNNING}" + " UNION ALL ".join(f"({one})" for one in _CONCERNS)

_FIRST_STEPS: Final = f"""
SELECT
    EXISTS (SELECT FROM products WHERE merchant_id = $1 AND deleted_at IS NULL),
    EXISTS (SELECT FROM promotions WHERE merchant_id = $1)
        OR EXISTS (SELECT FROM subscription_promotions WHERE merchant_id = $1),
    EXISTS (SELECT FROM promotions
            WHERE merchant_id = $1 AND deleted_at IS NULL AND {is_running("$2")})
        OR EXISTS (SELECT FROM subscription_promotions
            WHERE merchant_id = $1 AND archived_at IS NULL AND enabled
                AND coalesce(starts_at <= $2, true) AND coalesce(ends_at >= $2, true)),
    EXISTS (SELECT FROM orders WHERE merchant_id = $1),
    EXISTS (SELECT FROM ({ALL_COUNTS}) AS counts
            WHERE merchant_id = $1 AND subject = 'discounted')
"""  # noqa: S608  # of our own constants


async def read_attention(
    connection: Connection, merchant_id: int, now: datetime, soon: datetime, beaten_since: date
) -> list[Attention]:
    """What needs attention: of each concern up to one more than is shown.

    All promotions that end before `soon` are found. The other concerns are looked for among the
    LOOKED_AT running promotions that started last.
    """
    rows = await connection.fetch(_READ, merchant_id, now, soon, beaten_since)
    return [_attention(row) for row in rows]


async def read_first_steps(connection: Connection, merchant_id: int, now: datetime) -> FirstSteps:
    """Which of the first steps a shop has done."""
    row = await connection.fetchrow(_FIRST_STEPS, merchant_id, now)
    return FirstSteps(*row) if row is not None else FirstSteps(*[False] * 5)


def _attention(row: asyncpg.Record) -> Attention:
    return Attention(
        Concern(row["concern"]),
        NamedPromotion(PromotionKind(row["kind"]), row["promotion_id"], row["name"]),
        row["ends_at"],
        row["of"],
        int(row["rest"]),
        row["beaten"],
    )

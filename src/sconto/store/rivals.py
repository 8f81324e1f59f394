"""The automatic picks as if one promotion did not exist; timelines show only the winner."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sconto.domain.candidates import AutomaticPick
from sconto.domain.impact import Overlap, Rivals
from sconto.domain.schedule import ALL_PRODUCTS_ID, Period
from sconto.store.coverage import promotions_naming
from sconto.store.database import Connection
from sconto.store.period_sql import ends_after, is_running

# Product 0 is ALL_PRODUCTS_ID.
_RIVALS: Final = f"""
SELECT wanted.product_id, found.promotion_id, found.percent, found.name
FROM unnest($2::bigint[]) AS wanted (product_id)
CROSS JOIN LATERAL (
    SELECT named.promotion_id, name, coalesce(named.percent, promotion.percent) AS percent
    {promotions_naming("wanted.product_id")}
        AND named.promotion_id <> $3 AND type = 'discount' AND deleted_at IS NULL
        AND {is_running("$4")}
    ORDER BY named.promotion_id DESC
    LIMIT 1
) AS found
UNION ALL
(
    SELECT 0, promotion_id, percent, name FROM promotions
    WHERE merchant_id = $1 AND covers_all AND promotion_id <> $3 AND type = 'discount'
        AND deleted_at IS NULL AND {is_running("$4")}
    ORDER BY promotion_id DESC
    LIMIT 1
)
"""  # noqa: S608  # of our own constants

_CART: Final = f"""
SELECT promotion_id, name, (terms ->> 'exclusive')::boolean AS is_exclusive
FROM cart_promotions AS cart JOIN promotions USING (merchant_id, promotion_id)
WHERE merchant_id = $1 AND automatic AND cart.target = $2 AND promotion_id <> $3
    AND active AND deleted_at IS NULL
    AND {ends_after("$4")} AND ($5::timestamptz IS NULL OR starts_at < $5)
ORDER BY promotion_id DESC
LIMIT $6
"""  # noqa: S608  # of our own constants


async def find_rivals(
    connection: Connection,
    merchant_id: int,
    product_ids: Sequence[int],
    promotion_id: int,
    at: datetime,
) -> tuple[Rivals, dict[int, str]]:
    """The automatic picks at a time as if the promotion did not exist, and their names by id."""
    rows = await connection.fetch(_RIVALS, merchant_id, product_ids, promotion_id, at)
    picks = {product_id: AutomaticPick(*pick) for product_id, *pick, _name in rows}
    everywhere = picks.pop(ALL_PRODUCTS_ID, None)
    names = {row["promotion_id"]: row["name"] for row in rows}
    return Rivals(everywhere, picks), names


async def find_cart_overlaps(
    connection: Connection,
    merchant_id: int,
    target: str,
    promotion_id: int,
    period: Period,
    most: int,
) -> list[Overlap]:
    """Other automatic cart promotions of the same step and time, the latest created first."""
    rows = await connection.fetch(
        _CART, merchant_id, target, promotion_id, period.starts_at, period.over_from, most
    )
    return [
        Overlap(
            row["promotion_id"],
            row["name"],
            is_cart=True,
            is_exclusive=bool(row["is_exclusive"]),
        )
        for row in rows
    ]

"""Counts of redemptions by day and by code, and example products of a promotion."""

from datetime import date
from typing import Final

from sconto.domain.product import Product
from sconto.domain.redemption_days import DailyQuery, DailyUses, UsesPlace
from sconto.store.code_ids import COUNTED_CODE
from sconto.store.database import Connection
from sconto.store.stored_amounts import PRICE, discount_from

# Months are what `counters` has folded, or will fold. One row without a day says that the promotion
# has no uses; no row says that there is no such promotion.
_LIST_DAYS: Final = f"""
SELECT uses.*
FROM promotions AS promotion
LEFT JOIN LATERAL (
    SELECT day, code_id, code_type, currency, applied, outdone, discount,
        (SELECT code FROM codes WHERE merchant_id = $1 AND codes.code_id = counted.code_id) AS code
    FROM (
        SELECT
            CASE WHEN day < $3 THEN day - (extract(day FROM day)::integer - 1) ELSE day END AS day,
            {COUNTED_CODE} AS code_id, code_type, currency,
            coalesce(sum(uses) FILTER (WHERE applied), 0)::bigint AS applied,
            coalesce(sum(uses) FILTER (WHERE NOT applied), 0)::bigint AS outdone,
            coalesce(sum(discount) FILTER (WHERE applied), 0) AS discount
        FROM redemption_counts
        WHERE merchant_id = $1 AND promotion_id = $2
        GROUP BY 1, 2, 3, 4
    ) AS counted
    WHERE (day, code_id, code_type, currency) > ($4, $5, $6, $7)
        AND ($8::date IS NULL OR day >= $8) AND ($9::date IS NULL OR day <= $9)
    ORDER BY day, code_id, code_type, currency
    LIMIT $10
) AS uses ON true
WHERE promotion.merchant_id = $1 AND promotion.promotion_id = $2
    AND promotion.deleted_at IS NULL AND promotion.type <> 'cart'
ORDER BY day, code_id, code_type, currency
"""  # noqa: S608  # of our own constants

# The first products that a promotion names; if it covers all products, the first of the catalogue.
_COVERED: Final = f"""
(
    SELECT product.product_id, product.name, {PRICE}, product.currency
    FROM (
        SELECT product_id, position FROM promotion_products
        WHERE merchant_id = $1 AND promotion_id = $2
        ORDER BY position
        LIMIT $3
    ) AS named
    CROSS JOIN LATERAL (
        SELECT * FROM products
        WHERE merchant_id = $1 AND product_id = named.product_id AND deleted_at IS NULL
        LIMIT 1
    ) AS product
    ORDER BY named.position
)
UNION ALL
(
    SELECT product_id, name, {PRICE}, currency
    FROM products
    WHERE merchant_id = $1 AND deleted_at IS NULL AND EXISTS (
        SELECT FROM promotions WHERE merchant_id = $1 AND promotion_id = $2 AND covers_all
    )
    ORDER BY product_id
    LIMIT $3
)
"""  # noqa: S608  # of our own constants


async def list_days(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    query: DailyQuery,
    months_before: date,
) -> list[DailyUses] | None:
    """Uses by day, code and currency; None if there is no such promotion."""
    rows = await connection.fetch(
        _LIST_DAYS,
        merchant_id,
        promotion_id,
        months_before,
        *query.after,
        query.since,
        query.until,
        query.limit,
    )
    if not rows:
        return None
    return [
        DailyUses(
            UsesPlace(row["day"], row["code_id"], row["code_type"], row["currency"]),
            row["code"],
            row["applied"],
            row["outdone"],
            discount_from(row["discount"], row["currency"]),
        )
        for row in rows
        if row["day"] is not None
    ]


async def first_covered(
    connection: Connection, merchant_id: int, promotion_id: int, limit: int
) -> list[Product]:
    """The first products that the promotion covers."""
    rows = await connection.fetch(_COVERED, merchant_id, promotion_id, limit)
    return [Product(*row) for row in rows]

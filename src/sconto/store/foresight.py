"""What is stored around a promotion that is not saved yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sconto.domain.product import Product
from sconto.domain.schedule import EVERYTHING, Period, Span
from sconto.store.database import Connection

_MOST_SPANS: Final = 100

_PRODUCTS: Final = """
SELECT product_id, name, price, currency
FROM unnest($2::bigint[]) WITH ORDINALITY AS wanted (id, place)
CROSS JOIN LATERAL (
    SELECT product_id, name, price, currency FROM products
    WHERE merchant_id = $1 AND product_id = wanted.id AND deleted_at IS NULL
    LIMIT 1
) AS product
ORDER BY place
"""

_FIRST_PRODUCTS: Final = """
SELECT product_id, name, price, currency
FROM products
WHERE merchant_id = $1 AND deleted_at IS NULL
ORDER BY product_id
LIMIT $2
"""

_SPANS: Final = """
SELECT wanted.product_id, span.starts_at, span.ends_at, span.promotion_id, span.percent
FROM unnest($2::bigint[]) AS wanted (product_id)
CROSS JOIN LATERAL (
    SELECT starts_at, ends_at, promotion_id, percent
    FROM automatic_picks
    WHERE merchant_id = $1 AND product_id = wanted.product_id
        AND (ends_at IS NULL OR ends_at > $3) AND ($4::timestamptz IS NULL OR starts_at <= $4)
    ORDER BY starts_at
    LIMIT $5
) AS span
"""

# Each code is looked up by its key; a handful of those found is enough to warn.
_ELSEWHERE: Final = """
SELECT found.code, found.promotion_id
FROM unnest($2::text[]) AS wanted (code_key)
CROSS JOIN LATERAL (
    SELECT codes.code, promotion.promotion_id
    FROM codes
    JOIN promotions AS promotion
        ON promotion.merchant_id = $1 AND promotion.promotion_id = codes.promotion_id
    WHERE codes.merchant_id = $1 AND codes.code_key = wanted.code_key
        AND codes.removed_at IS NULL AND codes.promotion_id <> $3
        AND promotion.type = 'coupon' AND promotion.active AND promotion.deleted_at IS NULL
        AND (promotion.ends_at IS NULL OR promotion.ends_at >= $4)
        AND ($5::timestamptz IS NULL OR promotion.starts_at <= $5)
    LIMIT 1
) AS found
LIMIT 20
"""

_USED_BUT_GONE: Final = """
SELECT code, count(*) OVER () AS total
FROM codes
WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL
    AND code_key <> ALL ($3::text[])
    AND (
        used_at IS NOT NULL
        OR EXISTS (
            SELECT FROM redemption_counts
            WHERE merchant_id = $1 AND promotion_id = $2 AND code_id = codes.code_id
        )
    )
ORDER BY position
LIMIT 5
"""


async def find_products(
    connection: Connection, merchant_id: int, product_ids: Sequence[int]
) -> list[Product]:
    """Those of the products that the catalogue has, in the order given."""
    return [Product(*row) for row in await connection.fetch(_PRODUCTS, merchant_id, product_ids)]


async def first_products(connection: Connection, merchant_id: int, limit: int) -> list[Product]:
    """The first products of the catalogue."""
    return [Product(*row) for row in await connection.fetch(_FIRST_PRODUCTS, merchant_id, limit)]


async def find_spans(
    connection: Connection,
    merchant_id: int,
    product_ids: Sequence[int],
    since: datetime,
    until: datetime | None,
) -> Mapping[int, Sequence[Span]]:
    """The timelines of the products, and of EVERYTHING, between two moments."""
    wanted = [EVERYTHING, *product_ids]
    rows = await connection.fetch(_SPANS, merchant_id, wanted, since, until, _MOST_SPANS)
    spans: dict[int, list[Span]] = {product_id: [] for product_id in wanted}
    for product_id, *span in rows:
        spans[product_id].append(Span(*span))
    return spans


async def find_codes_elsewhere(
    connection: Connection, merchant_id: int, keys: Sequence[str], own: int, period: Period
) -> list[tuple[str, int]]:
    """Codes with these keys that other active promotions have within the period, a few of them."""
    rows = await connection.fetch(
        _ELSEWHERE, merchant_id, keys, own, period.starts_at, period.ends_at
    )
    return [(row["code"], row["promotion_id"]) for row in rows]


async def find_used_but_gone(
    connection: Connection, merchant_id: int, promotion_id: int, keys: Sequence[str]
) -> tuple[tuple[str, ...], int]:
    """Used codes of the promotion that are not among these keys: some of them, and how many."""
    rows = await connection.fetch(_USED_BUT_GONE, merchant_id, promotion_id, keys)
    return tuple(row["code"] for row in rows), rows[0]["total"] if rows else 0

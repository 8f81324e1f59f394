"""Lists of the products that a promotion covers, page by page."""

from typing import Final

import asyncpg

from sconto.domain.covered_products import (
    MAX_COVERED_COUNTED,
    CoveredPage,
    CoveredProduct,
    CoveredQuery,
)
from sconto.domain.numbers import parse_id
from sconto.domain.product import Product, search_key
from sconto.store.database import Connection
from sconto.store.stored_amounts import PRICE

SEARCHED_PER_PAGE: Final = 25_000
"""Products that one page searches."""

_COUNTED: Final = MAX_COVERED_COUNTED + 1

# A promotion names its products or covers all: then the catalogue is read. Only one of the two
# scans runs, because the condition of the other has no row. LIMIT 1 makes each product a look-up.
_LIST: Final = f"""
WITH promotion AS MATERIALIZED (
    SELECT promotion_id, percent, covers_all
    FROM promotions
    WHERE merchant_id = $1 AND promotion_id = $2 AND deleted_at IS NULL
), walked AS MATERIALIZED (
    (
        SELECT product_id, coalesce(percent, (SELECT percent FROM promotion)) AS percent
        FROM promotion_products
        WHERE merchant_id = $1 AND promotion_id = $2 AND product_id > $3
            AND ($4::bigint IS NULL OR product_id = $4)
            AND (SELECT NOT covers_all FROM promotion)
        ORDER BY product_id
        LIMIT $5
    )
    UNION ALL
    (
        SELECT product_id, (SELECT percent FROM promotion) AS percent
        FROM products
        WHERE merchant_id = $1 AND product_id > $3 AND deleted_at IS NULL
            AND ($4::bigint IS NULL OR product_id = $4)
            AND (SELECT covers_all FROM promotion)
        ORDER BY product_id
        LIMIT $5
    )
), page AS (
    SELECT walked.product_id, walked.percent, product.name, product.price, product.currency,
        product.deleted_at IS NOT NULL AS is_deleted
    FROM walked
    LEFT JOIN LATERAL (
        SELECT name, name_folded, {PRICE} AS price, currency, deleted_at
        FROM products
        WHERE merchant_id = $1 AND product_id = walked.product_id
        LIMIT 1
    ) AS product ON true
    WHERE $6::text IS NULL OR strpos(product.name_folded, $6) > 0
    ORDER BY walked.product_id
    LIMIT $7
), summary AS (
    SELECT (SELECT count(*) FROM walked) AS walked, (SELECT max(product_id) FROM walked) AS last,
        CASE WHEN covers_all THEN (
            SELECT count(*) FROM (
                SELECT FROM products WHERE merchant_id = $1 AND deleted_at IS NULL LIMIT {_COUNTED}
            ) AS few
        ) ELSE (
            SELECT count(*) FROM (
                SELECT FROM promotion_products
                WHERE merchant_id = $1 AND promotion_id = $2 LIMIT {_COUNTED}
            ) AS few
        ) END AS total
    FROM promotion
)
SELECT summary.walked, summary.last, summary.total, page.*
FROM summary LEFT JOIN page ON true
ORDER BY page.product_id
"""  # noqa: S608  # of our own constants


async def list_covered(
    connection: Connection, merchant_id: int, promotion_id: int, query: CoveredQuery
) -> CoveredPage:
    """The products that match the query; none for an unknown promotion.

    A search for the id of a covered product finds that product alone; otherwise digits are looked
    for in names.
    """
    product_id = None if query.search is None else parse_id(query.search)
    if product_id is not None and not query.after:
        found = await _list(connection, merchant_id, promotion_id, query, product_id, None)
        if found.products:
            return found
    text = None if query.search is None else search_key(query.search)
    if text is not None and "\0" in text:
        return CoveredPage((), None, 0)  # PostgreSQL has no such text
    return await _list(connection, merchant_id, promotion_id, query, None, text)


async def _list(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    query: CoveredQuery,
    product_id: int | None,
    text: str | None,
) -> CoveredPage:
    walk = query.limit + 1 if text is None else SEARCHED_PER_PAGE
    rows = await connection.fetch(
        _LIST, merchant_id, promotion_id, query.after, product_id, walk, text, query.limit + 1
    )
    if not rows:
        return CoveredPage((), None, 0)
    products = [_covered(row) for row in rows if row["product_id"] is not None]
    shown = tuple(products[: query.limit])
    first, after = rows[0], None
    if len(products) > query.limit:
        after = shown[-1].product_id
    elif text is not None and first["walked"] == walk:
        after = first["last"]
    return CoveredPage(shown, after, first["total"])


def _covered(row: asyncpg.Record) -> CoveredProduct:
    product = None
    if row["name"] is not None:
        product = Product(row["product_id"], row["name"], row["price"], row["currency"])
    return CoveredProduct(row["product_id"], row["percent"], product, row["is_deleted"])

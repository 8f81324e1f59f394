"""The catalogue's tables: products by merchant and id."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.numbers import parse_id
from sconto.domain.product import (
    Product,
    ProductLine,
    ProductQuery,
    PutCounts,
    RepeatedProduct,
    search_key,
)
from sconto.store.database import Connection
from sconto.store.node_calls import LONG_TIMEOUT, NodeFunction
from sconto.store.price_versions import renew_for_tags
from sconto.store.stored_amounts import PRICE, stored_price
from sconto.store.transactions import savepoint

IMPORT_TIMEOUT: Final = 3600
"""Seconds for one statement of an import, because files may be very long."""

# Unchanged products are not written, so an import of yesterday's file writes nothing. Rows are
# locked in the order of their key, so two puts that share products do not deadlock. `known` is what
# the statement saw when it began: if two puts create the same product concurrently, both report it.
_PUT = """
WITH asked AS ({asked}),
known AS MATERIALIZED (
    SELECT products.product_id, products.tags
    FROM products JOIN asked ON products.product_id = asked.product_id
    WHERE products.merchant_id = $1 AND products.deleted_at IS NULL
),
put AS (
    INSERT INTO products AS old
        (merchant_id, product_id, name, name_folded, price, exact_price, currency, tags, updated_at)
    SELECT $1::bigint, asked.product_id, name, name_folded, price, exact_price, currency,
        CASE WHEN asked.tags IS NULL THEN coalesce(kept.tags, '{{}}')
            ELSE ARRAY(SELECT json_array_elements_text(asked.tags)) END,
        $2::timestamptz
    FROM asked
    LEFT JOIN LATERAL (
        SELECT tags FROM products
        WHERE merchant_id = $1 AND products.product_id = asked.product_id
            AND asked.tags IS NULL AND deleted_at IS NULL
        LIMIT 1
    ) AS kept ON true
    ORDER BY asked.product_id
    ON CONFLICT (merchant_id, product_id) DO UPDATE
    SET name = excluded.name, name_folded = excluded.name_folded, price = excluded.price,
        exact_price = excluded.exact_price, currency = excluded.currency,
        tags = excluded.tags, updated_at = excluded.updated_at, deleted_at = NULL
    WHERE (old.name, old.price, old.exact_price, old.currency, old.tags) IS DISTINCT FROM
            (excluded.name, excluded.price, excluded.exact_price, excluded.currency, excluded.tags)
        OR old.deleted_at IS NOT NULL
    RETURNING product_id, tags
)
SELECT count(*) FILTER (WHERE known.product_id IS NULL) AS created,
    count(known.product_id) AS updated,
    coalesce(bool_or(put.tags <> coalesce(known.tags, '{{}}')), false) AS other_tags
FROM put LEFT JOIN known USING (product_id)
"""

_PUT_GIVEN = _PUT.format(
    asked="""
    SELECT *
    FROM unnest($3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[],
                $9::text[]::json[])
        AS given (product_id, name, name_folded, price, exact_price, currency, tags)
    """
)

_PUT_GIVEN_ON_NODE: Final = NodeFunction(_PUT_GIVEN, writes=True, timeout=LONG_TIMEOUT)

ON_NODES: Final = (_PUT_GIVEN_ON_NODE,)
"""The functions of these statements on the nodes of a distributed database."""

_PUT_STAGED = _PUT.format(asked="SELECT * FROM staged_products")

# In the order of the key, in which rows are locked.
_LIST_STAGED = """
DECLARE staged_in_order NO SCROLL CURSOR FOR
SELECT product_id, name, name_folded, price, exact_price, currency, tags
FROM staged_products
ORDER BY product_id
"""

# What one call puts on the merchant's node.
_NEXT_STAGED = "FETCH 2000 FROM staged_in_order"

_STAGE = """
CREATE TEMPORARY TABLE staged_products (
    line bigint NOT NULL,
    product_id bigint NOT NULL,
    name text NOT NULL,
    name_folded text COLLATE "C" NOT NULL,
    price bigint NOT NULL,
    exact_price bigint,
    currency text COLLATE "C" NOT NULL,
    tags json
) ON COMMIT DROP
"""

_FIND_REPEATS = """
SELECT line, product_id, first_line, count(*) OVER () AS total
FROM (
    SELECT line, product_id, min(line) OVER (PARTITION BY product_id) AS first_line
    FROM staged_products
) AS staged
WHERE line > first_line
ORDER BY line
LIMIT $1
"""

_FIND = f"""
SELECT product_id, name, {PRICE} AS price, currency, tags
FROM products
WHERE merchant_id = $1 AND product_id = $2 AND deleted_at IS NULL
"""  # noqa: S608  # of our own constants

_FIND_SOME = f"""
SELECT product.*
FROM unnest($2::bigint[]) AS wanted (product_id)
CROSS JOIN LATERAL (
    SELECT product_id, name, {PRICE} AS price, currency, tags
    FROM products
    WHERE merchant_id = $1 AND product_id = wanted.product_id AND deleted_at IS NULL
    LIMIT 1
) AS product
"""  # noqa: S608  # of our own constants

# strpos, not LIKE, because no character that a person types has a special meaning in it.
_LIST = f"""
SELECT product_id, name, {PRICE} AS price, currency, tags
FROM products
WHERE merchant_id = $1 AND product_id > $2 AND deleted_at IS NULL
    AND ($3::text IS NULL OR product_id = $4 OR strpos(name_folded, $3) > 0
         OR ($6 AND EXISTS (SELECT FROM unnest(tags) AS tag WHERE lower(tag) = $3)))
ORDER BY product_id
LIMIT $5
"""  # noqa: S608  # of our own constants

_DELETE = """
UPDATE products
SET deleted_at = $3, updated_at = $3
WHERE merchant_id = $1 AND product_id = $2 AND deleted_at IS NULL
RETURNING tags <> '{}'
"""


async def put_products(
    connection: Connection, merchant_id: int, products: Sequence[Product], now: datetime
) -> PutCounts:
    """Create or change the products, each named once. Takes no other lock after that."""
    prices = [stored_price(product.price, product.currency) for product in products]
    row = await _PUT_GIVEN_ON_NODE.fetchrow(
        connection,
        merchant_id,
        now,
        [product.product_id for product in products],
        [product.name for product in products],
        [search_key(product.name) for product in products],
        [price for price, _ in prices],
        [exact_price for _, exact_price in prices],
        [product.currency for product in products],
        [_written_tags(product) for product in products],
    )
    return await _counts(connection, merchant_id, row, len(products))


async def stage_products(connection: Connection, lines: Iterable[ProductLine]) -> int:
    """Stage the lines of a file until the transaction ends; returns their number.

    They are read one by one, as fast as the database takes them.
    """
    await connection.execute(_STAGE)
    status = await connection.copy_records_to_table(
        "staged_products", records=map(_staged, lines), timeout=IMPORT_TIMEOUT
    )
    return int(status.removeprefix("COPY "))


async def find_repeats(connection: Connection, limit: int) -> tuple[list[RepeatedProduct], int]:
    """The first staged lines that repeat an earlier line's product, and the number of all."""
    rows = await connection.fetch(_FIND_REPEATS, limit, timeout=IMPORT_TIMEOUT)
    repeats = [RepeatedProduct(row["line"], row["product_id"], row["first_line"]) for row in rows]
    return repeats, rows[0]["total"] if rows else 0


async def put_staged(
    connection: Connection, merchant_id: int, staged: int, now: datetime
) -> PutCounts:
    """Create or change the staged products, each named once.

    If it raises, the transaction is still usable.
    """
    async with savepoint(connection):
        if _PUT_GIVEN_ON_NODE.is_on(connection):
            return await _put_staged_on_node(connection, merchant_id, staged, now)
        row = await connection.fetchrow(_PUT_STAGED, merchant_id, now, timeout=IMPORT_TIMEOUT)
        return await _counts(connection, merchant_id, row, staged)


async def _put_staged_on_node(
    connection: Connection, merchant_id: int, staged: int, now: datetime
) -> PutCounts:
    """The same in calls on the merchant's node. The staged products are on the coordinator."""
    created = updated = 0
    other_tags = False
    await connection.execute(_LIST_STAGED)
    while rows := await connection.fetch(_NEXT_STAGED, timeout=IMPORT_TIMEOUT):
        row = await _PUT_GIVEN_ON_NODE.fetchrow(
            connection, merchant_id, now, *(list(column) for column in zip(*rows, strict=True))
        )
        created, updated = created + row["created"], updated + row["updated"]
        other_tags = other_tags or row["other_tags"]
    await connection.execute("CLOSE staged_in_order")
    if other_tags:
        await renew_for_tags(connection, merchant_id)
    return PutCounts(created, updated, staged - created - updated)


async def find_product(connection: Connection, merchant_id: int, product_id: int) -> Product | None:
    """The merchant's product, unless it is deleted."""
    row = await connection.fetchrow(_FIND, merchant_id, product_id)
    return None if row is None else _product(row)


async def find_products(
    connection: Connection, merchant_id: int, product_ids: Iterable[int]
) -> list[Product]:
    """Those of the products that the catalogue has, in any order."""
    rows = await connection.fetch(_FIND_SOME, merchant_id, list(product_ids))
    return [_product(row) for row in rows]


async def list_products(
    connection: Connection, merchant_id: int, query: ProductQuery
) -> list[Product]:
    """The products that match the query."""
    text = None if query.search is None else search_key(query.search)
    if text is not None and "\0" in text:
        return []  # PostgreSQL has no such text
    product_id = None if query.search is None else parse_id(query.search)
    rows = await connection.fetch(
        _LIST, merchant_id, query.after, text, product_id, query.limit, query.with_tags
    )
    return [_product(row) for row in rows]


async def delete_product(
    connection: Connection, merchant_id: int, product_id: int, now: datetime
) -> bool:
    """Mark the product as deleted; False if there is none."""
    had_tags = await connection.fetchval(_DELETE, merchant_id, product_id, now)
    if had_tags:
        await renew_for_tags(connection, merchant_id)
    return had_tags is not None


def _staged(line: ProductLine) -> tuple[int, int, str, str, int, int | None, str, str | None]:
    product = line.product
    key = search_key(product.name)
    price, exact_price = stored_price(product.price, product.currency)
    return (
        line.line,
        product.product_id,
        product.name,
        key,
        price,
        exact_price,
        product.currency,
        _written_tags(product),
    )


def _written_tags(product: Product) -> str | None:
    """The tags as a JSON list; None if the product keeps its tags."""
    return None if product.tags is None else json.dumps(product.tags)


async def _counts(
    connection: Connection, merchant_id: int, row: asyncpg.Record | None, asked: int
) -> PutCounts:
    """The counts of a put, once orders know of its tags."""
    assert row is not None  # noqa: S101  # an aggregate is always one row
    created, updated, other_tags = row
    if other_tags:
        await renew_for_tags(connection, merchant_id)
    return PutCounts(created, updated, asked - created - updated)


def _product(row: asyncpg.Record) -> Product:
    tags = tuple(row["tags"]) or None
    return Product(row["product_id"], row["name"], row["price"], row["currency"], tags)

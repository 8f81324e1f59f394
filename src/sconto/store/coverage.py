"""The products that a promotion names, with the percents that are theirs alone."""

from collections.abc import Mapping, Sequence

import asyncpg

from sconto.domain.coverage import AllProducts, Coverage, ListedProducts, OwnPercents
from sconto.domain.ordering import arrange
from sconto.store.database import Connection
from sconto.store.row_batches import ROWS_PER_STATEMENT, batches
from sconto.store.threads import in_thread

# One index look-up a product, however many there are: a sub-select is never turned into a join.
_UNKNOWN = """
SELECT wanted.product_id
FROM unnest($2::bigint[]) WITH ORDINALITY AS wanted (product_id, place)
WHERE (
    SELECT product_id FROM products
    WHERE merchant_id = $1 AND product_id = wanted.product_id AND deleted_at IS NULL
) IS NULL
ORDER BY wanted.place
"""

_FIND = """
SELECT covers_all, percent,
    ARRAY(
        SELECT product_id FROM promotion_products
        WHERE merchant_id = $1 AND promotion_id = $2
        ORDER BY product_id
    ) AS product_ids,
    ARRAY(
        SELECT percent FROM promotion_products
        WHERE merchant_id = $1 AND promotion_id = $2
        ORDER BY product_id
    ) AS percents
FROM promotions
WHERE merchant_id = $1 AND promotion_id = $2
"""

_STORED = """
SELECT product_id, position, percent
FROM promotion_products
WHERE merchant_id = $1 AND promotion_id = $2
"""

_WRITE = """
INSERT INTO promotion_products (merchant_id, promotion_id, product_id, position, percent)
SELECT $1, $2, *
FROM unnest($3::bigint[], $4::bigint[], $5::bigint[])
ON CONFLICT (merchant_id, promotion_id, product_id) DO UPDATE
SET position = excluded.position, percent = excluded.percent
"""

# Each row is a look-up by its whole key. With `= ANY`, a plan made while the promotion had few
# products would read all of them for each statement.
_DELETE = """
DELETE FROM promotion_products AS named
USING unnest($3::bigint[]) AS gone (product_id)
WHERE named.merchant_id = $1 AND named.promotion_id = $2 AND named.product_id = gone.product_id
"""


async def find_unknown_products(
    connection: Connection, merchant_id: int, product_ids: Sequence[int]
) -> list[int]:
    """Those that the merchant's catalogue does not have, in the order given, each once."""
    unknown: dict[int, None] = {}
    for (some,) in batches(product_ids):
        rows = await connection.fetch(_UNKNOWN, merchant_id, some)
        unknown |= dict.fromkeys(row["product_id"] for row in rows)
    return list(unknown)


async def find_coverage(connection: Connection, merchant_id: int, promotion_id: int) -> Coverage:
    """What the promotion covers, its products in any order."""
    [row] = await connection.fetch(_FIND, merchant_id, promotion_id)
    percents = dict(zip(row["product_ids"], row["percents"], strict=True))
    return coverage_from(row["covers_all"], row["percent"], percents)


async def write_products(
    connection: Connection, merchant_id: int, promotion_id: int, coverage: Coverage
) -> None:
    """Make these the products that the promotion names; rows that stay the same are not written."""
    wanted = _own_percents(coverage)
    rows = await connection.fetch(_STORED, merchant_id, promotion_id)
    is_long = len(wanted) + len(rows) > ROWS_PER_STATEMENT
    changed, gone = await in_thread(_plan, wanted, rows) if is_long else _plan(wanted, rows)
    for (product_ids,) in batches(gone):
        await connection.execute(_DELETE, merchant_id, promotion_id, product_ids)
    for (part,) in batches(changed):
        await connection.execute(_WRITE, merchant_id, promotion_id, *zip(*part, strict=True))


def _plan(
    wanted: Mapping[int, int | None], rows: Sequence[asyncpg.Record]
) -> tuple[list[tuple[int, int, int | None]], list[int]]:
    """The rows to be written, and the products that are named no longer."""
    stored = {row["product_id"]: (row["position"], row["percent"]) for row in rows}
    positions = arrange(
        [stored[product_id][0] if product_id in stored else None for product_id in wanted]
    )
    changed = [
        (product_id, position, percent)
        for (product_id, percent), position in zip(wanted.items(), positions, strict=True)
        if stored.get(product_id) != (position, percent)
    ]
    return changed, [product_id for product_id in stored if product_id not in wanted]


def coverage_columns(coverage: Coverage) -> tuple[bool, int | None]:
    """`covers_all` and `percent`, as `coverage_from` reads them."""
    match coverage:
        case AllProducts(percent=percent):
            return True, percent
        case ListedProducts(percent=percent):
            return False, percent
        case OwnPercents():
            return False, None


def coverage_from(
    covers_all: bool, percent: int | None, percents: Mapping[int, int | None]
) -> Coverage:
    """The coverage that a promotion's columns and its products' percents stand for."""
    if percent is None:
        return OwnPercents({product: own for product, own in percents.items() if own is not None})
    return AllProducts(percent) if covers_all else ListedProducts(percent, tuple(percents))


def _own_percents(coverage: Coverage) -> Mapping[int, int | None]:
    match coverage:
        case AllProducts():
            return {}
        case ListedProducts(product_ids=product_ids):
            return dict.fromkeys(product_ids)
        case OwnPercents(percents=percents):
            return dict(percents)

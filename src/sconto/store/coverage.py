"""The products that a promotion names, with their own percents."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TypeAlias

from sconto.domain.coverage import AllProducts, Coverage, ListedProducts, OwnPercents
from sconto.domain.ordering import arrange
from sconto.store.database import Connection
from sconto.store.row_batches import ROWS_PER_STATEMENT, batches, columns_of
from sconto.store.threads import in_thread

# One index look-up for each product: the planner never turns a sub-select into a join.
_UNKNOWN = """
SELECT wanted.product_id
FROM unnest($2::bigint[]) WITH ORDINALITY AS wanted (product_id, place)
WHERE (
    SELECT product_id FROM products
    WHERE merchant_id = $1 AND product_id = wanted.product_id AND deleted_at IS NULL
) IS NULL
ORDER BY wanted.place
"""

# Each row is deleted by its whole key. With `= ANY`, a plan made while the promotion had few
# products would read all of them for each statement.
_WRITE = """
WITH deleted AS (
    DELETE FROM promotion_products AS named
    USING unnest($3::bigint[]) AS gone (product_id)
    WHERE named.merchant_id = $1 AND named.promotion_id = $2 AND named.product_id = gone.product_id
)
INSERT INTO promotion_products (merchant_id, promotion_id, product_id, position, percent)
SELECT $1, $2, *
FROM unnest($4::bigint[], $5::bigint[], $6::bigint[])
ON CONFLICT (merchant_id, promotion_id, product_id) DO UPDATE
SET position = excluded.position, percent = excluded.percent
"""


def promotions_naming(product_id: str) -> str:
    """The part of a statement from FROM on that finds the promotions that name a product.

    `named` is the row that names it, `promotion` the promotion. LIMIT keeps the planner from
    joining: each promotion is one look-up. More conditions may follow.
    """
    return f"""
    FROM promotion_products AS named
    CROSS JOIN LATERAL (
        SELECT * FROM promotions
        WHERE merchant_id = $1 AND promotion_id = named.promotion_id
        LIMIT 1
    ) AS promotion
    WHERE named.merchant_id = $1 AND named.product_id = {product_id}"""  # noqa: S608  # ours


StoredProducts: TypeAlias = Mapping[int, tuple[int, int | None]]
"""The position and the own percent of each product that a promotion names."""


async def find_unknown_products(
    connection: Connection, merchant_id: int, product_ids: Sequence[int]
) -> list[int]:
    """The products that the catalogue does not have, in the order given, each once."""
    unknown: dict[int, None] = {}
    for (some,) in batches(product_ids):
        rows = await connection.fetch(_UNKNOWN, merchant_id, some)
        unknown |= dict.fromkeys(row["product_id"] for row in rows)
    return list(unknown)


async def write_products(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    coverage: Coverage,
    stored: StoredProducts,
) -> None:
    """Set the products that the promotion names; unchanged rows are not written.

    `stored` are the products that it names in this transaction, none for a new promotion.
    """
    wanted = _own_percents(coverage)
    is_long = len(wanted) + len(stored) > ROWS_PER_STATEMENT
    changed, gone = await in_thread(_plan, wanted, stored) if is_long else _plan(wanted, stored)
    for (gone_part,), (part,) in zip_longest(batches(gone), batches(changed), fillvalue=((),)):
        columns = (gone_part, *columns_of(part, 3))
        await connection.execute(_WRITE, merchant_id, promotion_id, *columns)


def _plan(
    wanted: Mapping[int, int | None], stored: StoredProducts
) -> tuple[list[tuple[int, int, int | None]], list[int]]:
    """The rows to write, and the products that are no longer named."""
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
    """The coverage of a promotion, from its columns and its products' percents."""
    if percent is None:
        return OwnPercents({product: own for product, own in percents.items() if own is not None})
    return AllProducts(percent) if covers_all else ListedProducts(percent, tuple(percents))


def stored_coverage(covers_all: bool, percent: int | None, products: StoredProducts) -> Coverage:
    """The promotion's coverage; its products are in any order."""
    percents = {product_id: own for product_id, (_, own) in products.items()}
    return coverage_from(covers_all, percent, percents)


def _own_percents(coverage: Coverage) -> Mapping[int, int | None]:
    match coverage:
        case AllProducts():
            return {}
        case ListedProducts(product_ids=product_ids):
            return dict.fromkeys(product_ids)
        case OwnPercents(percents=percents):
            return dict(percents)

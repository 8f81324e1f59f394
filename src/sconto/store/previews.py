"""Stored facts that the preview of an unsaved promotion depends on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sconto.domain.product import Product
from sconto.domain.schedule import ALL_PRODUCTS_ID, Period, Span
from sconto.store.database import Connection
from sconto.store.period_sql import ends_after
from sconto.store.row_batches import ROWS_PER_STATEMENT
from sconto.store.stored_amounts import PRICE
from sconto.store.threads import in_thread

_MAX_SPANS: Final = 100

# Ids and codes are sent as one text each, because asyncpg encodes a million elements of an array in
# one step. Of unknown products, the first thousand are enough for a warning. The rows of a product
# are its spans, or one without a span. Product 0 is ALL_PRODUCTS_ID.
_COVERED: Final = """
WITH covered AS MATERIALIZED ({covered})
SELECT shown.*, span.*
FROM (
    SELECT 0 AS place, 0 AS product_id, NULL AS name, NULL AS price, NULL AS currency
    UNION ALL
    SELECT * FROM covered WHERE place <= $3 + 1
    UNION ALL
    (SELECT * FROM covered WHERE place > $3 + 1 AND name IS NULL ORDER BY place LIMIT 1000)
) AS shown
LEFT JOIN LATERAL (
    SELECT starts_at, ends_at, promotion_id, percent
    FROM automatic_picks
    WHERE merchant_id = $1 AND product_id = shown.product_id
        AND (ends_at IS NULL OR ends_at > $4) AND ($5::timestamptz IS NULL OR starts_at < $5)
        AND (SELECT count(*) FROM covered) <= $3
    ORDER BY starts_at
    LIMIT $6
) AS span ON true
ORDER BY shown.place, span.starts_at
"""

_NAMED: Final = f"""
    SELECT place, wanted.product_id, name, price, currency
    FROM unnest(string_to_array($2, ',')::bigint[]) WITH ORDINALITY AS wanted (product_id, place)
    LEFT JOIN LATERAL (
        SELECT name, {PRICE} AS price, currency FROM products
        WHERE merchant_id = $1 AND product_id = wanted.product_id AND deleted_at IS NULL
        LIMIT 1
    ) AS product ON true
"""  # noqa: S608  # of our own constants

_FIRST: Final = f"""
    SELECT row_number() OVER (ORDER BY product_id) AS place, product_id, name,
        {PRICE} AS price, currency
    FROM products
    WHERE merchant_id = $1 AND deleted_at IS NULL AND $2::text IS NULL
    ORDER BY product_id
    LIMIT $3 + 1
"""  # noqa: S608  # of our own constants

# Each code is looked up by its key. A few of those found are enough for a warning.
_CODES: Final = f"""
(
    SELECT found.code, found.promotion_id, NULL AS total, found.name
    FROM unnest(string_to_array($2, ',')) AS wanted (code_key)
    CROSS JOIN LATERAL (
        SELECT codes.code, promotion.promotion_id, promotion.name
        FROM codes
        JOIN promotions AS promotion
            ON promotion.merchant_id = $1 AND promotion.promotion_id = codes.promotion_id
        WHERE $4 AND codes.merchant_id = $1 AND codes.code_key = wanted.code_key
            AND codes.removed_at IS NULL AND codes.promotion_id <> $3
            AND promotion.type = 'coupon' AND promotion.active AND promotion.deleted_at IS NULL
            AND {ends_after("$5")}
            AND ($6::timestamptz IS NULL OR promotion.starts_at < $6)
        LIMIT 1
    ) AS found
    LIMIT 20
)
UNION ALL
(
    SELECT code, promotion_id, count(*) OVER () AS total, NULL
    FROM codes
    WHERE merchant_id = $1 AND promotion_id = $3 AND removed_at IS NULL
        AND NOT EXISTS (SELECT FROM unnest(string_to_array($2, ',')) AS kept (code_key)
                        WHERE kept.code_key = codes.code_key)
        AND (
            used_at IS NOT NULL OR applied_uses + outdone_uses > 0
            OR EXISTS (
                SELECT FROM redemption_counts
                WHERE merchant_id = $1 AND promotion_id = $3 AND code_id = codes.code_id
            )
        )
    ORDER BY position
    LIMIT 5
)
"""  # noqa: S608  # of our own constants


_NAMES: Final = """
SELECT promotion_id, name FROM promotions
WHERE merchant_id = $1 AND promotion_id = ANY($2::bigint[])
"""


@dataclass(frozen=True, slots=True)
class CoveredProducts:
    """The products that a draft covers, and their automatic picks during its period.

    `products` are all, or one more than the limit. `unknown` are those that the catalogue does not
    have. `spans` are the timelines of the products, and of ALL_PRODUCTS_ID; None if there are more
    products than the limit.
    """

    products: Sequence[Product]
    unknown: Sequence[int]
    spans: Mapping[int, Sequence[Span]] | None


@dataclass(frozen=True, slots=True)
class AffectedCodes:
    """Codes that another running promotion has too, and used ones that would be removed.

    `elsewhere` are some of the former, with the promotions that have them, whose names are `names`;
    `gone` are some of the `gone_count` latter.
    """

    elsewhere: Sequence[tuple[str, int]]
    gone: tuple[str, ...]
    gone_count: int
    names: Mapping[int, str]


async def find_covered_products(
    connection: Connection,
    merchant_id: int,
    named: Sequence[int] | None,
    limit: int,
    period: Period,
) -> CoveredProducts:
    """The products with these ids in their order, or the first of the catalogue for None.

    The timelines are those of the period.
    """
    statement = _COVERED.format(covered=_FIRST if named is None else _NAMED)
    ids = None
    if named is not None:
        ids = (
            _joined(named) if len(named) <= ROWS_PER_STATEMENT else await in_thread(_joined, named)
        )
    rows = await connection.fetch(
        statement, merchant_id, ids, limit, period.starts_at, period.over_from, _MAX_SPANS
    )
    products: dict[int, Product] = {}
    unknown: dict[int, None] = {}
    spans: dict[int, list[Span]] = {}
    for _, product_id, name, price, currency, starts_at, *rest in rows:
        if name is not None:
            products[product_id] = Product(product_id, name, price, currency)
        elif product_id != ALL_PRODUCTS_ID:
            unknown[product_id] = None
            continue
        of_product = spans.setdefault(product_id, [])
        if starts_at is not None:
            of_product.append(Span(starts_at, *rest))
    timelines = spans if len(products) + len(unknown) <= limit else None
    return CoveredProducts(list(products.values()), list(unknown), timelines)


async def find_names(
    connection: Connection, merchant_id: int, promotion_ids: Iterable[int | None]
) -> dict[int, str]:
    """The names of promotions, by id."""
    rows = await connection.fetch(_NAMES, merchant_id, list(promotion_ids))
    return {row["promotion_id"]: row["name"] for row in rows}


def _joined(product_ids: Sequence[int]) -> str:
    return ",".join([str(product_id) for product_id in product_ids])


async def find_affected_codes(
    connection: Connection,
    merchant_id: int,
    promotion_id: int | None,
    keys: Sequence[str],
    period: Period | None,
) -> AffectedCodes:
    """The effect on stored codes of saving a promotion with codes of these keys.

    `period` is when the promotion is running; None if it never is.
    """
    own = promotion_id or 0
    starts_at, over_from = (None, None) if period is None else (period.starts_at, period.over_from)
    rows = await connection.fetch(
        _CODES, merchant_id, ",".join(keys), own, period is not None, starts_at, over_from
    )
    gone = [row for row in rows if row["promotion_id"] == own]
    return AffectedCodes(
        [(row["code"], row["promotion_id"]) for row in rows if row["promotion_id"] != own],
        tuple(row["code"] for row in gone),
        gone[0]["total"] if gone else 0,
        {row["promotion_id"]: row["name"] for row in rows if row["promotion_id"] != own},
    )

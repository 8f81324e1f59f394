"""The automatic promotions that are revealed where another one is no longer shown.

In each gap that the promotion leaves, the latest created of those before it is shown. Most often
one of the next few that name the product is, so these are read first. If they leave a part of
the gap, thousands of others may name the product and not apply there: they are inactive, over,
still to come, or need a code. So next come the merchant's automatic promotions that are not over
before the gaps, or those that start before their ends, unless both are many. Each is one look-up
for each product. Only then all others that name the product are read.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sconto.domain.schedule import ALL_PRODUCTS_ID, SECOND, Span
from sconto.store.period_sql import OVER_FROM, ends_after
from sconto.store.pool import Connection

_FIRST: Final = 8
"""Promotions of a product that are read first."""

_FEW: Final = 64
"""Automatic promotions of a merchant that are read for each product."""

_AUTOMATIC: Final = "type = 'discount' AND active AND deleted_at IS NULL"

AUTOMATIC_INDEXES: Final[Mapping[str, str]] = {
    "automatic_by_start": f"promotions (merchant_id, starts_at) WHERE {_AUTOMATIC}",
    "automatic_by_end": (
        f"promotions (merchant_id, (coalesce(ends_at, 'infinity'))) WHERE {_AUTOMATIC}"
    ),
}
"""The indexes of schema 0032, by which the few are found."""

# Fills each gap with the latest created promotion that overlaps it, then what is left on either
# side with the next one, until no gap is left or no promotion fits. One look-up for each revealed
# span. What is left has a percent of -1 and the last promotion that was found.
_REVEALED: Final = """
WITH RECURSIVE revealed (product_id, starts_at, ends_at, promotion_id, percent) AS (
    SELECT product_id, starts_at, coalesce(ends_at, 'infinity'), promotion_id, NULL::bigint
    FROM unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[])
        AS gap (promotion_id, product_id, starts_at, ends_at)
  UNION ALL
    SELECT gap.product_id, part.starts_at, part.ends_at,
        coalesce(found.promotion_id, gap.promotion_id), part.percent
    FROM revealed AS gap
    LEFT JOIN LATERAL (
        SELECT promotion_id, starts_at, coalesce({over_from}, 'infinity') AS ends_at, percent
        FROM ({covering}) AS promotion
        WHERE promotion_id < gap.promotion_id AND {automatic}
            AND starts_at < gap.ends_at AND {ends_after_gap}
        ORDER BY promotion_id DESC
        LIMIT 1
    ) AS found ON true
    CROSS JOIN LATERAL (
        SELECT gap.starts_at, gap.ends_at, -1::bigint WHERE found.promotion_id IS NULL
        UNION ALL
        SELECT *
        FROM (VALUES
            (gap.starts_at, found.starts_at, NULL),
            (greatest(gap.starts_at, found.starts_at), least(gap.ends_at, found.ends_at),
                found.percent),
            (found.ends_at, gap.ends_at, NULL)
        ) AS third (starts_at, ends_at, percent)
        WHERE found.promotion_id IS NOT NULL
    ) AS part (starts_at, ends_at, percent)
    WHERE gap.percent IS NULL AND part.starts_at < part.ends_at
)
SELECT product_id, starts_at, nullif(ends_at, 'infinity') AS ends_at, promotion_id, percent
FROM revealed
WHERE percent > 0{left}
"""

_OF_EVERYTHING: Final = """
            SELECT * FROM promotions WHERE merchant_id = $1 AND covers_all
"""

_FEW_OF_EVERYTHING: Final = """
            SELECT promotion.*
            FROM unnest($6::bigint[]) AS few (id)
            CROSS JOIN LATERAL (
                SELECT * FROM promotions WHERE merchant_id = $1 AND promotion_id = few.id LIMIT 1
            ) AS promotion
            WHERE covers_all
"""

# LIMIT keeps the planner from joining: each of the product's promotions is one look-up.
_OF_PRODUCT: Final = """
            SELECT named.promotion_id, type, active, deleted_at, starts_at, ends_at,
                coalesce(named.percent, promotion.percent) AS percent
            FROM {named} AS named
            CROSS JOIN LATERAL (
                SELECT * FROM promotions
                WHERE merchant_id = $1 AND promotion_id = named.promotion_id
                LIMIT 1
            ) AS promotion
"""

_EVERY_NAMED: Final = """(
                SELECT promotion_id, percent FROM promotion_products
                WHERE merchant_id = $1 AND product_id = gap.product_id
                    AND promotion_id < gap.promotion_id
                ORDER BY promotion_id DESC{limit}
            )"""

_FEW_NAMED: Final = """(
                SELECT stored.*
                FROM unnest($6::bigint[]) AS few (id)
                CROSS JOIN LATERAL (
                    SELECT promotion_id, percent FROM promotion_products
                    WHERE merchant_id = $1 AND promotion_id = few.id
                        AND product_id = gap.product_id
                    LIMIT 1
                ) AS stored
            )"""

# What the first promotions left matters only if there are more of them.
_LEFT: Final = f""" OR percent = -1 AND (
    SELECT promotion_id FROM promotion_products
    WHERE merchant_id = $1 AND product_id = revealed.product_id
        AND promotion_id < revealed.promotion_id
    ORDER BY promotion_id DESC
    OFFSET {_FIRST} LIMIT 1
) IS NOT NULL"""  # noqa: S608  # of our own constants


def _revealed(covering: str, left: str = "") -> str:
    return _REVEALED.format(
        covering=covering,
        left=left,
        automatic=_AUTOMATIC,
        over_from=OVER_FROM,
        ends_after_gap=ends_after("gap.starts_at"),
    )


class _RevealedStatements(NamedTuple):
    """For gaps of products, or of all products: among the few automatic promotions, and all."""

    few: str
    every: str


_FOR_EVERYTHING: Final = _RevealedStatements(
    _revealed(_FEW_OF_EVERYTHING), _revealed(_OF_EVERYTHING)
)
_FOR_PRODUCTS: Final = _RevealedStatements(
    _revealed(_OF_PRODUCT.format(named=_FEW_NAMED)),
    _revealed(_OF_PRODUCT.format(named=_EVERY_NAMED.format(limit=""))),
)
_FIRST_OF_PRODUCTS: Final = _revealed(
    _OF_PRODUCT.format(named=_EVERY_NAMED.format(limit=f"\n                LIMIT {_FIRST}")),
    _LEFT,
)

# Promotions that end a second before the gaps may fill a part of them: an end includes its second.
_FIND_FEW: Final = f"""
SELECT
    ARRAY(
        SELECT promotion_id FROM promotions
        WHERE merchant_id = $1 AND {_AUTOMATIC} AND coalesce(ends_at, 'infinity') >= $2
        LIMIT {_FEW} + 1
    ) AS not_over,
    ARRAY(
        SELECT promotion_id FROM promotions
        WHERE merchant_id = $1 AND {_AUTOMATIC}
            AND starts_at < coalesce($3::timestamptz, 'infinity')
        LIMIT {_FEW} + 1
    ) AS started
"""  # noqa: S608  # of our own constants

Gap = tuple[int, Span]
"""A product, and the part of its timeline that a promotion leaves. Only promotions that were
created before that of the span can fill it."""


async def find_revealed(connection: Connection, merchant_id: int, gaps: Sequence[Gap]) -> list[Gap]:
    """By product, the spans of promotions created before that fill the gaps."""
    products = [gap for gap in gaps if gap[0] != ALL_PRODUCTS_ID]
    revealed: list[Gap] = []
    if products:
        found = await _fetch(connection, _FIRST_OF_PRODUCTS, merchant_id, products)
        revealed = [one for one in found if one[1].percent > 0]
        products = [one for one in found if one[1].percent < 0]
    everything = [gap for gap in gaps if gap[0] == ALL_PRODUCTS_ID]
    if products or everything:
        few = await _find_few(connection, merchant_id, [gap for _, gap in products + everything])
        for statements, left in ((_FOR_PRODUCTS, products), (_FOR_EVERYTHING, everything)):
            if not left:
                continue
            if few is None:
                revealed += await _fetch(connection, statements.every, merchant_id, left)
            else:
                revealed += await _fetch(connection, statements.few, merchant_id, left, few)
    return revealed


async def _find_few(
    connection: Connection, merchant_id: int, gaps: Sequence[Span]
) -> list[int] | None:
    """All automatic promotions that may fill a part of a gap; None if they are many."""
    ends = [gap.ends_at for gap in gaps if gap.ends_at is not None]
    [row] = await connection.fetch(
        _FIND_FEW,
        merchant_id,
        min(gap.starts_at for gap in gaps) - SECOND,
        max(ends) if len(ends) == len(gaps) else None,
    )
    few: list[int] = min(row, key=len)
    return few if len(few) <= _FEW else None


async def _fetch(
    connection: Connection, statement: str, merchant_id: int, gaps: Sequence[Gap], *few: object
) -> list[Gap]:
    rows = await connection.fetch(
        statement,
        merchant_id,
        [gap.promotion_id for _, gap in gaps],
        [product_id for product_id, _ in gaps],
        [gap.starts_at for _, gap in gaps],
        [gap.ends_at for _, gap in gaps],
        *few,
    )
    return [(product_id, Span(*span)) for product_id, *span in rows]

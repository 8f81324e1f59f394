"""Rows of promotions; products and codes are in tables of their own."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.codes import CodeType
from sconto.domain.coverage import Coverage
from sconto.domain.numbers import MAX_INT64
from sconto.domain.promotion import (
    NewPromotion,
    Promotion,
    PromotionQuery,
    PromotionSummary,
    PromotionType,
    Terms,
)
from sconto.domain.schedule import Period
from sconto.store.codes import FIRST_CODES
from sconto.store.coverage import (
    StoredProducts,
    coverage_columns,
    coverage_from,
    stored_coverage,
)
from sconto.store.database import Connection
from sconto.store.period_sql import LATER, OVER_FROM
from sconto.store.threads import in_thread

_CODE: Final = re.compile("[^,]+")
_SHORT: Final = 64 * 1024

_LOCK = """
SELECT FROM merchants WHERE merchant_id = $1 FOR NO KEY UPDATE
"""

_INSERT = """
INSERT INTO promotions (
    merchant_id, type, name, name_folded, active, starts_at, ends_at,
    code_type, covers_all, percent, had_codes, created_at, updated_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
RETURNING promotion_id
"""

_FIND_SUMMARY = """
SELECT promotion_id, type, name, active, starts_at, ends_at, created_at, updated_at
FROM promotions
WHERE merchant_id = $1 AND promotion_id = $2 AND deleted_at IS NULL AND type <> 'cart'
"""

_FIND_ROW = """
SELECT promotion_id, type, name, active, starts_at, ends_at, created_at, updated_at,
    code_type, covers_all, percent, deleted_at, product_ids, positions, percents
FROM promotions
CROSS JOIN LATERAL (
    SELECT array_agg(product_id) AS product_ids, array_agg(position) AS positions,
        array_agg(named.percent) AS percents
    FROM promotion_products AS named
    WHERE merchant_id = $1 AND promotion_id = $2 AND promotions.type = ANY ($4::text[])
) AS named
WHERE merchant_id = $1 AND promotion_id = $2 AND type <> 'cart'
    AND CASE WHEN $3::timestamptz IS NULL THEN deleted_at IS NULL ELSE deleted_at >= $3 END
"""

_FIND = f"""
SELECT promotion_id, type, name, active, starts_at, ends_at, created_at, updated_at,
    code_type, covers_all, percent,
    array_to_string(
        ARRAY({FIRST_CODES}),
        ','
    ) AS codes,
    ARRAY(
        SELECT product_id FROM promotion_products
        WHERE merchant_id = $1 AND promotion_id = $2
        ORDER BY position
    ) AS product_ids,
    ARRAY(
        SELECT percent FROM promotion_products
        WHERE merchant_id = $1 AND promotion_id = $2
        ORDER BY position
    ) AS percents
FROM promotions
WHERE merchant_id = $1 AND promotion_id = $2 AND deleted_at IS NULL AND type <> 'cart'
"""  # noqa: S608  # of our own constants

_LIST = f"""
SELECT promotion_id
FROM promotions
WHERE merchant_id = $1 AND deleted_at IS NULL AND type <> 'cart'
    AND ($2::boolean IS NULL OR active = $2)
    AND ($3::boolean IS NULL OR coalesce({OVER_FROM} <= $4, false) = $3)
    AND ($5::text IS NULL OR strpos(name_folded, $5) > 0)
"""  # noqa: S608  # of our own constants

_LISTS = {
    None: _LIST + "ORDER BY promotion_id DESC LIMIT $6 OFFSET $7",
    "asc": _LIST + "ORDER BY updated_at, promotion_id LIMIT $6 OFFSET $7",
    "desc": _LIST + "ORDER BY updated_at DESC, promotion_id DESC LIMIT $6 OFFSET $7",
}

_UPDATE = """
UPDATE promotions
SET type = $3, name = $4, name_folded = $5, active = $6, starts_at = $7, ends_at = $8,
    updated_at = $9{terms}
WHERE merchant_id = $1 AND promotion_id = $2
    AND ($10::timestamptz IS NULL OR updated_at = $10)
RETURNING promotion_id
"""

_UPDATE_SUMMARY = _UPDATE.format(terms="")

_UPDATE_ALL = _UPDATE.format(
    terms=", code_type = $11, covers_all = $12, percent = $13, had_codes = had_codes OR $14"
)

_DELETE = """
UPDATE promotions SET deleted_at = $3 WHERE merchant_id = $1 AND promotion_id = $2
"""

_RESTORE = f"""
UPDATE promotions
SET deleted_at = NULL, updated_at = greatest($3, {LATER})
WHERE merchant_id = $1 AND promotion_id = $2
"""  # noqa: S608  # of our own constants


@dataclass(frozen=True, slots=True)
class PromotionRow:
    """A promotion without its codes; `percent` is None if each product has its own.

    It has its products only if they were read too.
    """

    summary: PromotionSummary
    code_type: CodeType | None
    covers_all: bool
    percent: int | None
    deleted_at: datetime | None
    products: StoredProducts

    @property
    def coverage(self) -> Coverage:
        """What the promotion covers, its products in any order."""
        return stored_coverage(self.covers_all, self.percent, self.products)


async def lock_promotions(connection: Connection, merchant_id: int) -> None:
    """Let one transaction at a time write a merchant's promotions.

    So ids ascend in the order of creation, and what a write reads stays valid until it commits.
    Orders do not take this lock, and foreign key checks do not wait for it.
    """
    await connection.execute(_LOCK, merchant_id)


async def insert_promotion(
    connection: Connection, merchant_id: int, new: NewPromotion, now: datetime
) -> int:
    """Store the promotion without its products and codes; returns its id."""
    promotion_id: int = await connection.fetchval(
        _INSERT,
        merchant_id,
        new.type,
        new.name,
        new.name.casefold(),
        new.active,
        new.period.starts_at,
        new.period.ends_at,
        *_terms_columns(new.terms),
        now,
    )
    return promotion_id


async def find_summary(
    connection: Connection, merchant_id: int, promotion_id: int
) -> PromotionSummary | None:
    """The promotion without its lists; one index look-up."""
    if promotion_id > MAX_INT64:
        return None
    row = await connection.fetchrow(_FIND_SUMMARY, merchant_id, promotion_id)
    return None if row is None else summary_from(row)


async def find_row(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    products_of: Collection[PromotionType] = tuple(PromotionType),
    deleted_since: datetime | None = None,
) -> PromotionRow | None:
    """The promotion's row, or that of a promotion that was deleted at that moment or later.

    Its products are read if it is of one of the types.
    """
    if promotion_id > MAX_INT64:
        return None
    row = await connection.fetchrow(
        _FIND_ROW, merchant_id, promotion_id, deleted_since, list(products_of)
    )
    if row is None:
        return None
    columns = (row["product_ids"] or (), row["positions"] or (), row["percents"] or ())
    products = {id_: (position, own) for id_, position, own in zip(*columns, strict=True)}
    return PromotionRow(
        summary_from(row),
        code_type_from(row),
        row["covers_all"],
        row["percent"],
        row["deleted_at"],
        products,
    )


async def find_promotion(
    connection: Connection, merchant_id: int, promotion_id: int, most_codes: int | None = None
) -> Promotion | None:
    """The promotion with its codes and products in the order in which they were sent.

    It is one statement, so that all parts are of the same moment. `most_codes` limits the codes.
    """
    if promotion_id > MAX_INT64:
        return None
    row = await connection.fetchrow(_FIND, merchant_id, promotion_id, most_codes)
    if row is None:
        return None
    # One text, because an array of a million codes would be decoded in one step.
    text = row["codes"]
    codes = _split(text) if len(text) <= _SHORT else await in_thread(_split, text)
    percents = dict(zip(row["product_ids"], row["percents"], strict=True))
    return Promotion(
        summary_from(row),
        Terms(
            coverage=coverage_from(row["covers_all"], row["percent"], percents),
            code_type=code_type_from(row),
            codes=codes,
        ),
    )


def _split(codes: str) -> tuple[str, ...]:
    return tuple(found[0] for found in _CODE.finditer(codes))


async def list_promotions(
    connection: Connection, merchant_id: int, query: PromotionQuery, now: datetime
) -> list[int]:
    """The ids of the promotions that match the query."""
    search = None if query.search is None else query.search.casefold()
    if search is not None and "\0" in search:
        return []  # PostgreSQL has no such text
    rows = await connection.fetch(
        _LISTS[query.sort],
        merchant_id,
        query.active,
        query.expired,
        now,
        search,
        None if query.limit is None else min(query.limit, MAX_INT64),
        min(query.offset, MAX_INT64),
    )
    return [row["promotion_id"] for row in rows]


async def update_promotion(
    connection: Connection,
    merchant_id: int,
    summary: PromotionSummary,
    terms: Terms | None,
    version: datetime | None = None,
) -> bool:
    """Store the promotion without its products and codes; without terms, those stay.

    With a `version`, only if that is its last change. Returns whether it was stored.
    """
    statement = _UPDATE_SUMMARY
    columns: tuple[object, ...] = ()
    if terms is not None:
        statement, columns = _UPDATE_ALL, _terms_columns(terms)
    stored = await connection.fetchval(
        statement,
        merchant_id,
        summary.id,
        summary.type,
        summary.name,
        summary.name.casefold(),
        summary.active,
        summary.period.starts_at,
        summary.period.ends_at,
        summary.updated_at,
        version,
        *columns,
    )
    return stored is not None


async def delete_promotion(
    connection: Connection, merchant_id: int, promotion_id: int, now: datetime
) -> None:
    """Mark the promotion deleted; its products stay with it."""
    await connection.execute(_DELETE, merchant_id, promotion_id, now)


async def restore_promotion(
    connection: Connection, merchant_id: int, promotion_id: int, now: datetime
) -> None:
    """Mark the promotion as not deleted, edited now."""
    await connection.execute(_RESTORE, merchant_id, promotion_id, now)


def _terms_columns(terms: Terms) -> tuple[CodeType | None, bool, int | None, bool]:
    """`code_type`, `covers_all`, `percent` and whether there are codes."""
    return terms.code_type, *coverage_columns(terms.coverage), bool(terms.codes)


def code_type_from(row: asyncpg.Record) -> CodeType | None:
    """The code type of a row; None without one."""
    return None if row["code_type"] is None else CodeType(row["code_type"])


def summary_from(row: asyncpg.Record) -> PromotionSummary:
    """The summary of a row of promotions."""
    return PromotionSummary(
        id=row["promotion_id"],
        type=PromotionType(row["type"]),
        name=row["name"],
        active=row["active"],
        period=Period(row["starts_at"], row["ends_at"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )

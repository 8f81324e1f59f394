"""Promotions as they are stored: each a row, with its products and codes beside it."""

import re
from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.codes import CodeType
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
from sconto.store.coverage import coverage_columns, coverage_from
from sconto.store.database import Connection
from sconto.store.period_sql import OVER_FROM
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
WHERE merchant_id = $1 AND promotion_id = $2 AND deleted_at IS NULL
"""

_FIND = """
SELECT promotion_id, type, name, active, starts_at, ends_at, created_at, updated_at,
    code_type, covers_all, percent,
    array_to_string(
        ARRAY(
            SELECT code FROM codes
            WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL
            ORDER BY position
            LIMIT $3
        ),
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
WHERE merchant_id = $1 AND promotion_id = $2 AND deleted_at IS NULL
"""

_LIST = f"""
SELECT promotion_id
FROM promotions
WHERE merchant_id = $1 AND deleted_at IS NULL
    AND ($2::boolean IS NULL OR active = $2)
    AND ($3::boolean IS NULL OR coalesce({OVER_FROM} <= $4, false) = $3)
    AND ($5::text IS NULL OR strpos(name_folded, $5) > 0)
"""  # noqa: S608  # of our own constants

_LISTS = {
    None: _LIST + "ORDER BY promotion_id DESC LIMIT $6 OFFSET $7",
    "asc": _LIST + "ORDER BY updated_at, promotion_id LIMIT $6 OFFSET $7",
    "desc": _LIST + "ORDER BY updated_at DESC, promotion_id DESC LIMIT $6 OFFSET $7",
}

_UPDATE_SUMMARY = """
UPDATE promotions
SET type = $3, name = $4, name_folded = $5, active = $6, starts_at = $7, ends_at = $8,
    updated_at = $9
WHERE merchant_id = $1 AND promotion_id = $2
"""

_FIND_CODE_TYPE = """
SELECT code_type FROM promotions WHERE merchant_id = $1 AND promotion_id = $2
"""

_UPDATE_TERMS = """
UPDATE promotions
SET code_type = $3, covers_all = $4, percent = $5, had_codes = had_codes OR $6
WHERE merchant_id = $1 AND promotion_id = $2
"""

_DELETE = """
UPDATE promotions SET deleted_at = $3 WHERE merchant_id = $1 AND promotion_id = $2
"""

_FIND_DELETED = """
SELECT promotion_id, type, name, active, starts_at, ends_at, created_at, updated_at, deleted_at
FROM promotions
WHERE merchant_id = $1 AND promotion_id = $2 AND deleted_at >= $3
"""

_RESTORE = """
UPDATE promotions SET deleted_at = NULL, updated_at = $3
WHERE merchant_id = $1 AND promotion_id = $2
"""


async def lock_promotions(connection: Connection, merchant_id: int) -> None:
    """Let one transaction at a time write a merchant's promotions.

    So ids ascend in the order of creation, and what a write reads stays true until it commits.
    Orders do not take this lock, and the checks of foreign keys do not wait for it.
    """
    await connection.execute(_LOCK, merchant_id)


async def insert_promotion(
    connection: Connection, merchant_id: int, new: NewPromotion, now: datetime
) -> int:
    """Store the promotion without its products and codes; answer its id."""
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


async def find_promotion(
    connection: Connection, merchant_id: int, promotion_id: int, most_codes: int | None = None
) -> Promotion | None:
    """The promotion with its codes and products in the order in which they were sent.

    One statement, so that all parts are of the same moment. Of the codes at most so many, None for
    all.
    """
    if promotion_id > MAX_INT64:
        return None
    row = await connection.fetchrow(_FIND, merchant_id, promotion_id, most_codes)
    if row is None:
        return None
    # One text and not an array of a million, which would be read in one step.
    text = row["codes"]
    codes = _split(text) if len(text) <= _SHORT else await in_thread(_split, text)
    percents = dict(zip(row["product_ids"], row["percents"], strict=True))
    return Promotion(
        summary_from(row),
        Terms(
            coverage=coverage_from(row["covers_all"], row["percent"], percents),
            code_type=None if row["code_type"] is None else CodeType(row["code_type"]),
            codes=codes,
        ),
    )


def _split(codes: str) -> tuple[str, ...]:
    return tuple(found[0] for found in _CODE.finditer(codes))


async def list_promotions(
    connection: Connection, merchant_id: int, query: PromotionQuery, now: datetime
) -> list[int]:
    """The ids of the promotions that the query asks for."""
    search = None if query.search is None else query.search.casefold()
    if search is not None and "\0" in search:
        return []  # PostgreSQL stores no such text
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


async def update_summary(
    connection: Connection, merchant_id: int, summary: PromotionSummary
) -> None:
    """Store everything but the terms."""
    await connection.execute(
        _UPDATE_SUMMARY,
        merchant_id,
        summary.id,
        summary.type,
        summary.name,
        summary.name.casefold(),
        summary.active,
        summary.period.starts_at,
        summary.period.ends_at,
        summary.updated_at,
    )


async def find_code_type(
    connection: Connection, merchant_id: int, promotion_id: int
) -> CodeType | None:
    """The type of the promotion's codes; None where it was never set."""
    code_type = await connection.fetchval(_FIND_CODE_TYPE, merchant_id, promotion_id)
    return None if code_type is None else CodeType(code_type)


async def update_terms(
    connection: Connection, merchant_id: int, promotion_id: int, terms: Terms
) -> None:
    """Store the terms without the products and codes."""
    await connection.execute(_UPDATE_TERMS, merchant_id, promotion_id, *_terms_columns(terms))


async def delete_promotion(
    connection: Connection, merchant_id: int, promotion_id: int, now: datetime
) -> None:
    """Mark the promotion deleted; its products stay with it."""
    await connection.execute(_DELETE, merchant_id, promotion_id, now)


async def find_deleted(
    connection: Connection, merchant_id: int, promotion_id: int, since: datetime
) -> tuple[PromotionSummary, datetime] | None:
    """A promotion that was deleted at that moment or later, and when."""
    if promotion_id > MAX_INT64:
        return None
    row = await connection.fetchrow(_FIND_DELETED, merchant_id, promotion_id, since)
    return None if row is None else (summary_from(row), row["deleted_at"])


async def restore_promotion(
    connection: Connection, merchant_id: int, promotion_id: int, now: datetime
) -> None:
    """Mark the promotion as not deleted, edited now."""
    await connection.execute(_RESTORE, merchant_id, promotion_id, now)


def _terms_columns(terms: Terms) -> tuple[CodeType | None, bool, int | None, bool]:
    """`code_type`, `covers_all`, `percent` and whether there are codes."""
    return terms.code_type, *coverage_columns(terms.coverage), bool(terms.codes)


def summary_from(row: asyncpg.Record) -> PromotionSummary:
    """The summary that a row of promotions is."""
    return PromotionSummary(
        id=row["promotion_id"],
        type=PromotionType(row["type"]),
        name=row["name"],
        active=row["active"],
        period=Period(row["starts_at"], row["ends_at"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )

"""Rows of cart promotions: each has a row in `promotions`, and one with the terms as JSON."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from sconto.domain.cart_promotion import (
    CartPromotion,
    CartPromotionQuery,
    CartTerms,
    NewCartPromotion,
)
from sconto.domain.codes import CodeType
from sconto.domain.numbers import MAX_INT64
from sconto.domain.schedule import Period
from sconto.store.codes import FIRST_CODES
from sconto.store.database import Connection
from sconto.store.period_sql import ends_after, is_running

_TERMS: Final = msgspec.json.Decoder(CartTerms)

_INSERT: Final = """
WITH promotion AS (
    INSERT INTO promotions (merchant_id, type, name, name_folded, active, starts_at, ends_at,
                            code_type, covers_all, had_codes, created_at, updated_at)
    VALUES ($1, 'cart', $2, $3, $4, $5, $6, $7::text, false, $7 IS NOT NULL, $8, $8)
    RETURNING promotion_id
)
INSERT INTO cart_promotions (merchant_id, promotion_id, target, automatic, terms)
SELECT $1, promotion_id, $9, $7 IS NULL, $10 FROM promotion
RETURNING promotion_id
"""

_COLUMNS: Final = """
SELECT promotion.promotion_id, name, active, starts_at, ends_at, code_type, created_at, updated_at,
       deleted_at, terms
FROM promotions AS promotion
JOIN cart_promotions AS cart
    ON cart.merchant_id = $1 AND cart.promotion_id = promotion.promotion_id
WHERE promotion.merchant_id = $1
"""

_FIND: Final = f"{_COLUMNS} AND promotion.promotion_id = $2 AND deleted_at IS NULL"

_FIND_DELETED: Final = f"{_COLUMNS} AND promotion.promotion_id = $2 AND deleted_at >= $3"

# A running promotion is active and in its period; its hours do not matter here.
_LIST: Final = f"""
{_COLUMNS} AND promotion.promotion_id < $2 AND deleted_at IS NULL AND type = 'cart'
    AND ($3::boolean IS NULL OR active = $3)
    AND ($4::boolean IS NULL
         OR ({is_running("$5")}) = $4)
    AND ($6::text IS NULL OR target = $6)
    AND ($7::text IS NULL OR strpos(name_folded, $7) > 0)
    AND ($8::text IS NULL OR EXISTS (
        SELECT FROM codes
        WHERE codes.merchant_id = $1 AND code_key = $8 AND removed_at IS NULL
            AND codes.promotion_id = promotion.promotion_id
    ))
ORDER BY promotion.promotion_id DESC
LIMIT $9
"""

_UPDATE: Final = """
WITH changed AS (
    UPDATE promotions
    SET name = $3, name_folded = $4, active = $5, starts_at = $6, ends_at = $7,
        code_type = $8::text,
        had_codes = had_codes OR $8 IS NOT NULL, updated_at = $9
    WHERE merchant_id = $1 AND promotion_id = $2
        AND ($12::timestamptz IS NULL OR updated_at = $12)
    RETURNING promotion_id
)
UPDATE cart_promotions SET target = $10, automatic = $8 IS NULL, terms = $11
WHERE merchant_id = $1 AND promotion_id = $2 AND EXISTS (SELECT FROM changed)
RETURNING promotion_id
"""

_COUNT_AUTOMATIC: Final = f"""
SELECT count(*)
FROM cart_promotions AS cart
JOIN promotions AS promotion
    ON promotion.merchant_id = $1 AND promotion.promotion_id = cart.promotion_id
WHERE cart.merchant_id = $1 AND automatic AND active AND deleted_at IS NULL
    AND {ends_after("$2")}
"""  # noqa: S608  # of our own constants


@dataclass(frozen=True, slots=True)
class DeletedCartPromotion:
    """A deleted promotion and when it was deleted."""

    promotion: CartPromotion
    deleted_at: datetime


async def insert_promotion(
    connection: Connection, merchant_id: int, new: NewCartPromotion, now: datetime
) -> int:
    """Store the promotion without its codes; returns its id."""
    promotion_id: int = await connection.fetchval(
        _INSERT,
        merchant_id,
        new.name,
        new.name.casefold(),
        new.active,
        new.period.starts_at,
        new.period.ends_at,
        new.code_type,
        now,
        new.terms.target,
        encode_terms(new.terms),
    )
    return promotion_id


async def update_promotion(
    connection: Connection,
    merchant_id: int,
    promotion: CartPromotion,
    version: datetime | None = None,
) -> bool:
    """Update the promotion, without its codes; with a `version`, only if that is its last change.

    Returns whether it was updated.
    """
    updated = await connection.fetchval(
        _UPDATE,
        merchant_id,
        promotion.id,
        promotion.name,
        promotion.name.casefold(),
        promotion.active,
        promotion.period.starts_at,
        promotion.period.ends_at,
        promotion.code_type,
        promotion.updated_at,
        promotion.terms.target,
        encode_terms(promotion.terms),
        version,
    )
    return updated is not None


async def find_promotion(
    connection: Connection, merchant_id: int, promotion_id: int
) -> CartPromotion | None:
    """The promotion without its codes; None if it is deleted or unknown."""
    if promotion_id > MAX_INT64:
        return None
    row = await connection.fetchrow(_FIND, merchant_id, promotion_id)
    return None if row is None else promotion_from(row)


async def find_deleted(
    connection: Connection, merchant_id: int, promotion_id: int, since: datetime
) -> DeletedCartPromotion | None:
    """A promotion that was deleted at that moment or later."""
    if promotion_id > MAX_INT64:
        return None
    row = await connection.fetchrow(_FIND_DELETED, merchant_id, promotion_id, since)
    return None if row is None else DeletedCartPromotion(promotion_from(row), row["deleted_at"])


async def find_codes(
    connection: Connection, merchant_id: int, promotion_id: int, most: int
) -> tuple[str, ...]:
    """The first codes of the promotion."""
    rows = await connection.fetch(FIRST_CODES, merchant_id, promotion_id, most)
    return tuple(row["code"] for row in rows)


async def list_promotions(
    connection: Connection, merchant_id: int, query: CartPromotionQuery, now: datetime
) -> list[CartPromotion]:
    """The promotions that match the query, the latest created first; one more than its limit."""
    rows = await connection.fetch(
        _LIST,
        merchant_id,
        query.before or MAX_INT64,
        query.active,
        query.running,
        now,
        query.target,
        None if query.name is None else query.name.casefold(),
        query.code_key,
        query.limit + 1,
    )
    return [promotion_from(row) for row in rows]


async def count_automatic(connection: Connection, merchant_id: int, now: datetime) -> int:
    """The number of automatic promotions that are active and not over."""
    count: int = await connection.fetchval(_COUNT_AUTOMATIC, merchant_id, now)
    return count


def encode_terms(terms: CartTerms) -> str:
    """The terms as the text of a JSON value."""
    return msgspec.json.encode(terms).decode()


def promotion_from(row: asyncpg.Record) -> CartPromotion:
    """A promotion from a row with the columns of `promotions`, and `terms`."""
    code_type = row["code_type"]
    return CartPromotion(
        row["promotion_id"],
        row["name"],
        row["active"],
        Period(row["starts_at"], row["ends_at"]),
        _TERMS.decode(row["terms"]),
        None if code_type is None else CodeType(code_type),
        row["created_at"],
        row["updated_at"],
    )

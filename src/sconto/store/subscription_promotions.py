"""Subscription promotions, with every version of their rules.

A locked row is read in a second statement, because the statement that waits for the lock sees old
versions of the other tables.
"""

from datetime import UTC, datetime
from typing import Final

import asyncpg
import msgspec

from sconto.domain.problems import SubscriptionCodeTaken
from sconto.domain.subscription import subscription_code_key
from sconto.domain.subscription_promotion import (
    Constraint,
    Rule,
    SubscriptionPromotion,
    SubscriptionQuery,
    SubscriptionTerms,
)
from sconto.store.database import Connection
from sconto.store.node_calls import NodeFunction

_TURNS: Final = 0x5C09
"""The first of the two numbers of a promotion's advisory lock; the second is its id."""

_RULES: Final = msgspec.json.Decoder(tuple[Rule, ...])

_READ: Final = """
SELECT promotion_id, version, code, name, description, enabled, starts_at, ends_at, max_usage,
       new_only, type_ids, meta, created_at, updated_at,
       (
           SELECT rules FROM subscription_versions AS kept
           WHERE kept.merchant_id = $1 AND kept.promotion_id = promotion.promotion_id
             AND kept.version = promotion.version
       ) AS rules,
       usage + (
           SELECT coalesce(sum(uses), 0)::bigint FROM subscription_usage AS counted
           WHERE counted.merchant_id = $1 AND counted.promotion_id = promotion.promotion_id
       ) AS usage
FROM subscription_promotions AS promotion
WHERE merchant_id = $1 AND archived_at IS NULL
"""

_FIND: Final = _READ + " AND promotion_id = $2"

_FIND_ON_NODE: Final = NodeFunction(_FIND)

ON_NODES: Final = (_FIND_ON_NODE,)
"""The function of this statement on the nodes of a distributed database."""

READ_BY_CODE: Final = _READ + " AND code_key = $2"

# strpos, not LIKE, because no character that a person types has a special meaning in it.
_LIST: Final = (
    _READ
    + """
  AND promotion_id {after} $2
  AND ($3::text IS NULL OR code_key = $3)
  AND ($4::boolean IS NULL OR enabled = $4)
  AND ($5::text IS NULL OR strpos(name_folded, $5) > 0)
ORDER BY promotion_id {direction}
LIMIT $6
"""
)
_LIST_DOWN: Final = _LIST.format(after=">", direction="ASC")
_LIST_UP: Final = _LIST.format(after="<", direction="DESC")

_CREATE: Final = """
WITH created AS (
    INSERT INTO subscription_promotions (
        merchant_id, version, code, code_key, name, name_folded, description, enabled,
        starts_at, ends_at, max_usage, new_only, type_ids, meta, created_at, updated_at)
    VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
    ON CONFLICT (merchant_id, code_key) WHERE archived_at IS NULL DO NOTHING
    RETURNING promotion_id
)
INSERT INTO subscription_versions (merchant_id, promotion_id, version, code_key, rules, created_at)
SELECT $1, promotion_id, 1, $3, $15, $14 FROM created
RETURNING promotion_id
"""

# PostgreSQL grants shared row locks before an exclusive lock that waits, so a change could wait
# forever for applications. Its advisory locks are granted in the order of the requests.
_LOCK: Final = """
WITH turn AS MATERIALIZED (
    SELECT pg_advisory_xact_lock($3, ($2::bigint % 2147483648)::int)
)
SELECT FROM subscription_promotions
WHERE merchant_id = $1 AND promotion_id = $2 AND archived_at IS NULL AND EXISTS (SELECT FROM turn)
FOR UPDATE
"""

# With a limit, all uses are counted on the row: those in the slots move there.
_CHANGE: Final = """
WITH folded AS (
    DELETE FROM subscription_usage
    WHERE merchant_id = $1 AND promotion_id = $2 AND $11::bigint IS NOT NULL
    RETURNING uses
), kept AS (
    INSERT INTO subscription_versions (
        merchant_id, promotion_id, version, code_key, rules, created_at)
    SELECT $1, $2, $15, $4, $16, $17
    WHERE $15 > (
        SELECT version FROM subscription_promotions WHERE merchant_id = $1 AND promotion_id = $2
    )
)
UPDATE subscription_promotions
SET code = $3, code_key = $4, name = $5, name_folded = $6, description = $7, enabled = $8,
    starts_at = $9, ends_at = $10, max_usage = $11, new_only = $12, type_ids = $13, meta = $14,
    version = $15, updated_at = $17, usage = usage + (SELECT coalesce(sum(uses), 0) FROM folded)
WHERE merchant_id = $1 AND promotion_id = $2
  AND ($18::timestamptz IS NULL OR updated_at = $18)
  AND NOT EXISTS (
      SELECT true FROM subscription_promotions AS other
      WHERE other.merchant_id = $1 AND other.code_key = $4 AND other.archived_at IS NULL
        AND other.promotion_id <> $2
  )
RETURNING true
"""

_ARCHIVE: Final = """
UPDATE subscription_promotions SET archived_at = $3, updated_at = $3
WHERE merchant_id = $1 AND promotion_id = $2 AND archived_at IS NULL
RETURNING true
"""


async def insert_promotion(
    connection: Connection, merchant_id: int, terms: SubscriptionTerms, now: datetime
) -> int:
    """Create the promotion with its first version; returns its id. Raises SubscriptionCodeTaken."""
    promotion_id: int | None = await connection.fetchval(
        _CREATE, merchant_id, *_columns(terms), now, encode_rules(terms.rules)
    )
    if promotion_id is None:
        raise SubscriptionCodeTaken(terms.code)
    return promotion_id


async def find_promotion(
    connection: Connection, merchant_id: int, promotion_id: int
) -> SubscriptionPromotion | None:
    """The promotion; None if it is archived or unknown."""
    row = await _FIND_ON_NODE.fetchrow(connection, merchant_id, promotion_id)
    return None if row is None else decode_promotion(row)


async def list_promotions(
    connection: Connection, merchant_id: int, query: SubscriptionQuery
) -> list[SubscriptionPromotion]:
    """The promotions that match the query: by ascending id, or back from `before` on."""
    goes_back = query.before is not None
    rows = await connection.fetch(
        _LIST_UP if goes_back else _LIST_DOWN,
        merchant_id,
        query.before if goes_back else query.after,
        None if query.code is None else subscription_code_key(query.code),
        query.enabled,
        None if query.name is None else query.name.casefold(),
        query.limit,
    )
    return [decode_promotion(row) for row in rows]


async def lock_promotion(
    connection: Connection, merchant_id: int, promotion_id: int
) -> SubscriptionPromotion | None:
    """Lock the promotion: nobody else changes or applies it until the transaction ends."""
    await connection.execute(_LOCK, merchant_id, promotion_id, _TURNS)
    row = await connection.fetchrow(_FIND, merchant_id, promotion_id)
    return None if row is None else decode_promotion(row)


async def update_promotion(
    connection: Connection,
    merchant_id: int,
    promotion: SubscriptionPromotion,
    seen_at: datetime | None = None,
) -> None:
    """Write a locked promotion, and its version if that is new."""
    try:
        changed = await connection.fetchval(
            _CHANGE,
            merchant_id,
            promotion.id,
            *_columns(promotion.terms),
            promotion.version,
            encode_rules(promotion.terms.rules),
            promotion.updated_at,
            seen_at,
        )
    except asyncpg.UniqueViolationError:
        changed = None  # another transaction took the code after this statement's snapshot
    if changed is None:
        raise SubscriptionCodeTaken(promotion.terms.code)


async def archive_promotion(
    connection: Connection, merchant_id: int, promotion_id: int, now: datetime
) -> bool:
    """Archive the promotion, which frees its code; False if there is none."""
    return bool(await connection.fetchval(_ARCHIVE, merchant_id, promotion_id, now))


def encode_rules(rules: tuple[Rule, ...]) -> str:
    """The rules as stored: JSON with the field names of the domain."""
    return msgspec.json.encode(rules).decode()


def decode_rules(text: str) -> tuple[Rule, ...]:
    """The rules of a stored version."""
    return _RULES.decode(text)


def decode_promotion(row: asyncpg.Record) -> SubscriptionPromotion:
    """The promotion of a row that `READ_BY_CODE` reads."""
    terms = SubscriptionTerms(
        code=row["code"],
        name=row["name"],
        enabled=row["enabled"],
        rules=decode_rules(row["rules"]),
        constraint=Constraint(
            starts_at=_in_utc(row["starts_at"]),
            ends_at=_in_utc(row["ends_at"]),
            max_usage=row["max_usage"],
            new_only=row["new_only"],
            type_ids=tuple(row["type_ids"]),
        ),
        description=row["description"],
        meta=row["meta"],
    )
    return SubscriptionPromotion(
        row["promotion_id"],
        row["version"],
        terms,
        row["usage"],
        row["created_at"],
        row["updated_at"],
    )


def _columns(terms: SubscriptionTerms) -> tuple[object, ...]:
    constraint = terms.constraint
    return (
        terms.code,
        subscription_code_key(terms.code),
        terms.name,
        terms.name.casefold(),
        terms.description,
        terms.enabled,
        constraint.starts_at,
        constraint.ends_at,
        constraint.max_usage,
        constraint.new_only,
        constraint.type_ids,
        terms.meta,
    )


def _in_utc(instant: datetime | None) -> datetime | None:
    """Add UTC to the earliest and latest instants, which PostgreSQL returns without a zone."""
    return None if instant is None else instant.replace(tzinfo=UTC)

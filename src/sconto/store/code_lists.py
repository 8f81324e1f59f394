"""The codes of one promotion as a list: adding, removing and reading one code or a million.

A transaction that adds or removes codes locks the promotion's own row (`lock_codes`). So it and
changes of the promotion wait for each other. Writes to the merchant's other promotions, and orders,
wait for neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.code_list import CodeCounts, ListedCode, state_of
from sconto.domain.codes import CodeType
from sconto.domain.numbers import MAX_INT64
from sconto.domain.ordering import SPACING
from sconto.store.database import Connection
from sconto.store.period_sql import LATER
from sconto.store.row_batches import batches

_FIND: Final = """
SELECT promotion_id, code_type,
       type = 'coupon' OR (type = 'cart' AND code_type IS NOT NULL) AS takes_codes
FROM promotions
WHERE merchant_id = $1 AND promotion_id = $2 AND deleted_at IS NULL
"""

_LOCK: Final = f"{_FIND} FOR NO KEY UPDATE"

_TOUCH: Final = f"""
UPDATE promotions
SET updated_at = greatest($3, {LATER}),
    had_codes = had_codes OR $4
WHERE merchant_id = $1 AND promotion_id = $2
"""  # noqa: S608  # of our own constants

# Ids ascend in this order: each row gets its id after the rows are sorted. The last position is
# read in the order of an index; for max() the planner might read all codes. If it were read beside
# the new codes, Citus would draw the ids on the merchant's node instead of the coordinator.
ADD_CODES: Final = """
WITH last AS MATERIALIZED (
    SELECT coalesce(
        (
            SELECT position FROM codes
            WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL
            ORDER BY position DESC
            LIMIT 1
        ), 0
    ) AS position
)
INSERT INTO codes (merchant_id, promotion_id, code, code_key, position)
SELECT $1, $2, new.code, new.code_key, last.position + $3::bigint * new.place
FROM {new}, last
ORDER BY new.place
"""
"""`new` has columns `code`, `code_key` and `place`, from 1."""

# What RETURNING returns was inserted. The status of the command may count skipped rows too, if the
# database is distributed.
ADD_CODES_UNLESS_TAKEN: Final = f"""
WITH added AS (
    {ADD_CODES}
    ON CONFLICT (merchant_id, code_key, promotion_id) WHERE removed_at IS NULL DO NOTHING
    RETURNING true
)
SELECT count(*) FROM added
"""  # noqa: S608  # of our own constants

INSERT_UNLESS_TAKEN: Final = ADD_CODES_UNLESS_TAKEN.format(
    new="unnest($4::text[], $5::text[]) WITH ORDINALITY AS new (code, code_key, place)"
)

# LIMIT 1 forces one look-up for each key. Without it, a plan could read all of a million codes to
# find one.
FIND_BY_KEY: Final = """
SELECT found.code_id, found.code, found.code_key
FROM unnest($3::text[]) AS wanted (code_key)
CROSS JOIN LATERAL (
    SELECT code_id, code, code_key
    FROM codes
    WHERE merchant_id = $1 AND code_key = wanted.code_key AND promotion_id = $2
        AND removed_at IS NULL
    LIMIT 1
) AS found
"""

_REMOVE: Final = """
UPDATE codes SET removed_at = $3
WHERE merchant_id = $1 AND code_id = ANY ($2::bigint[]) AND removed_at IS NULL
"""

COLUMNS: Final = """
SELECT code_id, code, code_key, position, used_by, used_at, held_for, held_until,
    applied_uses + outdone_uses + (
        SELECT coalesce(sum(uses), 0)::bigint
        FROM redemption_counts
        WHERE merchant_id = $1 AND promotion_id = $2 AND code_id = codes.code_id
    ) AS uses
FROM codes
WHERE merchant_id = $1 AND ($3::boolean IS NULL OR (used_at IS NOT NULL) = $3)
"""

_LISTED: Final = f"{COLUMNS} AND promotion_id = $2 AND removed_at IS NULL"

LIST: Final = f"{_LISTED} AND position > $5 ORDER BY position LIMIT $4"

SEARCH: Final = f"""{_LISTED}
    AND code_key > $5 AND code_key >= $6 AND code_key < $6 || chr(1114111)
ORDER BY code_key LIMIT $4
"""

# Both counts read an index alone, and LIMIT bounds what they read. LIMIT NULL is not a limit.
_COUNT: Final = """
SELECT
    (
        SELECT count(*) FROM (
            SELECT FROM codes
            WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL
            LIMIT $3
        ) AS every
    ) AS total,
    (
        SELECT count(*) FROM (
            SELECT FROM codes
            WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL
                AND used_at IS NULL
            LIMIT $3
        ) AS unused
    ) AS free
"""


@dataclass(frozen=True, slots=True)
class CodeHolder:
    """What a promotion's codes depend on; an automatic promotion takes no codes."""

    promotion_id: int
    takes_codes: bool
    code_type: CodeType | None


@dataclass(frozen=True, slots=True)
class PlacedCode:
    """A listed code, with its place in the order of adding and in that of keys."""

    listed: ListedCode
    position: int
    key: str


async def find_code_holder(
    connection: Connection, merchant_id: int, promotion_id: int
) -> CodeHolder | None:
    """The promotion; None if it is deleted or unknown."""
    return await _find_holder(connection, _FIND, merchant_id, promotion_id)


async def lock_codes(
    connection: Connection, merchant_id: int, promotion_id: int
) -> CodeHolder | None:
    """Lock the promotion's codes for this transaction; None if the promotion is deleted."""
    return await _find_holder(connection, _LOCK, merchant_id, promotion_id)


async def _find_holder(
    connection: Connection, statement: str, merchant_id: int, promotion_id: int
) -> CodeHolder | None:
    if promotion_id > MAX_INT64:
        return None
    row = await connection.fetchrow(statement, merchant_id, promotion_id)
    if row is None:
        return None
    code_type = None if row["code_type"] is None else CodeType(row["code_type"])
    return CodeHolder(row["promotion_id"], row["takes_codes"], code_type)


async def touch_promotion(
    connection: Connection, merchant_id: int, promotion_id: int, now: datetime, *, has_codes: bool
) -> None:
    """Store that the promotion was changed, and whether it ever had codes."""
    await connection.execute(_TOUCH, merchant_id, promotion_id, now, has_codes)


async def insert_codes(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    codes: Sequence[str],
    keys: Sequence[str],
) -> int:
    """Add the codes that the promotion does not have, after its others; returns how many.

    Ids ascend in the order given.
    """
    added = 0
    for some in batches(codes, keys):
        added += await connection.fetchval(
            INSERT_UNLESS_TAKEN, merchant_id, promotion_id, SPACING, *some
        )
    return added


async def find_taken_codes(
    connection: Connection, merchant_id: int, promotion_id: int, keys: Sequence[str]
) -> set[str]:
    """Those of the keys that the promotion already has."""
    taken: set[str] = set()
    for (some,) in batches(keys):
        rows = await connection.fetch(FIND_BY_KEY, merchant_id, promotion_id, some)
        taken.update(row["code_key"] for row in rows)
    return taken


async def remove_listed(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    keys: Sequence[str],
    now: datetime,
) -> dict[str, str]:
    """Remove the codes with these keys; returns those that existed, by key.

    They stay on the orders that used them, and in the statistics.
    """
    removed: dict[str, str] = {}
    for (some,) in batches(keys):
        rows = await connection.fetch(FIND_BY_KEY, merchant_id, promotion_id, some)
        await connection.execute(_REMOVE, merchant_id, [row["code_id"] for row in rows], now)
        removed.update((row["code_key"], row["code"]) for row in rows)
    return removed


async def list_codes(
    connection: Connection,
    merchant_id: int,
    holder: CodeHolder,
    *,
    limit: int,
    used: bool | None = None,
    behind: int = -MAX_INT64,
) -> list[PlacedCode]:
    """Up to `limit` codes after a position, in the order in which they were added.

    `used` True means those that an order used up, False the others.
    """
    rows = await connection.fetch(LIST, merchant_id, holder.promotion_id, used, limit, behind)
    return [placed_code(row, holder.code_type) for row in rows]


async def search_codes(
    connection: Connection,
    merchant_id: int,
    holder: CodeHolder,
    *,
    limit: int,
    beginning: str,
    used: bool | None = None,
    behind: str = "",
) -> list[PlacedCode]:
    """Up to `limit` codes after a key whose keys begin with a text, in the order of keys."""
    rows = await connection.fetch(
        SEARCH, merchant_id, holder.promotion_id, used, limit, behind, beginning
    )
    return [placed_code(row, holder.code_type) for row in rows]


async def count_codes(
    connection: Connection, merchant_id: int, promotion_id: int, most: int | None = None
) -> CodeCounts:
    """How many codes the promotion has, and how many of them an order used up.

    With `most`, it counts up to that number; then the number of codes used up is unknown.
    """
    [row] = await connection.fetch(_COUNT, merchant_id, promotion_id, most)
    return CodeCounts(row["total"], row["total"] - row["free"])


def placed_code(row: asyncpg.Record, code_type: CodeType | None) -> PlacedCode:
    """The code in a row of COLUMNS."""
    listed = ListedCode(
        id=row["code_id"],
        code=row["code"],
        state=state_of(code_type, row["used_at"]),
        uses=row["uses"],
        used_by=row["used_by"],
        used_at=row["used_at"],
        held_for=row["held_for"],
        held_until=row["held_until"],
    )
    return PlacedCode(listed, row["position"], row["code_key"])

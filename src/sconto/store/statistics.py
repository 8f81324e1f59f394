"""The counts of redemptions, added up for one promotion."""

from collections.abc import Iterator
from typing import Final

import asyncpg

from sconto.domain.codes import CodeType
from sconto.domain.numbers import MAX_INT64
from sconto.domain.statistics import CodeUses
from sconto.store.code_ids import HAS_CODE
from sconto.store.database import Connection

STATISTICS_TIMEOUT: Final = 60
"""Seconds for the statement, which may list a million codes."""

# Without a LIMIT, PostgreSQL reads counters by a bitmap and sorts them, in twice the time. It
# expects an unknown one to take a tenth of the rows, and reads them in the order of their key.
_NO_LIMIT: Final = None

# One statement, so that the sum and the codes are of the same moment. It reads the counters, the
# present codes, and the removed codes that were used. EXCEPT sorts or hashes whatever the planner
# expects; NOT IN could compare each code with each. Uses of a one-time code are on the code's row.
# An older version may have counted some in the counters, so both are added up. The result has one
# row for each 2,000 codes. A million rows would take three times as long to read and three times
# the memory. One row of a million codes would be decoded in one step, which blocks the event loop.
_FIND: Final = f"""
WITH counted AS MATERIALIZED (
    SELECT code_id, code_type, sum(uses)::bigint AS uses
    FROM (
        SELECT code_id, code_type, uses
        FROM redemption_counts
        WHERE merchant_id = $1 AND promotion_id = $2
        ORDER BY code_id, code_type
        LIMIT $3::bigint
    ) AS rows
    GROUP BY code_id, code_type
), by_code AS MATERIALIZED (
    SELECT code_id, code_type, uses,
        (SELECT code FROM codes WHERE merchant_id = $1 AND code_id = counted.code_id) AS code
    FROM counted
    WHERE {HAS_CODE}
), shown AS (
    SELECT code_id, code, code_type, uses FROM by_code
    UNION ALL
    SELECT code_id, code, 'one-time', applied_uses + outdone_uses
    FROM codes
    WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL
        AND applied_uses + outdone_uses > 0
    UNION ALL
    SELECT code_id, code, 'one-time', applied_uses + outdone_uses
    FROM codes
    WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NOT NULL
        AND applied_uses + outdone_uses > 0
    UNION ALL
    SELECT code_id, code, NULL, 0
    FROM (
        SELECT code_id, code
        FROM codes
        WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL
            AND applied_uses + outdone_uses = 0
        EXCEPT
        SELECT code_id, code FROM by_code
    ) AS unused
), in_order AS (
    SELECT code_id, code_type, code, sum(uses)::bigint AS uses,
        row_number() OVER (ORDER BY code_id, code_type) - 1 AS place
    FROM shown
    GROUP BY code_id, code_type, code
)
SELECT promotion.type = 'coupon' OR promotion.had_codes AS has_codes,
    (SELECT coalesce(sum(uses), 0)::bigint FROM counted) AS total,
    listed.*
FROM promotions AS promotion
LEFT JOIN LATERAL (
    SELECT place / 2000 AS part,
        array_agg(code_id ORDER BY place) AS code_ids, array_agg(code ORDER BY place) AS codes,
        array_agg(
            coalesce(code_type, promotion.code_type, 'reusable') = 'one-time' ORDER BY place
        ) AS once,
        array_agg(uses ORDER BY place) AS uses
    FROM in_order
    GROUP BY place / 2000
) AS listed ON true
WHERE promotion.merchant_id = $1 AND promotion.promotion_id = $2 AND promotion.deleted_at IS NULL
    AND promotion.type <> 'cart'
ORDER BY listed.part
"""  # noqa: S608  # of our own constants


async def find_statistics_in_parts(
    connection: Connection, merchant_id: int, promotion_id: int
) -> tuple[int, Iterator[list[CodeUses]] | None] | None:
    """The uses of a promotion and, in parts, of its codes, by code and type.

    Each part is made when it is needed; None stands for the parts of an automatic promotion that
    never had codes. The codes are those that it has, and removed ones that were used. A code that
    was not used has the promotion's present code type. A type that was never set counts as
    reusable. (`statistics` of the merchant API.)
    """
    if promotion_id > MAX_INT64:
        return None
    rows = await connection.fetch(
        _FIND, merchant_id, promotion_id, _NO_LIMIT, timeout=STATISTICS_TIMEOUT
    )
    if not rows:
        return None
    parts = _parts(rows) if rows[0]["has_codes"] else None
    return rows[0]["total"], parts


def _parts(rows: list[asyncpg.Record]) -> Iterator[list[CodeUses]]:
    rows.reverse()
    while rows:
        row = rows.pop()
        if row["part"] is not None:
            types = (CodeType.ONE_TIME if once else CodeType.REUSABLE for once in row["once"])
            yield list(map(CodeUses, row["code_ids"], row["codes"], types, row["uses"]))

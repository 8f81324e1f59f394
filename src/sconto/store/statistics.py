"""The counts of redemptions, added up for one promotion."""

from typing import Final

from sconto.domain.codes import CodeType
from sconto.domain.numbers import LARGEST
from sconto.domain.statistics import CodeUses, Statistics
from sconto.store.database import Connection

PATIENCE: Final = 60
"""Seconds that the statement may take: it lists a million codes where there are a million."""

# One statement, so that the sum and the codes are of the same moment. It reads the counters and the
# present codes of the promotion. EXCEPT sorts or hashes whatever the planner expects, where NOT IN
# would compare each code with each; a code's text is a look-up for each that is shown.
_FIND: Final = """
WITH used AS MATERIALIZED (
    SELECT code_id, code_type, sum(uses)::bigint AS uses
    FROM redemption_counts
    WHERE merchant_id = $1 AND promotion_id = $2
    GROUP BY code_id, code_type
)
SELECT promotion.type = 'coupon' OR promotion.had_codes AS has_codes,
    (SELECT coalesce(sum(uses), 0)::bigint FROM used) AS total,
    shown.code_id,
    (SELECT code FROM codes WHERE merchant_id = $1 AND code_id = shown.code_id) AS code,
    coalesce(shown.code_type, promotion.code_type, 'reusable') AS code_type,
    shown.uses
FROM promotions AS promotion
LEFT JOIN (
    SELECT code_id, code_type, uses FROM used WHERE code_id <> 0
    UNION ALL
    SELECT code_id, NULL, 0
    FROM (
        SELECT code_id FROM codes
        WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL
        EXCEPT
        SELECT code_id FROM used
    ) AS unused
) AS shown ON true
WHERE promotion.merchant_id = $1 AND promotion.promotion_id = $2 AND promotion.deleted_at IS NULL
ORDER BY shown.code_id, shown.code_type
"""


async def find_statistics(
    connection: Connection, merchant_id: int, promotion_id: int
) -> Statistics | None:
    """The uses of a promotion and of its codes, by code and type.

    There are the codes that it has, and those removed that were used; a code that was not used has
    the type of today. A type that was never set counts as reusable. (`statistics` of the merchant
    API.)
    """
    if promotion_id > LARGEST:
        return None
    rows = await connection.fetch(_FIND, merchant_id, promotion_id, timeout=PATIENCE)
    if not rows:
        return None
    codes = tuple(
        CodeUses(row["code_id"], row["code"], CodeType(row["code_type"]), row["uses"])
        for row in rows
        if row["code_id"] is not None
    )
    return Statistics(rows[0]["total"], codes if rows[0]["has_codes"] else None)

"""Which limits of promotions are reached, and which of them have an event.

Only the transaction that has the merchant's stream locked (`events`) writes these events, after the
events of the orders that took the last. Each of these orders is committed and is checked against
the limits by itself, so the last one sees that nothing is left.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sconto.domain.events import Used
from sconto.store.database import Connection
from sconto.store.promotion_events import PROMOTIONS, subject_sql

_READ: Final = f"""
SELECT promotion.promotion_id, promotion.subject, used.name, used.taken, used.most,
       EXISTS (
           SELECT FROM reached_limits AS reached
           WHERE reached.merchant_id = $1 AND reached.promotion_id = promotion.promotion_id
             AND reached.name = used.name
       ) AS has_event
FROM (
    SELECT promotion_id, code_type, {subject_sql(PROMOTIONS)} AS subject
    FROM promotions
    WHERE merchant_id = $1 AND promotion_id = ANY ($2::bigint[]) AND deleted_at IS NULL
) AS promotion
CROSS JOIN LATERAL (
    SELECT 'codes' AS name, 1::numeric AS most, CASE WHEN EXISTS (
        SELECT FROM codes
        WHERE merchant_id = $1 AND codes.promotion_id = promotion.promotion_id
          AND removed_at IS NULL AND used_at IS NULL
    ) THEN 0 ELSE 1 END::numeric AS taken
    WHERE code_type = 'one-time' AND EXISTS (
        SELECT FROM codes
        WHERE merchant_id = $1 AND codes.promotion_id = promotion.promotion_id
          AND removed_at IS NULL
    )
    UNION ALL
    SELECT CASE scope WHEN 'budget' THEN 'budget ' || key ELSE 'total' END,
           CASE scope WHEN 'budget' THEN terms -> 'limits' -> 'budget' ->> key
               ELSE terms -> 'limits' ->> 'total' END::numeric,
           taken
    FROM cart_promotions
    JOIN allowances ON allowances.merchant_id = $1
        AND allowances.promotion_id = promotion.promotion_id AND scope IN ('budget', 'total')
    WHERE cart_promotions.merchant_id = $1
      AND cart_promotions.promotion_id = promotion.promotion_id
) AS used
WHERE used.most IS NOT NULL
ORDER BY promotion.promotion_id, used.name
"""  # noqa: S608  # of our own constants

_KEEP: Final = """
WITH gone AS (
    DELETE FROM reached_limits
    WHERE merchant_id = $1 AND promotion_id = ANY ($2::bigint[])
      AND (promotion_id, name) NOT IN (SELECT * FROM unnest($3::bigint[], $4::text[]))
)
INSERT INTO reached_limits (merchant_id, promotion_id, name)
SELECT $1, promotion_id, name FROM unnest($3::bigint[], $4::text[]) AS reached (promotion_id, name)
ON CONFLICT DO NOTHING
"""


async def read_used(
    connection: Connection, merchant_id: int, promotion_ids: Collection[int]
) -> list[tuple[Used, Any]]:
    """How much of each limit of these promotions is used, and the promotions' facts in events.

    The facts are the text of a JSON object.
    """
    rows = await connection.fetch(_READ, merchant_id, list(promotion_ids))
    return [
        (
            Used(
                row["promotion_id"],
                row["name"],
                int(row["taken"]),
                int(row["most"]),
                row["has_event"],
            ),
            row["subject"],
        )
        for row in rows
    ]


async def keep_reached(
    connection: Connection,
    merchant_id: int,
    promotion_ids: Collection[int],
    reached: Sequence[Used],
) -> None:
    """Store which limits of these promotions have an event."""
    await connection.execute(
        _KEEP,
        merchant_id,
        list(promotion_ids),
        [one.promotion_id for one in reached],
        [one.name for one in reached],
    )

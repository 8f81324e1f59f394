"""What cart promotions gave, summed up from the counters that orders write."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from sconto.domain.cart_statistics import CodeOrders
from sconto.store.code_ids import HAS_CODE
from sconto.store.database import Connection
from sconto.store.stored_amounts import discount_from

_MAX_CODES: Final = 1_000
"""Codes that are listed, those with the most orders first."""

_BY_DAY: Final = """
SELECT day, currency, sum(uses)::bigint AS uses, sum(discount) AS discount
FROM redemption_counts
WHERE merchant_id = $1 AND promotion_id = $2
GROUP BY day, currency
ORDER BY day, currency
"""

# Uses of one-time codes are on the codes' rows, those of reusable codes in the counters (`orders`).
_BY_CODE: Final = f"""
SELECT code, uses
FROM (
    SELECT code_id, sum(uses)::bigint AS uses
    FROM redemption_counts
    WHERE merchant_id = $1 AND promotion_id = $2 AND {HAS_CODE}
    GROUP BY code_id
    UNION ALL
    SELECT code_id, applied_uses FROM codes
    WHERE merchant_id = $1 AND promotion_id = $2 AND applied_uses > 0
) AS counted
CROSS JOIN LATERAL (
    SELECT code FROM codes WHERE merchant_id = $1 AND code_id = counted.code_id LIMIT 1
) AS named
ORDER BY uses DESC, counted.code_id
LIMIT $3
"""  # noqa: S608  # of our own constants


class UsesOfDay(NamedTuple):
    """Orders of a day in a currency, and their discount."""

    day: date
    currency: str
    orders: int
    discount: int


async def read_days(
    connection: Connection, merchant_id: int, promotion_id: int
) -> Sequence[UsesOfDay]:
    """What the promotion gave, by day and currency."""
    rows = await connection.fetch(_BY_DAY, merchant_id, promotion_id)
    return [
        UsesOfDay(
            row["day"],
            row["currency"],
            row["uses"],
            discount_from(row["discount"], row["currency"]),
        )
        for row in rows
    ]


async def read_codes(
    connection: Connection, merchant_id: int, promotion_id: int
) -> Sequence[CodeOrders]:
    """The codes that served orders, the most used first."""
    rows = await connection.fetch(_BY_CODE, merchant_id, promotion_id, _MAX_CODES)
    return [CodeOrders(row["code"], row["uses"]) for row in rows]

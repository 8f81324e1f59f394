"""What a report of a promotion shows besides its figures: codes, changes, redemptions."""

from decimal import Decimal
from typing import Final

import msgspec

from sconto.domain.history import Subject
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.reports import (
    MAX_CODES,
    ChartMark,
    CodeTotals,
    Details,
    Redemptions,
    ReportQuery,
    TopCode,
)
from sconto.store.database import Connection
from sconto.store.period_sql import instant_sql
from sconto.store.reports import ALL_COUNTS
from sconto.store.stored_amounts import discount_from

_MAX_MARKS: Final = 50
_ENTRIES: Final = 500
"""Entries of the history that are searched for marks, the newest first."""

# $2 is null for a subscription promotion, which has neither codes nor redemptions here. Amounts are
# texts in the JSON, so that they stay exact.
_DETAILS: Final = f"""
SELECT coalesce((
    SELECT json_agg(json_build_array(named.code, orders, discount::text)
                    ORDER BY orders DESC, best.code_id)
    FROM (
        SELECT code_id, sum(orders)::bigint AS orders, sum(discount) AS discount
        FROM ({ALL_COUNTS}) AS counts
        WHERE merchant_id = $1 AND subject = 'promotion' AND promotion_id = $2 AND code_id <> 0
            AND day BETWEEN $3 AND $4 AND currency = $5
        GROUP BY code_id
        HAVING sum(orders) > 0
        ORDER BY orders DESC, code_id
        LIMIT $6
    ) AS best
    CROSS JOIN LATERAL (
        SELECT code FROM codes WHERE merchant_id = $1 AND code_id = best.code_id LIMIT 1
    ) AS named
), '[]') AS codes, (
    SELECT json_build_array(count(*), count(used_at))
    FROM (
        SELECT used_at FROM codes
        WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL
        LIMIT {MAX_CODES}
    ) AS few
) AS code_totals, coalesce((
    SELECT json_agg(json_build_array({instant_sql("recorded_at")}, verb, username)
                    ORDER BY entry_id)
    FROM (
        SELECT entry_id, recorded_at, verb, username
        FROM (
            SELECT entry_id, recorded_at, verb, username
            FROM history
            WHERE merchant_id = $1 AND subject = $7 AND subject_id = $8
            ORDER BY entry_id DESC
            LIMIT {_ENTRIES}
        ) AS entry
        WHERE recorded_at >= $9 AND recorded_at < $10
        ORDER BY entry_id DESC
        LIMIT {_MAX_MARKS}
    ) AS changed
), '[]') AS marks, (
    SELECT json_build_array(coalesce(sum(uses) FILTER (WHERE applied), 0),
                            coalesce(sum(uses) FILTER (WHERE NOT applied), 0))
    FROM redemption_counts
    WHERE merchant_id = $1 AND promotion_id = $2
) AS redemptions
"""  # noqa: S608  # of our own constants

_CODES: Final = msgspec.json.Decoder(list[tuple[str, int, str]])
_PAIR: Final = msgspec.json.Decoder(tuple[int, int])
_MARKS: Final = msgspec.json.Decoder(list[ChartMark])


async def read_details(
    connection: Connection,
    merchant_id: int,
    kind: PromotionKind,
    promotion_id: int,
    query: ReportQuery,
) -> Details:
    """The codes used most on the days, and the promotion's changes."""
    currency = query.currency or ""
    is_subscription = kind is PromotionKind.SUBSCRIPTION
    row = await connection.fetchrow(
        _DETAILS,
        merchant_id,
        None if is_subscription else promotion_id,
        query.days.first,
        query.days.last,
        currency,
        query.top,
        Subject.SUBSCRIPTION_PROMOTION if is_subscription else Subject.PROMOTION,
        promotion_id,
        query.since,
        query.until,
    )
    assert row is not None  # noqa: S101 - a row is asked for

    return Details(
        [
            TopCode(code, orders, discount_from(Decimal(discount), currency))
            for code, orders, discount in _CODES.decode(row["codes"])
        ],
        CodeTotals(*_PAIR.decode(row["code_totals"])),
        _MARKS.decode(row["marks"]),
        Redemptions(*_PAIR.decode(row["redemptions"])),
    )

"""Figures of reports, added up from the counters of orders (`order_counts`)."""

from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.order_counts import CountSubject
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.reports import (
    NO_ORDERS,
    DayCount,
    DayRange,
    Figures,
    ReportQuery,
    ShopFigures,
    ShopReport,
    TopPromotion,
)
from sconto.store.database import Connection
from sconto.store.kind_sql import kind_of
from sconto.store.period_sql import is_running
from sconto.store.stored_amounts import discount_from

MAX_RANKED: Final = 50_000
"""Counters of each kind that a ranking of promotions adds up, the newest first."""

_COLUMNS: Final = """merchant_id, subject, promotion_id, code_id, currency, day, orders, beaten,
    discount, revenue"""

ALL_COUNTS: Final = f"""
    SELECT {_COLUMNS} FROM order_counts UNION ALL SELECT {_COLUMNS} FROM open_order_counts
"""  # noqa: S608  # of our own constants
"""All counters of orders; PostgreSQL checks conditions on them in each table."""

# A shop without orders has one row without a currency.
_SHOP: Final = f"""
SELECT running.promotions, counted.*
FROM (
    SELECT (
        SELECT count(*) FROM promotions
        WHERE merchant_id = $1 AND deleted_at IS NULL AND {is_running("$2")}
    ) + (
        SELECT count(*) FROM subscription_promotions
        WHERE merchant_id = $1 AND archived_at IS NULL AND enabled
            AND coalesce(starts_at <= $2, true) AND coalesce(ends_at >= $2, true)
    ) AS promotions
) AS running
LEFT JOIN (
    SELECT currency, day >= $4 AS is_now, sum(orders)::bigint AS orders,
        coalesce(sum(orders) FILTER (WHERE subject = 'discounted'), 0)::bigint AS discounted_orders,
        sum(discount) AS discount, sum(revenue) AS revenue,
        coalesce(sum(revenue) FILTER (WHERE subject = 'discounted'), 0) AS discounted_revenue
    FROM ({ALL_COUNTS}) AS counts
    WHERE merchant_id = $1 AND subject IN ('discounted', 'full price') AND promotion_id = 0
        AND day BETWEEN $3 AND $5
    GROUP BY currency, is_now
) AS counted ON true
"""  # noqa: S608  # of our own constants


async def read_shop(
    connection: Connection, merchant_id: int, days: DayRange, at: datetime
) -> ShopReport:
    """The merchant's figures of the days and of those before, and what is running at a time."""
    rows = await connection.fetch(_SHOP, merchant_id, at, days.before.first, days.first, days.last)
    parts: dict[bool, dict[str, ShopFigures]] = {True: {}, False: {}}
    for row in rows:
        if row["currency"] is not None:
            parts[row["is_now"]][row["currency"]] = ShopFigures(
                row["orders"],
                row["discounted_orders"],
                discount_from(row["discount"], row["currency"]),
                discount_from(row["revenue"], row["currency"]),
                discount_from(row["discounted_revenue"], row["currency"]),
            )
    now, before = parts[True], parts[False]
    currencies = sorted(
        now.keys() | before.keys(),
        key=lambda one: (-now.get(one, NO_ORDERS).orders, -before.get(one, NO_ORDERS).orders, one),
    )
    return ShopReport(
        days,
        {currency: now.get(currency, NO_ORDERS) for currency in currencies},
        {currency: before.get(currency, NO_ORDERS) for currency in currencies},
        rows[0]["promotions"],
    )


_WHOLE_SHOP: Final = f"""
    SELECT subject, day, currency, orders, beaten, discount, revenue
    FROM ({ALL_COUNTS}) AS counts
    WHERE merchant_id = $1 AND subject IN ('discounted', 'full price') AND promotion_id = 0
        AND day BETWEEN $2 AND $3
"""  # noqa: S608  # of our own constants

_ONE_PROMOTION: Final = f"""
    SELECT subject, day, currency, orders, beaten, discount, revenue
    FROM ({ALL_COUNTS}) AS counts
    WHERE merchant_id = $1 AND subject = $4 AND promotion_id = $5 AND day BETWEEN $2 AND $3
"""  # noqa: S608  # of our own constants

_COUNT_DAYS: Final = """
SELECT subject, day, currency, sum(orders)::bigint AS orders, sum(beaten)::bigint AS beaten,
    sum(discount) AS discount, sum(revenue) AS revenue
FROM ({counts}) AS counts
GROUP BY subject, day, currency
"""

_COUNT_SHOP: Final = _COUNT_DAYS.format(counts=_WHOLE_SHOP)
_COUNT_PROMOTION: Final = _COUNT_DAYS.format(counts=f"{_WHOLE_SHOP} UNION ALL {_ONE_PROMOTION}")

_NEWEST_COUNTS: Final = """
            SELECT subject, promotion_id, orders
            FROM order_counts
            WHERE merchant_id = $1 AND subject = '{subject}' AND day BETWEEN $2 AND $3
                AND currency = $4
            ORDER BY day DESC
            LIMIT $5"""

# The newest counters are ranked, up to a number. The sums of the best are of all their counters.
_RANK: Final = f"""
SELECT best.subject, best.promotion_id, ranked, own.*,
    coalesce(promotion.name, archived.name) AS name,
    CASE WHEN best.subject = 'subscription' THEN 'subscription'
         ELSE {kind_of("promotion.type")} END AS kind
FROM (
    SELECT subject, promotion_id, sum(orders) AS orders, sum(count(*)) OVER ()::bigint AS ranked
    FROM (
        ({_NEWEST_COUNTS.format(subject=CountSubject.PROMOTION)}
        ) UNION ALL ({_NEWEST_COUNTS.format(subject=CountSubject.SUBSCRIPTION)}
        ) UNION ALL (
            SELECT subject, promotion_id, orders
            FROM open_order_counts
            WHERE merchant_id = $1 AND subject IN ('promotion', 'subscription')
                AND day BETWEEN $2 AND $3 AND currency = $4
        )
    ) AS newest
    GROUP BY subject, promotion_id
    ORDER BY orders DESC, promotion_id DESC
    LIMIT $6
) AS best
CROSS JOIN LATERAL (
    SELECT sum(orders)::bigint AS orders, sum(beaten)::bigint AS beaten,
        sum(discount) AS discount, sum(revenue) AS revenue
    FROM ({ALL_COUNTS}) AS counts
    WHERE merchant_id = $1 AND subject = best.subject AND promotion_id = best.promotion_id
        AND day BETWEEN $2 AND $3 AND currency = $4
) AS own
LEFT JOIN promotions AS promotion ON promotion.merchant_id = $1
    AND promotion.promotion_id = best.promotion_id AND best.subject = 'promotion'
LEFT JOIN subscription_promotions AS archived ON archived.merchant_id = $1
    AND archived.promotion_id = best.promotion_id AND best.subject = 'subscription'
WHERE coalesce(promotion.name, archived.name) IS NOT NULL
ORDER BY own.orders DESC, best.promotion_id DESC
"""  # noqa: S608  # of our own constants


async def count_days(
    connection: Connection,
    merchant_id: int,
    days: DayRange,
    subject: CountSubject | None = None,
    promotion_id: int | None = None,
) -> list[DayCount]:
    """The counts of the days and of those before: of all orders, and of a promotion if any."""
    statement, arguments = _COUNT_SHOP, list[object]()
    if subject is not None:
        statement, arguments = _COUNT_PROMOTION, [subject, promotion_id]
    rows = await connection.fetch(statement, merchant_id, days.before.first, days.last, *arguments)
    return [
        DayCount(
            CountSubject(row["subject"]),
            row["day"],
            row["currency"],
            _figures(row, row["currency"]),
        )
        for row in rows
    ]


async def rank_promotions(
    connection: Connection, merchant_id: int, query: ReportQuery
) -> tuple[list[TopPromotion], bool]:
    """The promotions with the most orders on the days, and whether all of the days were ranked.

    Only the newest MAX_RANKED counters are compared; the figures are of all.
    """
    days, currency = query.days, query.currency or ""
    rows = await connection.fetch(
        _RANK, merchant_id, days.first, days.last, currency, MAX_RANKED, query.top
    )
    found = [
        TopPromotion(
            PromotionKind(row["kind"]), row["promotion_id"], row["name"], _figures(row, currency)
        )
        for row in rows
    ]
    return found, not rows or rows[0]["ranked"] < MAX_RANKED


def _figures(row: asyncpg.Record, currency: str) -> Figures:
    return Figures(
        row["orders"],
        row["beaten"],
        discount_from(row["discount"], currency),
        discount_from(row["revenue"], currency),
    )

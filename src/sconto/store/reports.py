"""Figures of reports, added up from the counters of orders (`order_counts`)."""

from datetime import datetime
from typing import Final

from sconto.domain.reports import NO_ORDERS, DayRange, ShopFigures, ShopReport
from sconto.store.database import Connection
from sconto.store.period_sql import is_running
from sconto.store.stored_amounts import discount_from

_COLUMNS: Final = """merchant_id, subject, promotion_id, code_id, currency, day, orders, beaten,
    discount, revenue"""

ALL_COUNTS: Final = f"""
    SELECT {_COLUMNS} FROM order_counts UNION ALL SELECT {_COLUMNS} FROM open_order_counts
"""  # noqa: S608  # of our own constants
"""All counters of orders; conditions on them are applied to each table."""

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
    """The merchant's figures of the days and of those before, and what runs at a time."""
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

"""Lists of promotions for people: page by page, each with its codes, products and uses."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import asyncpg

from sconto.domain.numbers import MAX_INT64
from sconto.domain.overview import (
    DAYS_SHOWN,
    MAX_COUNTED,
    CartPromotionOverview,
    ChosenPromotion,
    DeletedPromotion,
    Discount,
    ListedCodes,
    ListedOrders,
    ListKind,
    PromotionHeading,
    PromotionOverview,
    fill_days,
)
from sconto.domain.schedule import Period
from sconto.store.cart_promotions import promotion_from
from sconto.store.database import Connection
from sconto.store.promotions import code_type_from, summary_from
from sconto.store.reports import ALL_COUNTS
from sconto.store.stored_amounts import discount_from

_FIRST_CODES: Final = 2

# Sub-selects stay look-ups, whatever the planner expects. It would turn EXISTS into a join.
USED_UP: Final = """
    type <> 'discount' AND code_type = 'one-time'
    AND (
        SELECT code_id FROM codes
        WHERE merchant_id = $1 AND promotion_id = promotion.promotion_id AND removed_at IS NULL
        LIMIT 1
    ) IS NOT NULL
    AND (
        SELECT code_id FROM codes
        WHERE merchant_id = $1 AND promotion_id = promotion.promotion_id AND removed_at IS NULL
            AND used_at IS NULL
        LIMIT 1
    ) IS NULL
"""

_ONE: Final = """
    SELECT * FROM promotions
    WHERE merchant_id = $1 AND promotion_id = $2 AND deleted_at IS NULL AND type <> 'cart'
"""

_ONE_CART_PROMOTION: Final = """
    SELECT * FROM promotions
    WHERE merchant_id = $1 AND promotion_id = $2 AND deleted_at IS NULL AND type = 'cart'
"""

_HEADING: Final = f"""
SELECT promotion.*, {USED_UP} AS used_up FROM ({_ONE}) AS promotion
"""  # noqa: S608  # of our own constants

_DELETED: Final = """
SELECT promotion_id, type, name, starts_at, ends_at, deleted_at
FROM promotions
WHERE merchant_id = $1 AND deleted_at >= $2
ORDER BY deleted_at DESC
LIMIT $3
"""

_SOME: Final = """
SELECT promotion_id, type, name, active, starts_at, ends_at
FROM promotions
WHERE merchant_id = $1 AND promotion_id = ANY ($2::bigint[])
"""

# Counts of products and codes end at a hundred, so that long promotions do not make a list slow.
_OVERVIEW: Final = """
SELECT promotion.*, {used_up} AS used_up,
    covered.products, covered.lowest, covered.highest, codes.codes, codes.code_count,
    cart_promotion.terms, counted.*
FROM ({promotions}) AS promotion
LEFT JOIN LATERAL (
    SELECT count(*) AS products, min(percent) AS lowest, max(percent) AS highest
    FROM (
        SELECT percent FROM promotion_products
        WHERE merchant_id = $1 AND promotion_id = promotion.promotion_id
        LIMIT {counted}
    ) AS named
) AS covered ON true
LEFT JOIN LATERAL (
    SELECT (array_agg(code ORDER BY position))[:{first}] AS codes, count(*) AS code_count
    FROM (
        SELECT code, position FROM codes
        WHERE merchant_id = $1 AND promotion_id = promotion.promotion_id AND removed_at IS NULL
        ORDER BY position
        LIMIT {counted}
    ) AS few
) AS codes ON true
LEFT JOIN LATERAL (
    SELECT terms FROM cart_promotions
    WHERE merchant_id = $1 AND promotion_id = promotion.promotion_id
        AND promotion.type = 'cart'
    LIMIT 1
) AS cart_promotion ON true
LEFT JOIN LATERAL (
    SELECT array_agg(day) AS days, array_agg(currency) AS currencies, array_agg(orders) AS orders,
        array_agg(discount) AS discounts
    FROM (
        SELECT day, currency, sum(orders)::bigint AS orders, sum(discount) AS discount
        FROM ({all_counts}) AS counts
        WHERE merchant_id = $1 AND subject = 'promotion'
            AND promotion_id = promotion.promotion_id AND day > {since}
        GROUP BY day, currency
    ) AS by_day
) AS counted ON true
"""


async def find_overview(
    connection: Connection, merchant_id: int, promotion_id: int, today: date
) -> PromotionOverview | None:
    """The overview of one product promotion."""
    row = await _find_one(connection, _ONE, merchant_id, promotion_id, today)
    return None if row is None else _overview(row, today)


async def find_cart_overview(
    connection: Connection, merchant_id: int, promotion_id: int, today: date
) -> CartPromotionOverview | None:
    """The overview of one cart promotion."""
    row = await _find_one(connection, _ONE_CART_PROMOTION, merchant_id, promotion_id, today)
    return None if row is None else _cart_overview(row, today)


async def find_heading(
    connection: Connection, merchant_id: int, promotion_id: int
) -> PromotionHeading | None:
    """The heading of one promotion."""
    if promotion_id > MAX_INT64:
        return None
    row = await connection.fetchrow(_HEADING, merchant_id, promotion_id)
    return (
        None
        if row is None
        else PromotionHeading(summary_from(row), code_type_from(row), row["used_up"])
    )


async def find_some(
    connection: Connection, merchant_id: int, promotion_ids: Sequence[int]
) -> dict[int, ChosenPromotion]:
    """The promotions that exist or can be restored, by id."""
    rows = await connection.fetch(_SOME, merchant_id, promotion_ids)
    return {
        row["promotion_id"]: ChosenPromotion(
            row["promotion_id"],
            ListKind(row["type"]),
            row["name"],
            row["active"],
            Period(row["starts_at"], row["ends_at"]),
        )
        for row in rows
    }


async def list_deleted(
    connection: Connection, merchant_id: int, since: datetime, limit: int
) -> list[DeletedPromotion]:
    """The promotions that were deleted since that time, the latest first."""
    rows = await connection.fetch(_DELETED, merchant_id, since, limit)
    return [
        DeletedPromotion(
            row["promotion_id"],
            ListKind(row["type"]),
            row["name"],
            Period(row["starts_at"], row["ends_at"]),
            row["deleted_at"],
        )
        for row in rows
    ]


async def _find_one(
    connection: Connection, one: str, merchant_id: int, promotion_id: int, today: date
) -> asyncpg.Record | None:
    if promotion_id > MAX_INT64:
        return None
    statement = overviews_of(one, since="$3::date")
    since = today - timedelta(days=DAYS_SHOWN)
    return await connection.fetchrow(statement, merchant_id, promotion_id, since)


def overviews_of(promotions: str, since: str) -> str:
    """The statement that reads what `overview_of_kind` needs from rows of `promotions`."""
    return _OVERVIEW.format(
        promotions=promotions,
        since=since,
        used_up=USED_UP,
        counted=MAX_COUNTED + 1,
        first=_FIRST_CODES,
        all_counts=ALL_COUNTS,
    )


def overview_of_kind(row: asyncpg.Record, today: date) -> PromotionOverview | CartPromotionOverview:
    """The overview of a row."""
    is_cart_promotion = row["type"] == ListKind.CART
    return _cart_overview(row, today) if is_cart_promotion else _overview(row, today)


def _overview(row: asyncpg.Record, today: date) -> PromotionOverview:
    return PromotionOverview(summary_from(row), _discount(row), _codes(row), _orders(row, today))


def _cart_overview(row: asyncpg.Record, today: date) -> CartPromotionOverview:
    return CartPromotionOverview(promotion_from(row), _codes(row), _orders(row, today))


def _codes(row: asyncpg.Record) -> ListedCodes:
    first = tuple(row["codes"] or ())
    return ListedCodes(code_type_from(row), first, row["code_count"], row["used_up"])


def _orders(row: asyncpg.Record, today: date) -> ListedOrders:
    daily: Counter[date] = Counter()
    orders: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for day, currency, count, discount in zip(
        row["days"] or (),
        row["currencies"] or (),
        row["orders"] or (),
        row["discounts"] or (),
        strict=True,
    ):
        if day <= today:
            daily[day] += count
            orders[currency] += count
            given[currency] += discount_from(discount, currency)
    discounts = {currency: given[currency] for currency, count in orders.most_common() if count}
    return ListedOrders(fill_days(daily, today), discounts)


def _discount(row: asyncpg.Record) -> Discount | None:
    products = None if row["covers_all"] else row["products"]
    if (percent := row["percent"]) is not None:
        return Discount(percent, percent, products)
    if row["lowest"] is None:
        return None
    return Discount(row["lowest"], row["highest"], products)

"""Lists of promotions for people: page by page, each with its codes, products and uses."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Final

import asyncpg

from sconto.domain.codes import CodeType
from sconto.domain.numbers import MAX_INT64
from sconto.domain.overview import (
    DAYS_SHOWN,
    MOST_COUNTED,
    CartPromotionOverview,
    DeletedPromotion,
    Discount,
    ListedCodes,
    ListedOrders,
    ListKind,
    ListOrder,
    ListPosition,
    ListState,
    OverviewQuery,
    PromotionHeading,
    PromotionOverview,
    fill_days,
)
from sconto.domain.schedule import Period
from sconto.store.cart_promotions import promotion_from
from sconto.store.database import Connection
from sconto.store.period_sql import OVER_FROM, is_running
from sconto.store.promotions import summary_from
from sconto.store.reports import ALL_COUNTS
from sconto.store.stored_amounts import discount_from

SEARCHED_PER_PAGE: Final = 5_000
"""Promotions that one page searches for those that match its search and filters."""

_FIRST_CODES: Final = 2

_NO_END: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""The end of promotions without one, in the order of ends and in its index."""

_KEYS: Final = {
    ListOrder.EDITED: ("updated_at", "timestamptz", "DESC", "<"),
    ListOrder.CREATED: ("promotion_id", "bigint", "DESC", "<"),
    ListOrder.NAME: ("name_folded", "text", "", ">"),
    ListOrder.END: (f"coalesce(ends_at, '{_NO_END}'::timestamptz)", "timestamptz", "", ">"),
}
"""For each order: the key, its type, the direction, and the comparison with the last place."""

_STARTS: Final = {
    ListOrder.EDITED: ListPosition(_NO_END, MAX_INT64),
    ListOrder.CREATED: ListPosition(MAX_INT64, MAX_INT64),
    ListOrder.NAME: ListPosition("", 0),
    ListOrder.END: ListPosition(datetime(1, 1, 1, tzinfo=UTC), 0),
}
"""Places before all promotions."""

# Sub-selects stay look-ups, whatever the planner expects. It would turn EXISTS into a join.
_USED_UP: Final = """
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

_STATES: Final = {
    None: "true",
    ListState.RUNNING: is_running("$5"),
    ListState.NOT_STARTED: "active AND starts_at > $5",
    ListState.EXPIRED: f"{OVER_FROM} <= $5",
    ListState.ON: "active",
    ListState.OFF: "NOT active",
    ListState.USED_UP: _USED_UP,
}

# The inner query scans the index of the order, up to a limit. What matches the filters has the same
# order, so the scan ends as soon as the page is full.
_WALK: Final = """
    SELECT *, {key} AS place FROM promotions
    WHERE merchant_id = $1 AND deleted_at IS NULL
        AND ({key}, promotion_id) {after} ($2::{type}, $3::bigint)
    ORDER BY {key} {direction}, promotion_id {direction}
    LIMIT $4
"""

_MATCHING: Final = """
    SELECT *
    FROM ({walk}) AS promotion
    WHERE ($6::text IS NULL OR type = $6)
        AND ($7::text IS NULL OR strpos(name_folded, $7) > 0)
        AND $5::timestamptz IS NOT NULL AND {state}
    ORDER BY place {direction}, promotion_id {direction}
    LIMIT $8
"""

_LAST_WALKED: Final = """
SELECT place, promotion_id FROM ({walk}) AS walked
ORDER BY place {direction}, promotion_id {direction}
OFFSET $4 - 1
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
SELECT promotion.*, {_USED_UP} AS used_up FROM ({_ONE}) AS promotion
"""  # noqa: S608  # of our own constants

_DELETED: Final = """
SELECT promotion_id, type, name, starts_at, ends_at, deleted_at
FROM promotions
WHERE merchant_id = $1 AND deleted_at >= $2
ORDER BY deleted_at DESC
LIMIT $3
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


async def list_overviews(
    connection: Connection, merchant_id: int, query: OverviewQuery, now: datetime, today: date
) -> tuple[list[PromotionOverview | CartPromotionOverview], list[ListPosition]]:
    """The overviews that the query asks for, and the place of each in the order."""
    search = None if query.search is None else query.search.casefold()
    if search is not None and "\0" in search:
        return [], []  # PostgreSQL has no such text
    _, _, direction, _ = _KEYS[query.order]
    matching = _MATCHING.format(
        walk=_walk(query.order), state=_STATES[query.state], direction=direction
    )
    statement = (
        _overviews_of(matching, since="$9::date")
        + f"ORDER BY promotion.place {direction}, promotion.promotion_id {direction}"
    )
    rows = await connection.fetch(
        statement,
        merchant_id,
        *_after(query),
        SEARCHED_PER_PAGE,
        now,
        query.kind,
        search,
        query.limit,
        today - timedelta(days=DAYS_SHOWN),
    )
    places = [ListPosition(row["place"], row["promotion_id"]) for row in rows]
    return [_overview_of_kind(row, today) for row in rows], places


async def find_last_walked(
    connection: Connection, merchant_id: int, query: OverviewQuery
) -> ListPosition | None:
    """Where the scan of one page ends; None if it reaches the end of the list."""
    _, _, direction, _ = _KEYS[query.order]
    statement = _LAST_WALKED.format(walk=_walk(query.order), direction=direction)
    row = await connection.fetchrow(statement, merchant_id, *_after(query), SEARCHED_PER_PAGE)
    return None if row is None else ListPosition(row["place"], row["promotion_id"])


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
    row = await connection.fetchrow(_HEADING, merchant_id, promotion_id)
    return (
        None
        if row is None
        else PromotionHeading(summary_from(row), _code_type(row), row["used_up"])
    )


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
    statement = _overviews_of(one, since="$3::date")
    since = today - timedelta(days=DAYS_SHOWN)
    return await connection.fetchrow(statement, merchant_id, promotion_id, since)


def _overviews_of(promotions: str, since: str) -> str:
    return _OVERVIEW.format(
        promotions=promotions,
        since=since,
        used_up=_USED_UP,
        counted=MOST_COUNTED + 1,
        first=_FIRST_CODES,
        all_counts=ALL_COUNTS,
    )


def _walk(order: ListOrder) -> str:
    key, type_, direction, after = _KEYS[order]
    return _WALK.format(key=key, type=type_, direction=direction, after=after)


def _after(query: OverviewQuery) -> tuple[datetime | str | int, int]:
    place = query.after or _STARTS[query.order]
    return place.key, place.promotion_id


def _overview_of_kind(
    row: asyncpg.Record, today: date
) -> PromotionOverview | CartPromotionOverview:
    is_cart_promotion = row["type"] == ListKind.CART
    return _cart_overview(row, today) if is_cart_promotion else _overview(row, today)


def _overview(row: asyncpg.Record, today: date) -> PromotionOverview:
    return PromotionOverview(summary_from(row), _discount(row), _codes(row), _orders(row, today))


def _cart_overview(row: asyncpg.Record, today: date) -> CartPromotionOverview:
    return CartPromotionOverview(promotion_from(row), _codes(row), _orders(row, today))


def _codes(row: asyncpg.Record) -> ListedCodes:
    first = tuple(row["codes"] or ())
    return ListedCodes(_code_type(row), first, row["code_count"], row["used_up"])


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


def _code_type(row: asyncpg.Record) -> CodeType | None:
    return None if row["code_type"] is None else CodeType(row["code_type"])


def _discount(row: asyncpg.Record) -> Discount | None:
    products = None if row["covers_all"] else row["products"]
    if (percent := row["percent"]) is not None:
        return Discount(percent, percent, products)
    if row["lowest"] is None:
        return None
    return Discount(row["lowest"], row["highest"], products)

"""What the newest orders show of a promotion, or of the shop: products, winners, and the orders.

No counter has that, so orders are read: LOOKED_AT at most for each part, found by index. Those of a
product or cart promotion are found by its redemptions. A cart promotion that was beaten has none,
and a subscription promotion never has, so for these the newest orders of the shop are read.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from sconto.domain.order_list import NEWEST, OrderPlace
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.reports import (
    LOOKED_AT,
    Newest,
    ReportedOrder,
    ReportQuery,
    TopProduct,
    Winner,
)
from sconto.store.database import Connection
from sconto.store.kind_sql import kind_of
from sconto.store.order_tallies import IS_BEATEN_IN_CART, IS_BEATEN_IN_SUBSCRIPTION, UNIT
from sconto.store.period_sql import instant_sql
from sconto.store.stored_amounts import discount_from

# $1 merchant, $2 promotion, $3 and $4 the time (the end excluded), $5 and $6 the place before which
# the list of orders goes on, $7 currency, $8 rows of a ranking, $9 orders of a page and one more.
# For the whole shop, $2 is null.
_BY_REDEMPTION: Final = f"""
    SELECT DISTINCT placed_at, order_id
    FROM redemptions
    WHERE merchant_id = $1 AND promotion_id = $2 AND placed_at >= $3 AND placed_at < $4
        {{before}}
    ORDER BY placed_at DESC, order_id DESC
    LIMIT {LOOKED_AT}
"""  # noqa: S608  # of our own constants

_BY_TIME: Final = f"""
    SELECT created_at AS placed_at, order_id
    FROM orders
    WHERE merchant_id = $1 AND created_at >= $3 AND created_at < $4 {{before}}
    ORDER BY created_at DESC, order_id DESC
    LIMIT {LOOKED_AT}
"""  # noqa: S608  # of our own constants

_BEFORE: Final = "AND ({time}, order_id) < ($5, $6)"

# What the promotion took off a line of an order.
_OFF_BY_PROMOTION: Final = """
    CASE WHEN (line.picks #>> '{0,promotion_id}')::bigint = $2 THEN line.discount ELSE 0 END
    + (
        SELECT coalesce(sum(one.discount), 0)
        FROM json_to_recordset(coalesce(line.adjustments, '[]'))
            AS one (promotion_id bigint, discount numeric)
        WHERE one.promotion_id = $2
    )
"""

_OFF_BY_SUBSCRIPTION: Final = """
    CASE WHEN EXISTS (
        SELECT FROM json_array_elements(subscription -> 'considered') AS one
        WHERE (one ->> 'promotion_id')::bigint = $2 AND one ->> 'reason' IS NULL
    ) THEN coalesce(line.subscription_discount, 0) ELSE 0 END
"""

_OFF_BY_ALL: Final = "line.subtotal - line.total"

# The promotion that gave more than this one, for each place of an order where it was beaten.
_WINNERS: Final = {
    PromotionKind.PRODUCT: """
        SELECT order_id, (line.picks #>> '{0,promotion_id}')::bigint AS promotion_id
        FROM rivals
        CROSS JOIN LATERAL json_to_recordset(lines) AS line (picks json)
        CROSS JOIN LATERAL json_array_elements(line.picks) AS pick
        WHERE (pick ->> 'promotion_id')::bigint = $2 AND pick ->> 'reason' IS NOT NULL
    """,
    PromotionKind.CART: f"""
        SELECT order_id, (winner ->> 'promotion_id')::bigint AS promotion_id
        FROM rivals
        CROSS JOIN LATERAL json_array_elements(cart_promotions) AS one
        CROSS JOIN LATERAL json_array_elements(cart_promotions) AS winner
        WHERE (one ->> 'promotion_id')::bigint = $2 AND {IS_BEATEN_IN_CART}
            AND winner -> 'reasons' IS NULL AND winner ->> 'target' = one ->> 'target'
    """,  # noqa: S608  # of our own constants
    PromotionKind.SUBSCRIPTION: f"""
        SELECT order_id, (winner ->> 'promotion_id')::bigint AS promotion_id
        FROM rivals
        CROSS JOIN LATERAL json_array_elements(subscription -> 'considered') AS one
        CROSS JOIN LATERAL json_array_elements(subscription -> 'considered') AS winner
        WHERE (one ->> 'promotion_id')::bigint = $2 AND {IS_BEATEN_IN_SUBSCRIPTION}
            AND winner ->> 'promotion_id' IS NOT NULL AND winner ->> 'reason' IS NULL
    """,  # noqa: S608  # of our own constants
}

# The outcome is parsed once.
_READ_ORDERS: Final = """
    SELECT place.order_id, 10 ^ coalesce(decimals, 0) AS unit, lines, cart_promotions, subscription
    FROM ({places}) AS place
    CROSS JOIN LATERAL (
        SELECT outcome FROM orders
        WHERE merchant_id = $1 AND order_id = place.order_id
        LIMIT 1
    ) AS stored
    CROSS JOIN LATERAL json_to_record(stored.outcome)
        AS outcome (currency text, decimals numeric, lines json, cart_promotions json,
                 subscription json)
    WHERE outcome.currency = $7
"""

_PRODUCTS: Final = """
    SELECT coalesce(json_agg(json_build_array(best.product_id, product.name, orders, off::text,
                                              paid::text)
                             ORDER BY orders DESC, best.product_id), '[]')
    FROM (
        SELECT product_id, count(DISTINCT order_id) AS orders, sum(off) AS off, sum(paid) AS paid
        FROM (
            SELECT order_id, line.product_id, ({off}) / unit AS off, line.total / unit AS paid
            FROM newest
            CROSS JOIN LATERAL json_to_recordset(lines)
                AS line (product_id bigint, subtotal numeric, discount numeric, total numeric,
                         subscription_discount numeric, picks json, adjustments json)
        ) AS part
        {condition}
        GROUP BY product_id
        ORDER BY orders DESC, product_id
        LIMIT $8
    ) AS best
    LEFT JOIN products AS product
        ON product.merchant_id = $1 AND product.product_id = best.product_id
"""

_NAMED_WINNERS: Final = """
    SELECT coalesce(json_agg(json_build_array({kind}, best.promotion_id, promotion.name, orders)
                             ORDER BY orders DESC, best.promotion_id), '[]')
    FROM (
        SELECT promotion_id, count(DISTINCT order_id) AS orders
        FROM ({winners}) AS won
        WHERE promotion_id <> $2
        GROUP BY promotion_id
        ORDER BY orders DESC, promotion_id
        LIMIT $8
    ) AS best
    JOIN {promotions} AS promotion
        ON promotion.merchant_id = $1 AND promotion.promotion_id = best.promotion_id
"""

# What the promotion gave in an order, and by which code.
_GIVEN_BY_PROMOTION: Final = """
    SELECT bool_or(applied) AS applied, sum(discount) AS discount, (
        SELECT code FROM codes
        WHERE merchant_id = $1 AND code_id = max(redemptions.code_id)
        LIMIT 1
    ) AS code
    FROM redemptions
    WHERE merchant_id = $1 AND order_id = place.order_id AND promotion_id = $2
"""

_GIVEN_BY_SUBSCRIPTION: Final = f"""
    SELECT true AS applied, (one ->> 'discount')::numeric / {UNIT} AS discount,
        one ->> 'code' AS code
    FROM orders
    CROSS JOIN LATERAL json_array_elements(outcome -> 'subscription' -> 'considered') AS one
    WHERE merchant_id = $1 AND order_id = place.order_id
        AND (one ->> 'promotion_id')::bigint = $2 AND one ->> 'reason' IS NULL
    LIMIT 1
"""  # noqa: S608  # of our own constants

_PAGE: Final = f"""
    SELECT coalesce(json_agg(json_build_array(order_id, {instant_sql("placed_at")}, code,
                                              discount::text, total::text)
                             ORDER BY placed_at DESC, order_id DESC), '[]')
    FROM (
        SELECT place.placed_at, place.order_id, given.code, given.discount, stored.total
        FROM ({{places}}) AS place
        CROSS JOIN LATERAL ({{given}}) AS given
        CROSS JOIN LATERAL (
            SELECT (outcome ->> 'total')::numeric / {UNIT} AS total
            FROM orders
            WHERE merchant_id = $1 AND order_id = place.order_id AND outcome ->> 'currency' = $7
            LIMIT 1
        ) AS stored
        WHERE given.applied
        ORDER BY place.placed_at DESC, place.order_id DESC
        LIMIT $9
    ) AS page
"""  # noqa: S608  # of our own constants

_LAST_LOOKED_AT: Final = f"""
    SELECT json_build_array({instant_sql("placed_at")}, order_id)
    FROM ({{places}}) AS place
    ORDER BY placed_at DESC, order_id DESC
    OFFSET {LOOKED_AT} - 1
    LIMIT 1
"""  # noqa: S608  # of our own constants


def _newest_of(kind: PromotionKind) -> str:
    is_subscription = kind is PromotionKind.SUBSCRIPTION
    own, time = (_BY_TIME, "created_at") if is_subscription else (_BY_REDEMPTION, "placed_at")
    rivals = "SELECT * FROM newest"
    if kind is PromotionKind.CART:
        rivals = _READ_ORDERS.format(places=_BY_TIME.format(before=""))
    page = own.format(before=_BEFORE.format(time=time))
    looked_at = (_BY_TIME if kind is PromotionKind.CART else own).format(before="")
    products = _PRODUCTS.format(
        off=_OFF_BY_SUBSCRIPTION if is_subscription else _OFF_BY_PROMOTION,
        condition="WHERE off > 0",
    )
    winners = _NAMED_WINNERS.format(
        kind="'subscription'" if is_subscription else kind_of("promotion.type"),
        winners=_WINNERS[kind],
        promotions="subscription_promotions" if is_subscription else "promotions",
    )
    given = _GIVEN_BY_SUBSCRIPTION if is_subscription else _GIVEN_BY_PROMOTION
    return f"""
WITH newest AS MATERIALIZED (
    {_READ_ORDERS.format(places=own.format(before=""))}
), rivals AS MATERIALIZED (
    {rivals}
)
SELECT (SELECT count(*) FROM ({looked_at}) AS place) AS looked_at, ({products}) AS products,
    ({winners}) AS winners, ({_PAGE.format(places=page, given=given)}) AS orders,
    ({_LAST_LOOKED_AT.format(places=page)}) AS last
"""  # noqa: S608  # of our own constants


_NEWEST: Final = {kind: _newest_of(kind) for kind in PromotionKind}

_NEWEST_PLACES: Final = _BY_TIME.format(before=_BEFORE.format(time="created_at"))

# It has the parameters of the others, but needs only some of them.
_SHOP: Final = f"""
WITH newest AS MATERIALIZED (
    {_READ_ORDERS.format(places=_NEWEST_PLACES)}
)
SELECT $2::bigint, $9::bigint, (SELECT count(*) FROM ({_NEWEST_PLACES}) AS place) AS looked_at,
    ({_PRODUCTS.format(off=_OFF_BY_ALL, condition="")}) AS products
"""  # noqa: S608  # of our own constants

_TOP_PRODUCTS: Final = msgspec.json.Decoder(list[tuple[int, str | None, int, str, str]])
_TOP_WINNERS: Final = msgspec.json.Decoder(list[Winner])
_ORDERS: Final = msgspec.json.Decoder(list[tuple[str, datetime, str | None, str, str]])
_LAST: Final = msgspec.json.Decoder(OrderPlace)


async def read_newest(
    connection: Connection,
    merchant_id: int,
    kind: PromotionKind,
    promotion_id: int,
    query: ReportQuery,
) -> Newest:
    """The newest orders of the days, and the page of them before a place."""
    currency, limit = query.currency or "", query.orders
    row = await connection.fetchrow(
        _NEWEST[kind],
        merchant_id,
        promotion_id,
        query.since,
        query.until,
        *(query.before or NEWEST),
        currency,
        query.top,
        limit + 1,
    )
    assert row is not None  # noqa: S101 - a row is asked for
    orders = [
        ReportedOrder(
            order_id,
            placed_at,
            code,
            discount_from(Decimal(discount), currency),
            discount_from(Decimal(total), currency),
        )
        for order_id, placed_at, code, discount, total in _ORDERS.decode(row["orders"])
    ]
    following = None
    if len(orders) > limit:
        following = OrderPlace(orders[limit - 1].placed_at, orders[limit - 1].order_id)
    elif row["last"] is not None:
        following = _LAST.decode(row["last"])
    return Newest(
        row["looked_at"],
        _products(row["products"], currency),
        _TOP_WINNERS.decode(row["winners"]),
        orders[:limit],
        following,
    )


async def read_newest_of_shop(
    connection: Connection, merchant_id: int, query: ReportQuery
) -> tuple[int, list[TopProduct]]:
    """How many of the shop's newest orders were read, and the products in them."""
    currency = query.currency or ""
    row = await connection.fetchrow(
        _SHOP, merchant_id, None, query.since, query.until, *NEWEST, currency, query.top, 0
    )
    assert row is not None  # noqa: S101 - a row is asked for
    return row["looked_at"], _products(row["products"], currency)


def _products(rows: str, currency: str) -> list[TopProduct]:
    return [
        TopProduct(
            product_id,
            name,
            orders,
            discount_from(Decimal(off), currency),
            discount_from(Decimal(paid), currency),
        )
        for product_id, name, orders, off, paid in _TOP_PRODUCTS.decode(rows)
    ]

"""What an explained quote shows besides the picks: other promotions, and promotion names."""

from collections.abc import Iterable
from typing import Final

import asyncpg

from sconto.domain.explanation import PromotionName
from sconto.domain.offers import Offer
from sconto.domain.schedule import Period
from sconto.store.database import Connection

Names = dict[int, PromotionName]

_MAX_SHOWN: Final = 20
"""Automatic promotions shown for each product, and for all products; the latest created."""

_MAX_SEARCHED: Final = 1_000
"""The latest promotions that are searched for those on all products."""

# Four kinds of rows: automatic promotions on products of the cart, those on all products, and names
# of promotions and of subscription promotions. Each product and each name is a look-up; the rest is
# a scan of limited length.
_READ: Final = """
SELECT wanted.product_id, named.promotion_id, promotion.name, false AS deleted,
       coalesce(named.percent, promotion.percent) AS percent,
       promotion.active, promotion.starts_at, promotion.ends_at, false AS of_subscription
FROM unnest($2::bigint[]) AS wanted (product_id)
CROSS JOIN LATERAL (
    SELECT promotion_id, percent
    FROM promotion_products
    WHERE merchant_id = $1 AND product_id = wanted.product_id
    ORDER BY promotion_id DESC
    LIMIT $4
) AS named
CROSS JOIN LATERAL (
    SELECT type, name, percent, active, starts_at, ends_at, deleted_at
    FROM promotions
    WHERE merchant_id = $1 AND promotion_id = named.promotion_id
    LIMIT 1
) AS promotion
WHERE promotion.type = 'discount' AND promotion.deleted_at IS NULL

UNION ALL
(
    SELECT NULL, promotion_id, name, false, percent, active, starts_at, ends_at, false
    FROM (
        SELECT * FROM promotions
        WHERE merchant_id = $1 AND deleted_at IS NULL
        ORDER BY promotion_id DESC
        LIMIT $5
    ) AS latest
    WHERE covers_all AND type = 'discount'
    ORDER BY promotion_id DESC
    LIMIT $4
)

UNION ALL
SELECT NULL, mentioned.promotion_id, promotion.name, promotion.deleted, NULL, NULL, NULL, NULL,
       false
FROM unnest($3::bigint[]) AS mentioned (promotion_id)
CROSS JOIN LATERAL (
    SELECT name, deleted_at IS NOT NULL AS deleted FROM promotions
    WHERE merchant_id = $1 AND promotion_id = mentioned.promotion_id
    LIMIT 1
) AS promotion

UNION ALL
SELECT NULL, mentioned.promotion_id, promotion.name, promotion.deleted, NULL, NULL, NULL, NULL,
       true
FROM unnest($6::bigint[]) AS mentioned (promotion_id)
CROSS JOIN LATERAL (
    SELECT name, archived_at IS NOT NULL AS deleted FROM subscription_promotions
    WHERE merchant_id = $1 AND promotion_id = mentioned.promotion_id
    LIMIT 1
) AS promotion
"""

_NAMES: Final = """
SELECT mentioned.promotion_id, promotion.name, promotion.deleted
FROM unnest($2::bigint[]) AS mentioned (promotion_id)
CROSS JOIN LATERAL (
    SELECT name, deleted_at IS NOT NULL AS deleted FROM promotions
    WHERE merchant_id = $1 AND promotion_id = mentioned.promotion_id
    LIMIT 1
) AS promotion
"""


async def read_automatic_offers(
    connection: Connection,
    merchant_id: int,
    product_ids: Iterable[int],
    mentioned: Iterable[int],
    of_subscription: Iterable[int],
) -> tuple[list[Offer], Names, Names]:
    """The latest created automatic promotions on the products, and on all, whatever their state.

    The names are those of these promotions and of the promotions `mentioned`; then those of the
    subscription promotions.
    """
    rows = await connection.fetch(
        _READ,
        merchant_id,
        list(product_ids),
        list(mentioned),
        _MAX_SHOWN,
        _MAX_SEARCHED,
        list(of_subscription),
    )
    offers = [_offer(row) for row in rows if row["percent"] is not None]
    offers.sort(key=lambda offer: -offer.promotion_id)
    named, of_subscriptions = (
        _names(row for row in rows if row["of_subscription"] is wanted) for wanted in (False, True)
    )
    return offers, named, of_subscriptions


async def read_names(
    connection: Connection, merchant_id: int, promotion_ids: Iterable[int]
) -> dict[int, PromotionName]:
    """The names of product and cart promotions, including deleted ones."""
    rows = await connection.fetch(_NAMES, merchant_id, list(promotion_ids))
    return _names(rows)


def _names(rows: Iterable[asyncpg.Record]) -> dict[int, PromotionName]:
    return {row["promotion_id"]: PromotionName(row["name"], row["deleted"]) for row in rows}


def _offer(row: asyncpg.Record) -> Offer:
    product_id, percent = row["product_id"], row["percent"]
    return Offer(
        promotion_id=row["promotion_id"],
        active=row["active"],
        period=Period(row["starts_at"], row["ends_at"]),
        percent=percent if product_id is None else None,
        percents={} if product_id is None else {product_id: percent},
    )

"""Promotions as they are now, with what was edited since a time: look-ups for a few promotions."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final

import asyncpg
import msgspec

from sconto.domain.cart_promotion import CartTerms
from sconto.domain.history import Subject
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.replay_causes import PromotionRef, PromotionState
from sconto.domain.schedule import Period
from sconto.store.database import Connection
from sconto.store.history import read_entries_since

_OF_PRODUCTS_AND_CARTS: Final = """
SELECT promotion.promotion_id, promotion.type = 'cart' AS is_cart, name, created_at, deleted_at,
       active, starts_at, ends_at, terms
FROM unnest($2::bigint[]) AS wanted (promotion_id)
CROSS JOIN LATERAL (
    SELECT * FROM promotions
    WHERE merchant_id = $1 AND promotion_id = wanted.promotion_id
    LIMIT 1
) AS promotion
LEFT JOIN LATERAL (
    SELECT terms FROM cart_promotions
    WHERE merchant_id = $1 AND promotion_id = wanted.promotion_id
    LIMIT 1
) AS cart_promotion ON true
"""

_OF_SUBSCRIPTIONS: Final = """
SELECT promotion.promotion_id, name, created_at, archived_at, enabled
FROM unnest($2::bigint[]) AS wanted (promotion_id)
CROSS JOIN LATERAL (
    SELECT promotion_id, name, created_at, archived_at, enabled FROM subscription_promotions
    WHERE merchant_id = $1 AND promotion_id = wanted.promotion_id
    LIMIT 1
) AS promotion
"""

_LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)
_TERMS: Final = msgspec.json.Decoder(CartTerms)


async def read_states(
    connection: Connection, merchant_id: int, refs: Collection[PromotionRef], since: datetime
) -> dict[PromotionRef, PromotionState]:
    """The promotions that exist or existed, with the entries of their history after a time."""
    ids = [ref.id for ref in refs if ref.kind is not PromotionKind.SUBSCRIPTION]
    subscription_ids = [ref.id for ref in refs if ref.kind is PromotionKind.SUBSCRIPTION]
    rows: Sequence[asyncpg.Record] = []
    subscription_rows: Sequence[asyncpg.Record] = []
    if ids:
        rows = await connection.fetch(_OF_PRODUCTS_AND_CARTS, merchant_id, ids)
    if subscription_ids:
        subscription_rows = await connection.fetch(_OF_SUBSCRIPTIONS, merchant_id, subscription_ids)
    found = {}
    for row in rows:
        kind = PromotionKind.CART if row["is_cart"] else PromotionKind.PRODUCT
        promotion_id = row["promotion_id"]
        found[PromotionRef(kind, promotion_id)] = PromotionState(
            row["name"],
            row["created_at"],
            row["deleted_at"],
            row["active"],
            Period(row["starts_at"], row["ends_at"]),
            await read_entries_since(
                connection, merchant_id, Subject.PROMOTION, promotion_id, since
            ),
            None if row["terms"] is None else _TERMS.decode(row["terms"]),
        )
    for row in subscription_rows:
        promotion_id = row["promotion_id"]
        found[PromotionRef(PromotionKind.SUBSCRIPTION, promotion_id)] = PromotionState(
            row["name"],
            row["created_at"],
            row["archived_at"],
            row["enabled"],
            Period(_LONG_AGO),
            await read_entries_since(
                connection, merchant_id, Subject.SUBSCRIPTION_PROMOTION, promotion_id, since
            ),
        )
    return found

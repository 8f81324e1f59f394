"""What is stored that the prices of one cart depend on, read in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.cart import Cart
from sconto.domain.choice import AutomaticPick, Candidates, CodeOffer
from sconto.domain.codes import CodeType, code_key
from sconto.domain.order import StoredOrder
from sconto.domain.schedule import EVERYTHING, Period
from sconto.store.database import Connection
from sconto.store.outcomes import decode_order
from sconto.store.subscription_rules import READ_RULES, decode_applied, rules_arguments

# Three kinds of rows: a product of the cart (0: all products) with its automatic pick, a code with
# its promotion, an order. Each comes from look-ups in an index for one element of an array that the
# cart gives. LIMIT 1 and OFFSET 0 keep the planner from turning a look-up into a join that would
# read a whole table; so neither the plan nor the pages that it reads change with a table's size.
#
# For the same reason a deleted promotion is found and then dropped: a look-up that asks for the
# others could be given to an index that has only those, but in another order.
#
# What a code's promotion gives is read only while the promotion applies: of the others the rules
# need no more than the reason. A code that one of the orders in $5 used up counts as unused.
READ: Final = """
SELECT wanted.product_id, product.known, pick.promotion_id, pick.percent,
       NULL::text AS code_key, NULL::bigint AS code_id, NULL::text AS code_type,
       NULL::boolean AS active, NULL::timestamptz AS starts_at, NULL::timestamptz AS ends_at,
       NULL::timestamptz AS used_at, NULL::boolean AS covers_all,
       NULL::bigint[] AS covered, NULL::bigint[] AS percents, NULL::json AS stored
FROM unnest(0::bigint || $2::bigint[]) AS wanted (product_id)
LEFT JOIN LATERAL (
    SELECT deleted_at IS NULL AS known
    FROM products
    WHERE merchant_id = $1 AND product_id = wanted.product_id
    LIMIT 1
) AS product ON true
LEFT JOIN LATERAL (
    SELECT promotion_id, percent, ends_at
    FROM automatic_picks
    WHERE merchant_id = $1 AND product_id = wanted.product_id AND starts_at <= $4
    ORDER BY starts_at DESC
    LIMIT 1
) AS pick ON pick.ends_at IS NULL OR pick.ends_at > $4

UNION ALL
SELECT NULL, NULL, promotion.promotion_id, promotion.percent,
       code.code_key, code.code_id, promotion.code_type,
       promotion.active, promotion.starts_at, promotion.ends_at,
       code.used_at, promotion.covers_all, coverage.covered, coverage.percents, NULL
FROM unnest($3::text[]) AS activated (code_key)
CROSS JOIN LATERAL (
    SELECT code_id, promotion_id, code_key,
           CASE WHEN used_by = ANY ($5::text[]) THEN NULL ELSE used_at END AS used_at
    FROM codes
    WHERE merchant_id = $1 AND code_key = activated.code_key AND removed_at IS NULL
    OFFSET 0
) AS code
CROSS JOIN LATERAL (
    SELECT promotion_id, type, code_type, active, starts_at, ends_at, covers_all, percent,
           deleted_at,
           active AND starts_at <= $4 AND (ends_at IS NULL OR ends_at >= $4) AS applies
    FROM promotions
    WHERE merchant_id = $1 AND promotion_id = code.promotion_id
    LIMIT 1
) AS promotion
LEFT JOIN LATERAL (
    SELECT array_agg(product.product_id) AS covered, array_agg(product.percent) AS percents
    FROM unnest($2::bigint[]) AS wanted (product_id)
    CROSS JOIN LATERAL (
        SELECT product_id, coalesce(percent, promotion.percent) AS percent
        FROM promotion_products
        WHERE merchant_id = $1 AND promotion_id = promotion.promotion_id
          AND product_id = wanted.product_id
        LIMIT 1
    ) AS product
    WHERE promotion.applies AND NOT promotion.covers_all
) AS coverage ON true
WHERE promotion.type = 'coupon' AND promotion.deleted_at IS NULL

UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       row_to_json(stored)
FROM unnest($5::text[]) AS named (order_id)
CROSS JOIN LATERAL (
    SELECT order_id, status, created_at, replaces, replaced_by, outcome
    FROM orders
    WHERE merchant_id = $1 AND order_id = named.order_id
    LIMIT 1
) AS stored
"""

# A cart of a subscription asks for the rules of its codes too; the others do not pay for it.
READ_WITH_SUBSCRIPTION: Final = f"{READ} UNION ALL {READ_RULES}"

_CODE_TYPES: Final[Mapping[str | None, CodeType | None]] = {
    None: None,
    **{str(code_type): code_type for code_type in CodeType},
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is stored around a cart at one moment: the candidates, and the orders asked for."""

    candidates: Candidates
    orders: Mapping[str, StoredOrder]


async def read_candidates(
    connection: Connection,
    merchant_id: int,
    cart: Cart,
    at: datetime,
    order_ids: Sequence[str] = (),
) -> Surroundings:
    """Everything that the price of a cart depends on at a time, in one statement and snapshot.

    `order_ids` are orders to be read along; a code that one of them used up counts as unused, for
    it is free for the order that takes their place.
    """
    subscription = cart.subscription
    rows = await connection.fetch(
        READ if subscription is None else READ_WITH_SUBSCRIPTION,
        merchant_id,
        list({line.product_id: None for line in cart.lines}),
        list({key: None for code in cart.codes if (key := code_key(code)) is not None}),
        at,
        order_ids,
        *(() if subscription is None else rules_arguments(subscription)),
    )
    known: set[int] = set()
    picks: dict[int, AutomaticPick] = {}
    offers: list[CodeOffer] = []
    orders: dict[str, StoredOrder] = {}
    rules: list[str] = []
    for row in rows:
        if (product_id := row["product_id"]) is not None:
            if row["known"]:
                known.add(product_id)
            if (promotion_id := row["promotion_id"]) is not None:
                picks[product_id] = AutomaticPick(promotion_id, row["percent"])
        elif row["code_id"] is not None:
            offers.append(_offer(row))
        elif row["promotion_id"] is not None:
            rules.append(row["stored"])
        else:
            order = decode_order(row["stored"])
            orders[order.order_id] = order
    everywhere = picks.pop(EVERYTHING, None)
    applied = () if subscription is None else decode_applied(subscription, rules)
    return Surroundings(Candidates(frozenset(known), everywhere, picks, offers, applied), orders)


def _offer(row: asyncpg.Record) -> CodeOffer:
    covers_all, covered = row["covers_all"], row["covered"]
    return CodeOffer(
        key=row["code_key"],
        code_id=row["code_id"],
        promotion_id=row["promotion_id"],
        code_type=_CODE_TYPES[row["code_type"]],
        active=row["active"],
        period=Period(row["starts_at"], row["ends_at"]),
        used_at=row["used_at"],
        percent=row["percent"] if covers_all else None,
        percents=dict(zip(covered, row["percents"], strict=True)) if covered else {},
    )

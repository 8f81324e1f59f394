"""What is stored that the prices of one cart depend on, read in one statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from sconto.domain.cart import Cart
from sconto.domain.choice import Candidates, CodeOffer
from sconto.domain.codes import code_key
from sconto.domain.order import StoredOrder
from sconto.domain.schedule import EVERYTHING
from sconto.store.database import Connection
from sconto.store.pick_memory import PickMemory, Shown, Version
from sconto.store.subscription_rules import READ_RULES, CarriedRules, in_order, rules_arguments

# One row with one JSON value, whose names are those of the values that it is decoded to. Each list
# comes from look-ups in an index, one for each element of an array that the cart gives. LIMIT 1 and
# OFFSET 0 keep the planner from turning a look-up into a join that would read a whole table; so
# neither the plan nor the pages that it reads change with a table's size.
#
# For the same reason a deleted promotion is found and then dropped: a look-up that asks for the
# others could be given to an index that has only those, but in another order.
#
# What a code's promotion gives is read only while the promotion applies: of the others the rules
# need no more than the reason. A code that one of the orders in $5 used up counts as unused.
#
# $6 are the products (0: all products) whose picks are not remembered.
_READ: Final = """
SELECT row_to_json(found)
FROM (
    SELECT (SELECT version FROM timeline_versions WHERE merchant_id = $1) AS version,
    ARRAY(
        SELECT product.product_id
        FROM unnest($2::bigint[]) AS wanted (product_id)
        CROSS JOIN LATERAL (
            SELECT product_id, deleted_at
            FROM products
            WHERE merchant_id = $1 AND product_id = wanted.product_id
            LIMIT 1
        ) AS product
        WHERE product.deleted_at IS NULL
    ) AS known,
    ARRAY(
        SELECT json_build_object(
            'product_id', wanted.product_id,
            'pick', CASE WHEN running THEN json_build_object(
                'promotion_id', span.promotion_id, 'percent', span.percent) END,
            'since', CASE WHEN running THEN span.starts_at ELSE span.ends_at END,
            'until', CASE WHEN running THEN span.ends_at ELSE next.starts_at END)
        FROM unnest($6::bigint[]) AS wanted (product_id)
        LEFT JOIN LATERAL (
            SELECT promotion_id, percent, starts_at, ends_at,
                   ends_at IS NULL OR ends_at > $4 AS running
            FROM automatic_picks
            WHERE merchant_id = $1 AND product_id = wanted.product_id AND starts_at <= $4
            ORDER BY starts_at DESC
            LIMIT 1
        ) AS span ON true
        LEFT JOIN LATERAL (
            SELECT starts_at
            FROM automatic_picks
            WHERE merchant_id = $1 AND product_id = wanted.product_id AND starts_at > $4
            ORDER BY starts_at
            LIMIT 1
        ) AS next ON true
    ) AS shown,
    ARRAY(
        SELECT json_build_object(
            'key', code.code_key,
            'code_id', code.code_id,
            'promotion_id', promotion.promotion_id,
            'code_type', promotion.code_type,
            'active', promotion.active,
            'period', json_build_object(
                'starts_at', promotion.starts_at, 'ends_at', promotion.ends_at),
            'used_at', code.used_at,
            'percent', CASE WHEN promotion.covers_all THEN promotion.percent END,
            'percents', coalesce(coverage.percents, '{}'))
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
            SELECT json_object_agg(product.product_id, product.percent) AS percents
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
    ) AS offers,
    ARRAY(
        SELECT row_to_json(stored)
        FROM unnest($5::text[]) AS named (order_id)
        CROSS JOIN LATERAL (
            SELECT order_id, status, created_at, replaces, replaced_by, outcome
            FROM orders
            WHERE merchant_id = $1 AND order_id = named.order_id
            LIMIT 1
        ) AS stored
    ) AS orders{more}
) AS found
"""

READ: Final = _READ.replace("{more}", "")

# A cart of a subscription asks for the rules of its codes too; the others do not pay for it.
READ_WITH_SUBSCRIPTION: Final = _READ.replace("{more}", f",\n    ARRAY({READ_RULES}) AS rules")


class Surroundings(msgspec.Struct, frozen=True):
    """What is stored around a cart at one moment: the candidates, and the orders asked for."""

    candidates: Candidates
    orders: Mapping[str, StoredOrder]


class _Found(msgspec.Struct, frozen=True):
    """What the statement answers."""

    version: Version
    known: frozenset[int]
    shown: list[Shown]
    offers: list[CodeOffer]
    orders: list[StoredOrder]
    rules: list[CarriedRules] = []


_FOUND: Final = msgspec.json.Decoder(_Found)


async def read_candidates(
    connection: Connection,
    memory: PickMemory,
    merchant_id: int,
    cart: Cart,
    at: datetime,
    order_ids: Sequence[str] = (),
) -> Surroundings:
    """Everything that the price of a cart depends on at a time, in one statement and snapshot.

    Automatic picks that are remembered are not read again while the statement finds the version
    that they were read at; where it finds another one, it is repeated, and reads all of them.

    `order_ids` are orders to be read along; a code that one of them used up counts as unused, for
    it is free for the order that takes their place.
    """
    product_ids = list({line.product_id: None for line in cart.lines})
    shown_ids = [EVERYTHING, *product_ids]
    version = memory.version(merchant_id)
    picks, missing = memory.recall(merchant_id, shown_ids, at)
    subscription = cart.subscription
    statement = READ if subscription is None else READ_WITH_SUBSCRIPTION
    arguments = (
        merchant_id,
        product_ids,
        list({key: None for code in cart.codes if (key := code_key(code)) is not None}),
        at,
        order_ids,
    )
    rules = () if subscription is None else rules_arguments(subscription)
    found = _FOUND.decode(await connection.fetchval(statement, *arguments, missing, *rules))
    if len(missing) < len(shown_ids) and found.version != version:
        picks.clear()
        found = _FOUND.decode(await connection.fetchval(statement, *arguments, shown_ids, *rules))
    if found.shown:
        memory.remember(merchant_id, found.version, found.shown)
        for stretch in found.shown:
            if stretch.pick is not None:
                picks[stretch.product_id] = stretch.pick
    everywhere = picks.pop(EVERYTHING, None)
    applied = () if subscription is None else in_order(subscription, found.rules)
    return Surroundings(
        Candidates(found.known, everywhere, picks, found.offers, applied),
        {order.order_id: order for order in found.orders},
    )

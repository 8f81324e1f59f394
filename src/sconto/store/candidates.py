"""What is stored that the prices of one cart depend on, read in one statement."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from sconto.domain.cart import Cart
from sconto.domain.choice import AutomaticPick, Candidates, CodeOffer
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
# need no more than the reason. A code that one of the orders in $6 used up counts as unused.
#
# $3 are the products (0: all products) whose picks are not remembered.
_VERSION: Final = """
    (SELECT version FROM timeline_versions WHERE merchant_id = $1) AS version
"""

_SHOWN: Final = """
    ARRAY(
        SELECT json_build_object(
            'product_id', wanted.product_id,
            'pick', CASE WHEN running THEN json_build_object(
                'promotion_id', span.promotion_id, 'percent', span.percent) END,
            'since', CASE WHEN running THEN span.starts_at ELSE span.ends_at END,
            'until', CASE WHEN running THEN span.ends_at ELSE next.starts_at END)
        FROM unnest($3::bigint[]) AS wanted (product_id)
        LEFT JOIN LATERAL (
            SELECT promotion_id, percent, starts_at, ends_at,
                   ends_at IS NULL OR ends_at > $2 AS running
            FROM automatic_picks
            WHERE merchant_id = $1 AND product_id = wanted.product_id AND starts_at <= $2
            ORDER BY starts_at DESC
            LIMIT 1
        ) AS span ON true
        LEFT JOIN LATERAL (
            SELECT starts_at
            FROM automatic_picks
            WHERE merchant_id = $1 AND product_id = wanted.product_id AND starts_at > $2
            ORDER BY starts_at
            LIMIT 1
        ) AS next ON true
    ) AS shown
"""

_OTHERS: Final = """
    ARRAY(
        SELECT product.product_id
        FROM unnest($4::bigint[]) AS wanted (product_id)
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
        FROM unnest($5::text[]) AS activated (code_key)
        CROSS JOIN LATERAL (
            SELECT code_id, promotion_id, code_key,
                   CASE WHEN used_by = ANY ($6::text[]) THEN NULL ELSE used_at END AS used_at
            FROM codes
            WHERE merchant_id = $1 AND code_key = activated.code_key AND removed_at IS NULL
            OFFSET 0
        ) AS code
        CROSS JOIN LATERAL (
            SELECT promotion_id, type, code_type, active, starts_at, ends_at, covers_all, percent,
                   deleted_at,
                   active AND starts_at <= $2 AND (ends_at IS NULL OR ends_at >= $2) AS applies
            FROM promotions
            WHERE merchant_id = $1 AND promotion_id = code.promotion_id
            LIMIT 1
        ) AS promotion
        LEFT JOIN LATERAL (
            SELECT json_object_agg(product.product_id, product.percent) AS percents
            FROM unnest($4::bigint[]) AS wanted (product_id)
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
        FROM unnest($6::text[]) AS named (order_id)
        CROSS JOIN LATERAL (
            SELECT order_id, status, created_at, replaces, replaced_by, outcome
            FROM orders
            WHERE merchant_id = $1 AND order_id = named.order_id
            LIMIT 1
        ) AS stored
    ) AS orders
"""


def _answering(*parts: str) -> str:
    return "SELECT row_to_json(found) FROM (SELECT {}) AS found".replace("{}", ",".join(parts))


def _remembering(*parts: str) -> str:
    """The same for callers who remember all picks; PostgreSQL does not begin to look for any."""
    taken = "$2::timestamptz IS NOT NULL AND $3::bigint[] = '{}'"
    return f"{_answering(_VERSION, *parts)} WHERE {taken}"


READ_AUTOMATIC: Final = _answering(_VERSION, _SHOWN)
READ_VERSION: Final = _remembering()

READ: Final = _answering(_VERSION, _SHOWN, _OTHERS)
READ_OTHERS: Final = _remembering(_OTHERS)
# A cart of a subscription asks for the rules of its codes too; the others do not pay for it.
READ_WITH_SUBSCRIPTION: Final = _answering(
    _VERSION, _SHOWN, _OTHERS, f"ARRAY({READ_RULES}) AS rules"
)


class Surroundings(msgspec.Struct, frozen=True):
    """What is stored around a cart at one moment: the candidates, and the orders asked for."""

    candidates: Candidates
    orders: Mapping[str, StoredOrder]


class _Found(msgspec.Struct, frozen=True):
    """What a statement answers."""

    version: Version
    shown: list[Shown] = []
    known: frozenset[int] = frozenset()
    offers: list[CodeOffer] = []
    orders: list[StoredOrder] = []
    rules: list[CarriedRules] = []


_FOUND: Final = msgspec.json.Decoder(_Found)


async def read_automatic_picks(
    connection: Connection,
    memory: PickMemory,
    merchant_id: int,
    product_ids: Iterable[int],
    at: datetime,
) -> Candidates:
    """What the prices of products depend on where there are no codes, in one statement."""

    async def ask(missing: Sequence[int]) -> _Found:
        statement = READ_AUTOMATIC if missing else READ_VERSION
        answer = await connection.fetchval(statement, merchant_id, at, missing)
        return _FOUND.decode(answer)

    _, everywhere, specific = await _with_picks(memory, merchant_id, product_ids, at, ask)
    return Candidates(everywhere=everywhere, specific=specific)


async def read_candidates(
    connection: Connection,
    memory: PickMemory,
    merchant_id: int,
    cart: Cart,
    at: datetime,
    order_ids: Sequence[str] = (),
) -> Surroundings:
    """Everything that the price of a cart depends on at a time, in one statement and snapshot.

    `order_ids` are orders to be read along; a code that one of them used up counts as unused, for
    it is free for the order that takes their place.
    """
    product_ids = list({line.product_id: None for line in cart.lines})
    code_keys = list({key: None for code in cart.codes if (key := code_key(code)) is not None})
    subscription = cart.subscription
    rules = () if subscription is None else rules_arguments(subscription)

    async def ask(missing: Sequence[int]) -> _Found:
        statement = READ if missing else READ_OTHERS
        if subscription is not None:
            statement = READ_WITH_SUBSCRIPTION
        answer = await connection.fetchval(
            statement, merchant_id, at, missing, product_ids, code_keys, order_ids, *rules
        )
        return _FOUND.decode(answer)

    found, everywhere, specific = await _with_picks(memory, merchant_id, product_ids, at, ask)
    applied = () if subscription is None else in_order(subscription, found.rules)
    return Surroundings(
        Candidates(found.known, everywhere, specific, found.offers, applied),
        {order.order_id: order for order in found.orders},
    )


async def _with_picks(
    memory: PickMemory,
    merchant_id: int,
    product_ids: Iterable[int],
    at: datetime,
    ask: Callable[[Sequence[int]], Awaitable[_Found]],
) -> tuple[_Found, AutomaticPick | None, dict[int, AutomaticPick]]:
    """What `ask` finds, with the pick on all products and those on specific ones.

    It is asked for the picks that are not remembered. Those that are count while it finds the
    version that they were read at; where it finds another, it is asked again, for all of them.
    """
    wanted = [EVERYTHING, *product_ids]
    version = memory.version(merchant_id)
    picks, missing = memory.recall(merchant_id, wanted, at)
    found = await ask(missing)
    if len(missing) < len(wanted) and found.version != version:
        picks.clear()
        found = await ask(wanted)
    if found.shown:
        memory.remember(merchant_id, found.version, found.shown)
        for stretch in found.shown:
            if stretch.pick is not None:
                picks[stretch.product_id] = stretch.pick
    return found, picks.pop(EVERYTHING, None), picks

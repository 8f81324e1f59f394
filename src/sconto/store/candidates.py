"""What is stored that the prices of carts depend on, read in one statement."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from sconto.domain.candidates import AutomaticPick, Candidates, Offer
from sconto.domain.cart import Cart
from sconto.domain.codes import code_key
from sconto.domain.order import StoredOrder
from sconto.domain.schedule import ALL_PRODUCTS_ID
from sconto.store.crowded_codes import CROWDED_OFFERS
from sconto.store.outcomes import OrderRow, order_from
from sconto.store.period_ends import OVER_FROM
from sconto.store.pick_cache import PickCache, PickSpan, Version
from sconto.store.pool import Connection
from sconto.store.subscription_rules import READ_RULES, CarriedRules, carried_codes, in_order

# Carts of one merchant ($1) come as a list of JSON objects ($2), and what is found around each goes
# back as one, in their order; its names are those of the values that it is decoded to. Each list in
# it comes from look-ups in an index, one for each element that the cart gives. LIMIT 1 and
# OFFSET 0 keep the planner from turning a look-up into a join that would read a whole table; so
# neither the plan nor the pages that it reads change with a table's size.
#
# For the same reason a deleted promotion is found and then dropped: a look-up that asks for the
# others could be given to an index that has only those, but in another order.
#
# What a code's promotion gives is read only while the promotion applies: of the others the rules
# need no more than the reason. A code that one of the orders asked for used up counts as unused.
#
# `missing` are the products (0: all products) whose picks are not remembered.
_SHOWN: Final = """
    ARRAY(
        SELECT json_build_object(
            'product_id', wanted.product_id,
            'pick', CASE WHEN running THEN json_build_object(
                'promotion_id', span.promotion_id, 'percent', span.percent) END,
            'since', CASE WHEN running THEN span.starts_at ELSE span.ends_at END,
            'until', CASE WHEN running THEN span.ends_at ELSE next.starts_at END)
        FROM unnest(cart.missing) AS wanted (product_id)
        LEFT JOIN LATERAL (
            SELECT promotion_id, percent, starts_at, ends_at,
                   ends_at IS NULL OR ends_at > cart.at AS running
            FROM automatic_picks
            WHERE merchant_id = $1 AND product_id = wanted.product_id AND starts_at <= cart.at
            ORDER BY starts_at DESC
            LIMIT 1
        ) AS span ON true
        LEFT JOIN LATERAL (
            SELECT starts_at
            FROM automatic_picks
            WHERE merchant_id = $1 AND product_id = wanted.product_id AND starts_at > cart.at
            ORDER BY starts_at
            LIMIT 1
        ) AS next ON true
    ) AS shown
"""

_KNOWN: Final = """
    ARRAY(
        SELECT product.product_id
        FROM unnest(cart.products) AS wanted (product_id)
        CROSS JOIN LATERAL (
            SELECT product_id, deleted_at
            FROM products
            WHERE merchant_id = $1 AND product_id = wanted.product_id
            LIMIT 1
        ) AS product
        WHERE product.deleted_at IS NULL
    ) AS known
"""

# Of a text that more promotions have than these, some are missing here: `_is_crowded`. A promotion
# that is gone is a null, so that it is seen that there was a code.
_FEW_CODES: Final = 8

_OFFERS: Final = f"""
    ARRAY(
        SELECT CASE WHEN promotion.type = 'coupon' AND promotion.deleted_at IS NULL
        THEN json_build_object(
            'key', code.code_key,
            'code_id', code.code_id,
            'promotion_id', promotion.promotion_id,
            'code_type', promotion.code_type,
            'active', promotion.active,
            'period', json_build_object(
                'starts_at', promotion.starts_at, 'ends_at', promotion.ends_at),
            'used_at', code.used_at,
            'percent', CASE WHEN promotion.covers_all THEN promotion.percent END,
            'percents', coalesce(coverage.percents, '{{}}'))
        END
        FROM unnest(cart.codes) AS activated (code_key)
        CROSS JOIN LATERAL (
            SELECT code_id, promotion_id, code_key,
                   CASE WHEN used_by = ANY (cart.order_ids) THEN NULL ELSE used_at END AS used_at
            FROM codes
            WHERE merchant_id = $1 AND code_key = activated.code_key AND removed_at IS NULL
            LIMIT {_FEW_CODES} + 1
        ) AS code
        CROSS JOIN LATERAL (
            SELECT promotion_id, type, code_type, active, starts_at, ends_at, covers_all, percent,
                   deleted_at,
                   active AND starts_at <= cart.at
                       AND coalesce({OVER_FROM} > cart.at, true) AS applies
            FROM promotions
            WHERE merchant_id = $1 AND promotion_id = code.promotion_id
            LIMIT 1
        ) AS promotion
        LEFT JOIN LATERAL (
            SELECT json_object_agg(product.product_id, product.percent) AS percents
            FROM unnest(cart.products) AS wanted (product_id)
            CROSS JOIN LATERAL (
                SELECT product_id, coalesce(percent, promotion.percent) AS percent
                FROM promotion_products
                WHERE merchant_id = $1 AND promotion_id = promotion.promotion_id
                  AND product_id = wanted.product_id
                LIMIT 1
            ) AS product
            WHERE promotion.applies AND NOT promotion.covers_all
        ) AS coverage ON true
    ) AS offers
"""  # noqa: S608  # of our own constants

_ORDERS: Final = """
    ARRAY(
        SELECT row_to_json(stored)
        FROM unnest(cart.order_ids) AS named (order_id)
        CROSS JOIN LATERAL (
            SELECT order_id, status, created_at, replaces, replaced_by, outcome
            FROM orders
            WHERE merchant_id = $1 AND order_id = named.order_id
            LIMIT 1
        ) AS stored
    ) AS orders
"""  # of our own constants


def _answering(*parts: str) -> str:
    return f"""
SELECT json_build_object(
    'versions', (
        SELECT json_build_array(version, price_version)
        FROM timeline_versions
        WHERE merchant_id = $1
    ),
    'carts', json_agg(found))
FROM json_to_recordset($2::json) AS cart (
    at timestamptz, missing bigint[], products bigint[], codes text[], order_ids text[],
    carried text[], applications text[])
CROSS JOIN LATERAL (SELECT {",".join(parts)}) AS found
"""  # noqa: S608  # of our own constants


_OTHERS: Final = f"{_KNOWN}, {_OFFERS}, {_ORDERS}"
_RULES: Final = f"ARRAY({READ_RULES}) AS rules"

READ_AUTOMATIC: Final = _answering(_SHOWN)
READ: Final = _answering(_SHOWN, _OTHERS)
# Where all picks are remembered PostgreSQL does not begin to look for any.
READ_VERSION: Final = _answering()
READ_OTHERS: Final = _answering(_OTHERS)
# A cart of a subscription asks for the rules of its codes too; the others do not pay for it.
READ_WITH_SUBSCRIPTION: Final = _answering(_SHOWN, _OTHERS, _RULES)
# Where a code has too many promotions for the others, this reads all that any of them does.
READ_CROWDED: Final = _answering(_SHOWN, _KNOWN, CROWDED_OFFERS, _ORDERS, _RULES)


Versions = tuple[int, int]
"""The timeline's version and that of all prices (`price_versions`)."""


class CartAt(msgspec.Struct, frozen=True):
    """A cart to be priced at a time, and orders to be read along.

    A code that one of the orders used up counts as unused, for it is free for the order that takes
    their place.
    """

    cart: Cart
    at: datetime
    order_ids: Sequence[str] = ()

    @property
    def size(self) -> int:
        """Its lines and codes: what reading it costs."""
        return len(self.cart.lines) + len(self.cart.codes)


class StoredCandidates(Candidates, frozen=True):
    """The candidates of a cart as one snapshot has them, with the orders that were asked for.

    `versions` are those of the merchant's timeline and prices in the same snapshot.
    """

    orders: Mapping[str, StoredOrder] = {}
    versions: Versions | None = None


class _Asked(msgspec.Struct, omit_defaults=True):
    """What a statement takes of a cart."""

    at: datetime
    missing: Sequence[int] = ()
    products: Sequence[int] = ()
    codes: Sequence[str] = ()
    order_ids: Sequence[str] = ()
    carried: Sequence[str] = ()
    applications: Sequence[str | None] = ()


class _Around(msgspec.Struct, frozen=True):
    """What a statement finds around a cart."""

    shown: list[PickSpan] = []
    known: frozenset[int] = frozenset()
    offers: list[Offer | None] = []
    orders: list[OrderRow] = []
    rules: list[CarriedRules] = []


class _Found(msgspec.Struct, frozen=True):
    """What a statement answers."""

    versions: Versions | None
    carts: list[_Around]

    @property
    def version(self) -> Version:
        """The timeline's."""
        return None if self.versions is None else self.versions[0]


_ASKED: Final = msgspec.json.Encoder()
_FOUND: Final = msgspec.json.Decoder(_Found)

_Picks = dict[int, AutomaticPick]


async def read_automatic_picks(
    connection: Connection,
    memory: PickCache,
    merchant_id: int,
    product_ids: Iterable[int],
    at: datetime,
) -> Candidates:
    """What the prices of products depend on where there are no codes, in one statement."""
    asked = [_Asked(at)]
    wanted = [[ALL_PRODUCTS_ID, *product_ids]]

    def statement() -> str:
        return READ_AUTOMATIC if asked[0].missing else READ_VERSION

    _, picks = await _with_picks(connection, memory, merchant_id, asked, wanted, statement)
    return Candidates(everywhere=picks[0].pop(ALL_PRODUCTS_ID, None), specific=picks[0])


async def read_candidates(
    connection: Connection,
    memory: PickCache,
    merchant_id: int,
    cart: Cart,
    at: datetime,
) -> Candidates:
    """Everything that the price of a cart depends on at a time, in one statement and snapshot."""
    [found] = await read_candidates_of_carts(connection, memory, merchant_id, [CartAt(cart, at)])
    return found


async def read_candidates_of_carts(
    connection: Connection, memory: PickCache, merchant_id: int, carts: Sequence[CartAt]
) -> list[StoredCandidates]:
    """The same for each of several carts of one merchant, with the orders that are asked for."""
    asked = [_ask(one) for one in carts]
    wanted = [[ALL_PRODUCTS_ID, *one.products] for one in asked]

    def statement() -> str:
        if any(one.cart.subscription is not None for one in carts):
            return READ_WITH_SUBSCRIPTION
        return READ if any(one.missing for one in asked) else READ_OTHERS

    found, picks = await _with_picks(connection, memory, merchant_id, asked, wanted, statement)
    return [
        _surround(one, around, shown, found.versions)
        for one, around, shown in zip(carts, found.carts, picks, strict=True)
    ]


def _ask(one: CartAt) -> _Asked:
    cart = one.cart
    asked = _Asked(
        one.at,
        products=list({line.product_id: None for line in cart.lines}),
        codes=list({key: None for code in cart.codes if (key := code_key(code)) is not None}),
        order_ids=one.order_ids,
    )
    if cart.subscription is not None:
        asked.carried, asked.applications = carried_codes(cart.subscription)
    return asked


def _surround(
    one: CartAt, found: _Around, picks: _Picks, versions: Versions | None
) -> StoredCandidates:
    subscription = one.cart.subscription
    applied = () if subscription is None else in_order(subscription, found.rules)
    everywhere = picks.pop(ALL_PRODUCTS_ID, None)
    return StoredCandidates(
        found.known,
        everywhere,
        picks,
        [offer for offer in found.offers if offer is not None],
        applied,
        {row.order_id: order_from(row) for row in found.orders},
        versions,
    )


async def _with_picks(
    connection: Connection,
    memory: PickCache,
    merchant_id: int,
    asked: Sequence[_Asked],
    wanted: Sequence[Sequence[int]],
    statement: Callable[[], str],
) -> tuple[_Found, list[_Picks]]:
    """What is found around each, with the picks of the products that are wanted there.

    The statement reads the picks that are not remembered. Remembered picks are valid only if it
    returns the version they were read at. If not, everything is read again. It is also read again
    where a code has too many promotions.
    """
    version = memory.version(merchant_id)
    picks: list[_Picks] = []
    for one, product_ids in zip(asked, wanted, strict=True):
        remembered, one.missing = memory.recall(merchant_id, product_ids, one.at)
        picks.append(remembered)
    is_remembered = any(
        len(one.missing) < len(product_ids) for one, product_ids in zip(asked, wanted, strict=True)
    )
    found = await _read(connection, merchant_id, asked, statement())
    is_crowded = any(_is_crowded(around.offers) for around in found.carts)
    if is_crowded or (is_remembered and found.version != version):
        for one, product_ids in zip(asked, wanted, strict=True):
            one.missing = product_ids
        picks = [{} for _ in asked]
        again = READ_CROWDED if is_crowded else statement()
        found = await _read(connection, merchant_id, asked, again)
        if not is_crowded and any(_is_crowded(around.offers) for around in found.carts):
            found = await _read(connection, merchant_id, asked, READ_CROWDED)
    for around, shown in zip(found.carts, picks, strict=True):
        if around.shown:
            memory.remember(merchant_id, found.version, around.shown)
        for stretch in around.shown:
            if stretch.pick is not None:
                shown[stretch.product_id] = stretch.pick
    return found, picks


def _is_crowded(offers: Sequence[Offer | None]) -> bool:
    """Whether a text may have more codes than were read."""
    if len(offers) <= _FEW_CODES:
        return False
    codes = Counter(None if offer is None else offer.key for offer in offers)
    return None in codes or max(codes.values()) > _FEW_CODES


async def _read(
    connection: Connection, merchant_id: int, asked: Sequence[_Asked], statement: str
) -> _Found:
    sent = _ASKED.encode(asked).decode()
    return _FOUND.decode(await connection.fetchval(statement, merchant_id, sent))

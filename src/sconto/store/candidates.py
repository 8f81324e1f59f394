"""Candidates: everything stored that the price of a cart depends on, read in one statement."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from msgspec import structs

from sconto.domain.candidates import AutomaticPick, Candidates, Offer
from sconto.domain.cart import Cart
from sconto.domain.codes import code_key
from sconto.domain.order import StoredOrder
from sconto.domain.schedule import ALL_PRODUCTS_ID
from sconto.store.candidate_statements import (
    FEW_CODES,
    READ,
    READ_CROWDED,
    READ_PICKS,
    READ_VERSIONS,
    READ_WITH_SUBSCRIPTION,
    READ_WITHOUT_PICKS,
)
from sconto.store.outcomes import OrderRow, order_from
from sconto.store.pick_cache import PickCache, PickSpan, Version
from sconto.store.pool import Connection
from sconto.store.subscription_rules import CarriedRules, carried_codes, in_order

Versions = tuple[int, int]
"""The version of a merchant's timeline, and that of all its prices (`price_versions`)."""


class CartAt(msgspec.Struct, frozen=True):
    """A cart to be priced at a time, and the orders to be read with it.

    A code that one of these orders used up counts as unused, because it is free for the order that
    replaces them.
    """

    cart: Cart
    at: datetime
    order_ids: Sequence[str] = ()

    @property
    def size(self) -> int:
        """Its lines and codes: what reading it costs."""
        return len(self.cart.lines) + len(self.cart.codes)


class StoredCandidates(Candidates, frozen=True):
    """The candidates of a cart in one snapshot, with the orders that were asked for.

    `versions` are those of the merchant's timeline and prices in the same snapshot.
    """

    orders: Mapping[str, StoredOrder] = {}
    versions: Versions | None = None


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a statement needs to know of a cart.

    `picks_of` are the products whose picks it reads; ALL_PRODUCTS_ID stands for all products.
    """

    at: datetime
    picks_of: Sequence[int]
    products: Sequence[int] = ()
    codes: Sequence[str] = ()
    order_ids: Sequence[str] = ()
    carried: Sequence[str] = ()
    applications: Sequence[str | None] = ()


class Row(msgspec.Struct, frozen=True):
    """What a statement finds for a cart."""

    picks: list[PickSpan] = []
    known: frozenset[int] = frozenset()
    offers: list[Offer | None] = []
    orders: list[OrderRow] = []
    rules: list[CarriedRules] = []


class _Rows(msgspec.Struct, frozen=True):
    """What a statement finds for all its carts, in their order."""

    versions: Versions | None
    carts: list[Row]

    @property
    def timeline_version(self) -> Version:
        return None if self.versions is None else self.versions[0]

    @property
    def is_crowded(self) -> bool:
        """Whether a text of one of the carts may have more codes than were read."""
        return any(_has_crowded_code(row.offers) for row in self.carts)


class _Statements(NamedTuple):
    """A statement that reads picks, and one for carts whose picks are all cached."""

    with_picks: str
    without_picks: str


_OF_PRICES: Final = _Statements(READ_PICKS, READ_VERSIONS)
_OF_CARTS: Final = _Statements(READ, READ_WITHOUT_PICKS)
_OF_SUBSCRIPTIONS: Final = _Statements(READ_WITH_SUBSCRIPTION, READ_WITH_SUBSCRIPTION)

_REQUESTS: Final = msgspec.json.Encoder()
_ROWS: Final = msgspec.json.Decoder(_Rows)

_Picks = dict[int, AutomaticPick]


async def read_automatic_picks(
    connection: Connection,
    cache: PickCache,
    merchant_id: int,
    product_ids: Iterable[int],
    at: datetime,
) -> Candidates:
    """What the prices of products without codes depend on, in one statement."""
    request = Request(at, [ALL_PRODUCTS_ID, *product_ids])
    _, [picks] = await _read(connection, cache, merchant_id, [request], _OF_PRICES)
    return Candidates(everywhere=picks.pop(ALL_PRODUCTS_ID, None), specific=picks)


async def read_candidates(
    connection: Connection, cache: PickCache, merchant_id: int, cart: Cart, at: datetime
) -> StoredCandidates:
    """The candidates of a cart at a time, in one statement and snapshot."""
    [found] = await read_candidates_of_carts(connection, cache, merchant_id, [CartAt(cart, at)])
    return found


async def read_candidates_of_carts(
    connection: Connection, cache: PickCache, merchant_id: int, carts: Sequence[CartAt]
) -> list[StoredCandidates]:
    """The candidates of each of several carts of one merchant, in one statement and snapshot."""
    statements = _OF_CARTS
    if any(one.cart.subscription is not None for one in carts):
        statements = _OF_SUBSCRIPTIONS
    requests = [_request(one) for one in carts]
    rows, picks = await _read(connection, cache, merchant_id, requests, statements)
    return [
        _candidates(one, row, picks_of_cart, rows.versions)
        for one, row, picks_of_cart in zip(carts, rows.carts, picks, strict=True)
    ]


def _request(one: CartAt) -> Request:
    cart = one.cart
    products = list({line.product_id: None for line in cart.lines})
    keys = {key: None for code in cart.codes if (key := code_key(code)) is not None}
    carried: tuple[Sequence[str], Sequence[str | None]] = ((), ())
    if cart.subscription is not None:
        carried = carried_codes(cart.subscription)
    return Request(
        one.at,
        [ALL_PRODUCTS_ID, *products],
        products,
        list(keys),
        one.order_ids,
        *carried,
    )


async def _read(
    connection: Connection,
    cache: PickCache,
    merchant_id: int,
    requests: Sequence[Request],
    statements: _Statements,
) -> tuple[_Rows, list[_Picks]]:
    """What is found for each request, and its picks.

    Cached picks are not read again. They are valid only if the statement returns the version that
    they were read at. If not, everything is read again.
    """
    version = cache.version(merchant_id)
    cached = [cache.find(merchant_id, one.picks_of, one.at) for one in requests]
    picks = [found for found, _ in cached]
    missing = [not_found for _, not_found in cached]
    has_cached = any(
        len(not_found) < len(one.picks_of) for one, not_found in zip(requests, missing, strict=True)
    )
    reduced = [
        structs.replace(one, picks_of=not_found)
        for one, not_found in zip(requests, missing, strict=True)
    ]
    statement = statements.with_picks if any(missing) else statements.without_picks
    rows = await _fetch(connection, merchant_id, reduced, statement)
    is_stale = has_cached and rows.timeline_version != version
    if is_stale and not rows.is_crowded:
        picks = [{} for _ in requests]
        rows = await _fetch(connection, merchant_id, requests, statements.with_picks)
    if rows.is_crowded:
        picks = [{} for _ in requests]
        rows = await _fetch(connection, merchant_id, requests, READ_CROWDED)
    for row, picks_of_cart in zip(rows.carts, picks, strict=True):
        if row.picks:
            cache.put(merchant_id, rows.timeline_version, row.picks)
        for span in row.picks:
            if span.pick is not None:
                picks_of_cart[span.product_id] = span.pick
    return rows, picks


async def _fetch(
    connection: Connection, merchant_id: int, requests: Sequence[Request], statement: str
) -> _Rows:
    sent = _REQUESTS.encode(requests).decode()
    return _ROWS.decode(await connection.fetchval(statement, merchant_id, sent))


def _has_crowded_code(offers: Sequence[Offer | None]) -> bool:
    if len(offers) <= FEW_CODES:
        return False
    codes = Counter(None if offer is None else offer.key for offer in offers)
    return None in codes or max(codes.values()) > FEW_CODES


def _candidates(
    one: CartAt, row: Row, picks: _Picks, versions: Versions | None
) -> StoredCandidates:
    subscription = one.cart.subscription
    return StoredCandidates(
        known=row.known,
        everywhere=picks.pop(ALL_PRODUCTS_ID, None),
        specific=picks,
        offers=[offer for offer in row.offers if offer is not None],
        subscription_rules=() if subscription is None else in_order(subscription, row.rules),
        orders={order.order_id: order_from(order) for order in row.orders},
        versions=versions,
    )

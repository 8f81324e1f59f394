"""Candidates: everything stored that the price of a cart depends on, read in one statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import structs

from sconto.domain.candidates import NO_CART_OFFERS, AutomaticPick, CartOffers
from sconto.domain.cart import Cart
from sconto.domain.cart_offers import CartOffer
from sconto.domain.codes import code_key
from sconto.domain.listing import NO_OFFERS, ListedOffers, is_listed
from sconto.domain.order import StoredOrder
from sconto.domain.schedule import ALL_PRODUCTS_ID
from sconto.store.candidate_forms import (
    ALL_WITH_HOLDS,
    OF_CARTS,
    OF_LISTED_PRICES,
    OF_PRICES,
    OF_SUBSCRIPTIONS,
    OF_TAGGED_PRICES,
    WITH_BOTH,
    WITH_CART_PROMOTIONS,
    WITH_HOLDS,
    CandidateStatements,
)
from sconto.store.candidate_rows import (
    CandidateRequest,
    CandidateRow,
    CartAt,
    Rows,
    StoredCandidates,
    StoredListing,
)
from sconto.store.candidate_statements import (
    ON_NODES,
)
from sconto.store.cart_offers import CachedCartPromotions, offers_of
from sconto.store.hold_rows import hold_from
from sconto.store.outcomes import order_from
from sconto.store.pick_cache import PickCache, Versions
from sconto.store.pick_changes import READ_CHANGES, read_changes
from sconto.store.pool import Connection
from sconto.store.subscription_rules import carried_codes, in_order

__all__ = [
    "CartAt",
    "StoredCandidates",
    "StoredListing",
    "Versions",
    "find_cached_candidates",
    "read_candidates",
    "read_candidates_of_carts",
    "read_listing_candidates",
]


_REQUESTS: Final = msgspec.json.Encoder()
_ROWS: Final = msgspec.json.Decoder(Rows)

_Picks = dict[int, AutomaticPick]


async def read_listing_candidates(
    connection: Connection,
    cache: PickCache,
    merchant_id: int,
    product_ids: Sequence[int],
    at: datetime,
) -> StoredListing:
    """What the prices of products without codes depend on, in one statement.

    Cached cart promotions are checked as in `read_candidates_of_carts`.
    """
    request = CandidateRequest(at, [ALL_PRODUCTS_ID, *product_ids])
    with_tags = structs.replace(request, products=list(dict.fromkeys(product_ids)))
    cached = cache.cart_promotions.get(merchant_id)
    if cached is not None and at < cached.since:
        cached = None
    is_tagged = cached is not None and cached.listed.need_tags
    rows, [picks] = await _read(
        connection,
        cache,
        merchant_id,
        [with_tags if is_tagged else request],
        OF_TAGGED_PRICES if is_tagged else OF_PRICES,
    )
    if rows.cart_version is None:
        # A restored database may have none, although they are cached.
        cached = None
    elif cached is None or cached.version != rows.cart_version:
        listing = structs.replace(with_tags, lists_automatic=True)
        rows, [picks] = await _read(connection, cache, merchant_id, [listing], OF_LISTED_PRICES)
        cached = _cache_automatic(cache, merchant_id, at, rows)
    listed = NO_OFFERS if cached is None else cached.listed
    window = None
    if product_ids and not listed.need_tags:
        window = cache.window(merchant_id, rows.timeline_version, request.picks_of, at)
    return StoredListing(
        picks.pop(ALL_PRODUCTS_ID, None),
        picks,
        listed,
        _tags_of(rows.carts[0]),
        rows.timeline_version,
        window,
    )


async def read_candidates(
    connection: Connection,
    cache: PickCache,
    merchant_id: int,
    cart: Cart,
    at: datetime,
    now: datetime | None = None,
) -> StoredCandidates:
    """The candidates of a cart at a time, in one statement and snapshot."""
    wanted = CartAt(cart, at, now=now)
    [found] = await read_candidates_of_carts(connection, cache, merchant_id, [wanted])
    return found


async def read_candidates_of_carts(
    connection: Connection, cache: PickCache, merchant_id: int, carts: Sequence[CartAt]
) -> list[StoredCandidates]:
    """The candidates of each of several carts of one merchant, in one statement and snapshot.

    Cached cart promotions are valid only if the statement returns the version that they were read
    at. If not, everything is read again. The same happens when it says that the merchant has holds.
    An edit may come between two statements, so what the last one returns is checked too.
    """
    cached = cache.cart_promotions.get(merchant_id)
    with_holds = cache.has_holds(merchant_id)
    lists_automatic = any(
        one.with_cart_promotions or (cached is not None and one.at < cached.since) for one in carts
    )
    while True:
        rows, picks = await _read_carts(
            connection,
            cache,
            merchant_id,
            carts,
            cached,
            lists_automatic=lists_automatic,
            with_holds=with_holds,
        )
        known = None if cached is None else cached.version
        is_stale = not lists_automatic and rows.cart_version != known
        has_new_holds = rows.has_holds and not with_holds
        if not is_stale and not has_new_holds:
            break
        if has_new_holds:
            cache.note_holds(merchant_id)
            with_holds = True
        if is_stale:
            # A restored database may have none, although they are cached.
            cached, lists_automatic = None, rows.cart_version is not None
    if lists_automatic:
        _cache_automatic(cache, merchant_id, carts[0].at, rows)
        cached = None
    return [
        _candidates(one, row, picks_of_cart, rows.versions, cached)
        for one, row, picks_of_cart in zip(carts, rows.carts, picks, strict=True)
    ]


def find_cached_candidates(
    cache: PickCache, merchant_id: int, one: CartAt
) -> StoredCandidates | None:
    """The candidates of a cart, if all that its price depends on is cached.

    They are those of the returned versions, if the catalogue has all products of the cart. Nothing
    says that it has them, and that the versions are in force: the caller checks both.
    """
    versions = cache.versions.get(merchant_id)
    if versions is None or versions.has_holds or one.cart.subscription is not None:
        return None
    cached = None
    if versions.cart_promotions is not None:
        cached = cache.cart_promotions.get(merchant_id)
        if cached is None or not cached.decide(versions.cart_promotions, one.at):
            return None
    request = _request(one)
    picks, missing = cache.find(merchant_id, request.picks_of, one.at)
    if missing or cache.version(merchant_id) != versions.timeline:
        return None
    prices = versions.prices
    offers = cache.code_offers.find(merchant_id, prices, request.codes, request.products)
    if offers is None:
        return None
    row = CandidateRow(known=frozenset(request.products), offers=offers)
    return _candidates(one, row, picks, versions, cached)


async def _read_carts(
    connection: Connection,
    cache: PickCache,
    merchant_id: int,
    carts: Sequence[CartAt],
    cached: CachedCartPromotions | None,
    *,
    lists_automatic: bool,
    with_holds: bool,
) -> tuple[Rows, list[_Picks]]:
    """The rows of the carts; of cart promotions only what is not cached."""
    requests = [_request(one) for one in carts]
    in_subscription = any(one.cart.subscription is not None for one in carts)
    if lists_automatic or not (cached is None or cached.are_all):
        limited = [] if cached is None or lists_automatic else cached.limited_ids
        requests = [
            structs.replace(
                request,
                currency=one.cart.currency,
                customer=one.cart.customer.id,
                limited=limited,
                lists_automatic=lists_automatic,
            )
            for one, request in zip(carts, requests, strict=True)
        ]
        statements = WITH_BOTH if in_subscription else WITH_CART_PROMOTIONS
    else:
        statements = OF_SUBSCRIPTIONS if in_subscription else OF_CARTS
    if with_holds:
        statements = WITH_HOLDS if statements is OF_CARTS else ALL_WITH_HOLDS
        requests = [
            structs.replace(request, now=one.now or one.at)
            for one, request in zip(carts, requests, strict=True)
        ]
    return await _read(connection, cache, merchant_id, requests, statements)


def _cache_automatic(
    cache: PickCache, merchant_id: int, at: datetime, rows: Rows
) -> CachedCartPromotions | None:
    """Cache the automatic cart promotions that were listed at a time, and return them."""
    row, version = rows.carts[0], rows.cart_version
    automatic, any_with_codes = row.automatic, row.any_with_codes
    if automatic is None or any_with_codes is None or version is None:
        return None
    offers = tuple(CartOffer(one.offer, one.terms) for one in automatic)
    listed = ListedOffers(tuple(one for one in offers if is_listed(one.terms)))
    cached = CachedCartPromotions.of(version, at, offers, listed, any_with_codes=any_with_codes)
    cache.cart_promotions.put(merchant_id, cached)
    return cached


def _request(one: CartAt) -> CandidateRequest:
    cart = one.cart
    products = list({line.product_id: None for line in cart.lines})
    keys = {key: None for code in cart.codes if (key := code_key(code)) is not None}
    carried: tuple[Sequence[str], Sequence[str | None]] = ((), ())
    if cart.subscription is not None:
        carried = carried_codes(cart.subscription)
    return CandidateRequest(
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
    requests: Sequence[CandidateRequest],
    statements: CandidateStatements,
) -> tuple[Rows, list[_Picks]]:
    """The row of each request, and its picks.

    Cached picks are not read again. They are valid only if the statement returns the version that
    they were read at. If not, all picks of these requests are read again, and of those of other
    products the cache keeps what the changes did not concern.
    """
    version = cache.version(merchant_id)
    cached = [cache.find(merchant_id, one.picks_of, one.at) for one in requests]
    picks = [found for found, _ in cached]
    missing = [not_found for _, not_found in cached]
    has_cached = any(
        len(found) < len(one.picks_of) for one, found in zip(requests, missing, strict=True)
    )
    reduced = [
        structs.replace(one, picks_of=not_found)
        for one, not_found in zip(requests, missing, strict=True)
    ]
    rows = await _fetch(connection, merchant_id, reduced, statements.choose(reduced))
    is_other = rows.timeline_version != version
    if is_other and version is not None:
        await _follow_changes(connection, cache, merchant_id)
    if is_other and has_cached and not rows.is_crowded:
        picks = [{} for _ in requests]
        rows = await _fetch(connection, merchant_id, requests, statements.with_picks)
    if rows.is_crowded:
        picks = [{} for _ in requests]
        rows = await _fetch(connection, merchant_id, requests, statements.crowded)
        for row in rows.carts:
            cache.undrawn.add(merchant_id, row.undrawn)
    elif (versions := rows.versions) is not None:
        cache.versions[merchant_id] = versions
        for one, row in zip(requests, rows.carts, strict=True):
            cache.code_offers.put(merchant_id, versions.prices, one.at, one.products, row.offers)
    _add_read_picks(cache, merchant_id, rows, picks)
    return rows, picks


def _add_read_picks(
    cache: PickCache, merchant_id: int, rows: Rows, picks: Sequence[_Picks]
) -> None:
    """Cache the picks that were read, and add them to those of each cart."""
    for row, picks_of_cart in zip(rows.carts, picks, strict=True):
        if row.picks:
            cache.put(merchant_id, rows.timeline_version, row.picks)
        for span in row.picks:
            if span.pick is not None:
                picks_of_cart[span.product_id] = span.pick


async def _follow_changes(connection: Connection, cache: PickCache, merchant_id: int) -> None:
    found = await ON_NODES[READ_CHANGES].fetchval(connection, merchant_id)
    if found is not None:
        cache.follow(merchant_id, read_changes(found))


async def _fetch(
    connection: Connection, merchant_id: int, requests: Sequence[CandidateRequest], statement: str
) -> Rows:
    sent = _REQUESTS.encode(requests).decode()
    found = await ON_NODES[statement].fetchval(connection, merchant_id, sent)
    return _ROWS.decode(found)


def _candidates(
    one: CartAt,
    row: CandidateRow,
    picks: _Picks,
    versions: Versions | None,
    cached: CachedCartPromotions | None,
) -> StoredCandidates:
    subscription = one.cart.subscription
    orders = {order.order_id: order_from(order) for order in row.orders}
    return StoredCandidates(
        known=row.known,
        everywhere=picks.pop(ALL_PRODUCTS_ID, None),
        specific=picks,
        offers=[offer for offer in row.offers if offer is not None],
        subscription_rules=() if subscription is None else in_order(subscription, row.rules),
        cart_offers=_cart_offers(one, row, cached, orders),
        tags=_tags_of(row),
        has_ordered=row.has_ordered,
        orders=orders,
        versions=versions,
        hold=None if row.hold is None else hold_from(row.hold),
    )


def _tags_of(row: CandidateRow) -> dict[int, frozenset[str]]:
    return {product.product_id: product.tags for product in row.tagged}


def _cart_offers(
    one: CartAt,
    row: CandidateRow,
    cached: CachedCartPromotions | None,
    orders: Mapping[str, StoredOrder],
) -> CartOffers:
    stored = [*(row.automatic or ()), *row.by_code]
    if not stored and cached is None:
        return NO_CART_OFFERS
    replaced = orders.get(one.order_ids[1]) if len(one.order_ids) > 1 else None
    return offers_of(one.cart, stored, cached, row.taken, replaced)

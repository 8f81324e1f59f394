"""Search over everything of a merchant that the caller may read."""

from typing import Final

from sconto.domain.people import Action, Caller
from sconto.domain.search import (
    Found,
    FoundCode,
    FoundOrder,
    FoundProduct,
    FoundPromotion,
    FoundSubscription,
    SearchKind,
    SearchText,
    best_first,
)
from sconto.store import search as store
from sconto.store.database import Connection, Database, retried

_NAMES_COMPARED: Final = 100
"""Promotions among which the best are chosen, if more are like the text."""


@retried
async def search(database: Database, caller: Caller, wanted: SearchText, limit: int) -> Found:
    """Up to `limit` things of each kind that match the text and that the caller may read.

    It takes at most four statements, and one more in a process's first search. Kinds that the
    caller may not read are not searched.
    """
    merchant_id, one_more = caller.merchant_id, limit + 1
    promotions: list[FoundPromotion] = []
    subscriptions: list[FoundSubscription] = []
    codes: list[FoundCode] = []
    orders: list[FoundOrder] = []
    products: list[FoundProduct] = []
    async with database.read(merchant_id) as connection:
        is_ready = await is_prepared(database, connection)
        if is_ready and wanted.words and caller.may(Action.READ_PROMOTIONS):
            promotions, subscriptions = await store.find_promotions(
                connection, merchant_id, wanted, max(one_more, _NAMES_COMPARED)
            )
        if wanted.code and caller.may(Action.READ_PROMOTIONS):
            find_codes = store.find_codes if is_ready else store.find_beginnings
            codes = await find_codes(connection, merchant_id, wanted, one_more)
        if wanted.order_ids and caller.may(Action.READ_ORDERS):
            orders = await store.find_orders(connection, merchant_id, wanted.order_ids, one_more)
        if is_ready and wanted.words and caller.may(Action.READ_PRODUCTS):
            products = await store.find_products(connection, merchant_id, wanted, one_more)
    counts = {
        SearchKind.PROMOTION: len(promotions),
        SearchKind.SUBSCRIPTION: len(subscriptions),
        SearchKind.CODE: len(codes),
        SearchKind.ORDER: len(orders),
        SearchKind.PRODUCT: len(products),
    }
    return Found(
        tuple(best_first(promotions, wanted.words)[:limit]),
        tuple(subscriptions[:limit]),
        tuple(codes[:limit]),
        tuple(orders[:limit]),
        tuple(products[:limit]),
        frozenset(kind for kind, count in counts.items() if count > limit),
        preparing=not is_ready,
    )


async def is_prepared(database: Database, connection: Connection) -> bool:
    """Whether the indexes of searches are built. Without them a search would read everything."""
    if not database.searchable.is_set() and await store.are_indexes_ready(connection):
        database.searchable.set()
    return database.searchable.is_set()

"""Search over everything that a merchant has, as far as the caller may read it."""

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
from sconto.store.database import Database, retried

_NAMES_COMPARED: Final = 100
"""Promotions among which the best are chosen, if more are like the text."""


@retried
async def search(database: Database, caller: Caller, wanted: SearchText, limit: int) -> Found:
    """Up to `limit` things of each kind that are like the text and that the caller may read.

    At most four statements. Without the right to read a kind, nothing of it is looked for.
    """
    merchant_id, one_more = caller.merchant_id, limit + 1
    promotions: list[FoundPromotion] = []
    subscriptions: list[FoundSubscription] = []
    codes: list[FoundCode] = []
    orders: list[FoundOrder] = []
    products: list[FoundProduct] = []
    async with database.read(merchant_id) as connection:
        if wanted.words and caller.may(Action.READ_PROMOTIONS):
            promotions, subscriptions = await store.find_promotions(
                connection, merchant_id, wanted, max(one_more, _NAMES_COMPARED)
            )
        if wanted.code and caller.may(Action.READ_PROMOTIONS):
            codes = await store.find_codes(connection, merchant_id, wanted, one_more)
        if wanted.order_ids and caller.may(Action.READ_ORDERS):
            orders = await store.find_orders(connection, merchant_id, wanted.order_ids, one_more)
        if wanted.words and caller.may(Action.READ_PRODUCTS):
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
    )

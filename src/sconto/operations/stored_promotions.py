"""All promotions of a merchant, of the three kinds, at one moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sconto.domain.cart_promotion import CartPromotion, CartPromotionQuery
from sconto.domain.code_list import MAX_CODES_ADDED
from sconto.domain.numbers import MAX_INT64
from sconto.domain.people import Caller
from sconto.domain.promotion import Promotion, PromotionQuery
from sconto.domain.subscription_promotion import SubscriptionPromotion, SubscriptionQuery
from sconto.operations import cart_promotions, promotions, subscription_promotions
from sconto.store import cart_promotions as cart_store
from sconto.store import promotions as store
from sconto.store.database import Connection, Database, retrying

_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class StoredCart:
    """A cart promotion with its codes; none if it is automatic."""

    promotion: CartPromotion
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredPromotions:
    """All promotions of a merchant that are not deleted, by ascending id."""

    product: tuple[Promotion, ...]
    cart: tuple[StoredCart, ...]
    subscription: tuple[SubscriptionPromotion, ...]


async def read_promotions(database: Database, caller: Caller, now: datetime) -> StoredPromotions:
    """The merchant's promotions, while nobody edits product or cart promotions."""

    async def read() -> StoredPromotions:
        async with database.write(caller.merchant_id, queue="imports") as connection:
            await store.lock_promotions(connection, caller.merchant_id)
            return await read_locked(database.joined(connection), connection, caller, now)

    return await retrying(read)


async def read_locked(
    joined: Database, connection: Connection, caller: Caller, now: datetime
) -> StoredPromotions:
    """As `read_promotions`, in a transaction that has locked the promotions."""
    ids = await promotions.list_promotions(joined, caller, PromotionQuery(), now)
    product = [await promotions.get_promotion(joined, caller, one) for one in sorted(ids)]
    cart = [
        StoredCart(one, await _codes_of(connection, caller, one))
        for one in await _list_cart(joined, caller, now)
    ]
    subscription = await _list_subscription(joined, caller)
    return StoredPromotions(tuple(product), tuple(cart), tuple(subscription))


async def _list_cart(joined: Database, caller: Caller, now: datetime) -> list[CartPromotion]:
    found: list[CartPromotion] = []
    more = True
    while more:
        query = CartPromotionQuery(_PAGE, found[-1].id if found else MAX_INT64)
        page, more = await cart_promotions.list_promotions(joined, caller, query, now)
        found += page
    return found[::-1]


async def _codes_of(
    connection: Connection, caller: Caller, promotion: CartPromotion
) -> tuple[str, ...]:
    if promotion.code_type is None:
        return ()
    return await cart_store.find_codes(
        connection, caller.merchant_id, promotion.id, MAX_CODES_ADDED
    )


async def _list_subscription(joined: Database, caller: Caller) -> list[SubscriptionPromotion]:
    found: list[SubscriptionPromotion] = []
    more = True
    while more:
        query = SubscriptionQuery(_PAGE, found[-1].id if found else 0)
        page = await subscription_promotions.list_promotions(joined, caller, query)
        found += page.promotions
        more = page.more
    return found

"""Explaining quotes and orders: what each promotion did, and whether it would do the same now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from msgspec import structs

from sconto.domain.bill import PricedCart
from sconto.domain.candidates import Candidates, CartOffers
from sconto.domain.cart import Cart
from sconto.domain.cart_promotion import CartTerms
from sconto.domain.explanation import ExplainedQuote, PromotionName, explain, explain_outcome
from sconto.domain.order import StoredOrder
from sconto.domain.people import Action, Caller
from sconto.domain.pricing import STEPS, Step, price
from sconto.domain.problems import OrderNotFound
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.replay import (
    LONGEST_PROMISE,
    Replay,
    compare,
    differing_promotions,
    without_username,
)
from sconto.domain.replay_shares import PromotionRef
from sconto.store.candidates import CartAt, read_candidates_of_carts
from sconto.store.database import Database, retried
from sconto.store.explanations import read_automatic_offers
from sconto.store.order_status import find_order
from sconto.store.promotion_states import read_states


@dataclass(frozen=True, slots=True)
class ExplainedOrder:
    """An order as it was priced, explained, and priced again now."""

    order: StoredOrder
    explained: ExplainedQuote
    replay: Replay


@retried
async def explain_quote(
    database: Database,
    caller: Caller,
    cart: Cart,
    at: datetime,
    steps: Sequence[Step] = STEPS,
    now: datetime | None = None,
) -> ExplainedQuote:
    """What the cart costs at a time, and the result of each promotion that was considered.

    Holds that ended at `now` or earlier are ignored. Without `now`, `at` is now.
    """
    merchant_id = caller.merchant_id
    async with database.read(merchant_id) as connection:
        [candidates] = await read_candidates_of_carts(
            connection, database.pick_cache, merchant_id, [CartAt(cart, at, now=now)]
        )
        priced = price(cart, candidates, at, steps)
        mentioned = _mentioned(priced) | {offer.promotion_id for offer in candidates.offers}
        products = {line.product_id for line in cart.lines}
        automatic, names, of_subscription = await read_automatic_offers(
            connection, merchant_id, products, mentioned, _mentioned_by_subscription(priced)
        )
    considered = explain(cart, priced, candidates, automatic, at)
    return ExplainedQuote(priced, considered, names, of_subscription)


@retried
async def explain_order(
    database: Database, caller: Caller, order_id: str, now: datetime
) -> ExplainedOrder:
    """The order as it was placed, and what its request would cost now. Raises OrderNotFound."""
    async with database.read(caller.merchant_id) as connection:
        order = await find_order(connection, caller.merchant_id, order_id)
    if order is None:
        raise OrderNotFound(order_id)
    return await explain_stored_order(database, caller, order, now)


@retried
async def explain_stored_order(
    database: Database, caller: Caller, order: StoredOrder, now: datetime
) -> ExplainedOrder:
    """As `explain_order`, for an order that was already read.

    Nothing is written. What the order took counts as free for it: its codes, and its part of
    limits. The names of users who edited a promotion are only for those who may read promotions.
    """
    merchant_id, outcome = caller.merchant_id, order.outcome
    cart, found, priced = order.cart, None, None
    async with database.read(merchant_id) as connection:
        if cart is not None:
            # Everything that the order and the one that it replaces took counts as free.
            again = CartAt(cart, now, (order.order_id, order.order_id))
            [found] = await read_candidates_of_carts(
                connection, database.pick_cache, merchant_id, [again]
            )
            priced = price(cart, found, now)
        differing = set() if priced is None else differing_promotions(outcome, priced)
        states = await read_states(
            connection,
            merchant_id,
            _references(outcome),
            differing,
            order.created_at - LONGEST_PROMISE,
        )
    replay = Replay(now, outcome)
    if cart is not None and found is not None and priced is not None:
        price_with = partial(_price_with, cart, found, now)
        differences = compare(outcome, priced, states, order.created_at, now, price_with)
        if not caller.may(Action.READ_PROMOTIONS):
            differences = [without_username(one) for one in differences]
        replay = Replay(now, outcome, priced, differences)
    names = {
        ref: PromotionName(one.name, one.deleted_at is not None) for ref, one in states.items()
    }
    explained = ExplainedQuote(
        outcome,
        explain_outcome(outcome),
        {ref.id: name for ref, name in names.items() if ref.kind is not PromotionKind.SUBSCRIPTION},
        {ref.id: name for ref, name in names.items() if ref.kind is PromotionKind.SUBSCRIPTION},
    )
    return ExplainedOrder(order, explained, replay)


def _price_with(
    cart: Cart, found: Candidates, at: datetime, promotion_id: int, terms: CartTerms
) -> PricedCart:
    """What the cart costs if a cart promotion has other terms."""
    offers = [
        structs.replace(one, terms=terms) if one.promotion_id == promotion_id else one
        for one in found.cart_offers
    ]
    return price(cart, structs.replace(found, cart_offers=CartOffers(offers)), at)


def _references(priced: PricedCart) -> list[PromotionRef]:
    """The promotions of an outcome."""
    return [
        *[PromotionRef(PromotionKind.PRODUCT, one) for one in _mentioned(priced)],
        *[
            PromotionRef(PromotionKind.SUBSCRIPTION, one)
            for one in _mentioned_by_subscription(priced)
        ],
    ]


def _mentioned(priced: PricedCart) -> set[int]:
    """The product and cart promotions of an outcome."""
    picks = {pick.promotion_id for line in priced.lines for pick in line.picks}
    codes = {code.promotion_id for code in priced.codes if code.promotion_id is not None}
    return picks | codes | {one.promotion_id for one in priced.cart_promotions}


def _mentioned_by_subscription(priced: PricedCart) -> set[int]:
    considered = () if priced.subscription is None else priced.subscription.considered
    return {one.promotion_id for one in considered if one.promotion_id is not None}

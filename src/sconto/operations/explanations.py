"""Explaining quotes and orders: what each promotion did, and whether that would be the same now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sconto.domain.bill import PricedCart
from sconto.domain.cart import Cart
from sconto.domain.explanation import ExplainedQuote, PromotionName, explain, explain_outcome
from sconto.domain.order import StoredOrder
from sconto.domain.people import Caller
from sconto.domain.pricing import STEPS, Step, price
from sconto.domain.problems import OrderNotFound
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.replay import Replay, compare, differing_promotions
from sconto.store.candidates import CartAt, read_candidates, read_candidates_of_carts
from sconto.store.database import Connection, Database, retried
from sconto.store.explanations import (
    read_automatic_offers,
    read_names,
    read_subscription_names,
)
from sconto.store.orders import find_order
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
) -> ExplainedQuote:
    """What the cart costs at a time, and the result of each promotion that was considered."""
    merchant_id = caller.merchant_id
    async with database.read(merchant_id) as connection:
        candidates = await read_candidates(connection, database.pick_cache, merchant_id, cart, at)
        priced = price(cart, candidates, at, steps)
        mentioned = _mentioned(priced) | {offer.promotion_id for offer in candidates.offers}
        products = {line.product_id for line in cart.lines}
        automatic, names = await read_automatic_offers(connection, merchant_id, products, mentioned)
        of_subscription = await read_subscription_names(
            connection, merchant_id, _mentioned_by_subscription(priced)
        )
    considered = explain(cart, priced, candidates, automatic, at)
    return ExplainedQuote(priced, considered, names, of_subscription)


@retried
async def explain_order(
    database: Database, caller: Caller, order_id: str, now: datetime
) -> ExplainedOrder:
    """The order as it was placed, and what its request would cost now. Raises OrderNotFound.

    Nothing is written. What the order took is free to it: its codes, and its part of limits.
    """
    merchant_id = caller.merchant_id
    async with database.read(merchant_id) as connection:
        order = await find_order(connection, merchant_id, order_id)
        if order is None:
            raise OrderNotFound(order_id)
        outcome = order.outcome
        replay = await _replay(connection, database, merchant_id, order, now)
        mentioned = _mentioned(outcome)
        mentioned |= {
            one.ref.id
            for one in replay.differences
            if one.ref.kind is not PromotionKind.SUBSCRIPTION
        }
        names = await read_names(connection, merchant_id, mentioned)
        of_subscription = await read_subscription_names(
            connection,
            merchant_id,
            _mentioned_by_subscription(outcome)
            | {
                one.ref.id
                for one in replay.differences
                if one.ref.kind is PromotionKind.SUBSCRIPTION
            },
        )
    explained = ExplainedQuote(outcome, explain_outcome(outcome), names, of_subscription)
    return ExplainedOrder(order, explained, replay)


async def _replay(
    connection: Connection, database: Database, merchant_id: int, order: StoredOrder, now: datetime
) -> Replay:
    if order.cart is None:
        return Replay(now, order.outcome)
    # The order stands for itself and for the one that it replaces: what it took counts as free.
    again = CartAt(order.cart, now, (order.order_id, order.order_id))
    [found] = await read_candidates_of_carts(connection, database.pick_cache, merchant_id, [again])
    priced = price(order.cart, found, now)
    differing = differing_promotions(order.outcome, priced)
    states = await read_states(connection, merchant_id, differing, order.created_at)
    differences = compare(order.outcome, priced, states, order.created_at, now)
    return Replay(now, order.outcome, priced, differences)


def _mentioned(priced: PricedCart) -> set[int]:
    """The product and cart promotions of an outcome."""
    picks = {pick.promotion_id for line in priced.lines for pick in line.picks}
    codes = {code.promotion_id for code in priced.codes if code.promotion_id is not None}
    return picks | codes | {one.promotion_id for one in priced.cart_promotions}


def _mentioned_by_subscription(priced: PricedCart) -> set[int]:
    considered = () if priced.subscription is None else priced.subscription.considered
    return {one.promotion_id for one in considered if one.promotion_id is not None}


@retried
async def get_named_order(
    database: Database, caller: Caller, order_id: str
) -> tuple[StoredOrder, dict[int, PromotionName]]:
    """An order, and the present names of its promotions. Raises OrderNotFound."""
    async with database.read(caller.merchant_id) as connection:
        order = await find_order(connection, caller.merchant_id, order_id)
        if order is None:
            raise OrderNotFound(order_id)
        names = await read_names(connection, caller.merchant_id, _mentioned(order.outcome))
    return order, names

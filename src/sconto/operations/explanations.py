"""Explaining quotes and orders: which promotions applied, and why others did not."""

from datetime import datetime

from sconto.domain.cart import Cart
from sconto.domain.explanation import ExplainedQuote, PromotionName, explain
from sconto.domain.order import StoredOrder
from sconto.domain.people import Caller
from sconto.domain.pricing import price
from sconto.domain.problems import OrderNotFound
from sconto.store.candidates import read_candidates
from sconto.store.database import Database, retried
from sconto.store.explanations import read_automatic_offers, read_names
from sconto.store.orders import find_order


@retried
async def explain_quote(
    database: Database, caller: Caller, cart: Cart, at: datetime
) -> ExplainedQuote:
    """What the cart costs at a time, and the result of each promotion that was considered."""
    async with database.read(caller.merchant_id) as connection:
        candidates = await read_candidates(
            connection, database.pick_cache, caller.merchant_id, cart, at
        )
        priced = price(cart, candidates, at)
        mentioned = {
            *(pick.promotion_id for line in priced.lines for pick in line.picks),
            *(offer.promotion_id for offer in candidates.offers),
            *(one.promotion_id for one in priced.cart_promotions),
        }
        products = {line.product_id for line in cart.lines}
        automatic, names = await read_automatic_offers(
            connection, caller.merchant_id, products, mentioned
        )
    return ExplainedQuote(priced, explain(cart, priced, candidates, automatic, at), names)


@retried
async def get_named_order(
    database: Database, caller: Caller, order_id: str
) -> tuple[StoredOrder, dict[int, PromotionName]]:
    """An order, and the present names of its promotions. Raises OrderNotFound."""
    async with database.read(caller.merchant_id) as connection:
        order = await find_order(connection, caller.merchant_id, order_id)
        if order is None:
            raise OrderNotFound(order_id)
        outcome = order.outcome
        mentioned = {pick.promotion_id for line in outcome.lines for pick in line.picks}
        mentioned |= {one.promotion_id for one in outcome.cart_promotions}
        names = await read_names(connection, caller.merchant_id, mentioned)
    return order, names

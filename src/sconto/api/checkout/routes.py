"""The routes of the checkout API."""

from collections.abc import Iterator
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import require
from sconto.api.bodies import CART, SMALL, read_json, read_object, run_parser
from sconto.api.checkout import reading, returns, writing
from sconto.api.checkout.answers import order_id_of
from sconto.api.checkout.explaining import write_explained_order, write_explanation
from sconto.api.checkout.guesses import Guesses
from sconto.api.checkout.order_query import read_order_query, write_order_cursor
from sconto.api.context import context_of
from sconto.api.json_answer import answer
from sconto.api.long_answers import answer_in_parts, parts_of
from sconto.api.plain_route import PartRoute, PlainRoute
from sconto.domain.bill import PricedCart
from sconto.domain.explanation import ExplainedQuote
from sconto.domain.order_list import OrderPage
from sconto.domain.people import Action
from sconto.domain.redemption import count_redemptions
from sconto.operations import checkout, explanations, orders


async def quote(request: Request) -> Response:
    """Nothing is written; an order of the same cart in the same state costs the same."""
    caller = require(request, Action.CHECK_OUT)
    context = context_of(request)
    sent = await read_json(request, CART)
    now = context.now()
    cart, at, explains = await run_parser(request, sent, reading.read_quote, sent, now)
    explained = None
    async with Guesses(request, caller, cart) as guesses:
        if explains:
            explained = await explanations.explain_quote(
                context.database, caller, cart, at, context.steps, now
            )
            priced = guesses.priced = explained.priced
        else:
            priced = guesses.priced = await checkout.quote(
                context.database, caller, cart, at, context.steps, now
            )
    context.metrics.quotes.inc()
    context.metrics.count_codes(priced.codes)
    if explained is None:
        return answer(writing.write_quote(priced))
    return await answer_in_parts(_write_explained(priced, explained))


def _write_explained(priced: PricedCart, explained: ExplainedQuote) -> Iterator[bytes]:
    """The object of a quote with one member more, which may be long."""
    quoted = msgspec.json.encode(writing.write_quote(priced))
    yield quoted.removesuffix(b"}") + b',"explanation":'
    yield from parts_of(write_explanation(explained))
    yield b"}"


async def place_order(request: Request) -> Response:
    """Once for each order id, however often it is sent; a 409 places nothing."""
    caller = require(request, Action.CHECK_OUT)
    context = context_of(request)
    sent = await read_json(request, CART)
    order = await run_parser(request, sent, reading.read_order, sent)
    now = context.now()
    day = now.astimezone(context.zone).date()
    async with Guesses(request, caller, order.cart) as guesses:
        placed = await checkout.place_order(
            context.database, caller, order, now, day, context.steps
        )
        # The codes of a repeated order were counted when it was placed.
        guesses.priced = placed.order.outcome if placed.created else None
    if placed.created:
        context.metrics.orders.inc()
        context.metrics.count_codes(placed.order.outcome.codes)
        context.metrics.redemptions.inc(count_redemptions(placed.order.outcome))
    return answer(writing.write_order(placed.order), 201 if placed.created else 200)


async def list_orders(request: Request) -> Response:
    """The newest first. A page may be short and still have a next one.

    Continue until there is none. A promotion or a code is one that the order redeemed.
    """
    caller = require(request, Action.READ_ORDERS)
    wanted = read_order_query(request.query_params.multi_items(), caller.merchant_id)
    page = await orders.list_orders(context_of(request).database, caller, wanted)
    return await answer_in_parts(_write_page(page, caller.merchant_id))


def _write_page(page: OrderPage, merchant_id: int) -> Iterator[bytes]:
    """An object with a page of orders, some of which may have 500 lines."""
    start = b'{"orders":['
    for order in page.orders:
        yield start + msgspec.json.encode(writing.write_listed_order(order))
        start = b","
    cursor = None if page.next is None else write_order_cursor(page.next, merchant_id)
    first = b"" if page.orders else start
    yield first + b'],"next_cursor":' + msgspec.json.encode(cursor) + b"}"


async def get_order(request: Request) -> Response:
    """With the outcome that it was placed with; only its status may have changed since."""
    caller = require(request, Action.READ_ORDERS)
    order = await checkout.get_order(context_of(request).database, caller, order_id_of(request))
    return answer(writing.write_order(order))


async def explain_order(request: Request) -> Response:
    """The bill step by step as it was then, and what the same request would cost now.

    Nothing is written. What the order took of codes and limits counts as free for it.
    """
    caller = require(request, Action.READ_ORDERS)
    context = context_of(request)
    found = await explanations.explain_order(
        context.database, caller, order_id_of(request), context.now()
    )
    return await answer_in_parts(parts_of(write_explained_order(found)))


async def change_order_status(request: Request) -> Response:
    """Statistics do not change. A deleted order gives back what its cart promotions took."""
    caller = require(request, Action.CHECK_OUT)
    status = reading.read_status(await read_object(request, SMALL))
    context = context_of(request)
    order = await checkout.change_order_status(
        context.database, caller, order_id_of(request), status, context.now()
    )
    return answer(writing.write_order(order))


async def list_prices(request: Request) -> Response:
    """What a listing page shows: automatic promotions, one unit of each product.

    Of cart promotions it shows those on lines without conditions, limits, units and tiers.
    """
    caller = require(request, Action.CHECK_OUT)
    sent = await read_json(request, CART)
    currency, products = await run_parser(request, sent, reading.read_prices, sent)
    context = context_of(request)
    written = await checkout.write_prices(
        context.database, caller, products, currency, context.now(), writing.write_price
    )
    return answer(writing.WrittenPrices(currency, written))


ROUTES: Final = (
    PlainRoute("/checkout/v1/quotes", quote, methods=["POST"]),
    PlainRoute("/checkout/v1/orders", list_orders, methods=["GET"]),
    PlainRoute("/checkout/v1/orders", place_order, methods=["POST"]),
    PartRoute("/checkout/v1/orders/{order_id:path}/explanation", explain_order, methods=["GET"]),
    *returns.ROUTES,
    PlainRoute("/checkout/v1/orders/{order_id:path}", get_order, methods=["GET"]),
    PlainRoute("/checkout/v1/orders/{order_id:path}", change_order_status, methods=["PATCH"]),
    PlainRoute("/checkout/v1/prices", list_prices, methods=["POST"]),
)

"""The routes of the checkout API."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import require
from sconto.api.bodies import CART, SMALL, read_json, read_object, run_parser
from sconto.api.checkout import reading, returns, writing
from sconto.api.checkout.answers import answer, order_id_of
from sconto.api.checkout.guesses import Guesses
from sconto.api.context import context_of
from sconto.api.plain_route import PlainRoute
from sconto.domain.people import Action
from sconto.domain.redemption import count_redemptions
from sconto.operations import checkout


async def quote(request: Request) -> Response:
    """Nothing is written; an order of the same cart in the same state costs the same."""
    caller = require(request, Action.CHECK_OUT)
    context = context_of(request)
    sent = await read_json(request, CART)
    now = context.now()
    cart, at = await run_parser(request, sent, reading.read_quote, sent, now)
    async with Guesses(request, caller, cart) as guesses:
        priced = guesses.priced = await checkout.quote(
            context.database, caller, cart, at, context.steps, now
        )
    context.metrics.quotes.inc()
    context.metrics.count_codes(priced.codes)
    return answer(writing.write_quote(priced))


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


async def get_order(request: Request) -> Response:
    """With the outcome that it was placed with; only its status may have changed since."""
    caller = require(request, Action.READ_ORDERS)
    order = await checkout.get_order(context_of(request).database, caller, order_id_of(request))
    return answer(writing.write_order(order))


async def change_order_status(request: Request) -> Response:
    """Statistics stay as they are. A deleted order gives back what its cart promotions took."""
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
    listed = await checkout.list_prices(context.database, caller, products, currency, context.now())
    return answer(writing.write_prices(products, listed, currency))


ROUTES: Final = (
    PlainRoute("/checkout/v1/quotes", quote, methods=["POST"]),
    PlainRoute("/checkout/v1/orders", place_order, methods=["POST"]),
    *returns.ROUTES,
    PlainRoute("/checkout/v1/orders/{order_id:path}", get_order, methods=["GET"]),
    PlainRoute("/checkout/v1/orders/{order_id:path}", change_order_status, methods=["PATCH"]),
    PlainRoute("/checkout/v1/prices", list_prices, methods=["POST"]),
)

"""The routes of holds."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import require
from sconto.api.bodies import CART, read_json, run_parser
from sconto.api.checkout import reading, writing
from sconto.api.checkout.guesses import Guesses
from sconto.api.context import context_of
from sconto.api.json_answer import answer
from sconto.api.plain_route import PlainRoute
from sconto.domain.names import is_reference
from sconto.domain.people import Action
from sconto.domain.problems import HoldNotFound
from sconto.operations import holds


async def hold(request: Request) -> Response:
    """Promise the price, the one-time codes and the limits to the order id until a time.

    Until then nobody else can use them. The same cart again leaves the hold unchanged; another cart
    takes its place. No redemption is counted before the order.
    """
    caller = require(request, Action.CHECK_OUT)
    context = context_of(request)
    sent = await read_json(request, CART)
    new = await run_parser(request, sent, reading.read_hold, sent)
    async with Guesses(request, caller, new.order.cart) as guesses:
        held = await holds.hold_order(context.database, caller, new, context.now(), context.steps)
        guesses.priced = held.hold.outcome if held.created else None
    if held.created:
        context.metrics.holds.inc()
        context.metrics.count_codes(held.hold.outcome.codes)
    return answer(writing.write_hold(held.hold), 201 if held.created else 200)


async def get_hold(request: Request) -> Response:
    """What is held for an order id, until its end, its order or its release."""
    caller = require(request, Action.READ_ORDERS)
    context = context_of(request)
    found = await holds.get_hold(context.database, caller, _order_id(request), context.now())
    return answer(writing.write_hold(found))


async def release_hold(request: Request) -> Response:
    """What was held is free again. Release a hold when the shopper cancels the payment."""
    caller = require(request, Action.CHECK_OUT)
    context = context_of(request)
    await holds.release_hold(context.database, caller, _order_id(request), context.now())
    return Response(status_code=204)


def _order_id(request: Request) -> str:
    """The id in the path, which may contain slashes. Raises HoldNotFound if it is not valid."""
    order_id: str = request.path_params["order_id"]
    if not is_reference(order_id):
        raise HoldNotFound(order_id)
    return order_id


ROUTES: Final = (
    PlainRoute("/checkout/v1/holds", hold, methods=["POST"]),
    PlainRoute("/checkout/v1/holds/{order_id:path}", get_hold, methods=["GET"]),
    PlainRoute("/checkout/v1/holds/{order_id:path}", release_hold, methods=["DELETE"]),
)

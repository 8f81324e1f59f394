"""The routes of returns, in the checkout API."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import require
from sconto.api.bodies import CART, read_json, run_parser
from sconto.api.checkout import reading
from sconto.api.checkout.answers import order_id_of
from sconto.api.checkout.return_writing import write_refund, write_return, write_returns
from sconto.api.context import context_of
from sconto.api.json_answer import answer
from sconto.api.plain_route import PartRoute
from sconto.domain.names import is_reference
from sconto.domain.people import Action
from sconto.domain.return_problems import ReturnNotFound
from sconto.domain.returns import OrderReturn
from sconto.operations import returns


async def create_return(request: Request) -> Response:
    """Once for each return id, however often it is sent; a 409 stores nothing.

    The amounts come from the order as it was placed. Statistics, limits and codes do not change.
    """
    caller = require(request, Action.CHECK_OUT)
    sent = await read_json(request, CART)
    return_id, goods = await run_parser(request, sent, reading.read_return, sent)
    context = context_of(request)
    order_id = order_id_of(request)
    done = await returns.create_return(
        context.database, caller, order_id, return_id, goods, context.now()
    )
    return answer(write_return(done.kept), 201 if done.created else 200)


async def quote_return(request: Request) -> Response:
    """What the same return would answer. Nothing is stored, and it needs no id."""
    caller = require(request, Action.CHECK_OUT)
    sent = await read_json(request, CART)
    return_id, goods = await run_parser(request, sent, reading.read_return_to_price, sent)
    order_id = order_id_of(request)
    decided = await returns.quote_return(
        context_of(request).database, caller, order_id, return_id, goods
    )
    if isinstance(decided, OrderReturn):
        return answer(write_return(decided))
    return answer(write_refund(decided, order_id, return_id))


async def list_returns(request: Request) -> Response:
    """The first return first, and what can still be returned."""
    caller = require(request, Action.READ_ORDERS)
    after, limit = reading.read_page(request.query_params.multi_items())
    found = await returns.list_returns(
        context_of(request).database, caller, order_id_of(request), after, limit
    )
    return answer(await write_returns(found))


async def get_return(request: Request) -> Response:
    """The return as it was stored; it never changes."""
    caller = require(request, Action.READ_ORDERS)
    order_id, return_id = order_id_of(request), request.path_params["return_id"]
    if not is_reference(return_id):
        raise ReturnNotFound(return_id)
    kept = await returns.get_return(context_of(request).database, caller, order_id, return_id)
    return answer(write_return(kept))


_OF_ORDER: Final = "/checkout/v1/orders/{order_id:path}/returns"

ROUTES: Final = (
    PartRoute(_OF_ORDER, create_return, methods=["POST"]),
    PartRoute(_OF_ORDER, list_returns, methods=["GET"]),
    PartRoute(f"{_OF_ORDER}/_quote", quote_return, methods=["POST"]),
    PartRoute(f"{_OF_ORDER}/{{return_id:path}}", get_return, methods=["GET"]),
)
"""They come before the route of an order, whose id may contain slashes."""

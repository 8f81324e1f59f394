"""The routes of the catalogue API."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import require
from sconto.api.bodies import LIST, parse_object, read_json, run_parser
from sconto.api.catalog import wire
from sconto.api.context import context_of
from sconto.api.ids import id_in_path
from sconto.api.json_answer import answer
from sconto.api.plain_route import PlainRoute
from sconto.domain.people import Action
from sconto.domain.product import Product
from sconto.operations import products as operations


async def put_products(request: Request) -> Response:
    """Up to 1,000, all or none. A product that was deleted is known again."""
    caller = require(request, Action.WRITE_PRODUCTS)
    sent = await read_json(request, LIST)
    products = await run_parser(request, sent, _read_products, sent)
    context = context_of(request)
    counts = await operations.put_products(context.database, caller, products, context.now())
    return answer(wire.render_counts(counts))


async def list_products(request: Request) -> Response:
    """By ascending id; a product put between two pages appears if its id is still to come."""
    caller = require(request, Action.READ_PRODUCTS)
    query = wire.read_query(request.query_params.multi_items())
    page = await operations.list_products(context_of(request).database, caller, query)
    return answer(wire.render_page(page))


async def get_product(request: Request) -> Response:
    """The product as last put."""
    caller = require(request, Action.READ_PRODUCTS)
    product_id = id_in_path(request, "product_id")
    product = await operations.get_product(context_of(request).database, caller, product_id)
    return answer(wire.render_product(product))


async def delete_product(request: Request) -> Response:
    """Promotions that name the product keep it; new ones cannot name it."""
    caller = require(request, Action.WRITE_PRODUCTS)
    product_id = id_in_path(request, "product_id")
    context = context_of(request)
    await operations.delete_product(context.database, caller, product_id, context.now())
    return Response(status_code=204)


def _read_products(sent: bytes) -> tuple[Product, ...]:
    return wire.read_products(parse_object(sent))


ROUTES: Final = (
    PlainRoute("/catalog/v1/products", put_products, methods=["PUT"]),
    PlainRoute("/catalog/v1/products", list_products, methods=["GET"]),
    PlainRoute("/catalog/v1/products/{product_id}", get_product, methods=["GET"]),
    PlainRoute("/catalog/v1/products/{product_id}", delete_product, methods=["DELETE"]),
)

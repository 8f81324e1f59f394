"""The addresses of the catalogue API."""

from typing import Any, Final

import msgspec
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import require
from sconto.api.bodies import LIST, parse_object, read_json, run_parser
from sconto.api.catalog import wire
from sconto.api.catalog.models import (
    CatalogCounts,
    CatalogPage,
    CatalogProduct,
    CatalogPut,
)
from sconto.api.context import context_of
from sconto.api.plain_route import PlainRoute
from sconto.api.problem_json import MEDIA_TYPE, PROBLEM
from sconto.domain.people import Action
from sconto.domain.product import HIGHEST_PRODUCT_ID, MOST_PRODUCTS, Product, parse_product_id
from sconto.operations import products as operations

router: Final = APIRouter(prefix="/catalog/v1", tags=["Catalogue API"], route_class=PlainRoute)


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": PROBLEM}}}


_ALWAYS: Final[dict[int | str, dict[str, Any]]] = {
    401: _problem("The token is missing, not valid or expired"),
    403: _problem("The user's role does not allow it"),
    429: _problem("Too many requests; see Retry-After"),
    500: _problem("Something went wrong on our side"),
    503: _problem("The database cannot be reached; see Retry-After"),
}

_NOT_FOUND: Final = _problem("The merchant has no such product")

_PRODUCT_ID: Final = {
    "name": "product_id",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1, "maximum": HIGHEST_PRODUCT_ID},
    "example": 11111,
}

_QUERY: Final = [
    {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_PRODUCTS, "default": 100},
    },
    {
        "name": "cursor",
        "in": "query",
        "description": "The `next_cursor` of the answer before.",
        "schema": {"type": "string"},
    },
    {
        "name": "search",
        "in": "query",
        "description": "A part of the name, whatever the case, or the whole id.",
        "schema": {"type": "string"},
    },
]


@router.put(
    "/products",
    summary="Create or change products",
    responses={
        200: {"model": CatalogCounts},
        **_ALWAYS,
        400: _problem("The body is no JSON object"),
        413: _problem("The body is too large"),
        415: _problem("The body is not said to be JSON"),
        422: _problem("Fields that are not valid, all of them"),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": CatalogPut.model_json_schema(
                        ref_template="#/components/schemas/{model}"
                    )
                }
            },
        }
    },
)
async def put_products(request: Request) -> Response:
    """Up to 1,000, all or none. A product that was deleted is known again."""
    caller = require(request, Action.WRITE_PRODUCTS)
    sent = await read_json(request, LIST)
    products = await run_parser(request, sent, _read_products, sent)
    context = context_of(request)
    counts = await operations.put_products(context.database, caller, products, context.now())
    return _answer(wire.render_counts(counts))


@router.get(
    "/products",
    summary="List products",
    responses={
        200: {"model": CatalogPage},
        **_ALWAYS,
        422: _problem("Parameters that are not valid, all of them"),
    },
    openapi_extra={"parameters": _QUERY},
)
async def list_products(request: Request) -> Response:
    """By ascending id; a product that is put meanwhile is in its place or already passed."""
    caller = require(request, Action.READ_PRODUCTS)
    query = wire.read_query(request.query_params.multi_items())
    page = await operations.list_products(context_of(request).database, caller, query)
    return _answer(wire.render_page(page))


@router.get(
    "/products/{product_id}",
    summary="Get a product",
    responses={200: {"model": CatalogProduct}, **_ALWAYS, 404: _NOT_FOUND},
    openapi_extra={"parameters": [_PRODUCT_ID]},
)
async def get_product(request: Request) -> Response:
    """The product as it was put last."""
    caller = require(request, Action.READ_PRODUCTS)
    product_id = _product_id(request)
    product = await operations.get_product(context_of(request).database, caller, product_id)
    return _answer(wire.render_product(product))


@router.delete(
    "/products/{product_id}",
    summary="Delete a product",
    status_code=204,
    responses={**_ALWAYS, 404: _NOT_FOUND},
    openapi_extra={"parameters": [_PRODUCT_ID]},
)
async def delete_product(request: Request) -> Response:
    """Promotions that name the product go on naming it; new ones cannot."""
    caller = require(request, Action.WRITE_PRODUCTS)
    product_id = _product_id(request)
    context = context_of(request)
    await operations.delete_product(context.database, caller, product_id, context.now())
    return Response(status_code=204)


def _read_products(sent: bytes) -> tuple[Product, ...]:
    return wire.read_products(parse_object(sent))


def _product_id(request: Request) -> int:
    """The id in the address; there is nothing at an address that has none."""
    product_id = parse_product_id(request.path_params["product_id"])
    if product_id is None:
        raise HTTPException(404)
    return product_id


def _answer(body: dict[str, object]) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")

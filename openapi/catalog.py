"""The operations of the catalogue API."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from openapi import catalog_models as models
from openapi.fields import ProductId
from openapi.operation import Answer, Operation, Parameter, as_json
from openapi.problems import refusal
from sconto.api.catalog import routes
from sconto.domain.product import MAX_PRODUCTS

_TAG: Final = "Catalogue API"

_PRODUCT_ID: Final = Parameter("product_id", "path", ProductId, example=11111)
_QUERY: Final = (
    Parameter(
        "limit",
        "query",
        Annotated[int, Field(ge=1, le=MAX_PRODUCTS, json_schema_extra={"default": 100})],
    ),
    Parameter("cursor", "query", str, "The `next_cursor` of the answer before."),
    Parameter("search", "query", str, "A part of the name, whatever the case, or the whole id."),
)

_ALWAYS: Final[Mapping[int, Answer]] = {
    401: refusal("The token is missing, not valid or expired"),
    403: refusal("The user's role does not allow it"),
    429: refusal("Too many requests; see Retry-After"),
    500: refusal("Something went wrong on our side"),
    503: refusal("The database cannot be reached; see Retry-After"),
}
_NOT_FOUND: Final = refusal("The merchant has no such product")

OPERATIONS: Final[Mapping[Callable[..., Any], Operation]] = {
    routes.put_products: Operation(
        _TAG,
        "Create or change products",
        {
            200: Answer("The counts of products", as_json(models.CatalogCounts)),
            **_ALWAYS,
            400: refusal("The body is not a JSON object"),
            413: refusal("The body is too large"),
            415: refusal("The body is not said to be JSON"),
            422: refusal("Fields that are not valid, all of them"),
        },
        body=as_json(models.CatalogPut),
    ),
    routes.list_products: Operation(
        _TAG,
        "List products",
        {
            200: Answer("A page of the list", as_json(models.CatalogPage)),
            **_ALWAYS,
            422: refusal("Parameters that are not valid, all of them"),
        },
        parameters=_QUERY,
    ),
    routes.get_product: Operation(
        _TAG,
        "Get a product",
        {200: Answer("The product", as_json(models.CatalogProduct)), **_ALWAYS, 404: _NOT_FOUND},
        parameters=[_PRODUCT_ID],
    ),
    routes.delete_product: Operation(
        _TAG,
        "Delete a product",
        {204: Answer("Deleted"), **_ALWAYS, 404: _NOT_FOUND},
        parameters=[_PRODUCT_ID],
    ),
}

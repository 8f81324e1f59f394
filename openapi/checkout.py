"""The operations of the checkout API."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, Field

from openapi import checkout_models as models
from openapi import explanation_models, listing_models, orders_models
from openapi import returns_models as returned
from openapi.operation import Answer, Operation, Parameter, as_json
from openapi.problems import Problem, refusal
from sconto.api.checkout import holds, returns, routes
from sconto.api.checkout.order_query import MAX_LISTED
from sconto.api.checkout.reading import MAX_RETURNS
from sconto.domain.order import OrderStatus

_TAG: Final = "Checkout API"

_ORDER_ID: Final = Parameter(
    "order_id", "path", str, "The shop's own id of the order.", example="A-1"
)

_HELD_ID: Final = Parameter(
    "order_id", "path", str, "The shop's own id of the order.", example="A-2"
)
_HELD: Final = as_json(models.HeldCart)

_FILTERS: Final = (
    Parameter("from", "query", AwareDatetime, "Placed at this time or later."),
    Parameter("until", "query", AwareDatetime, "Placed before this time."),
    Parameter("status", "query", OrderStatus),
    Parameter("customer_id", "query", str, "Of this customer."),
    Parameter(
        "promotion_id", "query", Annotated[int, Field(ge=1)], "That redeemed this promotion."
    ),
    Parameter("code", "query", str, "That redeemed this code, in any spelling."),
    Parameter(
        "limit",
        "query",
        Annotated[int, Field(ge=1, le=MAX_LISTED, json_schema_extra={"default": 20})],
    ),
    Parameter("cursor", "query", str, "The `next_cursor` of the answer before."),
)

_RETURN_ID: Final = Parameter(
    "return_id", "path", str, "The shop's own id of the return.", example="R-1"
)

_PAGE: Final = (
    Parameter(
        "limit",
        "query",
        Annotated[int, Field(ge=1, le=MAX_RETURNS, json_schema_extra={"default": MAX_RETURNS})],
    ),
    Parameter("cursor", "query", str, "The `next_cursor` of the answer before."),
)

_REFUSALS: Final = {
    400: refusal("The body is not a JSON object"),
    401: refusal("The token is missing, not valid or expired"),
    403: refusal("The user's role does not allow it"),
    404: refusal("The merchant has no such order or hold"),
    409: refusal("The stored state does not allow it; nothing was changed", models.OrderProblem),
    413: refusal("The body is too large"),
    415: refusal("The body is not said to be JSON"),
    422: refusal(
        "Fields that are not valid, all of them",
        Problem,
        {
            "type": "about:blank",
            "title": "Unprocessable Content",
            "status": 422,
            "detail": "Some fields are not valid.",
            "errors": [
                {"pointer": "/currency", "detail": "must be an ISO 4217 code"},
                {"pointer": "/lines/0/product_id", "detail": "is missing"},
            ],
        },
    ),
    429: refusal("Too many requests; see Retry-After"),
    500: refusal("Something went wrong on our side"),
    503: refusal(
        "The database cannot be reached, or the order or one of its codes is in use for long; "
        "see Retry-After"
    ),
}
_ALWAYS: Final = (401, 403, 429, 500, 503)
_OF_BODY: Final = (400, 413, 415, 422)


_RETURN_REFUSED: Final = refusal(
    "The order does not allow it; nothing was kept", returned.ReturnProblem
)


def _refusals(*statuses: int) -> dict[int, Answer]:
    return {status: _REFUSALS[status] for status in sorted({*_ALWAYS, *statuses})}


OPERATIONS: Final[Mapping[Callable[..., Any], Operation]] = {
    routes.quote: Operation(
        _TAG,
        "Price a cart",
        {
            200: Answer("What the cart costs, and why", as_json(explanation_models.QuotedCart)),
            **_refusals(*_OF_BODY),
        },
        body=as_json(models.CartToPrice),
    ),
    routes.place_order: Operation(
        _TAG,
        "Place an order",
        {
            200: Answer(
                "The same order was placed before; nothing was counted",
                as_json(models.PlacedOrder),
            ),
            201: Answer("Placed", as_json(models.PlacedOrder)),
            **_refusals(*_OF_BODY, 409),
        },
        body=as_json(models.OrderToPlace),
    ),
    routes.list_orders: Operation(
        _TAG,
        "List orders",
        {
            200: Answer("Some orders, the newest first", as_json(orders_models.OrderList)),
            **_refusals(422),
        },
        parameters=_FILTERS,
    ),
    routes.get_order: Operation(
        _TAG,
        "Get an order",
        {
            200: Answer("The order as it was placed", as_json(models.PlacedOrder)),
            **_refusals(404),
        },
        parameters=[_ORDER_ID],
    ),
    routes.explain_order: Operation(
        _TAG,
        "Explain an order",
        {
            200: Answer(
                "The bill of then, and its request priced now",
                as_json(explanation_models.ExplainedOrder),
            ),
            **_refusals(404),
        },
        parameters=[_ORDER_ID],
    ),
    routes.change_order_status: Operation(
        _TAG,
        "Change an order's status",
        {
            200: Answer(
                "The order with its new status",
                as_json(models.PlacedOrder, {**models.PLACED, "status": "paid"}),
            ),
            **_refusals(*_OF_BODY, 404, 409),
        },
        body=as_json(models.NewOrderStatus),
        parameters=[_ORDER_ID],
    ),
    holds.hold: Operation(
        _TAG,
        "Hold a cart for an order id",
        {
            200: Answer("The same cart is held already; the hold ends when it would have", _HELD),
            201: Answer("Held", _HELD),
            **_refusals(*_OF_BODY, 409),
        },
        body=as_json(models.CartToHold),
    ),
    holds.get_hold: Operation(
        _TAG,
        "Get a hold",
        {200: Answer("The hold as it was made", _HELD), **_refusals(404)},
        parameters=[_HELD_ID],
    ),
    holds.release_hold: Operation(
        _TAG,
        "Release a hold",
        {204: Answer("What was held is free again"), **_refusals(404)},
        parameters=[_HELD_ID],
    ),
    returns.create_return: Operation(
        _TAG,
        "Return goods of an order",
        {
            200: Answer(
                "The same return was kept before; nothing was changed",
                as_json(returned.KeptReturn),
            ),
            201: Answer("Kept", as_json(returned.KeptReturn)),
            **_refusals(*_OF_BODY, 404),
            409: _RETURN_REFUSED,
        },
        body=as_json(returned.ReturnToKeep),
        parameters=[_ORDER_ID],
    ),
    returns.quote_return: Operation(
        _TAG,
        "Price a return",
        {
            200: Answer("What the return would pay back", as_json(returned.PricedReturn)),
            **_refusals(*_OF_BODY, 404),
            409: _RETURN_REFUSED,
        },
        body=as_json(returned.ReturnToPrice),
        parameters=[_ORDER_ID],
    ),
    returns.list_returns: Operation(
        _TAG,
        "List the returns of an order",
        {
            200: Answer("A part of the list", as_json(returned.ReturnPage)),
            **_refusals(404, 422),
        },
        parameters=[_ORDER_ID, *_PAGE],
    ),
    returns.get_return: Operation(
        _TAG,
        "Get a return",
        {
            200: Answer("The return as it was kept", as_json(returned.KeptReturn)),
            **_refusals(404),
        },
        parameters=[_ORDER_ID, _RETURN_ID],
    ),
    routes.list_prices: Operation(
        _TAG,
        "Price a list of products",
        {
            200: Answer(
                "What one unit of each costs without a code", as_json(listing_models.PriceList)
            ),
            **_refusals(*_OF_BODY),
        },
        body=as_json(listing_models.PricesToList),
    ),
}

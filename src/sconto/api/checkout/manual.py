"""What /docs says of each address of the checkout API."""

from typing import Any, Final

from sconto.api.checkout import schemas
from sconto.api.checkout.schemas import Schema
from sconto.api.problem_json import MEDIA_TYPE, PROBLEM

_LINE: Final = {"line_id": "1", "product_id": 11111, "quantity": 2, "unit_price": "19.99"}
_CART: Final = {"currency": "EUR", "lines": [_LINE], "codes": ["PROMO-001"]}

_PRICED_LINE: Final = {
    **_LINE,
    "known": True,
    "subtotal": "39.98",
    "discount": "4.00",
    "discount_percent": "10",
    "total": "35.98",
    "promotion": {"id": 36, "type": "coupon", "code": "PROMO-001"},
    "picks": [
        {
            "promotion_id": 36,
            "group": "code",
            "code": "PROMO-001",
            "discount_percent": "10",
            "applied": True,
        },
        {
            "promotion_id": 12,
            "group": "automatic_all",
            "discount_percent": "5",
            "applied": False,
            "reason": "lower_discount",
        },
    ],
}
_PRICED: Final = {
    "currency": "EUR",
    "subtotal": "39.98",
    "discount": "4.00",
    "total": "35.98",
    "lines": [_PRICED_LINE],
    "codes": [{"code": "PROMO-001", "status": "applied", "promotion_id": 36}],
}
_PLACED: Final = {
    "order_id": "A-1",
    "created_at": "2026-11-27T00:00:00+00:00",
    "status": "not paid",
    **_PRICED,
}

_OF_SUBSCRIPTION: Final = {
    **_CART,
    "subscription": {
        "created_at": None,
        "type_id": "monthly",
        "order_number": 1,
        "codes": [{"code": "TRY3", "first_order_number": 1}],
    },
}
_PRICED_OF_SUBSCRIPTION: Final = {
    **_PRICED,
    "discount": "14.79",
    "total": "25.19",
    "lines": [{**_PRICED_LINE, "subscription_discount": "10.79", "total": "25.19"}],
    "subscription": {
        "code": "TRY3",
        "promotion_id": "81",
        "discount": "10.79",
        "order_number": 1,
        "considered": [{"code": "TRY3", "discount": "10.79", "applied": True, "rule": 0}],
    },
}

_ORDER_ID: Final = {
    "name": "order_id",
    "in": "path",
    "required": True,
    "description": "The shop's own id of the order.",
    "schema": {"type": "string"},
    "example": "A-1",
}


def _problem(description: str, schema: Schema = PROBLEM, example: object = None) -> dict[str, Any]:
    content = {"schema": schema} if example is None else {"schema": schema, "example": example}
    return {"description": description, "content": {MEDIA_TYPE: content}}


def _json(schema: Schema, example: object) -> dict[str, Any]:
    return {"application/json": {"schema": schema, "example": example}}


_REFUSED: Final = {
    400: _problem("The body is no JSON object"),
    401: _problem("The token is missing, not valid or expired"),
    403: _problem("The user's role does not allow it"),
    404: _problem("The merchant placed no such order"),
    409: _problem(
        "What is stored stands against it; nothing was changed",
        schemas.CONFLICT,
        {
            "type": "urn:sconto:problem:total-differs",
            "title": "The total differs",
            "status": 409,
            "detail": "The cart does not cost what was expected. Nothing was placed.",
            "quote": _PRICED,
        },
    ),
    413: _problem("The body is too large"),
    415: _problem("The body is not said to be JSON"),
    429: _problem("Too many requests; see Retry-After"),
    500: _problem("Something went wrong on our side"),
    503: _problem(
        "The database cannot be reached, or something else uses the order or one of its codes for "
        "long; see Retry-After"
    ),
    422: _problem(
        "Fields that are not valid, all of them",
        example={
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
}

_ALWAYS: Final = (401, 403, 429, 500, 503)
_BODY: Final = (400, 413, 415, 422)


def _describe(
    summary: str,
    answers: dict[int, tuple[str, Schema, object]],
    *refusals: int,
    body: tuple[Schema, object] | None = None,
    of_an_order: bool = False,
) -> dict[str, Any]:
    """What a route's decorator takes."""
    extra: dict[str, object] = {}
    if body is not None:
        extra["requestBody"] = {"required": True, "content": _json(*body)}
    if of_an_order:
        extra["parameters"] = [_ORDER_ID]
    found: dict[int | str, dict[str, Any]] = {
        status: {"description": description, "content": _json(schema, example)}
        for status, (description, schema, example) in answers.items()
    }
    found.update({status: _REFUSED[status] for status in sorted({*_ALWAYS, *refusals})})
    return {
        "summary": summary,
        "status_code": min(answers),
        "responses": found,
        "openapi_extra": extra,
    }


QUOTE: Final = _describe(
    "Price a cart",
    {200: ("What the cart costs, and why", schemas.PRICED_CART, _PRICED_OF_SUBSCRIPTION)},
    *_BODY,
    body=(schemas.QUOTE, _OF_SUBSCRIPTION),
)
PLACE: Final = _describe(
    "Place an order",
    {
        200: (
            "The same order was placed before; nothing was counted",
            schemas.PLACED_ORDER,
            _PLACED,
        ),
        201: ("Placed", schemas.PLACED_ORDER, _PLACED),
    },
    *_BODY,
    409,
    body=(schemas.ORDER, {"order_id": "A-1", **_CART}),
)
GET: Final = _describe(
    "Get an order",
    {200: ("The order as it was placed", schemas.PLACED_ORDER, _PLACED)},
    404,
    of_an_order=True,
)
CHANGE: Final = _describe(
    "Change an order's status",
    {200: ("The order with its new status", schemas.PLACED_ORDER, {**_PLACED, "status": "paid"})},
    *_BODY,
    404,
    409,
    body=(schemas.STATUS, {"status": "paid"}),
    of_an_order=True,
)
PRICES: Final = _describe(
    "Price a list of products",
    {
        200: (
            "What one unit of each costs without a code",
            schemas.PRICE_LIST,
            {
                "currency": "EUR",
                "products": [
                    {
                        "product_id": 11111,
                        "unit_price": "19.99",
                        "price": "18.99",
                        "discount_percent": "5",
                        "promotion_id": 12,
                    }
                ],
            },
        )
    },
    *_BODY,
    body=(
        schemas.PRICES,
        {"currency": "EUR", "products": [{"product_id": 11111, "unit_price": "19.99"}]},
    ),
)

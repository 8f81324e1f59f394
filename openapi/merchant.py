"""The operations of the merchant API on promotions, and signing in."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from openapi import merchant_models as models
from openapi.operation import Answer, Content, Operation, Parameter, as_json
from sconto.api.merchant import routes, sign_in
from sconto.api.merchant.errors import Fault, fault, status_fault

TAG: Final = "Merchant API"

_REFUSED: Final = {
    400: "What was sent is not valid",
    401: "The token is missing, invalid or expired",
    404: "There is no such promotion",
    413: "The body is larger than this address takes",
    429: "Too many requests; see Retry-After",
    500: "Something went wrong on our side",
    503: "The database cannot be reached; see Retry-After",
}
_SIGN_IN_REFUSED: Final = {
    400: "111, 110, or 11010 for each field that is missing or invalid",
    401: "1001 `Bad credentials.`, whether or not there is such a user",
    413: "The body is larger than 64 KiB",
    429: "Too many failures of the name or the address; see Retry-After",
    500: "Something went wrong on our side",
    503: "The database cannot be reached; see Retry-After",
}
_EXAMPLES: Final[Mapping[int, tuple[Fault, ...]]] = {
    400: (fault(11010, "date_from"), fault(11010, "product_id")),
    401: (fault(1008),),
    404: (fault(11200, 123),),
    **{status: (status_fault(status),) for status in (413, 429, 500, 503)},
}

PROMOTION_ID: Final = Parameter(
    "promotion_id",
    "path",
    Annotated[int, Field(ge=1)],
    "The promotion's identifier.",
    # In a new demo shop the promotion with the code WELCOME10.
    example=4,
)
_Count = Annotated[int, Field(ge=0)]
_QUERY: Final = (
    Parameter("limit", "query", _Count, "How many; without it, all."),
    Parameter("offset", "query", _Count, "How many of those found to leave out."),
    Parameter("status", "query", Literal["1", "0"], "`1` active, `0` inactive."),
    Parameter("expired", "query", Literal["1", "0"], "`1` over, `0` not."),
    Parameter(
        "search_string",
        "query",
        Annotated[str, Field(min_length=3)],
        "A part of the name, in any case.",
    ),
    Parameter("sort_by_update_date", "query", Literal["asc", "desc"]),
)

_DISCOUNT_MODELS: Final[Mapping[str, dict[str, object]]] = {
    "all products": {"discount_percent": "10"},
    "specific products": {"discount_percent": "10", "product_id": [11111, 22222]},
    "individual discounts": {
        "products": [
            {"product_id": 11111, "discount_percent": "10"},
            {"product_id": 22222, "discount_percent": "20"},
        ]
    },
}
_DATES: Final = {
    "date_from": "2023-01-01T00:00:00+03:00",
    "date_to": "2033-01-10T00:00:00+03:00",
}
_CODES: Final = {"coupon_type": "reusable", "coupon_code": ["PROMO-001", "PROMO-002"]}
_NEW_PROMOTIONS: Final[Mapping[str, object]] = {
    f"{kind}, {name}": {
        "promotion_type": kind,
        "promotion_name": "Black Friday",
        "status": True,
        **_DATES,
        terms: {**codes, **model},
    }
    for kind, terms, codes in (("coupon", "coupons", _CODES), ("discount", "discounts", {}))
    for name, model in _DISCOUNT_MODELS.items()
}
_CHANGES: Final[Mapping[str, object]] = {
    "a new end, and specific products": {
        "promotion_type": "coupon",
        "date_to": "2033-01-10T09:16:35+03:00",
        "coupons": {
            "coupon_code": ["WELCOME10", "PROMO-003"],
            "product_id": [22222],
            "discount_percent": "50",
        },
    },
    "switched off": {"promotion_type": "coupon", "status": False},
}


def refusals(*statuses: int) -> dict[int, Answer]:
    """These refusals, and those that every operation may answer."""
    return {status: _refusal(status) for status in (*statuses, 429, 500, 503)}


def done(of: Any) -> Answer:
    """The answer to a request that succeeded."""
    return Answer("Done", as_json(of))


def _refusal(status: int) -> Answer:
    errors = [{"error": one.code, "message": one.message} for one in _EXAMPLES[status]]
    return Answer(_REFUSED[status], as_json(models.MerchantErrors, {"errors": errors}))


OPERATIONS: Final[Mapping[Callable[..., Any], Operation]] = {
    sign_in.sign_in: Operation(
        TAG,
        "Sign in",
        {
            200: Answer("Signed in", as_json(models.SignedIn)),
            **{
                status: Answer(description, as_json(models.MerchantErrors))
                for status, description in _SIGN_IN_REFUSED.items()
            },
        },
        body=as_json(models.SignIn),
        needs_token=False,
    ),
    routes.create_promotion: Operation(
        TAG,
        "Create a promotion",
        {200: done(models.PromotionCreated), **refusals(400, 401, 413)},
        body={"application/json": Content(models.PromotionCreate, examples=_NEW_PROMOTIONS)},
    ),
    routes.list_promotions: Operation(
        TAG,
        "List promotions",
        {200: done(models.PromotionList), **refusals(400, 401)},
        parameters=_QUERY,
    ),
    routes.get_promotion: Operation(
        TAG,
        "Get a promotion",
        {200: done(models.PromotionAnswer), **refusals(400, 401, 404)},
        parameters=[PROMOTION_ID],
    ),
    routes.change_promotion: Operation(
        TAG,
        "Modify a promotion",
        {200: done(models.Nothing), **refusals(400, 401, 404, 413)},
        body={"application/json": Content(models.PromotionModify, examples=_CHANGES)},
        parameters=[PROMOTION_ID],
    ),
    routes.delete_promotion: Operation(
        TAG,
        "Delete a promotion",
        {200: done(models.Nothing), **refusals(400, 401, 404)},
        parameters=[PROMOTION_ID],
    ),
    routes.get_statistics: Operation(
        TAG,
        "Get promotion statistics",
        {200: done(models.PromotionStatistics), **refusals(400, 401, 404, 413)},
        body=as_json(models.StatisticsQuestion),
    ),
}

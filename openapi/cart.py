"""The operations of the cart promotions API."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from openapi import cart_models as models
from openapi import cart_statistics_models as statistics_models
from openapi.checkout_models import PricedCart
from openapi.operation import Answer, Operation, Parameter, as_json
from openapi.problems import refusal
from sconto.api.cart import routes
from sconto.api.cart.query import MAX_LISTED
from sconto.api.idempotency import LONGEST_KEY
from sconto.domain.cart_promotion import Target
from sconto.domain.numbers import MAX_INT64

_TAG: Final = "Cart promotions API"

_ID: Final = Parameter("promotion_id", "path", Annotated[int, Field(ge=1, le=MAX_INT64)], example=6)
_LIMIT: Final = Parameter(
    "limit",
    "query",
    Annotated[int, Field(ge=1, le=MAX_LISTED, json_schema_extra={"default": 100})],
)
_CURSOR: Final = Parameter("cursor", "query", str, "The `next_cursor` of the answer before.")
_KEY: Final = Parameter(
    "Idempotency-Key",
    "header",
    Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)],
    "The same request under the same key creates one promotion, and gets the same answer.",
)
_FILTERS: Final = (
    Parameter("active", "query", bool),
    Parameter("running", "query", bool, "Active, started and not over."),
    Parameter("target", "query", Target),
    Parameter("code", "query", str, "A code that the promotion has, in any spelling."),
    Parameter("name", "query", str, "A part of the name, whatever the case."),
)

_ALWAYS: Final[Mapping[int, Answer]] = {
    401: refusal("The token is missing, not valid or expired"),
    403: refusal("The user's role does not allow it"),
    429: refusal("Too many requests; see Retry-After"),
    500: refusal("Something went wrong on our side"),
    503: refusal("The database cannot be reached; see Retry-After"),
}
_OF_BODY: Final[Mapping[int, Answer]] = {
    400: refusal("The body is not a JSON object"),
    413: refusal("The body is too large"),
    415: refusal("The body is not said to be JSON"),
    422: refusal("Fields that are not valid, all of them"),
}
_NOT_FOUND: Final = refusal("The merchant has no such cart promotion")
_TOO_MANY: Final = refusal("As many automatic cart promotions as there may be are not over")
_BAD_QUERY: Final = refusal("Parameters that are not valid, all of them")


OPERATIONS: Final[Mapping[Callable[..., Any], Operation]] = {
    routes.create_promotion: Operation(
        _TAG,
        "Create a cart promotion",
        {
            201: Answer("Created", as_json(models.StoredCartPromotion)),
            **_ALWAYS,
            **_OF_BODY,
            400: refusal("The body is not a JSON object, or the Idempotency-Key is not valid"),
            409: refusal(
                "As many automatic cart promotions as there may be are not over; "
                "or the Idempotency-Key came with another request"
            ),
        },
        body=as_json(models.CartPromotionToCreate),
        parameters=[_KEY],
    ),
    routes.list_promotions: Operation(
        _TAG,
        "List cart promotions",
        {
            200: Answer("A part of the list", as_json(models.CartPromotionPage)),
            **_ALWAYS,
            422: _BAD_QUERY,
        },
        parameters=(_LIMIT, _CURSOR, *_FILTERS),
    ),
    routes.get_promotion: Operation(
        _TAG,
        "Get a cart promotion",
        {
            200: Answer("The promotion", as_json(models.StoredCartPromotion)),
            **_ALWAYS,
            404: _NOT_FOUND,
        },
        parameters=[_ID],
    ),
    routes.change_promotion: Operation(
        _TAG,
        "Change a cart promotion",
        {
            200: Answer("As it stands now", as_json(models.StoredCartPromotion)),
            **_ALWAYS,
            **_OF_BODY,
            404: _NOT_FOUND,
            409: _TOO_MANY,
        },
        body=as_json(models.CartPromotionPatch),
        parameters=[_ID],
    ),
    routes.delete_promotion: Operation(
        _TAG,
        "Delete a cart promotion",
        {204: Answer("Deleted"), **_ALWAYS, 404: _NOT_FOUND},
        parameters=[_ID],
    ),
    routes.restore_promotion: Operation(
        _TAG,
        "Restore a deleted cart promotion",
        {
            200: Answer("As it stands now", as_json(models.StoredCartPromotion)),
            **_ALWAYS,
            404: refusal(
                "The merchant has no such cart promotion, or it was deleted over an hour ago"
            ),
            409: _TOO_MANY,
        },
        parameters=[_ID],
    ),
    routes.read_statistics: Operation(
        _TAG,
        "What a cart promotion gave, and what its limits leave",
        {
            200: Answer("The figures", as_json(statistics_models.CartPromotionStatistics)),
            **_ALWAYS,
            404: _NOT_FOUND,
        },
        parameters=[_ID],
    ),
    routes.read_history: Operation(
        _TAG,
        "Who changed a cart promotion",
        {
            200: Answer("A part of the history", as_json(models.CartHistoryPage)),
            **_ALWAYS,
            404: _NOT_FOUND,
            422: _BAD_QUERY,
        },
        parameters=[_ID, _LIMIT, _CURSOR],
    ),
    routes.try_promotion: Operation(
        _TAG,
        "Try a cart promotion on a cart",
        {
            200: Answer("The quote as it would be", as_json(PricedCart)),
            **_ALWAYS,
            **_OF_BODY,
            404: _NOT_FOUND,
        },
        body=as_json(models.CartTrial),
    ),
}

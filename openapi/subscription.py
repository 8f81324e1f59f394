"""The operations of the subscription promotions API."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from openapi import subscription_models as models
from openapi.operation import Answer, Content, Operation, Parameter, as_json
from sconto.api.idempotency import LONGEST_KEY
from sconto.api.subscription import routes
from sconto.api.subscription.requests import ITEMS, MAX_ITEMS

_TAG: Final = "Subscription promotions API"

_PROMOTION_ID: Final = Parameter(
    "promotionId", "path", Annotated[str, Field(min_length=1)], example="1"
)
_QUERY: Final = (
    Parameter(
        "limit",
        "query",
        Annotated[int, Field(ge=0, le=MAX_ITEMS, json_schema_extra={"default": ITEMS})],
    ),
    Parameter("cursor", "query", str, "The `nextCursor` of the answer before."),
    Parameter("code", "query", str, "The whole code, whatever the case."),
    Parameter("enabled", "query", bool),
    Parameter("name", "query", str, "A part of the name, whatever the case."),
)
_KEY: Final = Parameter(
    "Idempotency-Key",
    "header",
    Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)],
    "The same key and request are answered as the first time, for 24 hours, and "
    "change nothing again; with another request the key is refused (409).",
)

_REFUSED: Final = {
    400: "The body is not a JSON object, or the Idempotency-Key is not valid",
    401: "The token is missing, not valid or expired",
    403: "The user's role does not allow it",
    404: "The merchant has no such promotion",
    409: "The state of the promotion does not allow it; or the Idempotency-Key is taken",
    413: "The body is larger than 4 MiB",
    422: "Fields that are not valid, one error each",
    429: "Too many requests; see Retry-After",
    500: "Something went wrong on our side",
    503: "The database cannot be reached; see Retry-After",
}
_ALWAYS: Final = (401, 403, 429, 500, 503)
_OF_KEY: Final = (400, 409)
_OF_BODY: Final = (400, 413, 422)


def _refusals(*statuses: int) -> dict[int, Answer]:
    return {
        status: Answer(_REFUSED[status], as_json(models.SubscriptionErrors))
        for status in sorted({*_ALWAYS, *statuses})
    }


OPERATIONS: Final[Mapping[Callable[..., Any], Operation]] = {
    routes.list_promotions: Operation(
        _TAG,
        "List promotions",
        {
            200: Answer("A part of the list", as_json(models.SubscriptionPromotionList)),
            **_refusals(422),
        },
        parameters=_QUERY,
    ),
    routes.create_promotion: Operation(
        _TAG,
        "Create a promotion",
        {
            201: Answer("Created", as_json(models.SubscriptionPromotionAnswer)),
            **_refusals(*_OF_KEY, *_OF_BODY),
        },
        body=as_json(models.NewSubscriptionPromotion),
        parameters=[_KEY],
    ),
    routes.get_promotion: Operation(
        _TAG,
        "Get a promotion",
        {
            200: Answer("The promotion", as_json(models.SubscriptionPromotionAnswer)),
            **_refusals(404),
        },
        parameters=[_PROMOTION_ID],
    ),
    routes.change_promotion: Operation(
        _TAG,
        "Change a promotion",
        {
            200: Answer("The changed promotion", as_json(models.SubscriptionPromotionAnswer)),
            **_refusals(*_OF_KEY, *_OF_BODY, 404),
        },
        body={
            "application/merge-patch+json": Content(models.SubscriptionPromotionPatch),
            **as_json(models.SubscriptionPromotionPatch),
        },
        parameters=[_PROMOTION_ID, _KEY],
    ),
    routes.delete_promotion: Operation(
        _TAG,
        "Delete a promotion",
        {204: Answer("Deleted"), **_refusals(*_OF_KEY, 404)},
        parameters=[_PROMOTION_ID, _KEY],
    ),
    routes.validate: Operation(
        _TAG,
        "Ask whether a contract may have the promotion",
        {
            200: Answer("Whether it may, and why not", as_json(models.ValidationAnswer)),
            **_refusals(*_OF_BODY, 404),
        },
        body=as_json(models.ContractToValidate),
        parameters=[_PROMOTION_ID],
    ),
    routes.schedule: Operation(
        _TAG,
        "Ask what a contract's next orders get",
        {
            200: Answer("The next orders", as_json(models.ScheduleAnswer)),
            **_refusals(*_OF_BODY, 404),
        },
        body=as_json(models.PlanToSchedule),
        parameters=[_PROMOTION_ID],
    ),
    routes.apply_code: Operation(
        _TAG,
        "Apply a code to a contract",
        {
            200: Answer("Applied", as_json(models.ApplicationAnswer)),
            **_refusals(*_OF_KEY, *_OF_BODY, 404),
        },
        body=as_json(models.CodeToApply),
        parameters=[_KEY],
    ),
}

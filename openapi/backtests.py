"""The operations of back-tests, a part of the cart promotions API."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from openapi import backtest_models as models
from openapi.operation import Answer, Operation, Parameter, as_json
from openapi.problems import refusal
from sconto.api.cart import backtests
from sconto.api.cart.query import MAX_LISTED
from sconto.api.idempotency import LONGEST_KEY
from sconto.domain.numbers import MAX_INT64

_TAG: Final = "Cart promotions API"

_ID: Final = Parameter("backtest_id", "path", Annotated[int, Field(ge=1, le=MAX_INT64)], example=1)
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
    "The same request under the same key starts one back-test, and gets the same answer.",
)

_ALWAYS: Final[Mapping[int, Answer]] = {
    401: refusal("The token is missing, not valid or expired"),
    403: refusal("The user's role does not allow it"),
    429: refusal("Too many requests; see Retry-After"),
    500: refusal("Something went wrong on our side"),
    503: refusal("The database cannot be reached; see Retry-After"),
}
_NOT_FOUND: Final = refusal("The merchant has no such back-test")

OPERATIONS: Final[Mapping[Callable[..., Any], Operation]] = {
    backtests.start_backtest: Operation(
        _TAG,
        "Start a back-test of a promotion",
        {
            201: Answer("Started", as_json(models.Backtest)),
            **_ALWAYS,
            400: refusal("The body is not a JSON object, or the Idempotency-Key is not valid"),
            404: refusal("The merchant has no promotion with the `promotion_id`"),
            409: refusal("The Idempotency-Key came with another request"),
            413: refusal("The body is too large, or names over 100,000 products or codes"),
            415: refusal("The body is not said to be JSON"),
            422: refusal("Fields that are not valid, all of them"),
            429: refusal("Too many requests, or too many back-tests that have not ended"),
        },
        body=as_json(models.BacktestToStart),
        parameters=[_KEY],
    ),
    backtests.list_backtests: Operation(
        _TAG,
        "List back-tests",
        {
            200: Answer("A part of the list", as_json(models.BacktestPage)),
            **_ALWAYS,
            422: refusal("Parameters that are not valid, all of them"),
        },
        parameters=(_LIMIT, _CURSOR),
    ),
    backtests.get_backtest: Operation(
        _TAG,
        "Get a back-test and its result",
        {200: Answer("The back-test", as_json(models.Backtest)), **_ALWAYS, 404: _NOT_FOUND},
        parameters=[_ID],
    ),
    backtests.cancel_backtest: Operation(
        _TAG,
        "Cancel a back-test",
        {200: Answer("As it is now", as_json(models.Backtest)), **_ALWAYS, 404: _NOT_FOUND},
        parameters=[_ID],
    ),
    backtests.delete_backtest: Operation(
        _TAG,
        "Delete a back-test",
        {204: Answer("Deleted"), **_ALWAYS, 404: _NOT_FOUND},
        parameters=[_ID],
    ),
}

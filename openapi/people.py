"""The operations of the people API."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from openapi import people_models as models
from openapi.fields import ProductId
from openapi.operation import Answer, Operation, Parameter, as_json
from openapi.problems import refusal
from sconto.api.people import keys

_TAG: Final = "People API"

_KEY_ID: Final = Parameter("key_id", "path", ProductId, example=1)

_ALWAYS: Final[Mapping[int, Answer]] = {
    401: refusal("The token is missing, not valid or expired"),
    403: refusal("Only an admin may do this"),
    429: refusal("Too many requests; see Retry-After"),
    500: refusal("Something went wrong on our side"),
    503: refusal("The database cannot be reached; see Retry-After"),
}
_BODY: Final[Mapping[int, Answer]] = {
    400: refusal("The body is no JSON object"),
    413: refusal("The body is too large"),
    415: refusal("The body is not said to be JSON"),
    422: refusal("Fields that are not valid, all of them"),
}
_NOT_FOUND: Final = refusal("The merchant has no such key")

OPERATIONS: Final[Mapping[Callable[..., Any], Operation]] = {
    keys.create_key: Operation(
        _TAG,
        "Create an API key",
        {
            201: Answer("The key", as_json(models.CreatedApiKey)),
            **_ALWAYS,
            **_BODY,
            409: refusal("The name is taken, or the merchant has 100 keys"),
        },
        body=as_json(models.NewApiKey),
    ),
    keys.list_keys: Operation(
        _TAG,
        "List API keys",
        {
            200: Answer("The keys", as_json(models.ApiKeys)),
            **_ALWAYS,
            422: refusal("Parameters, which this address does not have"),
        },
    ),
    keys.get_key: Operation(
        _TAG,
        "Get an API key",
        {200: Answer("The key", as_json(models.ApiKey)), **_ALWAYS, 404: _NOT_FOUND},
        parameters=[_KEY_ID],
    ),
    keys.revoke_key: Operation(
        _TAG,
        "Revoke an API key",
        {204: Answer("Revoked"), **_ALWAYS, 404: _NOT_FOUND},
        parameters=[_KEY_ID],
    ),
}

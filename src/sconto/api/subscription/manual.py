"""What /docs says about the subscription API's addresses besides their bodies."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel

from sconto.api.subscription.models import SubscriptionErrors
from sconto.api.subscription.requests import ITEMS, LONGEST_KEY, MOST_ITEMS

JSON_TYPES: Final = ("application/json",)
PATCH_TYPES: Final = ("application/merge-patch+json", "application/json")

PROMOTION_ID: Final = {
    "name": "promotionId",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
    "example": "1",
}

QUERY: Final = (
    {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 0, "maximum": MOST_ITEMS, "default": ITEMS},
    },
    {
        "name": "cursor",
        "in": "query",
        "description": "The `nextCursor` of the answer before.",
        "schema": {"type": "string"},
    },
    {
        "name": "code",
        "in": "query",
        "description": "The whole code, whatever the case.",
        "schema": {"type": "string"},
    },
    {"name": "enabled", "in": "query", "schema": {"type": "boolean"}},
    {
        "name": "name",
        "in": "query",
        "description": "A part of the name, whatever the case.",
        "schema": {"type": "string"},
    },
)

_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key and request are answered as the first time, for 24 hours, and "
    "change nothing again; with another request the key is refused (409).",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
}

_REFUSED: Final[dict[int, str]] = {
    400: "The body is no JSON object, or the Idempotency-Key is not valid",
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


def read(
    answer: type[BaseModel],
    *refusals: int,
    parameters: Sequence[dict[str, Any]] = (),
    body: type[BaseModel] | None = None,
) -> dict[str, Any]:
    """An address that changes nothing."""
    asked = () if body is None else (400, 413)
    return {
        "responses": {200: {"model": answer}, **_refusals(*refusals, *asked)},
        "openapi_extra": _extra(body, parameters, JSON_TYPES),
    }


def write(
    body: type[BaseModel] | None,
    answer: type[BaseModel] | None,
    status: int,
    *refusals: int,
    parameters: Sequence[dict[str, Any]] = (),
    media_types: Sequence[str] = JSON_TYPES,
) -> dict[str, Any]:
    """An address that changes something, once for each Idempotency-Key."""
    success: dict[str, Any] = {} if answer is None else {"model": answer}
    found_in_body = () if body is None else (413, 422)
    return {
        "responses": {status: success, **_refusals(400, 409, *refusals, *found_in_body)},
        "openapi_extra": _extra(body, [*parameters, _KEY], media_types),
    }


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {
        status: {"description": _REFUSED[status], "model": SubscriptionErrors}
        for status in sorted({*_ALWAYS, *statuses})
    }


def _extra(
    body: type[BaseModel] | None, parameters: Sequence[dict[str, Any]], media_types: Sequence[str]
) -> dict[str, Any]:
    extra: dict[str, Any] = {"parameters": list(parameters)} if parameters else {}
    if body is not None:
        schema = body.model_json_schema()
        schema = _inlined(schema, schema.pop("$defs", {}))
        extra["requestBody"] = {
            "required": True,
            "content": {media_type: {"schema": schema} for media_type in media_types},
        }
    return extra


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """The schema with each reference to a definition replaced by what is defined."""
    match schema:
        case {"$ref": str(reference), **beside}:
            definition = definitions[reference.removeprefix("#/$defs/")]
            return {**_inlined(definition, definitions), **beside}
        case dict():
            return {name: _inlined(part, definitions) for name, part in schema.items()}
        case list():
            return [_inlined(part, definitions) for part in schema]
        case _:
            return schema

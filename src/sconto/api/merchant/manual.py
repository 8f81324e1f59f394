"""What /docs says of each address of the merchant API."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from sconto.api.merchant import models
from sconto.api.merchant.errors import Fault, fault, status_fault

_REFUSED: Final = {
    400: "What was sent is not valid",
    401: "The token is missing, invalid or expired",
    404: "There is no such promotion",
    413: "The body is larger than this address takes",
    429: "Too many requests; see Retry-After",
    500: "Something went wrong on our side",
    503: "The database cannot be reached; see Retry-After",
}
_ALWAYS: Final = (429, 500, 503)
_EXAMPLES: Final[Mapping[int, tuple[Fault, ...]]] = {
    400: (fault(11010, "date_from"), fault(11010, "product_id")),
    401: (fault(1008),),
    404: (fault(11200, 123),),
    **{status: (status_fault(status),) for status in (413, *_ALWAYS)},
}
_PARAMETERS: Final[Mapping[str, tuple[str, dict[str, object]]]] = {
    "limit": ("How many; without it, all.", {"type": "integer", "minimum": 0}),
    "offset": ("How many of those found to leave out.", {"type": "integer", "minimum": 0}),
    "status": ("`1` active, `0` inactive.", {"type": "string", "enum": ["1", "0"]}),
    "expired": ("`1` over, `0` not.", {"type": "string", "enum": ["1", "0"]}),
    "search_string": ("A part of the name, in any case.", {"type": "string", "minLength": 3}),
    "sort_by_update_date": ("", {"type": "string", "enum": ["asc", "desc"]}),
}
ID: Final = {
    "name": "promotion_id",
    "in": "path",
    "required": True,
    "description": "The promotion's identifier.",
    "schema": {"type": "integer", "minimum": 1},
    # In a new demo shop the promotion with the code WELCOME10.
    "example": 4,
}
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


def describe(
    summary: str,
    answer: type[BaseModel],
    *refusals: int,
    body: type[BaseModel] | None = None,
    examples: Mapping[str, object] | None = None,
    parameters: list[dict[str, object]] | None = None,
) -> dict[str, Any]:
    """What a route's decorator takes: its answers, its body and its parameters."""
    extra: dict[str, object] = {}
    common = _ALWAYS if body is None else (413, *_ALWAYS)
    if body is not None:
        content: dict[str, object] = {"schema": _inlined(body.model_json_schema())}
        if examples:
            content["examples"] = {name: {"value": value} for name, value in examples.items()}
        extra["requestBody"] = {"required": True, "content": {"application/json": content}}
    if parameters:
        extra["parameters"] = parameters
    return {
        "summary": summary,
        "responses": {
            200: {"description": "Done", "model": answer},
            **{status: _describe_refusal(status) for status in (*refusals, *common)},
        },
        "openapi_extra": extra,
    }


def _describe_refusal(status: int) -> dict[str, Any]:
    errors = [{"error": one.code, "message": one.message} for one in _EXAMPLES[status]]
    return {
        "description": _REFUSED[status],
        "model": models.MerchantErrors,
        "content": {"application/json": {"example": {"errors": errors}}},
    }


def _inlined(schema: dict[str, Any]) -> Any:
    """The schema with its definitions put where they are referred to.

    A reference counts from the root of the whole description, where they do not stand.
    """
    definitions = schema.pop("$defs", {})

    def inline(part: Any) -> Any:
        match part:
            case {"$ref": str(target)}:
                return inline(definitions[target.rpartition("/")[2]])
            case dict():
                return {name: inline(value) for name, value in part.items()}
            case list():
                return [inline(value) for value in part]
            case _:
                return part

    return inline(schema)


CREATE: Final = describe(
    "Create a promotion",
    models.PromotionCreated,
    400,
    401,
    body=models.PromotionCreate,
    examples=_NEW_PROMOTIONS,
)
LIST: Final = describe(
    "List promotions",
    models.PromotionList,
    400,
    401,
    parameters=[
        {"name": name, "in": "query", "description": description, "schema": schema}
        for name, (description, schema) in _PARAMETERS.items()
    ],
)
GET: Final = describe("Get a promotion", models.PromotionAnswer, 400, 401, 404, parameters=[ID])
MODIFY: Final = describe(
    "Modify a promotion",
    models.Nothing,
    400,
    401,
    404,
    body=models.PromotionModify,
    examples=_CHANGES,
    parameters=[ID],
)
DELETE: Final = describe("Delete a promotion", models.Nothing, 400, 401, 404, parameters=[ID])
STATISTICS: Final = describe(
    "Get promotion statistics",
    models.PromotionStatistics,
    400,
    401,
    404,
    body=models.StatisticsQuestion,
)

"""What /docs says of each address of the merchant API."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from sconto.api.merchant import models
from sconto.api.merchant.errors import Fault, fault

_REFUSED: Final = {
    400: "What was sent is not valid",
    401: "The token is missing, invalid or expired",
    404: "There is no such promotion",
}
_EXAMPLES: Final[Mapping[int, tuple[Fault, ...]]] = {
    400: (fault(11010, "date_from"), fault(11010, "product_id")),
    401: (fault(1008),),
    404: (fault(11200, 123),),
}
_PARAMETERS: Final[Mapping[str, tuple[str, dict[str, object]]]] = {
    "limit": ("How many; without it, all.", {"type": "integer", "minimum": 0}),
    "offset": ("How many of those found to leave out.", {"type": "integer", "minimum": 0}),
    "status": ("`1` active, `0` inactive.", {"type": "string", "enum": ["1", "0"]}),
    "expired": ("`1` over, `0` not.", {"type": "string", "enum": ["1", "0"]}),
    "search_string": ("A part of the name, in any case.", {"type": "string", "minLength": 3}),
    "sort_by_update_date": ("", {"type": "string", "enum": ["asc", "desc"]}),
}
_ID: Final = {
    "name": "promotion_id",
    "in": "path",
    "required": True,
    "description": "The promotion's identifier.",
    "schema": {"type": "integer", "minimum": 1},
    "example": 36,
}
_SECURITY: Final[list[dict[str, list[str]]]] = [{"AuthorizationJWT": []}, {"Authorization": []}]


def _describe(
    summary: str,
    answer: type[BaseModel],
    *refusals: int,
    body: type[BaseModel] | None = None,
    parameters: list[dict[str, object]] | None = None,
) -> dict[str, Any]:
    """What a route's decorator takes: its answers, its body and its parameters."""
    extra: dict[str, object] = {"security": _SECURITY}
    if body is not None:
        extra["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _inlined(body.model_json_schema())}},
        }
    if parameters:
        extra["parameters"] = parameters
    return {
        "summary": summary,
        "responses": {
            200: {"description": "Done", "model": answer},
            **{status: _describe_refusal(status) for status in refusals},
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


CREATE: Final = _describe(
    "Create a promotion", models.PromotionCreated, 400, 401, body=models.PromotionCreate
)
LIST: Final = _describe(
    "List promotions",
    models.PromotionList,
    400,
    401,
    parameters=[
        {"name": name, "in": "query", "description": description, "schema": schema}
        for name, (description, schema) in _PARAMETERS.items()
    ],
)
GET: Final = _describe("Get a promotion", models.PromotionAnswer, 400, 401, 404, parameters=[_ID])
MODIFY: Final = _describe(
    "Modify a promotion",
    models.Nothing,
    400,
    401,
    404,
    body=models.PromotionModify,
    parameters=[_ID],
)
DELETE: Final = _describe("Delete a promotion", models.Nothing, 400, 401, 404, parameters=[_ID])
STATISTICS: Final = _describe(
    "Get promotion statistics",
    models.PromotionStatistics,
    400,
    401,
    404,
    body=models.StatisticsQuestion,
)

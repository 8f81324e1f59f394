"""What /docs says of a promotion's codes and history: addresses of ours in the published manner."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from sconto.api.merchant.manual import ID, describe
from sconto.api.merchant.models import Absent, Code, Filled, Instant
from sconto.domain.code_list import MOST_CODES_LISTED, CodeState

_CURSOR: Final = ("The `next_cursor` of the answer before.", {"type": "string"})
_LIMIT: Final = (
    "How many at most.",
    {"type": "integer", "minimum": 1, "maximum": MOST_CODES_LISTED, "default": 100},
)
_STATE: Final = (
    "`used`: one-time, and taken by an order; `free`: all others.",
    {"type": "string", "enum": [state.value for state in CodeState]},
)
_SEARCH: Final = ("The beginning of a code, in any case.", {"type": "string", "minLength": 1})


class CodesSent(BaseModel):
    """Codes to add or to remove."""

    model_config = ConfigDict(extra="forbid")

    coupon_code: Annotated[
        Filled[Code], Field(examples=[["PROMO-003", "PROMO-004"]], description="No repeats.")
    ]


class CodesAdded(BaseModel):
    """How many codes were added: all that were sent."""

    added: Annotated[int, Field(examples=[2])]


class CodesRemoved(BaseModel):
    """How many codes were removed, and those that the promotion did not have."""

    removed: Annotated[int, Field(examples=[1])]
    not_found: Annotated[list[str], Field(examples=[["PROMO-009"]])]


class CodeListed(BaseModel):
    """A code; `used_by` and `used_at` where an order used it up while it was one-time."""

    coupon_code: str
    coupon_id: int
    state: CodeState
    coupon_uses: int
    used_by: str | Absent = None
    used_at: Instant | Absent = None


class CodesListed(BaseModel):
    """Some codes; `next_cursor` is null on the last page."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "codes": [
                    {
                        "coupon_code": "PROMO-001",
                        "coupon_id": 71,
                        "state": "used",
                        "coupon_uses": 1,
                        "used_by": "A-1001",
                        "used_at": "2026-11-27T12:53:02+03:00",
                    }
                ],
                "next_cursor": "1048576",
            }
        }
    )

    codes: list[CodeListed]
    next_cursor: str | None


class HistoryEntry(BaseModel):
    """A change. `username` is null for what was done at the command line."""

    id: int
    date: Instant
    username: str | None
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class History(BaseModel):
    """Some changes, the latest first; `next_cursor` is null on the last page."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "history": [
                    {
                        "id": 812,
                        "date": "2026-11-27T12:53:02+03:00",
                        "username": "demo",
                        "action": "changed",
                        "before": {"status": True},
                        "after": {"status": False},
                    }
                ],
                "next_cursor": None,
            }
        }
    )

    history: list[HistoryEntry]
    next_cursor: str | None


def _query(parameters: Mapping[str, tuple[str, Mapping[str, object]]]) -> list[dict[str, object]]:
    return [
        {"name": name, "in": "query", "description": description, "schema": schema}
        for name, (description, schema) in parameters.items()
    ]


def _with_csv(described: dict[str, Any], place: Sequence[str], description: str) -> dict[str, Any]:
    """The same with CSV as a second type of the body or the answer at that place."""
    part = described
    for name in place:
        part = part.setdefault(name, {})
    schema = {"type": "string", "description": description}
    part["text/csv"] = {"schema": schema, "example": "PROMO-005\r\nPROMO-006\r\n"}
    return described


LIST_CODES: Final = describe(
    "List the codes of a promotion",
    CodesListed,
    400,
    401,
    404,
    parameters=[
        ID,
        *_query(
            {"limit": _LIMIT, "cursor": _CURSOR, "search_string": _SEARCH, "state": _STATE},
        ),
    ],
)
LIST_CODES["responses"][200]["content"] = {
    "text/csv": {
        "schema": {"type": "string"},
        "example": "coupon_code,coupon_id,state,coupon_uses,used_by,used_at\r\n"
        "PROMO-001,71,used,1,A-1001,2026-11-27T09:53:02+00:00\r\n",
    }
}
ADD_CODES: Final = _with_csv(
    describe(
        "Add codes to a promotion", CodesAdded, 400, 401, 404, body=CodesSent, parameters=[ID]
    ),
    ("openapi_extra", "requestBody", "content"),
    "A code a line, or a file with a column coupon_code; up to 1,000,000 codes.",
)
REMOVE_CODES: Final = describe(
    "Remove codes from a promotion",
    CodesRemoved,
    400,
    401,
    404,
    body=CodesSent,
    parameters=[ID],
)
HISTORY: Final = describe(
    "Get the history of a promotion",
    History,
    400,
    401,
    404,
    parameters=[ID, *_query({"limit": _LIMIT, "cursor": _CURSOR})],
)

"""The operations on a promotion's codes and history: our additions to the merchant API."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Final

from pydantic import Field

from openapi import merchant_models as models
from openapi.merchant import PROMOTION_ID, TAG, done, refusals
from openapi.operation import Answer, Content, Operation, Parameter, as_json
from sconto.api.merchant import codes, daily, history
from sconto.domain.code_list import MAX_CODES_LISTED, CodeState

_LIMIT: Final = Parameter(
    "limit",
    "query",
    Annotated[int, Field(ge=1, le=MAX_CODES_LISTED, json_schema_extra={"default": 100})],
    "How many at most.",
)
_DATE_FROM: Final = Parameter("date_from", "query", date, "The first day.")
_DATE_TO: Final = Parameter("date_to", "query", date, "The last day, included.")
_ROWS: Final = Parameter(
    "limit",
    "query",
    Annotated[int, Field(ge=1, le=daily.MAX_LISTED, json_schema_extra={"default": 1000})],
    "How many at most.",
)
_CURSOR: Final = Parameter("cursor", "query", str, "The `next_cursor` of the answer before.")
_STATE: Final = Parameter(
    "state",
    "query",
    CodeState,
    "`used`: one-time, and taken by an order; `free`: all others.",
)
_SEARCH: Final = Parameter(
    "search_string",
    "query",
    Annotated[str, Field(min_length=1)],
    "The beginning of a code, in any case.",
)

_CodeFile = Annotated[
    str,
    Field(description="A code a line, or a file with a column coupon_code; up to 1,000,000 codes."),
]

OPERATIONS: Final[Mapping[Callable[..., Any], Operation]] = {
    codes.list_codes: Operation(
        TAG,
        "List the codes of a promotion",
        {
            200: Answer(
                "Done",
                {
                    **as_json(models.CodesListed),
                    "text/csv": Content(
                        str,
                        "coupon_code,coupon_id,state,coupon_uses,used_by,used_at\r\n"
                        "PROMO-001,71,used,1,A-1001,2026-11-27T09:53:02+00:00\r\n",
                    ),
                },
            ),
            **refusals(400, 401, 404),
        },
        parameters=[PROMOTION_ID, _LIMIT, _CURSOR, _SEARCH, _STATE],
    ),
    codes.add_codes: Operation(
        TAG,
        "Add codes to a promotion",
        {200: done(models.CodesAdded), **refusals(400, 401, 404, 413)},
        body={
            **as_json(models.CodesSent),
            "text/csv": Content(_CodeFile, "PROMO-005\r\nPROMO-006\r\n"),
        },
        parameters=[PROMOTION_ID],
    ),
    codes.remove_codes: Operation(
        TAG,
        "Remove codes from a promotion",
        {200: done(models.CodesRemoved), **refusals(400, 401, 404, 413)},
        body=as_json(models.CodesSent),
        parameters=[PROMOTION_ID],
    ),
    history.get_history: Operation(
        TAG,
        "Get the history of a promotion",
        {200: done(models.History), **refusals(400, 401, 404)},
        parameters=[PROMOTION_ID, _LIMIT, _CURSOR],
    ),
    daily.get_daily_statistics: Operation(
        TAG,
        "Get the statistics of a promotion by day",
        {200: done(models.DailyStatistics), **refusals(400, 401, 404)},
        parameters=[PROMOTION_ID, _DATE_FROM, _DATE_TO, _ROWS, _CURSOR],
    ),
}

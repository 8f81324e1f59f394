"""The operations of the export API."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, Field

from openapi.operation import Answer, Content, Operation, Parameter
from openapi.problems import refusal
from sconto.api.export import routes
from sconto.domain.code_list import CodeState
from sconto.domain.exports import CodeRow, FileFormat, OrderRow, RedemptionRow, ReturnRow
from sconto.domain.order import OrderStatus
from sconto.operations.export_files import MEDIA_TYPES

_TAG: Final = "Export API"

_FORMAT: Final = Parameter(
    "format",
    "query",
    Annotated[FileFormat, Field(json_schema_extra={"default": "csv"})],
    "`parquet` needs `sconto[parquet]` on the server.",
)
_PROMOTION: Final = Parameter(
    "promotion_id", "query", Annotated[int, Field(ge=1)], "Of this promotion only."
)
_OF_ORDERS: Final = (
    _FORMAT,
    Parameter("from", "query", AwareDatetime, "Of orders placed at this time or later."),
    Parameter("until", "query", AwareDatetime, "Of orders placed before this time."),
    Parameter("status", "query", OrderStatus, "Of orders with this status."),
    Parameter("customer_id", "query", str, "Of this customer's orders."),
    _PROMOTION,
    Parameter("code", "query", str, "Of orders that redeemed this code, in any case."),
)


def _file(columns: tuple[str, ...], line: str) -> dict[int, Answer]:
    return {
        200: Answer(
            "The file",
            {
                MEDIA_TYPES[FileFormat.CSV]: Content(str, f"{','.join(columns)}\r\n{line}\r\n"),
                MEDIA_TYPES[FileFormat.PARQUET]: Content(bytes),
            },
        ),
        401: refusal("The token is missing, not valid or expired"),
        403: refusal("The user's role does not allow it"),
        422: refusal("Parameters that are not valid, all of them"),
        429: refusal("Too many requests; see Retry-After"),
        500: refusal("Something went wrong on our side"),
        501: refusal("Parquet is asked for, and not installed"),
        503: refusal("The database cannot be reached; see Retry-After"),
    }


OPERATIONS: Final[Mapping[Callable[..., Any], Operation]] = {
    routes.export_orders: Operation(
        _TAG,
        "Export orders",
        _file(
            OrderRow._fields,
            "A-1001,paid,2026-11-27T09:53:02+00:00,EUR,1,2,39.98,4.00,4.90,0.00,40.88,c-17,PROMO-001,,",
        ),
        parameters=_OF_ORDERS,
    ),
    routes.export_redemptions: Operation(
        _TAG,
        "Export redemptions",
        _file(
            RedemptionRow._fields,
            "A-1001,2026-11-27T09:53:02+00:00,paid,36,Autumn,11111,PROMO-001,false,true,EUR,4.00",
        ),
        parameters=_OF_ORDERS,
    ),
    routes.export_returns: Operation(
        _TAG,
        "Export returns",
        _file(
            ReturnRow._fields,
            "R-1,A-1001,2026-11-28T10:12:00+00:00,c-17,1,11111,1,EUR,19.99,2.00,17.99",
        ),
        parameters=(
            _FORMAT,
            Parameter("from", "query", AwareDatetime, "Returns made at this time or later."),
            Parameter("until", "query", AwareDatetime, "Returns made before this time."),
            Parameter("customer_id", "query", str, "Of this customer's orders."),
        ),
    ),
    routes.export_codes: Operation(
        _TAG,
        "Export codes",
        _file(CodeRow._fields, "71,PROMO-001,36,Autumn,true,1,A-1001,2026-11-27T09:53:02+00:00"),
        parameters=(
            _FORMAT,
            _PROMOTION,
            Parameter("state", "query", CodeState, "`used`: one-time, and taken by an order."),
        ),
    ),
}

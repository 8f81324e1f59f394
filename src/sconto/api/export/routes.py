"""The routes of the export API."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sconto.api.access import require
from sconto.api.context import context_of
from sconto.api.export.query import read_export
from sconto.api.plain_route import PlainRoute
from sconto.domain.exports import ExportKind
from sconto.domain.people import Action
from sconto.operations.export_files import MEDIA_TYPES, open_file, write_file
from sconto.operations.exports import export_rows


async def export_orders(request: Request) -> Response:
    """Each order with its totals, by the time when it was placed."""
    return await _send(request, ExportKind.ORDERS)


async def export_redemptions(request: Request) -> Response:
    """Each promotion that an order picked, for a product or for the cart, and what it gave."""
    return await _send(request, ExportKind.REDEMPTIONS)


async def export_returns(request: Request) -> Response:
    """Each returned line and shipping with what is paid back, by the time of the return."""
    return await _send(request, ExportKind.RETURNS)


async def export_codes(request: Request) -> Response:
    """The codes of all promotions or of one, with their uses."""
    return await _send(request, ExportKind.CODES)


async def _send(request: Request, kind: ExportKind) -> Response:
    caller = require(request, Action.READ_PROMOTIONS)
    file_format, wanted = read_export(kind, request.query_params.multi_items())
    context = context_of(request)
    file = open_file(kind, file_format, for_people=False)
    rows = export_rows(context.database, caller, kind, wanted)
    pieces = await write_file(file, rows, context.short_turns, caller.merchant_id)
    headers = {"Content-Disposition": f'attachment; filename="{kind}.{file_format}"'}
    return StreamingResponse(pieces, headers=headers, media_type=MEDIA_TYPES[file_format])


ROUTES: Final = (
    PlainRoute("/export/v1/orders", export_orders, methods=["GET"]),
    PlainRoute("/export/v1/redemptions", export_redemptions, methods=["GET"]),
    PlainRoute("/export/v1/returns", export_returns, methods=["GET"]),
    PlainRoute("/export/v1/codes", export_codes, methods=["GET"]),
)

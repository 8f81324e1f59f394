"""Orders, redemptions, returns and codes as files to download."""

from typing import Final

from starlette.responses import Response, StreamingResponse

from sconto.domain.exports import FILTERS, ExportFilter, ExportKind, FileFormat
from sconto.domain.order import OrderStatus
from sconto.domain.people import Action
from sconto.domain.problems import ParquetUnavailable
from sconto.operations.export_files import MEDIA_TYPES, open_file, write_file
from sconto.operations.exports import export_rows
from sconto.portal.notices import Notice
from sconto.portal.order_lists import start_of_day
from sconto.portal.pages import read
from sconto.portal.visit import Visit
from sconto.portal.words import marked

KINDS: Final = {
    ExportKind.ORDERS: marked("Orders"),
    ExportKind.REDEMPTIONS: marked("Redemptions"),
    ExportKind.RETURNS: marked("Returns"),
    ExportKind.CODES: marked("Codes"),
}


async def download(visit: Visit) -> Response:
    """Stream the rows that the form asks for. Days are those of the server's zone."""
    kind, file_format = visit.query("kind"), visit.query("format")
    if kind not in tuple(ExportKind) or file_format not in tuple(FileFormat):
        return visit.redirect("/orders")
    wanted = _read_filter(visit, ExportKind(kind))
    if wanted is None:
        text = visit.gettext("Nothing was downloaded. A day is written like 2026-11-27.")
        return visit.redirect("/orders", Notice(text))
    try:
        file = open_file(ExportKind(kind), FileFormat(file_format), for_people=True)
    except ParquetUnavailable:
        text = visit.gettext("This Sconto writes no Parquet files. Choose CSV.")
        return visit.redirect("/orders", Notice(text))
    context, caller = visit.context, visit.caller
    rows = export_rows(context.database, caller, ExportKind(kind), wanted)
    pieces = await write_file(file, rows, context.short_turns, caller.merchant_id)
    headers = {"Content-Disposition": f'attachment; filename="{kind}.{file_format}"'}
    media_type = MEDIA_TYPES[FileFormat(file_format)]
    return StreamingResponse(pieces, headers=headers, media_type=media_type)


def _read_filter(visit: Visit, kind: ExportKind) -> ExportFilter | None:
    """The conditions; None if a day is no day. Codes have none of these."""
    if kind is ExportKind.CODES:
        return ExportFilter()
    first, last, status = (visit.query(name) for name in ("from", "to", "status"))
    try:
        since = start_of_day(visit, first)
        until = start_of_day(visit, last, days=1)
    except (ValueError, OverflowError):
        return None
    is_status = status in tuple(OrderStatus) and "status" in FILTERS[kind]
    return ExportFilter(since, until, OrderStatus(status) if is_status else None)


PAGES: Final = (read("/orders/export", download, Action.READ_PROMOTIONS),)

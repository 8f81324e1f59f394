"""Orders, redemptions, returns and codes as files to download."""

from typing import Final

from starlette.responses import Response, StreamingResponse

from sconto.domain.exports import FILTERS, ExportFilter, ExportKind, FileFormat
from sconto.domain.people import Action
from sconto.domain.problems import ParquetUnavailable
from sconto.operations.export_files import MEDIA_TYPES, open_file, write_file
from sconto.operations.exports import export_rows
from sconto.portal.notices import Notice
from sconto.portal.order_lists import FIELDS, read_query
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
    faults: list[str] = []
    wanted = _read_filter(visit, ExportKind(kind), faults)
    if faults:
        text = visit.gettext("Nothing was downloaded. %(why)s") % {"why": faults[0]}
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


def _read_filter(visit: Visit, kind: ExportKind, faults: list[str]) -> ExportFilter:
    """The conditions of the address that the export has, as in the list of orders."""
    asked = {name: visit.query(name) for name in FIELDS}
    asked["first"] = asked["first"] or visit.query("from")
    asked["last"] = asked["last"] or visit.query("to")
    query = read_query(visit, asked, faults)
    conditions = {name: getattr(query, name) for name in FILTERS[kind] if hasattr(query, name)}
    # Codes are all that promotions have now.
    return ExportFilter() if kind is ExportKind.CODES else ExportFilter(**conditions)


PAGES: Final = (read("/orders/export", download, Action.READ_PROMOTIONS),)

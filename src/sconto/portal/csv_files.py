"""Tables to download as CSV files for spreadsheets."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

from starlette.responses import Response, StreamingResponse

from sconto.domain.spreadsheet import BYTE_ORDER_MARK
from sconto.operations.turns import in_short_turns
from sconto.portal.visit import Visit

_Row = TypeVar("_Row")


def stream_csv(
    visit: Visit,
    name: str,
    columns: Sequence[str],
    batches: AsyncIterator[Sequence[_Row]],
    cells: Callable[[_Row], Sequence[object]],
) -> Response:
    """Stream the rows as a file with this name; `cells` makes the cells of a row.

    The merchant's requests take turns while a batch is written.
    """

    def write(batch: Sequence[_Row]) -> str:
        lines = io.StringIO()
        csv.writer(lines).writerows(map(cells, batch))
        return lines.getvalue()

    lines = in_short_turns(visit.context.short_turns, visit.caller.merchant_id, batches, write)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(_with_heading(columns, lines), headers=headers, media_type="text/csv")


async def _with_heading(columns: Sequence[str], lines: AsyncIterator[str]) -> AsyncIterator[str]:
    yield BYTE_ORDER_MARK + ",".join(columns) + "\r\n"
    async for some in lines:
        yield some

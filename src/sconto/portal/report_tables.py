"""Tables of reports: on a page, and as a CSV file."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from starlette.responses import Response

from sconto.domain.money import format_amount
from sconto.domain.spreadsheet import BYTE_ORDER_MARK, shown_as_text


class Cell(StrEnum):
    """The type of a column's values."""

    TEXT = "text"
    CODE = "code"
    LINK = "link"
    DAY = "day"
    TIME = "time"
    NUMBER = "number"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Link:
    """A text with a link, if it has an address; a file has the id instead of the text."""

    text: str
    id: int | str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `name` is that of a file."""

    name: str
    label: str
    cell: Cell

    @property
    def is_number(self) -> bool:
        """Whether the values are aligned to the right."""
        return self.cell in (Cell.NUMBER, Cell.MONEY)


Value = str | int | date | datetime | Link | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of values for the columns; amounts are minor units of the currency."""

    key: str
    heading: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    currency: str
    note: str = ""


def csv_file(table: Table, name: str) -> Response:
    """The table as a CSV file for people: numbers are plain, times in UTC."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    header = [column.name for column in table.columns]
    writer.writerow([*header, "currency"])
    for row in table.rows:
        cells = [
            _plain(value, column.cell, table.currency)
            for value, column in zip(row, table.columns, strict=True)
        ]
        writer.writerow([*cells, table.currency])
    headers = {"Content-Disposition": f'attachment; filename="{name}-{table.key}.csv"'}
    text = BYTE_ORDER_MARK + lines.getvalue()
    return Response(text.encode(), headers=headers, media_type="text/csv")


def _plain(value: Value, cell: Cell, currency: str) -> str | int:
    match value:
        case None:
            return ""
        case int():
            return format_amount(value, currency) if cell is Cell.MONEY else value
        case Link():
            return value.id if isinstance(value.id, int) else shown_as_text(value.id)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case str():
            return shown_as_text(value)

"""Reads a CSV file of products line by line; its columns may be in any order."""

import re
from collections.abc import Iterator
from typing import Final

from sconto.cli.progress import Readable
from sconto.cli.sentences import ROW_FAULTS
from sconto.domain.csv_rows import CsvRows, Row, RowFault
from sconto.domain.layout import DETECTED_LAYOUT, Layout
from sconto.domain.product import PRODUCT_FIELDS, ProductLine, RefusedProductLine
from sconto.domain.product_file import (
    HeadingRefused,
    ProductColumns,
    find_columns,
    read_product_row,
)

_PIECE: Final = 64 * 1024

_NUL: Final = re.compile("\0")

_NAMED_COLUMNS: Final = 5

_NOT_CSV: Final = "is not CSV file in UTF-8"


class ProductFileRefused(Exception):
    """The whole file is refused. The message ends a sentence that begins with the file's name."""


def open_products(
    file: Readable, layout: Layout = DETECTED_LAYOUT
) -> tuple[ProductColumns, Iterator[ProductLine | RefusedProductLine]]:
    """The columns, and the product of each line, or why the line is refused.

    Lines are counted from 1, as in an editor. A product whose name spans lines has the number of
    its first line. Empty rows are skipped. A line break in a name becomes a space. Only one piece
    and one row are in memory at a time. Raises ProductFileRefused if the first line does not name
    the columns, or if reading fails.
    """
    reader = CsvRows(layout.encoding, layout.delimiter, lenient=True)
    rows = _read_rows(reader, file)
    first = next(rows, (1, []))
    columns = _read_columns(first, layout)

    def read() -> Iterator[ProductLine | RefusedProductLine]:
        if columns.headings is None:
            yield read_product_row(*_line(first), reader.delimiter, layout)
        for row in rows:
            yield read_product_row(*_line(row), reader.delimiter, layout)

    def _line(row: Row) -> tuple[int, ProductColumns, list[str] | RowFault]:
        return row[0], columns, row[1]

    return columns, read()


def _read_rows(reader: CsvRows, file: Readable) -> Iterator[Row]:
    while piece := _read_piece(file):
        yield from reader.feed(piece)
    yield from reader.end()


def _read_piece(file: Readable) -> bytes:
    try:
        return file.read(_PIECE)
    except OSError as error:
        raise ProductFileRefused(f"cannot be read: {error.strerror}") from None


def _read_columns(first: Row, layout: Layout) -> ProductColumns:
    line, row = first
    if row is RowFault.UNREADABLE:
        raise ProductFileRefused(_NOT_CSV)
    if isinstance(row, RowFault):
        raise ProductFileRefused(
            f"{_NOT_CSV} (line {line}: {ROW_FAULTS[row].removeprefix('is not CSV: ')})"
        )
    if not row:
        raise ProductFileRefused("is empty")
    if _NUL.search("".join(row)):
        raise ProductFileRefused(_NOT_CSV)
    found = find_columns(row, layout)
    if isinstance(found, ProductColumns):
        return found
    raise ProductFileRefused(_say_refused(found, row))


def _say_refused(refused: HeadingRefused, row: list[str]) -> str:
    if any(map(_is_binary, row)):
        return _NOT_CSV
    faults = [
        f"{fault} {', '.join(names[:_NAMED_COLUMNS])}"
        for fault, names in (
            ("missing:", refused.missing),
            ("unknown:", [*map(_shown, refused.unknown)]),
            ("twice:", refused.twice),
        )
        if names
    ]
    expected = ",".join(PRODUCT_FIELDS)
    return f"must begin with the line {expected} ({'; '.join(faults)})"


def _is_binary(value: str) -> bool:
    """Whether the value has bytes that are not UTF-8."""
    return any("\udc80" <= letter <= "\udcff" for letter in value)


def _shown(name: str) -> str:
    return repr(name if len(name) <= 40 else name[:40] + "…")

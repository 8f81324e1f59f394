"""Reads a CSV file of products line by line; its columns may stand in any order."""

import re
from collections.abc import Iterator
from typing import Final

from sconto.cli.progress import Readable
from sconto.cli.sentences import ROW_FAULTS
from sconto.domain.csv_rows import CsvRows, Row, RowFault
from sconto.domain.headings import filled, heading_word
from sconto.domain.money import currency_decimals, known_currencies
from sconto.domain.product import (
    PRODUCT_FIELDS,
    TAGS,
    FieldRule,
    ProductFault,
    ProductLine,
    RefusedProductLine,
    WrongValueCount,
    parse_product_id,
    read_product,
)

_PIECE: Final = 64 * 1024

# NUL, and the surrogates that bytes become if they are not UTF-8.
_NOT_TEXT: Final = re.compile("[\0\udc80-\udcff]")

_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")
_DECIMAL_COMMA: Final = re.compile(r"\A([0-9]+),([0-9]+)\Z")
_THOUSANDS: Final = re.compile("[1-9][0-9]{0,2}[.,]000")

_COLUMNS: Final = (*PRODUCT_FIELDS, TAGS)
_FIELDS: Final = {heading_word(field): field for field in _COLUMNS}
_NAMED_COLUMNS: Final = 5

_NOT_CSV: Final = "is no CSV file in UTF-8"


class FileRefused(Exception):
    """The whole file is refused. The message ends a sentence that begins with the file's name."""


def read_lines(file: Readable) -> Iterator[ProductLine | RefusedProductLine]:
    """The product of each line after the first, or why the line is refused.

    Lines are counted from 1, as in an editor. A product whose name spans lines has the number of
    its first line. Empty rows are skipped. A line break in a name becomes a space. Only one piece
    and one row are in memory at a time. Raises FileRefused if the first line does not name the
    columns, or if reading fails.
    """
    reader = CsvRows()
    rows = _read_rows(reader, file)
    columns = _read_columns(rows)
    decimal_comma = reader.delimiter != ","
    return (_read_row(line, columns, row, decimal_comma=decimal_comma) for line, row in rows)


def _read_rows(reader: CsvRows, file: Readable) -> Iterator[Row]:
    while piece := _read_piece(file):
        yield from reader.feed(piece)
    yield from reader.end()


def _read_piece(file: Readable) -> bytes:
    try:
        return file.read(_PIECE)
    except OSError as error:
        raise FileRefused(f"cannot be read: {error.strerror}") from None


def _read_columns(rows: Iterator[Row]) -> list[str]:
    line, row = next(rows, (1, []))
    if row is RowFault.UNREADABLE:
        raise FileRefused(_NOT_CSV)
    if isinstance(row, RowFault):
        raise FileRefused(
            f"{_NOT_CSV} (line {line}: {ROW_FAULTS[row].removeprefix('is not CSV: ')})"
        )
    if not row:
        raise FileRefused("is empty")
    columns = [column.strip() for column in row]
    if _NOT_TEXT.search("".join(columns)):
        raise FileRefused(_NOT_CSV)
    named = [_FIELDS.get(heading_word(column), column) for column in filled(columns)]
    faults = [
        f"{fault} {', '.join(names[:_NAMED_COLUMNS])}"
        for fault, names in (
            ("missing:", [name for name in PRODUCT_FIELDS if name not in named]),
            ("unknown:", [_shown(name) for name in named if name not in _COLUMNS]),
            ("twice:", [name for name in _COLUMNS if named.count(name) > 1]),
        )
        if names
    ]
    if faults:
        expected = ",".join(PRODUCT_FIELDS)
        raise FileRefused(f"must begin with the line {expected} ({'; '.join(faults)})")
    return named


def _shown(name: str) -> str:
    return repr(name if len(name) <= 40 else name[:40] + "…")


def _read_row(
    line: int, columns: list[str], row: list[str] | RowFault, *, decimal_comma: bool
) -> ProductLine | RefusedProductLine:
    if isinstance(row, RowFault):
        return RefusedProductLine(line, row)
    # Spreadsheets write empty values after the last column, some only in some rows.
    if len(row) < len(columns) or any(map(str.strip, row[len(columns) :])):
        return RefusedProductLine(line, WrongValueCount(len(row), len(columns)))
    cells = dict(zip(columns, row, strict=False))
    product_id = parse_product_id(cells["product_id"])
    name = _LINE_BREAK.sub(" ", cells["name"])
    price, unclear = cells["price"], False
    if decimal_comma:
        unclear = _may_be_thousands(price, cells["currency"])
        price = _DECIMAL_COMMA.sub(r"\1.\2", price)
    fields: dict[str, object] = {**cells, "product_id": product_id, "name": name, "price": price}
    if TAGS in cells:
        fields[TAGS] = [tag for part in cells[TAGS].split("|") if (tag := part.strip())]
    product = read_product(fields)
    faults = product if isinstance(product, tuple) else ()
    if unclear:
        faults += (ProductFault("price", FieldRule.NO_THOUSANDS),)
    if isinstance(product, tuple) or faults:
        return RefusedProductLine(line, faults)
    return ProductLine(line, product)


def _may_be_thousands(price: str, currency: str) -> bool:
    """Whether `1.000` may mean a thousand: where commas are decimal, dots separate thousands."""
    decimals = currency_decimals(currency) if currency in known_currencies() else 0
    return decimals < 3 and _THOUSANDS.fullmatch(price) is not None

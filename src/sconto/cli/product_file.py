"""Reads a CSV file of products, line by line, whatever the order of its columns."""

import csv
import re
from collections.abc import Iterator
from typing import BinaryIO, Final, TypeAlias

from sconto.domain.product import (
    PRODUCT_FIELDS,
    ProductLine,
    RefusedLine,
    parse_product_id,
    read_product,
)

# Longer than the field limit of the csv module even where every character takes four bytes.
_LONGEST_LINE: Final = 1024 * 1024

# What `surrogateescape` makes of bytes that are not UTF-8, and nothing else does.
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")

_LINE_BREAK = re.compile(r"\r\n|\r|\n")

_NAMED_COLUMNS: Final = 5

_NOT_CSV: Final = "is no CSV file in UTF-8"

_PLAIN_WORDS: Final = {
    "unexpected end of data": "a quote is never closed",
    "',' expected after": "a quote inside quotes must be doubled",
    "field larger than": "a value is longer than 131072 characters",
    "new-line character": "a carriage return alone ends no line",
}
"""What the csv module says, by how it begins, for somebody who has never seen it."""

_Row: TypeAlias = tuple[int, list[str] | csv.Error]
"""The number of a row's first line, and its values; the error where it is not CSV."""


class FileRefused(Exception):
    """The file as a whole cannot be taken: the end of a sentence that begins with its name."""


def read_lines(file: BinaryIO) -> Iterator[ProductLine | RefusedLine]:
    """What each line after the first describes, or why it cannot be taken.

    Lines are counted as an editor does, from 1; a product whose name spans lines has the number of
    its first. Empty lines are left out. A line break in a name becomes a space. No more than a
    line is held at a time, and of a line no more than a megabyte. Raises FileRefused where the
    first line does not name the columns, or reading fails.
    """
    rows = _read_rows(file)
    columns = _read_columns(rows)
    return (_read_row(line, columns, row) for line, row in rows)


def _read_rows(file: BinaryIO) -> Iterator[_Row]:
    reader = csv.reader(_decode_lines(file), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, error
        else:
            if row:
                yield line, row


def _decode_lines(file: BinaryIO) -> Iterator[str]:
    mark = "\ufeff"
    while raw := _read_line(file):
        if len(raw) == _LONGEST_LINE:
            _skip_line(file, raw)
        yield raw.decode("utf-8", "surrogateescape").removeprefix(mark)
        mark = ""


def _skip_line(file: BinaryIO, raw: bytes) -> None:
    """Go on to the next line; what was read of this one is refused as too long a field."""
    while raw and not raw.endswith(b"\n"):
        raw = _read_line(file)


def _read_line(file: BinaryIO) -> bytes:
    try:
        return file.readline(_LONGEST_LINE)
    except OSError as error:
        raise FileRefused(f"cannot be read: {error.strerror}") from None


def _read_columns(rows: Iterator[_Row]) -> list[str]:
    line, row = next(rows, (1, []))
    if isinstance(row, csv.Error):
        raise FileRefused(f"{_NOT_CSV} (line {line}: {_plain_words(row)})")
    if not row:
        raise FileRefused("is empty")
    columns = [column.strip() for column in row]
    if _NOT_UTF_8.search("".join(columns)) or "\0" in "".join(columns):
        raise FileRefused(_NOT_CSV)
    faults = [
        f"{fault} {', '.join(names[:_NAMED_COLUMNS])}"
        for fault, names in (
            ("missing:", [name for name in PRODUCT_FIELDS if name not in columns]),
            ("unknown:", [_shown(name) for name in columns if name not in PRODUCT_FIELDS]),
            ("twice:", [name for name in PRODUCT_FIELDS if columns.count(name) > 1]),
        )
        if names
    ]
    if faults:
        expected = ",".join(PRODUCT_FIELDS)
        raise FileRefused(f"must begin with the line {expected} ({'; '.join(faults)})")
    return columns


def _shown(name: str) -> str:
    return repr(name if len(name) <= 40 else name[:40] + "…")


def _read_row(
    line: int, columns: list[str], row: list[str] | csv.Error
) -> ProductLine | RefusedLine:
    if isinstance(row, csv.Error):
        return RefusedLine(line, f"is not CSV: {_plain_words(row)}")
    if _NOT_UTF_8.search("".join(row)):
        return RefusedLine(line, "is not UTF-8")
    if len(row) != len(columns):
        return RefusedLine(line, f"has {len(row)} values, not {len(columns)}")
    cells = dict(zip(columns, row, strict=True))
    product_id = parse_product_id(cells["product_id"])
    name = _LINE_BREAK.sub(" ", cells["name"])
    product = read_product(cells | {"product_id": product_id, "name": name})
    if isinstance(product, tuple):
        return RefusedLine(line, "; ".join(f"{fault.field} {fault.reason}" for fault in product))
    return ProductLine(line, product)


def _plain_words(error: csv.Error) -> str:
    said = str(error)
    return next((words for start, words in _PLAIN_WORDS.items() if said.startswith(start)), said)

"""Spreadsheet files (.xlsx) as the CSV that the spreadsheet program would write."""

import csv
import io
import zipfile
from decimal import Decimal
from typing import BinaryIO, Final

from sconto.domain.sheet_cells import cell_text

MAGIC: Final = b"PK\x03\x04"
"""How such a file begins."""

MAX_ROWS: Final = 100_000
"""Rows that are read; longer tables come as CSV, which is read in pieces."""

MAX_COLUMNS: Final = 100

_MAX_UNPACKED: Final = 64 * 1024 * 1024
"""Bytes of the unpacked file: a small archive may hold far more."""

_MAX_MEMBERS: Final = 1_000
_MAX_SHEETS: Final = 20

_HIGHEST_ROW: Final = 2**20
"""Rows of a sheet in Excel. A file may name a higher one, and the rows before it are made up."""


class SheetRefused(Exception):
    """The file cannot be read; `is_large`: because of its size."""

    def __init__(self, *, is_large: bool = False) -> None:
        super().__init__("too large" if is_large else "no .xlsx file")
        self.is_large = is_large


def read_sheet(file: BinaryIO) -> bytes:
    """The first sheet with cells, as CSV in UTF-8 with tabs. Raises SheetRefused.

    It takes a second of the processor for 30,000 rows of three cells: call it in a thread.
    """
    _check(file)
    # This import takes 0.1 s; few users send such a file.
    import openpyxl  # noqa: PLC0415

    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            for sheet in book.worksheets[:_MAX_SHEETS]:
                if content := _write(sheet):
                    return content
        finally:
            book.close()
    except SheetRefused:
        raise
    except Exception as error:
        # The library raises KeyError, ValueError, ParseError, BadZipFile and more.
        raise SheetRefused from error
    return b""


def _check(file: BinaryIO) -> None:
    """Refuse what is not an archive of documents, or would unpack to far more than its size.

    `zipfile` stops reading a member at the size that the archive declares, so the declared sizes
    are an upper bound.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > _MAX_MEMBERS:
                raise SheetRefused(is_large=True)
            if sum(member.file_size for member in members) > _MAX_UNPACKED:
                raise SheetRefused(is_large=True)
            for member in members:
                with archive.open(member) as opened:
                    # A document type could define entities that grow without end.
                    if b"<!DOCTYPE" in opened.read(4096).replace(b"\0", b""):
                        raise SheetRefused
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise SheetRefused from error
    file.seek(0)


def _exact(value: object) -> object:
    """A binary number as the shortest decimal number that stands for it."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _write(sheet: object) -> bytes:
    """The cells of a sheet as CSV; empty if none has a value. Rows keep their numbers."""
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter="\t")
    filled = 0
    rows = sheet.iter_rows()  # type: ignore[attr-defined]  # of the library
    for number, row in enumerate(rows, 1):
        if number > _HIGHEST_ROW:
            raise SheetRefused(is_large=True)
        cells = [
            # A line break would count as another row.
            " ".join(cell_text(_exact(cell.value), getattr(cell, "number_format", "")).splitlines())
            for cell in row
        ]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            if number > MAX_ROWS or len(cells) > MAX_COLUMNS:
                raise SheetRefused(is_large=True)
            filled = number
        writer.writerow(cells)
    return lines.getvalue().encode() if filled else b""

"""Files of Excel are read as a person sees them, and refused if they unpack to too much."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date

import openpyxl
import pytest

from sconto.domain.code_file import CodeFile, CodeLine, CodeLineFault, RefusedCodeLine
from sconto.domain.coverage_file import CoverageLine, read_coverage
from sconto.operations import sheet_files
from sconto.operations.sheet_files import SheetRefused, read_sheet


def a_book(*rows: Sequence[object], formats: dict[str, str] | None = None) -> bytes:
    """A file of Excel with an empty sheet and one with these rows."""
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Aktionen")
    for row in rows:
        sheet.append(list(row))
    for cell, number_format in (formats or {}).items():
        sheet[cell].number_format = number_format
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def test_products_and_percents_are_those_that_a_person_sees() -> None:
    book = a_book(
        ("Artikelnummer", "Größe\nin cm", "Rabatt"),
        (4, "L", 0.125),
        (),
        ("5", None, 7.5),
        formats={"C2": "0.0%"},
    )
    content = read_sheet(io.BytesIO(book))
    assert read_coverage(content, percents=True) == (
        CoverageLine(2, 4, 12_500_000),
        CoverageLine(4, 5, 7_500_000),
    )


def test_codes_keep_their_zeros_and_lost_ones_are_refused() -> None:
    book = a_book(
        ("Code",), ("SUMMER-1",), (12,), (True,), (1234567890123456789,), (date(2026, 10, 3),),
        formats={"A3": "00000"},
    )  # fmt: skip
    file = CodeFile()
    lines = [*file.feed(read_sheet(io.BytesIO(book))), *file.end()]
    assert [one.code for one in lines if isinstance(one, CodeLine)] == ["SUMMER-1", "00012", "TRUE"]
    assert [(one.line, one.fault) for one in lines if isinstance(one, RefusedCodeLine)] == [
        (5, CodeLineFault.SHORTENED),
        (6, CodeLineFault.NOT_A_CODE),
    ]


def test_a_book_without_cells_is_an_empty_file() -> None:
    assert read_sheet(io.BytesIO(a_book())) == b""


def with_member(name: str, content: bytes) -> bytes:
    """A file of Excel with another member in place of one."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(a_book(("A",)))) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.namelist():
            new.writestr(member, content if member == name else old.read(member))
    return written.getvalue()


SHEET = "xl/worksheets/sheet2.xml"
FAR_ROW = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="999999999"><c r="A999999999"><v>1</v></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize(
    ("content", "is_large"),
    [
        (b"PK\x03\x04 and nothing more", False),
        (a_book(("A",))[:-40], False),
        (with_member(SHEET, b"<nothing/>" + b" " * 70 * 1024 * 1024), True),
        (with_member(SHEET, b'<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'), False),
        (with_member(SHEET, FAR_ROW), True),
        (with_member(SHEET, b"<worksheet"), False),
        (a_book([None] * 150 + ["far"]), True),
    ],
    ids=["no archive", "cut", "bomb", "entities", "far row", "broken", "far column"],
)
def test_archives_that_unpack_to_too_much_are_refused(content: bytes, is_large: bool) -> None:
    with pytest.raises(SheetRefused) as refused:
        read_sheet(io.BytesIO(content))
    assert refused.value.is_large is is_large


def test_a_long_sheet_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_files, "MAX_ROWS", 2)
    assert read_sheet(io.BytesIO(a_book(("A",), ("B",)))) == b"A\r\nB\r\n"
    with pytest.raises(SheetRefused):
        read_sheet(io.BytesIO(a_book(("A",), ("B",), ("C",))))

"""The files of a promotion's form: their lines as texts for the fields, and the faulty lines."""

import io

from sconto.domain.code_file import CodeFile, CodeLine
from sconto.domain.coverage_file import CoverageLine, read_coverage
from sconto.domain.layout import column_letter
from sconto.domain.money import format_percent
from sconto.operations.sheet_files import MAGIC, SheetRefused, read_sheet
from sconto.portal.file_sentences import CODE_FAULTS, COVERAGE_FAULTS, sheet_sentence
from sconto.portal.language import Language


def read_product_file(
    content: bytes, language: Language, *, percents: bool
) -> tuple[str, tuple[str, ...]]:
    """The text for the field of products, or the faults of the file's lines."""
    try:
        lines = read_coverage(_as_csv(content), percents=percents)
    except SheetRefused as refused:
        return "", (language.gettext(sheet_sentence(refused)),)
    taken = [line for line in lines if isinstance(line, CoverageLine)]
    faults = tuple(
        f"{_place(line.line, line.column)} {language.gettext(COVERAGE_FAULTS[line.fault])}"
        for line in lines
        if not isinstance(line, CoverageLine)
    )
    return "" if faults else "\n".join(map(_write_line, taken)), faults


def read_code_file(content: bytes, language: Language) -> tuple[str, tuple[str, ...]]:
    """The text for the field of codes, or the faults of the file's lines."""
    file = CodeFile()
    try:
        lines = [*file.feed(_as_csv(content)), *file.end()]
    except SheetRefused as refused:
        return "", (language.gettext(sheet_sentence(refused)),)
    codes = [line.code for line in lines if isinstance(line, CodeLine)]
    faults = tuple(
        f"{_place(line.line, line.column)} {language.gettext(CODE_FAULTS[line.fault])}"
        for line in lines
        if not isinstance(line, CodeLine)
    )
    return "" if faults else "\n".join(codes), faults


def _as_csv(content: bytes) -> bytes:
    """The content; a spreadsheet file is converted to CSV. Raises SheetRefused."""
    return read_sheet(io.BytesIO(content)) if content.startswith(MAGIC) else content


def _place(line: int, column: int | None) -> str:
    """A line as `3`, or with its column as in a spreadsheet: `B3`."""
    return str(line) if column is None else f"{column_letter(column)}{line}"


def _write_line(line: CoverageLine) -> str:
    if line.percent is None:
        return str(line.product_id)
    return f"{line.product_id} {format_percent(line.percent)}"

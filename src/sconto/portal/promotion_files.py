"""The files of a promotion's form: their lines as texts for the fields, and the faulty lines."""

from sconto.domain.code_file import CodeFile, CodeLine
from sconto.domain.coverage_file import CoverageLine, read_coverage
from sconto.domain.money import format_percent
from sconto.portal.file_sentences import CODE_FAULTS, COVERAGE_FAULTS
from sconto.portal.language import Language


def read_product_file(
    content: bytes, language: Language, *, percents: bool
) -> tuple[str, tuple[str, ...]]:
    """The text for the field of products, or the faults of the file's lines."""
    lines = read_coverage(content, percents=percents)
    taken = [line for line in lines if isinstance(line, CoverageLine)]
    faults = tuple(
        f"{line.line} {language.gettext(COVERAGE_FAULTS[line.fault])}"
        for line in lines
        if not isinstance(line, CoverageLine)
    )
    return "" if faults else "\n".join(map(_write_line, taken)), faults


def read_code_file(content: bytes, language: Language) -> tuple[str, tuple[str, ...]]:
    """The text for the field of codes, or the faults of the file's lines."""
    file = CodeFile()
    lines = [*file.feed(content), *file.end()]
    codes = [line.code for line in lines if isinstance(line, CodeLine)]
    faults = tuple(
        f"{line.line} {language.gettext(CODE_FAULTS[line.fault])}"
        for line in lines
        if not isinstance(line, CodeLine)
    )
    return "" if faults else "\n".join(codes), faults


def _write_line(line: CoverageLine) -> str:
    if line.percent is None:
        return str(line.product_id)
    return f"{line.product_id} {format_percent(line.percent)}"

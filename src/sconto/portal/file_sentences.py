"""Why a line of a file, or a pattern of codes, cannot be taken, in words."""

from collections.abc import Mapping
from typing import Final

from sconto.domain.code_file import CodeLineFault
from sconto.domain.coverage_file import CoverageFault
from sconto.domain.problems import PatternFault
from sconto.operations.sheet_files import SheetRefused
from sconto.portal.words import marked

SHORTENED: Final = marked(
    "is a number that a spreadsheet shortened: give the column the format “Text”, and fill it in"
    " again"
)

CODE_FAULTS: Final[Mapping[CodeLineFault, str]] = {
    CodeLineFault.NOT_A_CODE: marked(
        "is not a code: 1 to 30 letters, digits, dashes, underscores and dots"
    ),
    CodeLineFault.BLANKS: marked("has a blank: is it one code, or several?"),
    CodeLineFault.SHORTENED: SHORTENED,
    CodeLineFault.NOT_ONE_VALUE: marked(
        "has several values, and no heading says which is the code"
    ),
    CodeLineFault.NO_VALUE: marked("has no value in the column of codes"),
    CodeLineFault.MORE_VALUES: marked("has more values than the heading has columns"),
    CodeLineFault.HEADING: marked("is a heading, and only the first line can be one"),
    CodeLineFault.UNCLEAR: marked(
        "may be a heading or a code: write coupon_code in a line above it"
    ),
    CodeLineFault.TWO_COLUMNS: marked("names more than one column of codes"),
    CodeLineFault.REPEATED: marked("has the code of an earlier line"),
    CodeLineFault.TAKEN: marked("has a code that the promotion already has"),
    CodeLineFault.TOO_MANY: marked("is beyond the 1,000,000 codes that can be added together"),
    CodeLineFault.OPEN_QUOTE: marked("opens a quote that is never closed"),
    CodeLineFault.BARE_QUOTE: marked("has a quote inside quotes that is not doubled"),
    CodeLineFault.TOO_LONG: marked("is too long"),
    CodeLineFault.UNREADABLE: marked('is not UTF-8: save the file as "CSV UTF-8"'),
    CodeLineFault.MISREAD: marked(
        "has letters that were read in another encoding: open the original file as UTF-8, and save"
        " it again"
    ),
}

COVERAGE_FAULTS: Final[Mapping[CoverageFault, str]] = {
    CoverageFault.NO_PRODUCT: marked("has no product id"),
    CoverageFault.NOT_A_PRODUCT: marked(
        "has no product id: a whole number above 0, without zeros in front"
    ),
    CoverageFault.SHORTENED: SHORTENED,
    CoverageFault.NOT_A_PERCENT: marked("has no percent above 0 and at most 100"),
    CoverageFault.SEVERAL_VALUES: marked(
        "has several values, and no heading says which is the product id"
    ),
    CoverageFault.NO_PERCENTS: marked("is a heading that names no column of percents"),
    CoverageFault.MORE_VALUES: marked("has more values than there are columns"),
    CoverageFault.UNKNOWN: marked("is not in the catalogue"),
    CoverageFault.REPEATED: marked("has the product of an earlier line"),
    CoverageFault.NOT_CSV: marked("is not CSV: look at its quotes"),
    CoverageFault.TOO_LONG: marked("is too long"),
    CoverageFault.MISREAD: marked(
        "has letters that were read in another encoding: open the original file as UTF-8, and save"
        " it again"
    ),
    CoverageFault.UNREADABLE: marked('is not UTF-8: save the file as "CSV UTF-8"'),
}

PATTERN_FAULTS: Final[Mapping[PatternFault, str]] = {
    PatternFault.COUNT: marked("1 to %(most)s codes can be generated together"),
    PatternFault.NO_GROUP: marked("a pattern has at least one group of one letter"),
    PatternFault.NOT_A_CODE: marked(
        "a code has 1 to 30 letters, digits, dashes, underscores and dots, prefix included"
    ),
    PatternFault.ALPHABET: marked("an alphabet has 2 or more Latin letters and digits, each once"),
    PatternFault.TOO_SHORT: marked(
        "too easy to guess; add characters: this pattern safely gives %(generated)s codes"
    ),
}


def sheet_sentence(refused: SheetRefused) -> str:
    """Why a spreadsheet file cannot be read; to be translated."""
    return _TOO_LARGE if refused.is_large else _UNREADABLE


_TOO_LARGE: Final = marked("The spreadsheet is too large. Save it as CSV.")
_UNREADABLE: Final = marked("The spreadsheet cannot be read. Save it as CSV.")

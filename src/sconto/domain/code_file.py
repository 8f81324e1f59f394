"""Files of codes: one a line, or the column of a spreadsheet that its heading names."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sconto.domain.blanks import trim
from sconto.domain.code_list import MOST_CODES_ADDED
from sconto.domain.codes import code_key
from sconto.domain.csv_rows import CsvRows, Row, RowFault
from sconto.domain.headings import (
    CODE_COLUMN,
    CODE_WORDS,
    COUPON_CODE_WORDS,
    COUPON_WORDS,
    OTHER_WORDS,
    filled,
    heading_word,
)
from sconto.domain.spreadsheet import read_text

NAMED_LINES: Final = 1000
"""How many lines of a refused file are named; the others are counted."""

_DIGIT: Final = re.compile("[0-9]")
_SEPARATORS: Final = re.compile(r"[\s,;]+")
_CERTAIN: Final = CODE_WORDS | COUPON_CODE_WORDS
# What each of them has: a million rows are not compared with all of them.
_LIKELY: Final = re.compile("[ck][oó]o?d|код|gutscheinnummer", re.IGNORECASE)


class LineFault(StrEnum):
    """Why a line cannot be taken."""

    NOT_A_CODE = "is no code: 1 to 30 letters, digits, dashes, underscores and dots"
    NOT_ONE_VALUE = "has several values, and no heading says which is the code"
    NO_VALUE = "has no value in the column of codes"
    MORE_VALUES = "has more values than the heading has columns"
    HEADING = "is a heading, and only the first line can be one"
    UNCLEAR = f"may be a heading or a code: write {CODE_COLUMN} in a line above it"
    TWO_COLUMNS = "names more than one column of codes"
    REPEATED = "has the code of an earlier line"
    TAKEN = "has a code that the promotion has already"
    TOO_MANY = f"is beyond the {MOST_CODES_ADDED:,} codes that are added at once"
    OPEN_QUOTE = "opens a quote that is never closed"
    BARE_QUOTE = "has a quote inside quotes that is not doubled"
    TOO_LONG = "is too long"
    UNREADABLE = 'is not UTF-8: save the file as "CSV UTF-8"'
    MISREAD = (
        "has letters that were read in another encoding: open the original file as UTF-8, and save"
        " it again"
    )


_ROW_FAULTS: Final = {
    RowFault.OPEN_QUOTE: LineFault.OPEN_QUOTE,
    RowFault.BARE_QUOTE: LineFault.BARE_QUOTE,
    RowFault.LONG_VALUE: LineFault.TOO_LONG,
    RowFault.LONG_ROW: LineFault.TOO_LONG,
    RowFault.UNREADABLE: LineFault.UNREADABLE,
    RowFault.MISREAD: LineFault.MISREAD,
}


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of a file, by its number from 1, with its code as spelled and as compared."""

    line: int
    code: str
    key: str


@dataclass(frozen=True, slots=True)
class RefusedCodeLine:
    """A line of a file, by its number from 1, that cannot be taken, and why."""

    line: int
    fault: LineFault


class CodeFile:
    """A file of codes that arrives piece by piece; no more than a piece and a row is held.

    What may be the first line's heading is described in `docs/codes.md`. `typed` codes have none:
    whoever types a single code that is called `PROMO` means it.
    """

    def __init__(self, *, typed: bool = False) -> None:
        self._rows = CsvRows()
        self._codes = 0
        self._typed = typed
        self._first = not typed
        self._column = 0
        self._width = 1
        self._heading: str | None = None

    def feed(self, piece: bytes) -> Iterator[CodeLine | RefusedCodeLine]:
        """What the rows say that end in this piece."""
        return self._read(self._rows.feed(piece))

    def end(self) -> Iterator[CodeLine | RefusedCodeLine]:
        """What the rows say that are left when the file has ended."""
        return self._read(self._rows.end())

    def _read(self, rows: Iterable[Row]) -> Iterator[CodeLine | RefusedCodeLine]:
        for line, values in rows:
            if isinstance(values, RowFault):
                self._first = False
                yield RefusedCodeLine(line, _ROW_FAULTS[values])
                continue
            if self._first:
                self._first = False
                heading = _find_heading(values)
                if isinstance(heading, LineFault):
                    yield RefusedCodeLine(line, heading)
                    continue
                if heading is not None:
                    self._column, self._width = heading, len(filled(values))
                    self._heading = heading_word(values[heading])
                    continue
            yield self._read_values(line, values)

    def _read_values(self, line: int, values: list[str]) -> CodeLine | RefusedCodeLine:
        if len(values) > self._width and any(map(trim, values[self._width :])):
            return RefusedCodeLine(line, self._fault_of_many(values))
        code = trim(values[self._column]) if self._column < len(values) else ""
        if not code:
            return RefusedCodeLine(line, LineFault.NO_VALUE)
        # Headings have no digits, and most other rows have some.
        if not (_DIGIT.search(code) or _DIGIT.search(",".join(values))) and self._is_heading(
            code, values
        ):
            return RefusedCodeLine(line, LineFault.HEADING)
        code = read_text(code)
        if not code.isascii() and _is_misread(code):
            return RefusedCodeLine(line, LineFault.MISREAD)
        key = code_key(code)
        if key is None:
            fault = LineFault.UNREADABLE if "\0" in code else LineFault.NOT_A_CODE
            return RefusedCodeLine(line, fault)
        self._codes += 1
        if self._codes > MOST_CODES_ADDED:
            return RefusedCodeLine(line, LineFault.TOO_MANY)
        return CodeLine(line, code, key)

    def _fault_of_many(self, values: list[str]) -> LineFault:
        if _names_codes(values):
            return LineFault.HEADING
        return LineFault.NOT_ONE_VALUE if self._heading is None else LineFault.MORE_VALUES

    def _is_heading(self, code: str, values: list[str]) -> bool:
        """Whether the line is a heading again: of this file, or of one that was put behind it."""
        if self._typed:
            return False
        if self._heading in COUPON_WORDS and heading_word(code) == self._heading:
            return True
        return _LIKELY.search(",".join(values)) is not None and _names_codes(values)


def is_code_heading(text: str) -> bool:
    """Whether the text is certainly the heading of a column of codes, rather than a code."""
    return heading_word(text) in _CERTAIN


def _find_heading(values: list[str]) -> int | LineFault | None:
    """The column of codes where the first row is a heading; None where it is none."""
    words = [heading_word(value) for value in values]
    for names in (frozenset((heading_word(CODE_COLUMN),)), COUPON_CODE_WORDS, CODE_WORDS):
        columns = [column for column, word in enumerate(words) if word in names]
        if columns:
            return columns[0] if len(columns) == 1 else LineFault.TWO_COLUMNS
    named = [value for value in values if value.strip()]
    if len(named) == 1 and words[values.index(named[0])] in COUPON_WORDS | OTHER_WORDS:
        return LineFault.UNCLEAR
    columns = [column for column, word in enumerate(words) if word in COUPON_WORDS]
    if not columns or any(map(_DIGIT.search, named)):
        return None
    return columns[0] if len(columns) == 1 else LineFault.TWO_COLUMNS


def _names_codes(values: list[str]) -> bool:
    return any(heading_word(value) in _CERTAIN for value in values)


def _is_misread(code: str) -> bool:
    """Whether these are the bytes of UTF-8, read as Windows-1251: two characters for each letter.

    So a spreadsheet reads a file without a byte order mark. Two such letters are no coincidence.
    """
    try:
        read = code.encode("cp1251").decode("utf-8")
    except UnicodeError:
        return False
    return len(code) - len(read) >= 2 and code_key(read) is not None


def typed_lines(text: str) -> bytes:
    """What was typed as a file of `typed` codes; a heading that was pasted with it is left out."""
    first, _, others = text.partition("\n")
    if is_code_heading(first):
        # Whoever types this word alone means it.
        codes = ["", *_SEPARATORS.split(others)] if others else [first.strip()]
    else:
        codes = _SEPARATORS.split(text)
        if len(codes) > 1 and is_code_heading(codes[0]):
            codes[0] = ""
    return "\n".join(codes).encode()

"""Files of codes: one code a line, or a spreadsheet with a heading over the column of codes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
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
"""How many lines of a refused file are named. The rest are counted."""

_DIGIT: Final = re.compile("[0-9]")
_SEPARATORS: Final = re.compile(r"[\s,;]+")
_CERTAIN_HEADINGS: Final = CODE_WORDS | COUPON_CODE_WORDS
# Something in each of them, so that a million rows need not be compared with all of them.
_LIKE_A_HEADING: Final = re.compile("[ck][oó]o?d|код|gutscheinnummer", re.IGNORECASE)


class CodeLineFault(Enum):
    """Why a line cannot be taken."""

    NOT_A_CODE = auto()
    NOT_ONE_VALUE = auto()
    NO_VALUE = auto()
    MORE_VALUES = auto()
    HEADING = auto()
    UNCLEAR = auto()
    TWO_COLUMNS = auto()
    REPEATED = auto()
    TAKEN = auto()
    TOO_MANY = auto()
    OPEN_QUOTE = auto()
    BARE_QUOTE = auto()
    TOO_LONG = auto()
    UNREADABLE = auto()
    MISREAD = auto()


_ROW_FAULTS: Final = {
    RowFault.OPEN_QUOTE: CodeLineFault.OPEN_QUOTE,
    RowFault.BARE_QUOTE: CodeLineFault.BARE_QUOTE,
    RowFault.LONG_VALUE: CodeLineFault.TOO_LONG,
    RowFault.LONG_ROW: CodeLineFault.TOO_LONG,
    RowFault.UNREADABLE: CodeLineFault.UNREADABLE,
    RowFault.MISREAD: CodeLineFault.MISREAD,
}


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of a file, counted from 1, with its code as spelled and its key."""

    line: int
    code: str
    key: str


@dataclass(frozen=True, slots=True)
class RefusedCodeLine:
    """A line of a file, counted from 1, that cannot be taken, and why."""

    line: int
    fault: CodeLineFault


class CodeFile:
    """A file of codes that arrives in pieces; no more than a piece and a row is in memory.

    `docs/codes.md` says what the first line's heading may be. `typed` codes have no heading: a
    single typed code `PROMO` is a code.
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
        """The codes of the rows that end in this piece."""
        return self._read(self._rows.feed(piece))

    def end(self) -> Iterator[CodeLine | RefusedCodeLine]:
        """The codes of the rows that are left at the end of the file."""
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
                if isinstance(heading, CodeLineFault):
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
            return RefusedCodeLine(line, CodeLineFault.NO_VALUE)
        # Headings have no digits; most other rows do.
        if not (_DIGIT.search(code) or _DIGIT.search(",".join(values))) and self._is_heading(
            code, values
        ):
            return RefusedCodeLine(line, CodeLineFault.HEADING)
        code = read_text(code)
        if not code.isascii() and _is_misread(code):
            return RefusedCodeLine(line, CodeLineFault.MISREAD)
        key = code_key(code)
        if key is None:
            fault = CodeLineFault.UNREADABLE if "\0" in code else CodeLineFault.NOT_A_CODE
            return RefusedCodeLine(line, fault)
        self._codes += 1
        if self._codes > MOST_CODES_ADDED:
            return RefusedCodeLine(line, CodeLineFault.TOO_MANY)
        return CodeLine(line, code, key)

    def _fault_of_many(self, values: list[str]) -> CodeLineFault:
        if _names_codes(values):
            return CodeLineFault.HEADING
        return CodeLineFault.NOT_ONE_VALUE if self._heading is None else CodeLineFault.MORE_VALUES

    def _is_heading(self, code: str, values: list[str]) -> bool:
        """Whether the line is another heading: of this file, or of one that was appended to it."""
        if self._typed:
            return False
        if self._heading in COUPON_WORDS and heading_word(code) == self._heading:
            return True
        return _LIKE_A_HEADING.search(",".join(values)) is not None and _names_codes(values)


def is_code_heading(text: str) -> bool:
    """Whether the text is certainly a heading of a column of codes, and not a code."""
    return heading_word(text) in _CERTAIN_HEADINGS


def _find_heading(values: list[str]) -> int | CodeLineFault | None:
    """The column of codes if the first row is a heading; None if it is not."""
    words = [heading_word(value) for value in values]
    for names in (frozenset((heading_word(CODE_COLUMN),)), COUPON_CODE_WORDS, CODE_WORDS):
        columns = [column for column, word in enumerate(words) if word in names]
        if columns:
            return columns[0] if len(columns) == 1 else CodeLineFault.TWO_COLUMNS
    named = [value for value in values if value.strip()]
    if len(named) == 1 and words[values.index(named[0])] in COUPON_WORDS | OTHER_WORDS:
        return CodeLineFault.UNCLEAR
    columns = [column for column, word in enumerate(words) if word in COUPON_WORDS]
    if not columns or any(map(_DIGIT.search, named)):
        return None
    return columns[0] if len(columns) == 1 else CodeLineFault.TWO_COLUMNS


def _names_codes(values: list[str]) -> bool:
    return any(heading_word(value) in _CERTAIN_HEADINGS for value in values)


def _is_misread(code: str) -> bool:
    """Whether these are bytes of UTF-8 that were read as Windows-1251, two characters a letter.

    Spreadsheets do that to a file without a byte order mark. Two such letters are no coincidence.
    """
    try:
        read = code.encode("cp1251").decode("utf-8")
    except UnicodeError:
        return False
    return len(code) - len(read) >= 2 and code_key(read) is not None


def typed_lines(text: str) -> bytes:
    """Typed text as a file of `typed` codes, without a heading that was pasted with it."""
    first, _, others = text.partition("\n")
    if is_code_heading(first):
        # The word alone is a code.
        codes = ["", *_SEPARATORS.split(others)] if others else [first.strip()]
    else:
        codes = _SEPARATORS.split(text)
        if len(codes) > 1 and is_code_heading(codes[0]):
            codes[0] = ""
    return "\n".join(codes).encode()

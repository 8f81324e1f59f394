"""Files of codes: one code per line, or a spreadsheet with a heading over the column of codes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from sconto.domain.blanks import trim
from sconto.domain.code_list import MAX_CODES_ADDED
from sconto.domain.codes import code_key
from sconto.domain.csv_rows import CsvRows, Row, RowFault, is_shortened, is_unreadable
from sconto.domain.headings import (
    CODE_COLUMN,
    CODE_WORDS,
    COUPON_CODE_WORDS,
    COUPON_WORDS,
    OTHER_WORDS,
    filled,
    heading_word,
    legible,
)
from sconto.domain.layout import DETECTED_LAYOUT, Blanks, Layout
from sconto.domain.spreadsheet import read_text

NAMED_LINES: Final = 1000
"""How many lines of a refused file are named. The rest are counted."""

_DIGIT: Final = re.compile("[0-9]")
_SEPARATORS: Final = re.compile(r"[\r\n\t\v\f,;]+")
_BLANKS: Final = re.compile(r"\s+")

MAX_PARTS: Final = 1000
"""The most codes that blanks separate in one value."""

CODE_FIELD: Final = "code"
"""The field of a layout's columns."""

_CERTAIN_HEADINGS: Final = CODE_WORDS | COUPON_CODE_WORDS
# Each of them contains one of these, so a million rows need not be compared with all of them.
_LIKE_A_HEADING: Final = re.compile("[ck][oó]o?d|код|gutscheinnummer", re.IGNORECASE)

# Most files have nothing but these, with a digit in each code. Headings have none.
_PLAIN_LINES: Final = re.compile(r"(?:[A-Za-z0-9_.-]++\r?\n)++")
_PLAIN_LINES_WITH_DIGITS: Final = re.compile(r"(?:[A-Za-z_.-]*+[0-9][A-Za-z0-9_.-]*+\r?\n)++")
_LONGEST_CODE: Final = 30


class CodeLineFault(Enum):
    """Why a line cannot be taken."""

    NOT_A_CODE = auto()
    BLANKS = auto()
    SHORTENED = auto()
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
    """A line of a file, counted from 1, with its code as spelled and its key.

    `part` numbers the codes of one line from 0.
    """

    line: int
    code: str
    key: str
    part: int = 0


@dataclass(frozen=True, slots=True)
class PlainLines:
    """Lines in a row, the first counted from 1, that are one code each, with their keys."""

    first: int
    codes: list[str]
    keys: list[str]


@dataclass(frozen=True, slots=True)
class RefusedCodeLine:
    """A line of a file, counted from 1, that cannot be taken, and why.

    `column`, from 0, is the column of the bad value if the file has several columns. `written` is
    the value.
    """

    line: int
    fault: CodeLineFault
    column: int | None = field(default=None, compare=False)
    written: str = field(default="", compare=False)


class CodeFile:
    """A file of codes that arrives in pieces; only a piece and a row are in memory.

    `docs/codes.md` says what the first line's heading may be, unless the layout decides it. `typed`
    codes have no heading: a single typed code `PROMO` is a code.
    """

    def __init__(self, *, typed: bool = False, layout: Layout = DETECTED_LAYOUT) -> None:
        self._rows = CsvRows(layout.encoding, layout.delimiter, lenient=True)
        self._codes = 0
        self._typed = typed
        self._first = not typed
        self._layout = layout
        self._heading: str | None = None
        self.headings: list[str] | None = None
        """The first row if it is a heading."""
        self._several = False
        self.first_row: list[str] = []
        """The first row, heading or not."""
        chosen = layout.columns.get(CODE_FIELD)
        self.column = chosen or 0
        """The column of codes, from 0."""
        # Without a heading it is unknown which of several values is the code.
        self._width: int | None = 1 if chosen is None else None

    @property
    def rows(self) -> CsvRows:
        """How the file is read."""
        return self._rows

    def feed(self, piece: bytes) -> Iterator[CodeLine | RefusedCodeLine]:
        """The codes of the rows that end in this piece."""
        return self._read(self._rows.feed(piece))

    def feed_runs(self, piece: bytes) -> Iterator[PlainLines | CodeLine | RefusedCodeLine]:
        """As `feed`, but lines in a row that are nothing but a code come together.

        That takes a twentieth of the time.
        """
        text = self._rows.take(piece)
        plain = self._read_plain(text)
        return iter((plain,)) if plain is not None else self._read(self._rows.read(text))

    def end(self) -> Iterator[CodeLine | RefusedCodeLine]:
        """The codes of the rows that are left at the end of the file."""
        return self._read(self._rows.end())

    def _read(self, rows: Iterable[Row]) -> Iterator[CodeLine | RefusedCodeLine]:
        for line, values in rows:
            yield from self.read_row(line, values)

    def _read_plain(self, text: str) -> PlainLines | None:
        """The codes of the lines if `read_row` would take each as it is; None if it may not."""
        if self._first or self._chosen_column() != 0 or self._rows.is_within_row:
            return None
        if _PLAIN_LINES_WITH_DIGITS.fullmatch(text) is None and (
            self._heading in COUPON_WORDS
            or _LIKE_A_HEADING.search(text) is not None
            or _PLAIN_LINES.fullmatch(text) is None
        ):
            return None
        codes = text.split()
        if max(map(len, codes)) > _LONGEST_CODE or self._codes + len(codes) > MAX_CODES_ADDED:
            return None
        first = self._rows.pass_over(len(codes))
        self._codes += len(codes)
        return PlainLines(first, codes, text.lower().split())

    def read_row(
        self, line: int, values: list[str] | RowFault
    ) -> Sequence[CodeLine | RefusedCodeLine]:
        """The codes of the next row, or why it has none; an empty list for a heading."""
        if isinstance(values, RowFault):
            self._first = False
            return (RefusedCodeLine(line, _ROW_FAULTS[values]),)
        if self._first:
            self._first = False
            self.first_row = values = legible(values, _CERTAIN_HEADINGS)
            self._several = len(filled(values)) > 1
            heading = self._find_heading(values)
            if isinstance(heading, CodeLineFault):
                return (self._refused(line, heading, None, self._first_value(values)),)
            if heading is not None:
                self.column, self.headings = heading, values
                if self._width is not None:
                    self._width = len(filled(values))
                self._heading = heading_word(self.headings[heading])
                return ()
        return self._read_values(line, values)

    def _find_heading(self, values: list[str]) -> int | CodeLineFault | None:
        """The column of codes if the first row is a heading; None if it is not."""
        chosen, is_heading = self._layout.columns.get(CODE_FIELD), self._layout.heading
        if chosen is None:
            found = _find_heading(values) if is_heading is not False else None
            if is_heading and (found is None or found is CodeLineFault.UNCLEAR):
                return 0 if len(filled(values)) == 1 else CodeLineFault.NOT_ONE_VALUE
            return found
        if is_heading is None:
            words = _CERTAIN_HEADINGS | COUPON_WORDS | OTHER_WORDS
            is_heading = chosen >= len(values) or heading_word(values[chosen]) in words
            named = filled(values)
            if not is_heading and len(named) > 1 and not any(map(_DIGIT.search, named)):
                return CodeLineFault.UNCLEAR
        return min(chosen, len(values) - 1) if is_heading else None

    def _first_value(self, values: list[str]) -> str:
        return values[self.column] if self.column < len(values) else ""

    def _read_values(self, line: int, values: list[str]) -> Sequence[CodeLine | RefusedCodeLine]:
        width, column = self._width, self._chosen_column()
        if width is not None and len(values) > width and any(map(trim, values[width:])):
            written = " | ".join(filled(values))
            wide = None if width == 1 else width
            return (self._refused(line, self._fault_of_many(values), wide, written),)
        code = trim(values[column]) if column < len(values) else ""
        if not code:
            return (self._refused(line, CodeLineFault.NO_VALUE, column),)
        # Headings have no digits; most other rows do.
        if not (_DIGIT.search(code) or _DIGIT.search(",".join(values))) and self._is_heading(
            code, values
        ):
            return (self._refused(line, CodeLineFault.HEADING, column, code),)
        code = trim(read_text(code))
        key = code_key(code)
        if key is None or not code.isascii():
            if fault := self._fault_of(code, key):
                return (self._refused(line, fault, column, code),)
            if key is None:
                return self._read_parts(line, code)
        return (self._taken(line, code, key),)

    def _refused(
        self, line: int, fault: CodeLineFault, column: int | None, written: str = ""
    ) -> RefusedCodeLine:
        return RefusedCodeLine(line, fault, column if self._several else None, written[:80])

    def _chosen_column(self) -> int:
        return self._layout.columns.get(CODE_FIELD, self.column)

    def _fault_of(self, code: str, key: str | None) -> CodeLineFault | None:
        """Why the value is not a code; None for a code, or several that blanks may separate."""
        if is_unreadable(code) or "\0" in code:
            return CodeLineFault.UNREADABLE
        if not code.isascii() and _is_misread(code):
            return CodeLineFault.MISREAD
        if key is not None:
            return None
        if is_shortened(code):
            return CodeLineFault.SHORTENED
        parts = _BLANKS.split(code, MAX_PARTS)
        if len(parts) == 1 or not all(map(code_key, parts)):
            return CodeLineFault.NOT_A_CODE
        if self._layout.blanks is None:
            return CodeLineFault.BLANKS
        if self._layout.blanks is not Blanks.SEVERAL and code_key(self._joined(code)) is None:
            return CodeLineFault.NOT_A_CODE
        return None

    def _read_parts(self, line: int, code: str) -> Sequence[CodeLine | RefusedCodeLine]:
        """The codes of a value with blanks within, as the layout says."""
        if self._layout.blanks is not Blanks.SEVERAL:
            parts = [self._joined(code)]
        else:
            parts = _BLANKS.split(code)
        return [
            self._taken(line, part, code_key(part) or part, number)
            for number, part in enumerate(parts)
        ]

    def _joined(self, code: str) -> str:
        return _BLANKS.sub("-" if self._layout.blanks is Blanks.DASH else "", code)

    def _taken(self, line: int, code: str, key: str, part: int = 0) -> CodeLine | RefusedCodeLine:
        self._codes += 1
        if self._codes > MAX_CODES_ADDED:
            return self._refused(line, CodeLineFault.TOO_MANY, self._chosen_column(), code)
        return CodeLine(line, code, key, part)

    def _fault_of_many(self, values: list[str]) -> CodeLineFault:
        if _names_codes(values):
            return CodeLineFault.HEADING
        return CodeLineFault.NOT_ONE_VALUE if self._heading is None else CodeLineFault.MORE_VALUES

    def _is_heading(self, code: str, values: list[str]) -> bool:
        """Whether the line is another heading: of this file, or of one that was appended to it."""
        if self._typed or self._layout.heading is False:
            return False
        if CODE_FIELD in self._layout.columns:
            values = [code]
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

    Spreadsheets do that to a file without a byte order mark. Two such letters are enough to say so.
    """
    try:
        read = code.encode("cp1251").decode("utf-8")
    except UnicodeError:
        return False
    return len(code) - len(read) >= 2 and code_key(read) is not None


def typed_lines(text: str) -> bytes:
    """Typed text as a file of `typed` codes, without a heading that was pasted with it.

    Lines, tabs, commas and semicolons separate codes. Blanks may: the reader asks.
    """
    first, _, others = text.partition("\n")
    if is_code_heading(first):
        # The single word is a code.
        codes = ["", *_SEPARATORS.split(others)] if others else [first.strip()]
    else:
        codes = _SEPARATORS.split(text)
        if len(codes) > 1 and is_code_heading(codes[0]):
            codes[0] = ""
    return "\n".join(codes).encode()

"""Files of codes: one a line, as a list or as the first of our own export's columns."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sconto.domain.blanks import trim
from sconto.domain.code_list import MOST_CODES
from sconto.domain.codes import code_key

CODE_COLUMN: Final = "coupon_code"
"""What the column of codes is called; a file without this heading has nothing but codes."""

NAMED_LINES: Final = 1000
"""How many lines of a refused file are named; the others are counted."""

_LONGEST_LINE: Final = 4096
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")


class LineFault(StrEnum):
    """Why a line cannot be taken."""

    NOT_A_CODE = "is no code: 1 to 30 letters, digits, dashes, underscores and dots"
    NOT_ONE_VALUE = "has several values, and no heading says which is the code"
    NO_VALUE = "has no value in the column of codes"
    REPEATED = "has the code of an earlier line"
    TAKEN = "has a code that the promotion has already"
    TOO_MANY = f"is beyond the {MOST_CODES:,} codes that are added at once"


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
    """A file of codes that arrives piece by piece; no more than a piece and a line is held.

    UTF-8, with or without a byte order mark; lines end with LF, CRLF or CR; empty ones are left
    out.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._line = 0
        self._codes = 0
        self._overlong = False
        self._columns: list[str] | None = None

    def feed(self, piece: bytes) -> Iterator[CodeLine | RefusedCodeLine]:
        """What the lines say that end in this piece."""
        text = self._rest + piece
        # A CR at the end may be half of a line's end.
        whole = len(text) - 1 if text.endswith(b"\r") else len(text)
        lines = _LINE_END.split(text[:whole])
        self._rest = lines.pop() + text[whole:]
        for line in lines:
            yield from self._read(line)
        if len(self._rest) > _LONGEST_LINE:
            self._rest, self._overlong = b"", True

    def end(self) -> Iterator[CodeLine | RefusedCodeLine]:
        """What the last line says, where the file does not end with a line's end."""
        rest, self._rest = self._rest.removesuffix(b"\r"), b""
        if rest or self._overlong:
            yield from self._read(rest)

    def _read(self, raw: bytes) -> Iterator[CodeLine | RefusedCodeLine]:
        self._line += 1
        overlong, self._overlong = self._overlong, False
        if self._line == 1:
            raw = raw.removeprefix(_BYTE_ORDER_MARK)
        if overlong or len(raw) > _LONGEST_LINE:
            yield RefusedCodeLine(self._line, LineFault.NOT_A_CODE)
            return
        text = trim(raw.decode("utf-8", "replace"))
        if not text:
            return
        values = _values(text)
        if self._columns is None:
            self._columns = [value.strip() for value in values]
            if CODE_COLUMN in self._columns:
                return
            self._columns = [CODE_COLUMN]
        yield self._read_values(values, self._columns)

    def _read_values(self, values: list[str], columns: list[str]) -> CodeLine | RefusedCodeLine:
        place = columns.index(CODE_COLUMN)
        if len(columns) == 1 and len(values) > 1 and any(values[1:]):
            return RefusedCodeLine(self._line, LineFault.NOT_ONE_VALUE)
        code = trim(values[place]) if place < len(values) else ""
        if not code:
            return RefusedCodeLine(self._line, LineFault.NO_VALUE)
        key = code_key(code)
        if key is None:
            return RefusedCodeLine(self._line, LineFault.NOT_A_CODE)
        self._codes += 1
        if self._codes > MOST_CODES:
            return RefusedCodeLine(self._line, LineFault.TOO_MANY)
        return CodeLine(self._line, code, key)


def _values(text: str) -> list[str]:
    """The values of a line; one that is no CSV is one value, and no code."""
    if "," not in text and '"' not in text:
        return [text]
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        return [text]

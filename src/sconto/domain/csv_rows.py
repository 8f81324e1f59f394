"""Rows of a CSV file as spreadsheets write it: three delimiters, UTF-8 or UTF-16."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, TypeAlias

from sconto.domain.blanks import trim
from sconto.domain.layout import Delimiter, Encoding

LONGEST_ROW: Final = 1024 * 1024
"""The longest row, in characters."""

LONGEST_VALUE: Final = 131_072
"""The longest value, in characters: the limit of the csv module."""

DELIMITERS: Final = "\t;,"
"""In order of preference if a line has equally many of each, because texts may have commas."""

_DELIMITER: Final = re.compile(f"[{DELIMITERS}]")
_QUOTED: Final = re.compile('"[^"]*(?:"|$)')
# A first line with which spreadsheets name the delimiter.
_NAMED_DELIMITER: Final = re.compile(f'"?sep=([{DELIMITERS}])"?\\s*', re.IGNORECASE)

_SHORTENED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]{1,3}")


class RowFault(Enum):
    """Why a row cannot be read."""

    OPEN_QUOTE = auto()
    BARE_QUOTE = auto()
    LONG_VALUE = auto()
    LONG_ROW = auto()
    UNREADABLE = auto()
    MISREAD = auto()


@dataclass(frozen=True, slots=True)
class _MarkedEncoding:
    """How to read a file that begins with these bytes, and which characters to refuse."""

    mark: bytes
    name: str
    errors: str
    refused: re.Pattern[str]
    fault: RowFault = RowFault.UNREADABLE


# Bytes that are not valid in the encoding become these.
_NOT_UTF_8: Final = re.compile("[\udc80-\udcff]")
_NOT_UTF_16: Final = re.compile("\ufffd")
_NOT_ASCII: Final = re.compile("[^\0-\x7f]")

_ENCODINGS: Final = (
    _MarkedEncoding(codecs.BOM_UTF8, "utf-8", "surrogateescape", _NOT_UTF_8),
    _MarkedEncoding(codecs.BOM_UTF16_LE, "utf-16-le", "replace", _NOT_UTF_16),
    _MarkedEncoding(codecs.BOM_UTF16_BE, "utf-16-be", "replace", _NOT_UTF_16),
    # A program read the UTF-8 mark, and so every letter, as Windows-1252 or 1251.
    *(
        _MarkedEncoding(
            codecs.BOM_UTF8.decode(read_as).encode(),
            "utf-8",
            "surrogateescape",
            _NOT_ASCII,
            RowFault.MISREAD,
        )
        for read_as in ("cp1252", "cp1251")
    ),
)
_UNMARKED: Final = _MarkedEncoding(b"", "utf-8", "surrogateescape", _NOT_UTF_8)
_LONGEST_MARK: Final = max(len(encoding.mark) for encoding in _ENCODINGS)

_FAULTS: Final = {
    "unexpected end of data": RowFault.OPEN_QUOTE,
    "field larger than": RowFault.LONG_VALUE,
}
"""By the beginning of the csv module's message."""

Row: TypeAlias = tuple[int, list[str] | RowFault]
"""The number of the row's first line, and its values or its fault."""


class CsvRows:
    """The rows of a file that arrives in pieces; only a piece and a row are in memory.

    The file is UTF-8 with or without a byte order mark, or UTF-16 with one, or in `encoding` if it
    has no mark. Lines end with LF, CRLF or CR and are counted from 1, as an editor does. The first
    line with a comma, a semicolon or a tab outside quotes decides the delimiter, unless one is
    given. Rows without a value are skipped.

    Rows with bytes that are not letters are refused. With `lenient` the caller decides, because it
    may not need the value: see `is_unreadable`.
    """

    def __init__(
        self,
        encoding: Encoding | None = None,
        delimiter: Delimiter | None = None,
        *,
        lenient: bool = False,
    ) -> None:
        self.delimiter: str | None = delimiter
        """None until a row has two values."""
        self.has_unreadable = False
        """Whether some bytes so far are not valid in the encoding."""
        self._unmarked = _UNMARKED if encoding is None else _unmarked(encoding)
        self._lenient = lenient
        self._head = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._encoding = self._unmarked
        self._rest = ""
        self._open: Sequence[str] = ()
        self._line = 0

    def feed(self, piece: bytes) -> Iterator[Row]:
        """The rows that end in this piece."""
        return self.read(self.take(piece))

    def take(self, piece: bytes) -> str:
        """The text of the lines that end in this piece, to be passed to `read` or `pass_over`."""
        if self._decoder is None:
            self._head += piece
            if len(self._head) < _LONGEST_MARK:
                return ""
            piece = self._start()
        assert self._decoder is not None  # noqa: S101  # for the type checker
        text = self._rest + self._decoder.decode(piece)
        # A CR at the end may be the first half of a CRLF.
        whole = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1
        # A longer line is refused later.
        self._rest = text[whole:][: LONGEST_ROW + 1]
        return text[:whole]

    def read(self, text: str) -> Iterator[Row]:
        """The rows that end in this text."""
        return self._read(text, final=False)

    @property
    def is_within_row(self) -> bool:
        """Whether the text so far ends within a row: a quote is open."""
        return bool(self._open)

    def pass_over(self, lines: int) -> int:
        """Count lines that the caller has read itself; returns the number of the first."""
        first = self._line + 1
        self._line += lines
        return first

    def end(self) -> Iterator[Row]:
        """The rows that are left at the end of the file."""
        piece = self._start() if self._decoder is None else b""
        assert self._decoder is not None  # noqa: S101  # for the type checker
        text = self._rest + self._decoder.decode(piece, final=True)
        self._rest = ""
        yield from self._read(text, final=True)

    def _start(self) -> bytes:
        """Choose the encoding; returns what follows the byte order mark."""
        head, self._head = self._head, b""
        marked = (one for one in _ENCODINGS if head.startswith(one.mark))
        self._encoding = next(marked, self._unmarked)
        self._decoder = codecs.getincrementaldecoder(self._encoding.name)(self._encoding.errors)
        return head.removeprefix(self._encoding.mark)

    def _read(self, text: str, *, final: bool) -> Iterator[Row]:
        if not self.has_unreadable and self._encoding.refused.search(text):
            self.has_unreadable = True
        if self._lenient and self.has_unreadable:
            # A non-breaking blank in all of the encodings.
            text = text.replace("\udca0", "\xa0")
        known = len(self._open)
        lines = [*self._open, *io.StringIO(text, newline="")]
        if not self._line and lines and (named := _NAMED_DELIMITER.fullmatch(lines[0])):
            self.delimiter, self._line = self.delimiter or named[1], 1
            lines = lines[1:]
        if self.delimiter is None and _DELIMITER.search(text):
            for index, line in enumerate(lines[known:], known):
                if delimiter := _find_delimiter(line):
                    # Earlier rows have one value, whatever the delimiter.
                    yield from self._parse(lines[:index], final=False)
                    self.delimiter = delimiter
                    lines = [*self._open, *lines[index:]]
                    break
        yield from self._parse(lines, final=final)

    def _parse(self, lines: Sequence[str], *, final: bool) -> Iterator[Row]:
        before, done = self._line, 0
        reader = csv.reader(lines, delimiter=self.delimiter or ",", strict=True)
        overlong = max(map(len, lines), default=0) > LONGEST_ROW
        self._open = ()
        while True:
            row: list[str] | RowFault
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                row = _fault_of(error)
                if row is RowFault.OPEN_QUOTE and not final:
                    if sum(map(len, lines[done:])) <= LONGEST_ROW:
                        self._open = lines[done:]
                        break
                    row = RowFault.LONG_ROW
            else:
                if overlong and max(map(len, lines[done : reader.line_num])) > LONGEST_ROW:
                    row = RowFault.LONG_ROW
                elif self.has_unreadable and self._is_refused(row):
                    row = self._encoding.fault
            if isinstance(row, RowFault) or any(map(trim, row)):
                yield before + done + 1, row
            done = reader.line_num
        self._line = before + done

    def _is_refused(self, row: Sequence[str]) -> bool:
        if self._lenient and self._encoding.refused is _NOT_UTF_8:
            return False
        return self._encoding.refused.search("".join(row)) is not None


def is_unreadable(value: str) -> bool:
    """Whether the value has bytes that are not letters in the encoding of its file."""
    return not value.isascii() and _NOT_UTF_8.search(value) is not None


def is_shortened(value: str) -> bool:
    """Whether the value is a number that a spreadsheet shortened, such as `1.2E+15`."""
    return _SHORTENED.fullmatch(value) is not None


def read_again(value: str, encoding: Encoding) -> str:
    """An unreadable value, read in another encoding."""
    return value.encode("utf-8", "surrogateescape").decode(encoding, "replace")


def _unmarked(encoding: Encoding) -> _MarkedEncoding:
    return _MarkedEncoding(b"", encoding, "surrogateescape", _NOT_UTF_8)


def _find_delimiter(line: str) -> str | None:
    if _DELIMITER.search(line) is None:
        return None
    bare = _QUOTED.sub("", line.strip())
    return max(DELIMITERS, key=bare.count) if _DELIMITER.search(bare) else None


def _fault_of(error: csv.Error) -> RowFault:
    said = str(error)
    faults = (fault for start, fault in _FAULTS.items() if said.startswith(start))
    return next(faults, RowFault.BARE_QUOTE)

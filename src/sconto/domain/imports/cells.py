"""The rows of an export, and the values of their cells."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from sconto.domain.csv_rows import CsvRows, Row, RowFault
from sconto.domain.headings import heading_word
from sconto.domain.imports.notes import NoteKind, Unreadable
from sconto.domain.money import known_currencies, parse_percent, parse_price

_TIME: Final = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)? ?(Z|UTC|[+-]\d{2}:?\d{2})?"
)
_SECONDS: Final = re.compile(r"\d{9,10}")
_TRUE: Final = frozenset(["1", "true", "yes", "y", "x"])
_FALSE: Final = frozenset(["", "0", "false", "no", "n"])
_LONGEST: Final = 18
"""Digits of the longest whole number that is read."""


class HeadingsMissing(Exception):
    """The file lacks columns, or has no heading that can be read: then `columns` is empty."""

    def __init__(self, *columns: str) -> None:
        super().__init__(*columns)
        self.columns = columns


@dataclass(frozen=True, slots=True)
class Record:
    """A row of an export; its cells are found by the words of their headings."""

    line: int
    cells: Mapping[str, str]
    headings: frozenset[str] = frozenset()
    """As they are spelled."""

    def text(self, *names: str) -> str:
        """The first cell that is not empty under one of these headings; empty if there is none."""
        cells = (self.cells.get(heading_word(name), "").strip() for name in names)
        return next((cell for cell in cells if cell), "")

    def flag(self, *names: str) -> bool:
        """Yes or no; an empty cell is no."""
        word = self.text(*names).casefold()
        if word not in _TRUE | _FALSE:
            raise Unreadable(NoteKind.NOT_A_FLAG, names[0], word)
        return word in _TRUE

    def count(self, *names: str) -> int | None:
        """A whole number above 0; None for an empty cell or 0, which mean no limit."""
        text = self.text(*names).removesuffix(".0")
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST):
            raise Unreadable(NoteKind.NOT_A_COUNT, names[0], text)
        return int(text) or None

    def percent(self, *names: str) -> int:
        """A percent; its sign does not matter, because some systems write what is taken off."""
        text = self.text(*names).removeprefix("-").removesuffix("%").strip()
        try:
            return parse_percent(text)
        except ValueError:
            raise Unreadable(NoteKind.NOT_A_PERCENT, names[0], text) from None

    def amount(self, currency: str, *names: str) -> int | None:
        """An amount in minor units; None for an empty cell or 0. Its sign does not matter."""
        text = self.text(*names).removeprefix("-")
        if not text:
            return None
        try:
            return parse_price(text, currency) or None
        except ValueError:
            raise Unreadable(NoteKind.NOT_AN_AMOUNT, names[0], currency, text) from None

    def moment(self, zone: ZoneInfo, *names: str) -> datetime | None:
        """A time or the beginning of a day; without an offset it is in the zone."""
        text = self.text(*names)
        if not text:
            return None
        try:
            if _SECONDS.fullmatch(text):
                return datetime.fromtimestamp(int(text), UTC)
            if (match := _TIME.fullmatch(text)) is not None:
                return _read_time(match, zone)
        except (ValueError, OverflowError):
            pass
        raise Unreadable(NoteKind.NOT_A_MOMENT, names[0], text)

    def parts(self, *names: str) -> tuple[str, ...]:
        """The parts of a cell, separated by commas or bars."""
        found = re.split(r"[,|]", self.text(*names))
        return tuple(part for one in found if (part := one.strip()))


def _read_time(match: re.Match[str], zone: ZoneInfo) -> datetime:
    year, month, day, hour, minute, second, offset = match.groups()
    clock = time(int(hour or 0), int(minute or 0), int(second or 0))
    text = f"{year}-{month}-{day}T{clock.isoformat()}"
    if offset is None:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    shift = "+00:00" if offset in ("Z", "UTC") else offset
    return datetime.fromisoformat(text + shift).astimezone(UTC)


def read_records(
    pieces: Iterable[bytes], wanted: Sequence[frozenset[str]]
) -> Iterator[Record | tuple[int, RowFault]]:
    """The rows under the heading, and those that cannot be read.

    `wanted` are columns that the file must have, each with its possible names. Raises
    HeadingsMissing.
    """
    rows = _rows(pieces)
    _, headings = next(rows, (1, []))
    if isinstance(headings, RowFault):
        raise HeadingsMissing
    words = [heading_word(heading) for heading in headings]
    spelled = frozenset(heading.strip() for heading in headings)
    missing = [min(names) for names in wanted if not {*map(heading_word, names)} & {*words}]
    if missing:
        raise HeadingsMissing(*missing)
    for line, values in rows:
        if isinstance(values, RowFault):
            yield line, values
        else:
            yield Record(line, dict(zip(words, values, strict=False)), spelled)


def _rows(pieces: Iterable[bytes]) -> Iterator[Row]:
    reader = CsvRows()
    for piece in pieces:
        yield from reader.feed(piece)
    yield from reader.end()


def read_currency(text: str) -> str:
    """A currency in capitals. Raises Unreadable."""
    currency = text.upper()
    if currency not in known_currencies():
        raise Unreadable(NoteKind.NOT_A_CURRENCY, text)
    return currency


def require_currency(currency: str | None) -> str:
    """The currency that was given for a file that names none. Raises Unreadable."""
    if currency is None:
        raise Unreadable(NoteKind.CURRENCY_MISSING)
    return currency

"""A preview of a file: a page of its rows, and how many are good and bad."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

F = TypeVar("F")

ROWS_SHOWN: Final = 50
"""Rows on a page."""

LONGEST_SHOWN: Final = 80
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class ShownRow(Generic[F]):
    """A row of the file: the number of its line, and its values as they were understood.

    A bad row has its values as written, and a fault; `bad` is the index of the bad value among
    them, and `column` its column in the file, both from 0 and None if the whole row is bad.
    """

    line: int
    values: tuple[str, ...]
    fault: F | None = None
    bad: int | None = None
    column: int | None = None


@dataclass(slots=True)
class Preview(Generic[F]):
    """Collects the page that begins after `after` rows; `faulty` shows bad rows alone.

    `known` are faults found earlier, by line, such as codes that the promotion has. Rows are added
    one by one, and only those of the page are kept. `counted` are the good and bad rows that an
    earlier page counted: then reading can stop as soon as this page `is_full`.
    """

    after: int = 0
    faulty: bool = False
    known: Mapping[int, F] = field(default_factory=dict)
    counted: tuple[int, int] | None = None
    rows: list[ShownRow[F]] = field(default_factory=list)
    good: int = 0
    bad: int = 0
    faults: dict[F, int] = field(default_factory=dict)

    def add(self, row: ShownRow[F]) -> None:
        """Count the next row, and keep it if it belongs on the page."""
        if row.fault is None and (known := self.known.get(row.line)) is not None:
            row = ShownRow(row.line, row.values, known, 0)
        if row.fault is None:
            self.good += 1
        else:
            self.bad += 1
            self.faults[row.fault] = self.faults.get(row.fault, 0) + 1
        shown = self.bad if self.faulty else self.total
        is_shown = row.fault is not None or not self.faulty
        if is_shown and self.after < shown <= self.after + ROWS_SHOWN:
            self.rows.append(row)

    @property
    def is_full(self) -> bool:
        """Whether this page needs no more rows."""
        return self.counted is not None and len(self.rows) == ROWS_SHOWN

    def end(self) -> None:
        """Finish: all rows were added, or the page is full."""
        if self.is_full and self.counted is not None:
            self.good, self.bad = self.counted

    @property
    def total(self) -> int:
        """All rows that were added."""
        return self.good + self.bad

    @property
    def next(self) -> int | None:
        """The number of rows before the next page; None on the last page."""
        end = self.after + ROWS_SHOWN
        return end if end < (self.bad if self.faulty else self.total) else None


def shown_values(values: Sequence[str]) -> tuple[str, ...]:
    """The values of a row as a page shows them."""
    return tuple(
        value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…" for value in values
    )

"""The lines of a file that cannot be taken: the first of them, and their number."""

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar


class _AnyRefusedLine(Protocol):
    @property
    def line(self) -> int:
        """The number of the line, from 1."""


L = TypeVar("L", bound=_AnyRefusedLine)


class RefusedLines(Generic[L]):
    """Counts refused lines, and keeps at most `most_named` of those that are added one by one."""

    def __init__(self, most_named: int) -> None:
        self._most_named = most_named
        self._lines: list[L] = []
        self.total = 0

    def add(self, line: L) -> None:
        """Count a line. Lines come in the order of the file."""
        self.total += 1
        if self.total <= self._most_named:
            self._lines.append(line)

    def add_found(self, lines: Iterable[L], total: int) -> None:
        """Count lines that were found later, anywhere in the file: the first ones, and a number."""
        self.total += total
        self._lines += lines

    def first(self) -> tuple[L, ...]:
        """The first lines of all, in the order of the file."""
        return tuple(sorted(self._lines, key=lambda refused: refused.line)[: self._most_named])

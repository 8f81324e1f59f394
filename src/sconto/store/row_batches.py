"""Many rows, written a few thousand in each statement, so that the event loop serves others."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

ROWS_PER_STATEMENT: Final = 5_000
"""The event loop encodes the rows of a statement in one step."""


def batches(*columns: Sequence[Any]) -> Iterator[list[Sequence[Any]]]:
    """The columns of many rows, in parts with a few rows each."""
    for start in range(0, len(columns[0]) if columns else 0, ROWS_PER_STATEMENT):
        yield [column[start : start + ROWS_PER_STATEMENT] for column in columns]


def consumed_batches(*columns: list[Any]) -> Iterator[list[Sequence[Any]]]:
    """As `batches`, but empties the columns on the way, so that their memory is free sooner."""
    for column in columns:
        column.reverse()
    while columns[0]:
        yield [column[: -ROWS_PER_STATEMENT - 1 : -1] for column in columns]
        for column in columns:
            del column[-ROWS_PER_STATEMENT:]


def columns_of(rows: Sequence[Sequence[Any]], count: int) -> list[Sequence[Any]]:
    """Rows as so many columns, which are empty if there are no rows."""
    return list(zip(*rows, strict=True)) if rows else [()] * count

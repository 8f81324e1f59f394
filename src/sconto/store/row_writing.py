"""Writing many rows that refer to others, where each statement is planned by itself."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sconto.store.database import Connection

ROWS_PER_STATEMENT: Final = 5_000
"""Rows of one statement: the event loop encodes them in one step."""

_PLAN: Final = """
SELECT current_setting('plan_cache_mode') AS before, set_config('plan_cache_mode', $1, true)
"""


async def write_rows(connection: Connection, statement: str, *arguments: object) -> None:
    """Run a statement that writes any number of rows, in a transaction.

    PostgreSQL checks the reference of each row by a statement, and under `force_custom_plan` plans
    that anew for each: a promotion of 100,000 codes took 2.1 s, and takes 1.1.
    """
    before = await connection.fetchval(_PLAN, "force_generic_plan")
    await connection.execute(statement, *arguments)
    await connection.execute(_PLAN, before)


def drained(*columns: list[Any]) -> Iterator[list[Sequence[Any]]]:
    """As `slices`, of columns that nobody needs any more: what was written is forgotten at once."""
    for column in columns:
        column.reverse()
    while columns[0]:
        yield [column[: -ROWS_PER_STATEMENT - 1 : -1] for column in columns]
        for column in columns:
            del column[-ROWS_PER_STATEMENT:]


def slices(*columns: Sequence[Any]) -> Iterator[list[Sequence[Any]]]:
    """The columns of many rows as the columns of a few rows each."""
    for start in range(0, len(columns[0]) if columns else 0, ROWS_PER_STATEMENT):
        yield [column[start : start + ROWS_PER_STATEMENT] for column in columns]

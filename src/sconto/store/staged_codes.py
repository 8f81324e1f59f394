"""The codes of a file, staged in a temporary table and then added to a promotion together."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from itertools import count
from typing import Final

import asyncpg

from sconto.domain.code_file import CodeLine, CodeLineFault, PlainLines, RefusedCodeLine
from sconto.domain.history import RECORDED_ELEMENTS, Sample
from sconto.domain.ordering import SPACING
from sconto.store.code_lists import ADD_CODES, ADD_CODES_UNLESS_TAKEN
from sconto.store.database import Connection
from sconto.store.transactions import savepoint

IMPORT_TIMEOUT: Final = 3600
"""Seconds for one statement of an import, because files may be very long."""

_STAGE: Final = """
CREATE TEMPORARY TABLE staged_codes (
    place bigint NOT NULL,                         -- of all codes, from 1
    line bigint NOT NULL,                          -- its number in the file
    code text NOT NULL,
    code_key text COLLATE "C" NOT NULL
) ON COMMIT DROP
"""

_STAGED: Final = "(SELECT place, code, code_key FROM staged_codes OFFSET 0) AS new"
_INSERT: Final = ADD_CODES.format(new=_STAGED)

# On a distributed database a duplicate fails like any other fault, and ends the transaction.
# Skipping duplicates takes PostgreSQL a fifth more time.
_INSERT_UNLESS_TAKEN: Final = ADD_CODES_UNLESS_TAKEN.format(new=_STAGED)

_FIND_CLASHES: Final = """
WITH taken AS MATERIALIZED (
    SELECT code_key FROM codes
    WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL
        AND code_key IN (SELECT code_key FROM staged_codes)
)
SELECT line, repeated, count(*) OVER () AS total
FROM (
    SELECT place, line, row_number() OVER (PARTITION BY code_key ORDER BY place) > 1 AS repeated,
        taken.code_key IS NOT NULL AS taken
    FROM staged_codes
    LEFT JOIN taken USING (code_key)
) AS staged
WHERE repeated OR taken
ORDER BY place
LIMIT $3
"""

_SAMPLE: Final = "SELECT code FROM staged_codes ORDER BY place LIMIT $1"


class CodesClash(Exception):
    """Staged codes repeat each other, or codes that the promotion has."""


async def stage_codes(
    connection: Connection, pieces: AsyncIterable[Iterable[PlainLines | CodeLine]]
) -> int:
    """Stage the lines of a file until the transaction ends; returns the number of their codes.

    They are read piece by piece, as fast as the database takes them.
    """
    await connection.execute(_STAGE)
    status = await connection.copy_to_table(
        "staged_codes", source=_encode(pieces), format="text", timeout=IMPORT_TIMEOUT
    )
    return int(status.removeprefix("COPY "))


async def _encode(
    pieces: AsyncIterable[Iterable[PlainLines | CodeLine]],
) -> AsyncIterator[bytes]:
    """The rows of `staged_codes`, as COPY reads them. Codes have nothing that it would decode."""
    place = 0
    async for piece in pieces:
        rows: list[str] = []
        for lines in piece:
            if isinstance(lines, PlainLines):
                rows += [
                    f"{number}\t{line}\t{code}\t{key}\n"
                    for number, line, code, key in zip(
                        count(place + 1), count(lines.first), lines.codes, lines.keys, strict=False
                    )
                ]
                place += len(lines.codes)
            else:
                place += 1
                rows.append(f"{place}\t{lines.line}\t{lines.code}\t{lines.key}\n")
        if rows:
            yield "".join(rows).encode()


async def insert_staged(
    connection: Connection, merchant_id: int, promotion_id: int, staged: int
) -> None:
    """Add the staged codes after the promotion's others; ids ascend with the lines.

    If it raises, the transaction is still usable. Raises CodesClash.
    """
    arguments = merchant_id, promotion_id, SPACING
    async with savepoint(connection):
        if getattr(connection, "is_of_citus", False):
            added = await connection.fetchval(
                _INSERT_UNLESS_TAKEN, *arguments, timeout=IMPORT_TIMEOUT
            )
            if added < staged:
                raise CodesClash
            return
        try:
            await connection.execute(_INSERT, *arguments, timeout=IMPORT_TIMEOUT)
        except asyncpg.UniqueViolationError as error:
            raise CodesClash from error


async def sample_staged(connection: Connection, staged: int) -> Sample:
    """The staged codes, for the history."""
    rows = await connection.fetch(_SAMPLE, RECORDED_ELEMENTS, timeout=IMPORT_TIMEOUT)
    return Sample(staged, tuple(row["code"] for row in rows))


async def find_clashes(
    connection: Connection, merchant_id: int, promotion_id: int, limit: int
) -> tuple[list[RefusedCodeLine], int]:
    """The first staged lines that repeat a code, and the number of all such lines."""
    rows = await connection.fetch(
        _FIND_CLASHES, merchant_id, promotion_id, limit, timeout=IMPORT_TIMEOUT
    )
    clashes = [
        RefusedCodeLine(
            row["line"], CodeLineFault.REPEATED if row["repeated"] else CodeLineFault.TAKEN
        )
        for row in rows
    ]
    return clashes, rows[0]["total"] if rows else 0

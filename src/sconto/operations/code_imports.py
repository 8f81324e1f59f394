"""Adding the codes of a file to a promotion."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import NoReturn

from sconto.domain.code_file import (
    NAMED_LINES,
    CodeFile,
    CodeLine,
    PlainLines,
    RefusedCodeLine,
)
from sconto.domain.history import Verb
from sconto.domain.layout import DETECTED_LAYOUT, Layout
from sconto.domain.people import Caller
from sconto.domain.problems import CodeFileRefused, NoCodesAllowed, NoCodesSent
from sconto.operations.codes import find_holder, lock_holder, record
from sconto.operations.refused_lines import RefusedLines
from sconto.store import staged_codes
from sconto.store.database import Connection, Database, retrying


async def import_codes(
    database: Database,
    caller: Caller,
    promotion_id: int,
    pieces: Iterable[bytes],
    now: datetime,
    *,
    typed: bool = False,
    layout: Layout = DETECTED_LAYOUT,
) -> int:
    """Add the codes of a file after the promotion's others, all or none; returns their number.

    In a file of `typed` codes no line is a heading. The pieces are read once, and never held in
    memory together. The promotion is locked only after the last piece. Raises PromotionNotFound,
    NoCodesAllowed, NoCodesSent, and CodeFileRefused with the lines that cannot be taken.
    """
    refused: RefusedLines[RefusedCodeLine] = RefusedLines(NAMED_LINES)
    lines = _read_lines(pieces, CodeFile(typed=typed, layout=layout), refused)
    merchant_id = caller.merchant_id
    async with database.write(merchant_id, queue="imports") as connection:
        if not (await find_holder(connection, caller, promotion_id)).takes_codes:
            raise NoCodesAllowed
        staged = await staged_codes.stage_codes(connection, lines)
        if refused.total:
            await _refuse_file(connection, caller, promotion_id, refused)
        if not staged:
            raise NoCodesSent
        await lock_holder(connection, caller, promotion_id)
        try:
            # Only this statement is retried: the pieces can be read only once.
            await retrying(
                lambda: staged_codes.insert_staged(connection, merchant_id, promotion_id, staged)
            )
        except staged_codes.CodesClash:
            await _refuse_file(connection, caller, promotion_id, refused)
        added = await staged_codes.sample_staged(connection, staged)
        await record(connection, caller, promotion_id, Verb.CODES_ADDED, now, added=added)
    return staged


async def _read_lines(
    pieces: Iterable[bytes], file: CodeFile, refused: RefusedLines[RefusedCodeLine]
) -> AsyncIterator[list[PlainLines | CodeLine]]:
    """The lines of each piece that can be taken; the others are counted as refused."""
    for piece in pieces:
        yield _take(file.feed_runs(piece), refused)
        # Let other requests of this process run.
        await asyncio.sleep(0)
    yield _take(file.end(), refused)


def _take(
    lines: Iterable[PlainLines | CodeLine | RefusedCodeLine],
    refused: RefusedLines[RefusedCodeLine],
) -> list[PlainLines | CodeLine]:
    taken: list[PlainLines | CodeLine] = []
    for line in lines:
        if isinstance(line, RefusedCodeLine):
            refused.add(line)
        else:
            taken.append(line)
    return taken


async def _refuse_file(
    connection: Connection,
    caller: Caller,
    promotion_id: int,
    refused: RefusedLines[RefusedCodeLine],
) -> NoReturn:
    """Raise CodeFileRefused with the refused lines and those whose codes already exist."""
    clashes, total = await staged_codes.find_clashes(
        connection, caller.merchant_id, promotion_id, NAMED_LINES
    )
    refused.add_found(clashes, total)
    raise CodeFileRefused(refused.first(), refused.total)

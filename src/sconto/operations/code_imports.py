"""Adding the codes of a file to a promotion."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import NoReturn

from sconto.domain.code_file import NAMED_LINES, CodeFile, CodeLine, RefusedCodeLine
from sconto.domain.history import Verb
from sconto.domain.layout import AUTOMATIC, Layout
from sconto.domain.people import Caller
from sconto.domain.problems import CodeFileRefused, NoCodesAllowed, NoCodesSent
from sconto.operations.codes import find_holder, lock_holder, record
from sconto.operations.refused_lines import RefusedLines
from sconto.store import code_lists
from sconto.store.database import Connection, Database, retrying


async def import_codes(
    database: Database,
    caller: Caller,
    promotion_id: int,
    pieces: Iterable[bytes],
    now: datetime,
    *,
    typed: bool = False,
    layout: Layout = AUTOMATIC,
) -> int:
    """Add the codes of a file after the promotion's others, all or none; returns their number.

    In a file of `typed` codes no line is a heading. The pieces are read once, and never held in
    memory together. The promotion is locked only after the last piece. Raises PromotionNotFound,
    NoCodesAllowed, NoCodesSent, and CodeFileRefused with the lines that cannot be taken.
    """
    refused: RefusedLines[RefusedCodeLine] = RefusedLines(NAMED_LINES)
    lines = _read_lines(pieces, CodeFile(typed=typed, layout=layout))
    merchant_id = caller.merchant_id
    async with database.write(merchant_id, queue="imports") as connection:
        if not (await find_holder(connection, caller, promotion_id)).takes_codes:
            raise NoCodesAllowed
        staged = await code_lists.stage_codes(connection, _take(lines, refused))
        if refused.total:
            await _refuse_file(connection, caller, promotion_id, refused)
        if not staged:
            raise NoCodesSent
        await lock_holder(connection, caller, promotion_id)
        try:
            # Only this statement is retried: the pieces can be read only once.
            await retrying(
                lambda: code_lists.insert_staged(connection, merchant_id, promotion_id, staged)
            )
        except code_lists.CodesClash:
            await _refuse_file(connection, caller, promotion_id, refused)
        added = await code_lists.sample_staged(connection, staged)
        await record(connection, caller, promotion_id, Verb.CODES_ADDED, now, added=added)
    return staged


async def _read_lines(
    pieces: Iterable[bytes], file: CodeFile
) -> AsyncIterator[CodeLine | RefusedCodeLine]:
    for piece in pieces:
        for line in file.feed(piece):
            yield line
        # Let other requests of this process run.
        await asyncio.sleep(0)
    for line in file.end():
        yield line


async def _take(
    lines: AsyncIterator[CodeLine | RefusedCodeLine], refused: RefusedLines[RefusedCodeLine]
) -> AsyncIterator[CodeLine]:
    """The lines that can be taken; the others are counted as refused."""
    async for line in lines:
        if isinstance(line, CodeLine):
            yield line
        else:
            refused.add(line)


async def _refuse_file(
    connection: Connection,
    caller: Caller,
    promotion_id: int,
    refused: RefusedLines[RefusedCodeLine],
) -> NoReturn:
    """Raise CodeFileRefused with the refused lines and those whose codes already exist."""
    clashes, total = await code_lists.find_clashes(
        connection, caller.merchant_id, promotion_id, NAMED_LINES
    )
    refused.add_found(clashes, total)
    raise CodeFileRefused(refused.first(), refused.total)

"""Exports of orders, redemptions, returns and codes: rows in batches, for files of any length.

An export is not a snapshot: an order that is placed in the meantime may be in it or not. Rows that
exist all the time are in it once.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Final

from sconto.domain.audit import exported
from sconto.domain.exports import ExportFilter, ExportKind, Row
from sconto.domain.history import Facts
from sconto.domain.numbers import MAX_INT64
from sconto.domain.people import Caller
from sconto.store import exports as store
from sconto.store import history
from sconto.store.database import Database, DatabaseReadOnly, retrying
from sconto.store.return_exports import (
    FIRST_RETURN,
    ReturnPlace,
    find_last_return,
    list_returned_lines,
)


async def export_rows(
    database: Database, caller: Caller, kind: ExportKind, wanted: ExportFilter
) -> AsyncIterator[Sequence[Row]]:
    """The wanted rows of the merchant: by time; codes by promotion, in the order they were added.

    A batch may be empty.
    """
    if wanted.promotion_id is not None and wanted.promotion_id > MAX_INT64:
        return
    await record_export(database, caller, kind.value, _facts_of(wanted))
    batches = _BATCHES[kind]
    async for rows in batches(database, caller.merchant_id, kind, wanted):
        yield rows


async def record_export(database: Database, caller: Caller, kind: str, conditions: Facts) -> None:
    """Put an export into the audit log before its first row is read. A replica records none."""
    with suppress(DatabaseReadOnly):
        async with database.write(transaction=False) as connection:
            await history.record(connection, caller, exported(kind, conditions))


def _facts_of(wanted: ExportFilter) -> Facts:
    """The conditions, without the customer, whose id must not be kept."""
    return {
        "since": None if wanted.since is None else wanted.since.isoformat(),
        "until": None if wanted.until is None else wanted.until.isoformat(),
        "status": None if wanted.status is None else wanted.status.value,
        "promotion": wanted.promotion_id,
    }


async def _batches_of_orders(
    database: Database, merchant_id: int, kind: ExportKind, wanted: ExportFilter
) -> AsyncIterator[Sequence[Row]]:
    list_rows = store.list_orders if kind is ExportKind.ORDERS else store.list_redemptions
    code_ids = await _code_ids(database, merchant_id, wanted)
    after = store.FIRST_ORDER if wanted.since is None else (wanted.since, "")

    async def read() -> tuple[Sequence[Row], store.OrderPlace] | None:
        async with database.read(merchant_id) as connection:
            last = await store.find_last_order(connection, merchant_id, wanted, after)
            if last is None:
                return None
            rows = await list_rows(connection, merchant_id, wanted, code_ids, (after, last))
            return rows, last

    while batch := await retrying(read):
        rows, after = batch
        yield rows


async def _batches_of_codes(
    database: Database, merchant_id: int, _: ExportKind, wanted: ExportFilter
) -> AsyncIterator[Sequence[Row]]:
    after = store.FIRST_CODE

    async def read() -> tuple[Sequence[Row], store.CodePlace] | None:
        async with database.read(merchant_id) as connection:
            last = await store.find_last_code(connection, merchant_id, wanted, after)
            if last is None:
                return None
            return await store.list_codes(connection, merchant_id, wanted, (after, last)), last

    while batch := await retrying(read):
        rows, after = batch
        yield rows


async def _batches_of_returns(
    database: Database, merchant_id: int, _: ExportKind, wanted: ExportFilter
) -> AsyncIterator[Sequence[Row]]:
    after = FIRST_RETURN if wanted.since is None else (wanted.since, "", 0)

    async def read() -> tuple[Sequence[Row], ReturnPlace] | None:
        async with database.read(merchant_id) as connection:
            last = await find_last_return(connection, merchant_id, wanted, after)
            if last is None:
                return None
            rows = await list_returned_lines(connection, merchant_id, wanted, (after, last))
            return rows, last

    while batch := await retrying(read):
        rows, after = batch
        yield rows


_BATCHES: Final = {
    ExportKind.ORDERS: _batches_of_orders,
    ExportKind.REDEMPTIONS: _batches_of_orders,
    ExportKind.RETURNS: _batches_of_returns,
    ExportKind.CODES: _batches_of_codes,
}


async def _code_ids(
    database: Database, merchant_id: int, wanted: ExportFilter
) -> Sequence[int] | None:
    if wanted.code_key is None:
        return None
    async with database.read(merchant_id) as connection:
        return await store.find_code_ids(connection, merchant_id, wanted.code_key)

"""Rows of returns for exports, some in each statement, as in `exports`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeAlias

import asyncpg
import msgspec

from sconto.domain.exports import ExportFilter, ReturnRow
from sconto.domain.money import currency_decimals
from sconto.domain.returns import Refund
from sconto.domain.stored_return import StoredRefund, read_refund
from sconto.store.database import Connection

_RETURNS_PER_BATCH: Final = 200

ReturnPlace: TypeAlias = tuple[datetime, str, int]
"""The place of a return: its time, its order and its number there."""

FIRST_RETURN: Final[ReturnPlace] = (datetime(1, 1, 1, tzinfo=UTC), "", 0)

_END: Final = datetime(9999, 12, 31, tzinfo=UTC)

_LAST: Final = f"""
SELECT created_at, order_id, number
FROM (
    SELECT created_at, order_id, number
    FROM returns
    WHERE merchant_id = $1 AND (created_at, order_id, number) > ($2, $3, $4) AND created_at < $5
    ORDER BY created_at, order_id, number
    LIMIT {_RETURNS_PER_BATCH}
) AS batch
ORDER BY created_at DESC, order_id DESC, number DESC
LIMIT 1
"""  # noqa: S608  # of our own constants

_LIST: Final = """
SELECT returns.return_id, returns.order_id, returns.created_at, orders.customer_id, returns.refund
FROM returns
JOIN orders ON orders.merchant_id = $1 AND orders.order_id = returns.order_id
WHERE returns.merchant_id = $1
    AND (returns.created_at, returns.order_id, returns.number) > ($2, $3, $4)
    AND (returns.created_at, returns.order_id, returns.number) <= ($5, $6, $7)
    AND ($8::text IS NULL OR orders.customer_id = $8)
ORDER BY returns.created_at, returns.order_id, returns.number
"""

_REFUND: Final = msgspec.json.Decoder(StoredRefund)


async def find_last_return(
    connection: Connection, merchant_id: int, wanted: ExportFilter, after: ReturnPlace
) -> ReturnPlace | None:
    """The place at which the next batch ends; None if there are no more returns."""
    row = await connection.fetchrow(_LAST, merchant_id, *after, wanted.until or _END)
    return None if row is None else (row["created_at"], row["order_id"], row["number"])


async def list_returned_lines(
    connection: Connection,
    merchant_id: int,
    wanted: ExportFilter,
    places: tuple[ReturnPlace, ReturnPlace],
) -> list[ReturnRow]:
    """The lines and shipping of the wanted returns after the first place, up to the second."""
    rows = await connection.fetch(_LIST, merchant_id, *places[0], *places[1], wanted.customer_id)
    return [line for row in rows for line in _lines(row)]


def _lines(row: asyncpg.Record) -> Iterator[ReturnRow]:
    refund = read_refund(_REFUND.decode(row["refund"]))
    of_return = (row["return_id"], row["order_id"], row["created_at"], row["customer_id"])
    for line in refund.lines:
        amounts = _amounts(refund, line.subtotal, line.total)
        yield ReturnRow(
            *of_return, line.line_id, line.product_id, line.quantity, refund.currency, *amounts
        )
    if refund.shipping is not None:
        amounts = _amounts(refund, refund.shipping.amount, refund.shipping.total)
        yield ReturnRow(*of_return, None, None, 1, refund.currency, *amounts)


def _amounts(refund: Refund, subtotal: int, total: int) -> tuple[Decimal, Decimal, Decimal]:
    decimals = currency_decimals(refund.currency)
    before, after = (Decimal(amount).scaleb(-decimals) for amount in (subtotal, total))
    return before, before - after, after

"""Returns: stored once, and never more than an order has.

Why no unit is paid back twice, whatever happens concurrently:

1. A return is decided on one snapshot (`find_returns`): the order, its last return, which says how
  much was returned so far, and the return with the same id, if there is one.
2. `_KEEP` is one statement, a transaction by itself. It inserts the return with the number after
  that of the last return, and with everything returned including its own goods. The primary key has
  the number, so of two returns that were decided after the same one, one is inserted. The other
  writes nothing; its caller decides again, on what the first left. So the returns of an order are a
  chain, each was decided on all before it, and none was decided on anything else. The second unique
  index keeps each id for one return.
3. `held` locks the order's row in its newest version, unless it is deleted. So no order becomes
  deleted between that check and the commit. It never waits: if another transaction has the row
  locked, nothing is written and the caller tries again. A purge does not take a locked row; after a
  purge there is no row to lock, and the foreign key deletes the returns with the order.
4. `queued` writes the event to the outbox, only if the return was inserted. The order's row is
  locked then, so events of an order are in the order in which they happened.

If the connection drops before the commit, nothing happened. If it drops afterwards, the same
request finds the return by its id. A killed process is a dropped connection.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from sconto.domain.events import EventType, return_facts
from sconto.domain.returns import NOTHING, Goods, OrderReturn, Refund, Returns, together
from sconto.domain.stored_return import StoredRefund, read_refund, store_refund
from sconto.store.database import Connection
from sconto.store.node_calls import NodeFunction
from sconto.store.orders import OrderRaceLost
from sconto.store.outcomes import ORDER_COLUMNS, decode_order
from sconto.store.period_sql import instant_sql

_COLUMNS: Final = f"order_id, return_id, number, {instant_sql('created_at')} AS created_at, refund"

_FIND: Final = f"""
SELECT (
    SELECT row_to_json(stored)
    FROM (
        SELECT {ORDER_COLUMNS}
        FROM orders
        WHERE merchant_id = $1 AND order_id = $2
    ) AS stored
) AS stored, (
    SELECT row_to_json(last)
    FROM (
        SELECT number, returned AS units, shipping_returned AS shipping
        FROM returns
        WHERE merchant_id = $1 AND order_id = $2
        ORDER BY number DESC
        LIMIT 1
    ) AS last
) AS last, (
    SELECT row_to_json(same)
    FROM (
        SELECT {_COLUMNS}
        FROM returns
        WHERE merchant_id = $1 AND order_id = $2 AND return_id = $3
    ) AS same
) AS same, ARRAY(
    SELECT row_to_json(listed)::text
    FROM (
        SELECT {_COLUMNS}
        FROM returns
        WHERE merchant_id = $1 AND order_id = $2 AND number > $4
        ORDER BY number
        LIMIT $5
    ) AS listed
) AS listed
"""  # noqa: S608  # of our own constants

_KEEP: Final = """
WITH held AS MATERIALIZED (
    SELECT order_id
    FROM orders
    WHERE merchant_id = $1 AND order_id = $2 AND status <> 'deleted'
    FOR NO KEY UPDATE SKIP LOCKED
), kept AS (
    INSERT INTO returns (merchant_id, order_id, number, return_id, created_at, refund, returned,
                         shipping_returned)
    SELECT $1, order_id, $3, $4, $5, $6::json, $7::json, $8
    FROM held
    ON CONFLICT DO NOTHING
    RETURNING order_id
), recording AS MATERIALIZED (
    SELECT merchant_id FROM timeline_versions WHERE merchant_id = $1 AND records_events
), queued AS (
    INSERT INTO event_outbox (merchant_id, type, object, occurred_at, data)
    SELECT $1, $9, 'return ' || order_id, $5, $10::json
    FROM kept
    CROSS JOIN recording
)
SELECT EXISTS (SELECT FROM kept)
"""

_FIND_ON_NODE: Final = NodeFunction(_FIND)
_KEEP_ON_NODE: Final = NodeFunction(_KEEP, writes=True)

ON_NODES: Final = (_FIND_ON_NODE, _KEEP_ON_NODE)
"""The functions of these statements on the nodes of a distributed database."""

_LIST_OF_ORDERS: Final = f"""
SELECT row_to_json(listed)
FROM (
    SELECT {_COLUMNS}
    FROM returns
    WHERE merchant_id = $1 AND order_id = ANY ($2::text[])
    ORDER BY order_id, number
) AS listed
"""  # noqa: S608  # of our own constants


class _Row(msgspec.Struct, frozen=True):
    """The row of a return."""

    order_id: str
    return_id: str
    number: int
    created_at: datetime
    refund: StoredRefund


class _Last(msgspec.Struct, frozen=True):
    """The number of an order's last return, and everything returned."""

    number: int
    units: dict[str, int]
    shipping: bool


_ROW: Final = msgspec.json.Decoder(_Row)
_LAST: Final = msgspec.json.Decoder(_Last)


async def find_returns(
    connection: Connection,
    merchant_id: int,
    order_id: str,
    return_id: str | None = None,
    *,
    after: int = 0,
    limit: int = 0,
) -> Returns | None:
    """The returned goods of an order, and the return with this id; None if there is no such order.

    It lists up to `limit` returns with a number above `after`.
    """
    row = await _FIND_ON_NODE.fetchrow(
        connection, merchant_id, order_id, return_id, after, limit + 1
    )
    assert row is not None  # noqa: S101 - a row is asked for
    if row["stored"] is None:
        return None
    last = None if row["last"] is None else _LAST.decode(row["last"])
    listed = []
    for one in row["listed"][:limit]:
        listed.append(_decode(one))
        # Other requests run between two returns, which may be long.
        await asyncio.sleep(0)
    return Returns(
        decode_order(row["stored"]),
        0 if last is None else last.number,
        NOTHING if last is None else Goods(last.units, last.shipping),
        None if row["same"] is None else _decode(row["same"]),
        tuple(listed),
        more=len(row["listed"]) > limit,
    )


async def insert_return(
    connection: Connection,
    merchant_id: int,
    found: Returns,
    return_id: str,
    refund: Refund,
    now: datetime,
) -> OrderReturn:
    """Store the return that was decided on `found`.

    Raises OrderRaceLost if another return was stored since, the order became deleted, or another
    transaction is using the order. Then nothing is written.
    """
    order_id = found.order.order_id
    kept = OrderReturn(order_id, return_id, found.last_number + 1, now, refund)
    returned = together(found.returned, refund.goods)
    is_kept = await _KEEP_ON_NODE.fetchval(
        connection,
        merchant_id,
        order_id,
        kept.number,
        return_id,
        now,
        _encode(store_refund(refund)),
        _encode(returned.units),
        returned.shipping,
        EventType.RETURN_CREATED,
        _encode(return_facts(kept)),
    )
    if not is_kept:
        raise OrderRaceLost(order_id)
    return kept


async def list_returns_of(
    connection: Connection, merchant_id: int, order_ids: Sequence[str]
) -> dict[str, list[OrderReturn]]:
    """The returns of these orders, by order."""
    returns: dict[str, list[OrderReturn]] = {}
    for row in await connection.fetch(_LIST_OF_ORDERS, merchant_id, order_ids):
        one = _decode(row["row_to_json"])
        returns.setdefault(one.order_id, []).append(one)
    return returns


def _decode(text: str) -> OrderReturn:
    row = _ROW.decode(text)
    return OrderReturn(
        row.order_id, row.return_id, row.number, row.created_at, read_refund(row.refund)
    )


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()

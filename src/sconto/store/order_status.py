"""A stored order, its status, and the event of a change."""

from dataclasses import replace
from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.events import EVENT_OF_STATUS
from sconto.domain.order import OrderStatus, StoredOrder
from sconto.store.database import Connection
from sconto.store.giving_back import giving_back
from sconto.store.node_calls import NodeFunction
from sconto.store.orders import OrderRaceLost
from sconto.store.outcomes import ORDER_COLUMNS, decode_order

_FIND: Final = f"""
SELECT row_to_json(stored)
FROM (
    SELECT {ORDER_COLUMNS}
    FROM orders
    WHERE merchant_id = $1 AND order_id = $2
) AS stored
"""  # noqa: S608  # of our own constants

# A replaced order stays deleted, because its codes may have served the order that replaced it. The
# newest version of the row is locked and returned, and the update decides on that version.
_CHANGE_STATUS: Final = f"""
WITH held AS MATERIALIZED (
    SELECT {ORDER_COLUMNS}
    FROM orders
    WHERE merchant_id = $1 AND order_id = $2
    FOR NO KEY UPDATE SKIP LOCKED
), changed AS (
    UPDATE orders SET status = $3
    WHERE merchant_id = $1 AND order_id = (SELECT order_id FROM held)
      AND (replaced_by IS NULL AND gave_back_at IS NULL OR $3 = 'deleted')
    RETURNING order_id
), recording AS MATERIALIZED (
    SELECT merchant_id FROM timeline_versions WHERE merchant_id = $1 AND records_events
), queued AS (
    INSERT INTO event_outbox (merchant_id, type, object, occurred_at)
    SELECT $1, $4, 'order ' || order_id, $5
    FROM changed
    JOIN held USING (order_id)
    CROSS JOIN recording
    WHERE held.status <> $3
)
SELECT EXISTS (SELECT true FROM orders WHERE merchant_id = $1 AND order_id = $2) AS exists,
       EXISTS (SELECT FROM changed) AS changed,
       (
           SELECT row_to_json(stored)
           FROM (
               SELECT order_id, status, created_at, replaces, replaced_by, outcome, request,
                      gave_back
               FROM held
           ) AS stored
       ) AS stored
"""  # noqa: S608  # of our own constants


_FIND_ON_NODE: Final = NodeFunction(_FIND)

_ON_NODE: Final = NodeFunction(_CHANGE_STATUS, writes=True)

# A deleted order also gives back what it took.
_DELETE_ON_NODE: Final = NodeFunction(
    _CHANGE_STATUS,
    writes=True,
    after=("IF changed THEN", *giving_back("$2", "$5"), "END IF;"),
)

ON_NODES: Final = (_FIND_ON_NODE, _ON_NODE, _DELETE_ON_NODE)
"""The functions of these statements on the nodes of a distributed database."""


async def find_order(connection: Connection, merchant_id: int, order_id: str) -> StoredOrder | None:
    """The merchant's order with this id; None if there is none."""
    row = await _FIND_ON_NODE.fetchval(connection, merchant_id, order_id)
    return None if row is None else decode_order(row)


def deletes_in_one_call(connection: Connection) -> bool:
    """Whether `update_status` can also do what `give_back` does."""
    return _DELETE_ON_NODE.is_on(connection)


async def update_status(
    connection: Connection,
    merchant_id: int,
    order_id: str,
    status: OrderStatus,
    now: datetime,
    *,
    gives_back: bool = False,
) -> StoredOrder | None:
    """Set the status and return the order as it is now; None if there is no such order.

    A changed status is an event, if the merchant records events.

    It is one statement, so that the order that is returned is the one that was decided on. A
    replaced order is returned unchanged. With `gives_back` it gives back what it took, in the same
    call; the order is returned as it was before that. Raises OrderRaceLost if another transaction
    is changing the order.
    """
    function = _DELETE_ON_NODE if gives_back else _ON_NODE
    try:
        row = await function.fetchrow(
            connection,
            merchant_id,
            order_id,
            status,
            EVENT_OF_STATUS[status],
            now,
        )
    except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
        if gives_back:
            raise OrderRaceLost(order_id) from error
        raise
    assert row is not None  # noqa: S101 - a row is asked for
    if not row["exists"]:
        return None
    if row["stored"] is None:
        raise OrderRaceLost(order_id)
    order = decode_order(row["stored"])
    if row["changed"]:
        return replace(order, status=status)
    if not (order.replaced_by or order.gave_back) or status is OrderStatus.DELETED:
        raise OrderRaceLost(order_id)
    return order

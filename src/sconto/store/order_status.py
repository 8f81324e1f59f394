"""The status of an order: the shop's word on it, and the event that tells of it."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from sconto.domain.events import EVENT_OF_STATUS
from sconto.domain.order import OrderStatus, StoredOrder
from sconto.store.database import Connection
from sconto.store.orders import OrderRaceLost
from sconto.store.outcomes import ORDER_COLUMNS, decode_order

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
), told AS (
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


async def update_status(
    connection: Connection, merchant_id: int, order_id: str, status: OrderStatus, now: datetime
) -> StoredOrder | None:
    """Set the status and return the order as it is now; None if there is no such order.

    A status that it did not have is told, if the merchant records events.

    One statement, so that what is returned is what was decided on. A replaced order is returned
    unchanged. Raises OrderRaceLost if another transaction is changing the order.
    """
    row = await connection.fetchrow(
        _CHANGE_STATUS, merchant_id, order_id, status, EVENT_OF_STATUS[status], now
    )
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

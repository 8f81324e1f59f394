"""Counts orders that are not in the counters yet: older ones, and those of the previous version.

Why each order is counted once. `orders.is_counted` is true of an order that was counted when it was
placed. It is null of orders from before schema 0022: they are counted in order of time, the newest
first, and the row of `orders_to_count` says which ones are. It is false of orders that the previous
version has placed since; counting them sets it. A batch is one transaction that locks that row, or
these orders, and skips what another one has locked. So a killed batch has done nothing, and a purge
leaves out what is not counted (`purging`).

Why orders do not wait. A batch adds to `order_counts`, to which no order adds. A fold may wait for
a batch, and a batch for a fold; both add in the same order.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Final

from sconto.store.database import Connection
from sconto.store.order_tallies import PLACED_COLUMNS, SUMS, TALLIES
from sconto.store.polls import Poll

COUNTING_BATCH: Final = 500
"""Orders of a transaction."""

_DayOf = Callable[[datetime], date]

LIST_MERCHANTS: Final = Poll("SELECT merchant_id FROM orders_to_count")

LIST_UNCOUNTED: Final = Poll("SELECT DISTINCT merchant_id FROM orders WHERE NOT is_counted")

# The place that the count of a merchant has reached, and the orders before it.
_OLD: Final = f"""
WITH reached AS MATERIALIZED (
    SELECT created_at, order_id FROM orders_to_count WHERE merchant_id = $1
    FOR UPDATE SKIP LOCKED
)
SELECT older.created_at, older.order_id, older.is_counted IS NULL AS is_old
FROM reached
LEFT JOIN LATERAL (
    SELECT created_at, order_id, is_counted
    FROM orders
    WHERE merchant_id = $1 AND (created_at, order_id) < (reached.created_at, reached.order_id)
    ORDER BY created_at DESC, order_id DESC
    LIMIT {COUNTING_BATCH}
) AS older ON true
"""  # noqa: S608  # of our own constants

_MOVE: Final = """
UPDATE orders_to_count SET created_at = $2, order_id = $3 WHERE merchant_id = $1
"""

_FINISH: Final = "DELETE FROM orders_to_count WHERE merchant_id = $1"

_OF_PREVIOUS: Final = f"""
SELECT created_at, order_id
FROM orders
WHERE merchant_id = $1 AND NOT is_counted
ORDER BY created_at
LIMIT {COUNTING_BATCH}
FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608  # of our own constants

_MARK: Final = """
UPDATE orders SET is_counted = true WHERE merchant_id = $1 AND order_id = ANY ($2::text[])
"""

_COUNT: Final = f"""
WITH placed AS MATERIALIZED (
    SELECT {PLACED_COLUMNS}
    FROM orders
    WHERE merchant_id = $1 AND order_id = ANY ($2::text[])
)
INSERT INTO order_counts AS counts (merchant_id, subject, promotion_id, day, code_id, currency,
                                    orders, beaten, discount, revenue)
SELECT $1, subject, promotion_id, day, code_id, currency, {SUMS}
FROM ({TALLIES}) AS tallied
JOIN unnest($2::text[], $3::date[]) AS dated (order_id, day) USING (order_id)
GROUP BY subject, promotion_id, day, code_id, currency
ORDER BY subject, promotion_id, day, code_id, currency
ON CONFLICT (merchant_id, subject, promotion_id, day, code_id, currency)
DO UPDATE SET orders = counts.orders + excluded.orders, beaten = counts.beaten + excluded.beaten,
              discount = counts.discount + excluded.discount,
              revenue = counts.revenue + excluded.revenue
"""  # noqa: S608  # of our own constants


async def list_merchants_to_count(connection: Connection) -> list[int]:
    """The merchants that have orders to count."""
    rows = [
        *await LIST_MERCHANTS.fetch(connection),
        *await LIST_UNCOUNTED.fetch(connection),
    ]
    return sorted({row["merchant_id"] for row in rows})


async def count_some(connection: Connection, merchant_id: int, day_of: _DayOf) -> int:
    """Count the newest older orders that are not counted; returns how many were read.

    `day_of` is the day of a time, in the zone in which orders are counted. Needs a transaction.
    """
    rows = await connection.fetch(_OLD, merchant_id)
    if not rows:
        return 0
    if rows[0]["order_id"] is None:
        await connection.execute(_FINISH, merchant_id)
        return 0
    old = [(row["order_id"], day_of(row["created_at"])) for row in rows if row["is_old"]]
    await _count(connection, merchant_id, old)
    await connection.execute(_MOVE, merchant_id, rows[-1]["created_at"], rows[-1]["order_id"])
    return len(rows)


async def count_some_of_previous(connection: Connection, merchant_id: int, day_of: _DayOf) -> int:
    """Count orders that the previous version has placed; returns how many. Needs a transaction."""
    rows = await connection.fetch(_OF_PREVIOUS, merchant_id)
    orders = [(row["order_id"], day_of(row["created_at"])) for row in rows]
    if orders:
        await _count(connection, merchant_id, orders)
        await connection.execute(_MARK, merchant_id, [order_id for order_id, _ in orders])
    return len(orders)


async def _count(
    connection: Connection, merchant_id: int, orders: Sequence[tuple[str, date]]
) -> None:
    order_ids, days = [order_id for order_id, _ in orders], [day for _, day in orders]
    await connection.execute(_COUNT, merchant_id, order_ids, days)

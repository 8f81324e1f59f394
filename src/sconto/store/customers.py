"""The records of a customer: orders, holds, and allowances of limits that count customers.

Erasing replaces the customer's id by a random one that nothing else names. So orders, counters and
allowances still add up, and nobody can tell whose they were. A hold stays until its end, but no
longer belongs to the customer: an order of the same cart is another request.
"""

from collections.abc import AsyncIterator
from typing import Final

from msgspec.structs import replace

from sconto.domain.cart import Cart
from sconto.domain.holds import FIRST_ORDERS, Hold
from sconto.domain.order import StoredOrder
from sconto.store.allowances import lock_limits
from sconto.store.database import Connection
from sconto.store.hold_rows import HOLD_COLUMNS, decode_hold
from sconto.store.outcomes import ORDER_COLUMNS, decode_order, encode_request
from sconto.store.past_customers import DIGEST

_ORDERS_PER_STATEMENT: Final = 500

_LIST_LIMITED: Final = """
SELECT promotion_id FROM cart_promotions
WHERE merchant_id = $1 AND terms -> 'limits' -> 'per_customer' IS NOT NULL
ORDER BY promotion_id
"""

_LIST_ORDERS: Final = f"""
SELECT order_id, row_to_json(stored)
FROM (
    SELECT {ORDER_COLUMNS}
    FROM orders
    WHERE merchant_id = $1 AND customer_id = $2 AND order_id > $3
    ORDER BY order_id
    LIMIT $4
) AS stored
"""  # noqa: S608  # of our own constants

_RENAME_ORDERS: Final = """
UPDATE orders SET customer_id = $2, request = renamed.request::json
FROM unnest($3::text[], $4::text[]) AS renamed (order_id, request)
WHERE orders.merchant_id = $1 AND orders.order_id = renamed.order_id
"""

_RENAME_ALLOWANCES: Final = f"""
WITH moved AS (
    UPDATE allowances SET key = $3
    WHERE merchant_id = $1 AND scope = 'customer' AND key = $2
    RETURNING true
), purged AS (
    UPDATE purged_allowances SET key = $3
    WHERE merchant_id = $1 AND scope = 'customer' AND key = $2
    RETURNING true
), held AS (
    UPDATE held_allowances SET key = $3
    WHERE merchant_id = $1 AND scope = 'customer' AND key = $2
), removed AS (
    DELETE FROM past_customers
    WHERE merchant_id = $1 AND digest = {DIGEST.format(customer="$2::text")}
    RETURNING true
)
SELECT (SELECT count(*) FROM moved) + (SELECT count(*) FROM purged)
     + (SELECT count(*) FROM removed)
"""  # noqa: S608  # of our own constants

_READ_ALLOWANCES: Final = f"""
SELECT promotion_id, taken FROM allowances
WHERE merchant_id = $1 AND scope = 'customer' AND key = $2 AND promotion_id <> {FIRST_ORDERS}
ORDER BY promotion_id
"""  # noqa: S608  # of our own constants

_LIST_HOLDS: Final = f"""
SELECT row_to_json(hold)
FROM (
    SELECT {HOLD_COLUMNS} FROM holds
    WHERE merchant_id = $1 AND customer_id = $2
    ORDER BY order_id
    FOR UPDATE
) AS hold
"""  # noqa: S608  # of our own constants

_READ_HOLDS: Final = _LIST_HOLDS.replace("    FOR UPDATE\n", "")

_RENAME_HOLDS: Final = """
UPDATE holds SET customer_id = $2, request = renamed.request::json
FROM unnest($3::text[], $4::text[]) AS renamed (order_id, request)
WHERE holds.merchant_id = $1 AND holds.order_id = renamed.order_id
"""

_HAS_PURGED_ORDER: Final = f"""
SELECT EXISTS (
    SELECT FROM past_customers
    WHERE merchant_id = $1 AND digest = {DIGEST.format(customer="$2::text")}
)
"""  # noqa: S608  # of our own constants


async def rename_customer(
    connection: Connection, merchant_id: int, customer_id: str, new_id: str
) -> tuple[int, int]:
    """Give the customer's orders and allowances a new id; returns the number of each.

    Needs a transaction that holds the merchant's lock on promotions. It waits for orders that take
    a limit for each customer, and they wait for it. So no earlier order keeps the old id in only
    one of the two places.
    """
    limited = await connection.fetch(_LIST_LIMITED, merchant_id)
    for promotion_id in (FIRST_ORDERS, *(row["promotion_id"] for row in limited)):
        await lock_limits(connection, merchant_id, promotion_id)
    renamed, last = 0, ""
    while orders := await _list_orders(connection, merchant_id, customer_id, last):
        last = orders[-1].order_id
        renamed += len(orders)
        await connection.execute(
            _RENAME_ORDERS,
            merchant_id,
            new_id,
            [order.order_id for order in orders],
            [_renamed_request(order.cart, new_id) for order in orders],
        )
    held = [
        decode_hold(row[0]) for row in await connection.fetch(_LIST_HOLDS, merchant_id, customer_id)
    ]
    await connection.execute(
        _RENAME_HOLDS,
        merchant_id,
        new_id,
        [hold.order_id for hold in held],
        [_renamed_request(hold.cart, new_id) for hold in held],
    )
    others = await connection.fetchval(_RENAME_ALLOWANCES, merchant_id, customer_id, new_id)
    return renamed, int(others) + len(held)


async def read_orders(
    connection: Connection, merchant_id: int, customer_id: str
) -> AsyncIterator[list[StoredOrder]]:
    """The customer's orders, some at a time, by id."""
    last = ""
    while orders := await _list_orders(connection, merchant_id, customer_id, last):
        last = orders[-1].order_id
        yield orders


async def read_holds(connection: Connection, merchant_id: int, customer_id: str) -> list[Hold]:
    """What is held for orders of the customer, including holds that have ended."""
    rows = await connection.fetch(_READ_HOLDS, merchant_id, customer_id)
    return [decode_hold(row[0]) for row in rows]


async def read_allowances(
    connection: Connection, merchant_id: int, customer_id: str
) -> tuple[list[tuple[int, int]], bool]:
    """The uses that limits count, by promotion; and whether an order of theirs is purged."""
    rows = await connection.fetch(_READ_ALLOWANCES, merchant_id, customer_id)
    purged: bool = await connection.fetchval(_HAS_PURGED_ORDER, merchant_id, customer_id)
    return [(row["promotion_id"], int(row["taken"])) for row in rows], purged


async def _list_orders(
    connection: Connection, merchant_id: int, customer_id: str, after: str
) -> list[StoredOrder]:
    rows = await connection.fetch(
        _LIST_ORDERS, merchant_id, customer_id, after, _ORDERS_PER_STATEMENT
    )
    return [decode_order(row["row_to_json"]) for row in rows]


def _renamed_request(cart: Cart | None, new_id: str) -> str:
    assert cart is not None  # noqa: S101 - orders with a customer have their request
    return encode_request(replace(cart, customer=replace(cart.customer, id=new_id)))

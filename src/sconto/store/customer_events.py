"""A customer's id in events, where it is by value, as in the orders that they are about."""

from typing import Final

from sconto.store.database import Connection
from sconto.store.events import wait_for_stream

_RENAME: Final = """
UPDATE events
SET data = jsonb_set(data::jsonb, '{order,customer_id}', to_jsonb($3::text))::json
WHERE merchant_id = $1 AND data #>> '{order,customer_id}' = $2
"""


async def rename_customer(
    connection: Connection, merchant_id: int, customer_id: str, new_id: str
) -> None:
    """Give the customer a new id in all events. It reads all events that are kept.

    Needs the transaction that renames the customer on the orders: events that get their positions
    after it take the id from there.
    """
    await wait_for_stream(connection, merchant_id)
    await connection.execute(_RENAME, merchant_id, customer_id, new_id)

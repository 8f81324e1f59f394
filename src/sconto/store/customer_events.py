"""A customer's id in events, which store it by value, as orders do."""

from typing import Final

from sconto.store.database import Connection
from sconto.store.events import wait_for_stream

_RENAME: Final = """
UPDATE events
SET data = jsonb_set(data::jsonb, ARRAY[subject, 'customer_id'], to_jsonb($3::text))::json
FROM unnest(ARRAY['order', 'hold']) AS kind (subject)
WHERE merchant_id = $1 AND data #>> ARRAY[subject, 'customer_id'] = $2
"""

# Events of holds have no position for a second or two. Events of orders take the id from the order.
_RENAME_QUEUED: Final = """
UPDATE event_outbox
SET subject = jsonb_set(subject::jsonb, '{request,customer,id}', to_jsonb($3::text))::json
WHERE merchant_id = $1 AND type LIKE 'hold.%' AND subject #>> '{request,customer,id}' = $2
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
    await connection.execute(_RENAME_QUEUED, merchant_id, customer_id, new_id)

"""Lists of a merchant's orders."""

import asyncio

from sconto.domain.order_list import OrderPage, OrderPlace, OrderQuery
from sconto.domain.people import Caller
from sconto.store.database import Connection, Database, retried
from sconto.store.order_lists import (
    Found,
    Walk,
    find_code_ids,
    find_unlisted,
    read_page,
    walk_of,
)
from sconto.store.outcomes import decode_order


@retried
async def list_orders(database: Database, caller: Caller, wanted: OrderQuery) -> OrderPage:
    """The wanted orders, the newest first, and where the list goes on.

    A page may be short, or even empty, and still have a next one: see `store.order_lists`.
    """
    async with database.read(caller.merchant_id) as connection:
        found = await _find(connection, caller.merchant_id, wanted)
    shown, more = found.rows[: wanted.limit], len(found.rows) > wanted.limit
    orders = []
    for _, row in shown:
        orders.append(decode_order(row))
        # An order may have 500 lines; other requests are served between two of them.
        await asyncio.sleep(0)
    return OrderPage(orders, shown[-1][0] if more else found.stopped_at)


async def _find(connection: Connection, merchant_id: int, wanted: OrderQuery) -> Found:
    code_ids = None
    if wanted.code_key is not None:
        code_ids = await find_code_ids(connection, merchant_id, wanted)
        if not code_ids:
            return Found([], None)
    walk, unlisted = walk_of(wanted), None
    if walk in (Walk.CODE, Walk.PROMOTION):
        # Read first: what becomes listed meanwhile is found by the walk.
        unlisted = await find_unlisted(connection, merchant_id)
    found = await read_page(connection, merchant_id, walk, wanted, code_ids, wanted.start)
    if unlisted is None or len(found.rows) > wanted.limit or found.stopped_at is not None:
        return found
    start: OrderPlace = min(wanted.start, unlisted, *[place for place, _ in found.rows])
    older = await read_page(connection, merchant_id, Walk.UNLISTED, wanted, code_ids, start)
    return Found([*found.rows, *older.rows][: wanted.limit + 1], older.stopped_at)

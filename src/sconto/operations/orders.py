"""Lists of a merchant's orders."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from sconto.domain.order import StoredOrder
from sconto.domain.order_list import NEWEST, OrderPage, OrderPlace, OrderQuery
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
    """The wanted orders, the newest first, and the places of the next and the previous page.

    A page may be short, or even empty, and still have a next one: see `store.order_lists`.
    """
    async with database.read(caller.merchant_id) as connection:
        if wanted.after is not None:
            found = await _find_newer(connection, caller.merchant_id, wanted, wanted.after)
            if found is not None:
                return await _page_back(found, wanted.limit)
            wanted = replace(wanted, after=None, before=NEWEST)
        found = await _find(connection, caller.merchant_id, wanted)
    shown, more = found.rows[: wanted.limit], len(found.rows) > wanted.limit
    first = shown[0][0] if shown else wanted.before
    return OrderPage(
        await _decode([row for _, row in shown]),
        shown[-1][0] if more else found.stopped_at,
        None if wanted.before == NEWEST else first,
    )


async def _page_back(found: Found, limit: int) -> OrderPage:
    """The previous page, from orders that were found in ascending order."""
    shown = found.rows[:limit][::-1]
    beyond = shown[0][0] if len(found.rows) > limit else found.stopped_at
    return OrderPage(await _decode([row for _, row in shown]), shown[-1][0], beyond)


async def _decode(rows: Sequence[str]) -> list[StoredOrder]:
    orders = []
    for row in rows:
        orders.append(decode_order(row))
        # An order may have 500 lines, so other requests run between two of them.
        await asyncio.sleep(0)
    return orders


async def _find_newer(
    connection: Connection, merchant_id: int, wanted: OrderQuery, place: OrderPlace
) -> Found | None:
    """The orders of the page before this one; None if the first page must be shown.

    That is so if fewer orders are left than a page has. Orders that are not indexed yet are found
    in descending order only.
    """
    walk, code_ids = walk_of(wanted), None
    if walk in (Walk.CODE, Walk.PROMOTION):
        if await find_unlisted(connection, merchant_id) is not None:
            return None
        if walk is Walk.CODE:
            code_ids = await find_code_ids(connection, merchant_id, wanted)
    found = await read_page(connection, merchant_id, walk, wanted, code_ids, place)
    is_short = len(found.rows) < wanted.limit and found.stopped_at is None
    return None if is_short or not found.rows else found


async def _find(connection: Connection, merchant_id: int, wanted: OrderQuery) -> Found:
    code_ids = None
    if wanted.code_key is not None:
        code_ids = await find_code_ids(connection, merchant_id, wanted)
        if not code_ids:
            return Found([], None)
    walk, unlisted = walk_of(wanted), None
    if walk in (Walk.CODE, Walk.PROMOTION):
        # Read first: an order that is indexed in the meantime is found by the walk.
        unlisted = await find_unlisted(connection, merchant_id)
    found = await read_page(connection, merchant_id, walk, wanted, code_ids, wanted.start)
    if unlisted is None or len(found.rows) > wanted.limit or found.stopped_at is not None:
        return found
    start: OrderPlace = min(wanted.start, unlisted, *[place for place, _ in found.rows])
    older = await read_page(connection, merchant_id, Walk.UNLISTED, wanted, code_ids, start)
    return Found([*found.rows, *older.rows][: wanted.limit + 1], older.stopped_at)

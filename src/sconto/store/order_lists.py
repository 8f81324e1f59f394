"""Lists of orders, the newest first: index look-ups, however many orders there are.

A list walks one index from its place on: that of the code, the promotion, the customer, the status
or the time, the first of these that is a filter. The other filters are tried on each order of the
walk. They may match few, so a page reads LOOKED_AT orders at most. A page that ends there is short,
and its cursor continues after the last order that was read.

Redemptions of one order have its time on one row for each promotion and code (`placed_at`), so the
indexes of promotions and codes are in the order of the list. For older orders that is done in the
background (`order_listing`). Orders that it has not reached are found by time, by reading their
redemptions.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NamedTuple

import asyncpg

from sconto.domain.order_list import OrderPlace, OrderQuery
from sconto.store.database import Connection
from sconto.store.outcomes import ORDER_COLUMNS

LOOKED_AT: Final = 5_000
"""Orders that a page looks at for its other filters."""

_OLDEST: Final = datetime(1, 1, 1, tzinfo=UTC)
_NEWEST: Final = datetime(9999, 12, 31, tzinfo=UTC)


class Walk(StrEnum):
    """The index that a list walks; UNLISTED is by time, and reads redemptions."""

    CODE = "code"
    PROMOTION = "promotion"
    CUSTOMER = "customer"
    STATUS = "status"
    TIME = "time"
    UNLISTED = "unlisted"


class _Direction(NamedTuple):
    """The direction of a walk: which places come next, up to the time $4, and in which order."""

    within: str
    order: str

    def places(self, time: str) -> str:
        """The condition on a time and the order's id."""
        return self.within.format(time=time)


_DOWN: Final = _Direction("({time}, order_id) < ($2, $3) AND {time} >= $4", "DESC")
_UP: Final = _Direction("({time}, order_id) > ($2, $3) AND {time} < $4", "ASC")


# $5 to $8 are the filters: status, customer, promotion, and the ids of the code. $9 is the maximum
# of places of the walk.
def _orders(way: _Direction, condition: str = "") -> str:
    return f"""
    SELECT created_at AS placed_at, order_id
    FROM orders
    WHERE merchant_id = $1 {condition} AND {way.places("created_at")}
    ORDER BY created_at {way.order}, order_id {way.order}
    LIMIT $9
    """  # noqa: S608  # of our own constants


def _redemptions(way: _Direction, condition: str) -> str:
    return f"""
    SELECT DISTINCT placed_at, order_id
    FROM redemptions
    WHERE merchant_id = $1 AND {condition} AND {way.places("placed_at")}
    ORDER BY placed_at {way.order}, order_id {way.order}
    LIMIT $9
    """  # noqa: S608  # of our own constants


# A code may be on several promotions.
def _of_codes(way: _Direction) -> str:
    return f"""
    SELECT DISTINCT redeemed.placed_at, redeemed.order_id
    FROM unnest($8::bigint[]) AS wanted (code_id)
    CROSS JOIN LATERAL (
        {_redemptions(way, "code_id = wanted.code_id AND code_id <> 0")}
    ) AS redeemed
    ORDER BY redeemed.placed_at {way.order}, redeemed.order_id {way.order}
    LIMIT $9
    """  # noqa: S608  # of our own constants


def _walks(way: _Direction) -> dict[Walk, str]:
    return {
        Walk.CODE: _of_codes(way),
        Walk.PROMOTION: _redemptions(way, "promotion_id = $7"),
        Walk.CUSTOMER: _orders(way, "AND customer_id = $6"),
        Walk.STATUS: _orders(way, "AND status = $5"),
        Walk.TIME: _orders(way),
        Walk.UNLISTED: _orders(way),
    }


# Orders with times are found by the other walks.
_REDEEMED: Final = """
    AND EXISTS (
        SELECT FROM redemptions
        WHERE merchant_id = $1 AND redemptions.order_id = place.order_id
            AND ($7::bigint IS NULL OR promotion_id = $7)
            AND ($8::bigint[] IS NULL OR code_id = ANY ($8))
    ) AND NOT EXISTS (
        SELECT FROM redemptions
        WHERE merchant_id = $1 AND redemptions.order_id = place.order_id AND placed_at IS NOT NULL
    )
"""

# The statements differ, but all take the same parameters.
_PAGE: Final = """
SELECT place.placed_at, place.order_id, stored.row
FROM ({walk}) AS place
CROSS JOIN LATERAL (
    SELECT row_to_json(found) AS row, status, customer_id
    FROM (
        SELECT {columns}, customer_id
        FROM orders
        WHERE merchant_id = $1 AND order_id = place.order_id
        LIMIT 1
    ) AS found
) AS stored
WHERE ($5::text IS NULL OR status = $5) AND ($6::text IS NULL OR customer_id = $6) {redeemed}
    AND ($7::bigint IS NULL OR true) AND ($8::bigint[] IS NULL OR true)
ORDER BY place.placed_at {order}, place.order_id {order}
LIMIT $10
"""

_LAST_LOOKED_AT: Final = """
SELECT place.placed_at, place.order_id
FROM ({walk}) AS place
WHERE ($5::text IS NULL OR true) AND ($6::text IS NULL OR true)
    AND ($7::bigint IS NULL OR true) AND ($8::bigint[] IS NULL OR true)
ORDER BY place.placed_at {order}, place.order_id {order}
OFFSET $9 - 1
LIMIT 1
"""


def _pages(way: _Direction) -> dict[Walk, str]:
    return {
        walk: _PAGE.format(
            walk=statement,
            columns=ORDER_COLUMNS,
            redeemed=_REDEEMED if walk is Walk.UNLISTED else "",
            order=way.order,
        )
        for walk, statement in _walks(way).items()
    }


def _last(way: _Direction) -> dict[Walk, str]:
    return {
        walk: _LAST_LOOKED_AT.format(walk=statement, order=way.order)
        for walk, statement in _walks(way).items()
    }


PAGES: Final = _pages(_DOWN)
_LAST: Final = _last(_DOWN)
_PAGES_UP: Final = _pages(_UP)
_LAST_UP: Final = _last(_UP)

# A code belongs to one promotion. Removed codes were redeemed too.
_FIND_CODES: Final = """
SELECT ARRAY(
    SELECT code_id FROM codes
    WHERE merchant_id = $1 AND code_key = $2 AND ($3::bigint IS NULL OR promotion_id = $3)
    ORDER BY code_id
)
"""

_FIND_UNLISTED: Final = """
SELECT created_at, order_id FROM orders_to_list WHERE merchant_id = $1
"""


class FoundOrders(NamedTuple):
    """Rows of orders with their places, and the next place of a page that has read too many.

    A row is read by `outcomes.decode_order`.
    """

    rows: list[tuple[OrderPlace, str]]
    stopped_at: OrderPlace | None


def walk_of(wanted: OrderQuery) -> Walk:
    """The index that finds the fewest orders for the query."""
    return next((walk for walk, value in _set_filters(wanted).items() if value), Walk.TIME)


async def find_code_ids(connection: Connection, merchant_id: int, wanted: OrderQuery) -> list[int]:
    """The ids of all codes with the wanted text and promotion."""
    found: list[int] = await connection.fetchval(
        _FIND_CODES, merchant_id, wanted.code_key, wanted.promotion_id
    )
    return found


async def read_page(
    connection: Connection,
    merchant_id: int,
    walk: Walk,
    wanted: OrderQuery,
    code_ids: Sequence[int] | None,
    start: OrderPlace,
) -> FoundOrders:
    """The wanted orders before a place, one more than the limit if there are more.

    If the query goes back, they are those after the place, the newest last.
    """
    goes_back = wanted.after is not None
    pages, last_ones = (_PAGES_UP, _LAST_UP) if goes_back else (PAGES, _LAST)
    bound = (wanted.until or _NEWEST) if goes_back else (wanted.since or _OLDEST)
    one_more = wanted.limit + 1
    looked_at = LOOKED_AT if _has_other_filters(walk, wanted) else one_more
    arguments = (
        merchant_id,
        *start,
        bound,
        wanted.status,
        wanted.customer_id,
        wanted.promotion_id,
        code_ids,
        looked_at,
    )
    rows = await connection.fetch(pages[walk], *arguments, one_more)
    found = [(_place(row), row["row"]) for row in rows]
    if len(found) == one_more or looked_at == one_more:
        return FoundOrders(found, None)
    last = await connection.fetchrow(last_ones[walk], *arguments)
    return FoundOrders(found, None if last is None else _place(last))


async def find_unlisted(connection: Connection, merchant_id: int) -> OrderPlace | None:
    """The place before which orders have no times on their redemptions yet; None if all have."""
    row = await connection.fetchrow(_FIND_UNLISTED, merchant_id)
    return None if row is None else OrderPlace(row["created_at"], row["order_id"])


def _set_filters(wanted: OrderQuery) -> dict[Walk, bool]:
    return {
        Walk.CODE: wanted.code_key is not None,
        Walk.PROMOTION: wanted.promotion_id is not None,
        Walk.CUSTOMER: wanted.customer_id is not None,
        Walk.STATUS: wanted.status is not None,
    }


def _has_other_filters(walk: Walk, wanted: OrderQuery) -> bool:
    """Whether some orders of the walk may not match."""
    # The ids of a code are those of the promotion.
    implied = (walk, Walk.PROMOTION) if walk is Walk.CODE else (walk,)
    return any(is_set for one, is_set in _set_filters(wanted).items() if one not in implied)


def _place(row: asyncpg.Record) -> OrderPlace:
    return OrderPlace(row["placed_at"], row["order_id"])

"""Checks of stored data: each statement finds the records that break one promise.

Everything is computed again from the orders' frozen outcomes and from the applications, by SQL that
shares nothing with the statements that wrote it. The server sorts and joins, on disk if necessary,
so a check needs memory only for the violations that it finds.

$1 is the merchant whose records are checked, null for all. $2 is the number of violations to name.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg

from sconto.domain.promise import Violation
from sconto.domain.schedule import Span
from sconto.store.check_allowances import ALLOWANCE_CHECKS
from sconto.store.check_events import EVENT_CHECKS
from sconto.store.check_holds import HOLD_CHECKS
from sconto.store.check_orders import ORDER_CHECKS, ORDERS_COUNTED
from sconto.store.check_promotions import PROMOTION_CHECKS
from sconto.store.check_returns import RETURN_CHECKS
from sconto.store.database import Connection, Database
from sconto.store.node_calls import is_of_citus
from sconto.store.period_sql import OVER_FROM

CHECKS: Final = (
    *ORDER_CHECKS,
    *RETURN_CHECKS,
    *ALLOWANCE_CHECKS,
    *HOLD_CHECKS,
    *PROMOTION_CHECKS,
    *EVENT_CHECKS,
)
"""Each promise, with the statement that returns (merchant_id, words) for what breaks it."""

TIMELINE: Final = "The timeline shows the latest created promotion at every moment"
"""The promise that is compared without a statement of its own, by `read_timelines`."""

_ONE_BY_ONE: Final = frozenset({ORDERS_COUNTED})
"""Statements that Citus does not run for several merchants together."""

_FETCHED_ROWS: Final = 2000

# By product: what each automatic promotion claims, and what the timeline shows. The cursor is made
# in SQL, because it ends with the transaction. asyncpg's would leave a statement in a pooler's
# session.
_OPEN_TIMELINE: Final = f"""
DECLARE timeline NO SCROLL CURSOR FOR
SELECT merchant_id, 0::bigint AS product_id, true AS claimed, starts_at,
       {OVER_FROM} AS ends_at, promotion_id, percent
FROM promotions
WHERE ($1::bigint IS NULL OR merchant_id = $1)
  AND covers_all AND type = 'discount' AND active AND deleted_at IS NULL
UNION ALL
SELECT merchant_id, named.product_id, true, starts_at, {OVER_FROM}, promotion_id,
       coalesce(named.percent, promotion.percent)
FROM promotion_products AS named JOIN promotions AS promotion USING (merchant_id, promotion_id)
WHERE ($1::bigint IS NULL OR merchant_id = $1)
  AND NOT promotion.covers_all AND promotion.type = 'discount' AND promotion.active
  AND promotion.deleted_at IS NULL
UNION ALL
SELECT merchant_id, product_id, false, starts_at, ends_at, promotion_id, percent
FROM automatic_picks
WHERE $1::bigint IS NULL OR merchant_id = $1
ORDER BY merchant_id, product_id
"""  # noqa: S608  # of our own constants

_READ_TIMELINE: Final = f"FETCH {_FETCHED_ROWS} FROM timeline"


@dataclass(frozen=True, slots=True)
class ProductTimeline:
    """The timeline of a product (0: of all products), and what promotions claim of it."""

    merchant_id: int
    product_id: int
    claims: Sequence[Span]
    shown: Sequence[Span]


@asynccontextmanager
async def one_snapshot(database: Database) -> AsyncIterator[Connection]:
    """A transaction that sees the database as it is at one moment, and cannot write."""
    async with database.write() as connection:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # Unlike a request, a check reads whole tables.
        await connection.execute("SET LOCAL enable_seqscan = on")
        await connection.execute("SET LOCAL statement_timeout = 0")
        yield connection


async def find_violations(
    connection: Connection, statement: str, merchant_id: int | None, most: int
) -> list[Violation]:
    """The first records that one of the statements finds."""
    merchant_ids = [merchant_id]
    if merchant_id is None and statement in _ONE_BY_ONE and is_of_citus(connection):
        merchant_ids = [
            row["merchant_id"]
            for row in await connection.fetch("SELECT merchant_id FROM merchants")
        ]
    found: list[Violation] = []
    for one in merchant_ids:
        left = most - len(found)
        rows = await connection.fetch(statement, one, left, timeout=_CHECK_TIMEOUT)
        found += [Violation(row["merchant_id"], row["words"]) for row in rows]
    return found


async def read_timelines(
    connection: Connection, merchant_id: int | None
) -> AsyncIterator[ProductTimeline]:
    """The timeline of every product, one after the other."""
    await connection.execute(_OPEN_TIMELINE, merchant_id, timeout=_CHECK_TIMEOUT)
    waiting: list[asyncpg.Record] = []
    while rows := await connection.fetch(_READ_TIMELINE, timeout=_CHECK_TIMEOUT):
        for row in rows:
            if waiting and _product(waiting[0]) != _product(row):
                yield _timeline(waiting)
                waiting = []
            waiting.append(row)
    if waiting:
        yield _timeline(waiting)


_CHECK_TIMEOUT: Final = 24 * 3600.0
"""Seconds for a statement, which may read all orders."""


def _product(row: asyncpg.Record) -> tuple[int, int]:
    return row["merchant_id"], row["product_id"]


def _timeline(rows: Sequence[asyncpg.Record]) -> ProductTimeline:
    spans: dict[bool, list[Span]] = {True: [], False: []}
    for row in rows:
        span = Span(row["starts_at"], row["ends_at"], row["promotion_id"], row["percent"])
        spans[row["claimed"]].append(span)
    return ProductTimeline(*_product(rows[0]), spans[True], spans[False])

"""Checks of stored data: each statement finds the records that break one promise.

Everything is computed again from the orders' frozen outcomes and from the applications, by SQL that
shares nothing with the statements that wrote it. The server sorts and joins, on disk if necessary,
so a check needs memory only for the violations that it finds. Timelines are compared one by one, by
`check_timelines`.

$1 is the merchant whose records are checked, null for all. $2 is the number of violations to name.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sconto.domain.promise import Violation
from sconto.store.check_allowances import ALLOWANCE_CHECKS
from sconto.store.check_events import EVENT_CHECKS
from sconto.store.check_holds import HOLD_CHECKS
from sconto.store.check_orders import ORDER_CHECKS, ORDERS_COUNTED
from sconto.store.check_promotions import PROMOTION_CHECKS
from sconto.store.check_returns import RETURN_CHECKS
from sconto.store.check_timelines import CHECK_TIMEOUT, TIMELINE_CHECKS
from sconto.store.database import Connection, Database
from sconto.store.node_calls import is_of_citus

CHECKS: Final = (
    *ORDER_CHECKS,
    *RETURN_CHECKS,
    *ALLOWANCE_CHECKS,
    *HOLD_CHECKS,
    *PROMOTION_CHECKS,
    *TIMELINE_CHECKS,
    *EVENT_CHECKS,
)
"""Each promise, with the statement that returns (merchant_id, words) for what breaks it."""

_ONE_BY_ONE: Final = frozenset({ORDERS_COUNTED})
"""Statements that Citus does not run for several merchants together."""


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
        rows = await connection.fetch(statement, one, left, timeout=CHECK_TIMEOUT)
        found += [Violation(row["merchant_id"], row["words"]) for row in rows]
    return found

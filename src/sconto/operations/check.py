"""The check compares everything that is stored with itself. It changes nothing."""

from collections.abc import AsyncIterator
from typing import Final

from sconto.domain.promise import (
    CheckedPromise,
    TimelineViolation,
    first_timeline_mistake,
)
from sconto.store.check import CHECKS, find_violations, one_snapshot
from sconto.store.check_timelines import TIMELINES, read_timelines
from sconto.store.database import Connection, Database

_MOST: Final = 5
"""How many violations are named of each promise: the first ones show what went wrong."""


async def check(
    database: Database, merchant_id: int | None = None
) -> AsyncIterator[CheckedPromise]:
    """Each promise, after it was compared with the records of one merchant, or of all merchants.

    All comparisons see the database at one moment. They block no writes.
    """
    async with one_snapshot(database) as connection:
        for promise, statement in CHECKS:
            found = await find_violations(connection, statement, merchant_id, _MOST)
            yield CheckedPromise(promise, found)
        for promise, statement in TIMELINES:
            mistakes = await _find_mistakes(connection, statement, merchant_id)
            yield CheckedPromise(promise, mistakes)


async def _find_mistakes(
    connection: Connection, statement: str, merchant_id: int | None
) -> list[TimelineViolation]:
    found: list[TimelineViolation] = []
    async for stored in read_timelines(connection, statement, merchant_id):
        mistake = first_timeline_mistake(stored.claims, stored.shown, by_percent=stored.by_percent)
        if mistake is not None and len(found) < _MOST:
            found.append(
                TimelineViolation(
                    stored.merchant_id, stored.product_id, mistake, stored.code, stored.by_percent
                )
            )
    return found

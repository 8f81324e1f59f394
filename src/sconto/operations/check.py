"""The check compares everything that is stored with itself. It changes nothing."""

from collections.abc import AsyncIterator
from typing import Final

from sconto.domain.promise import (
    CheckedPromise,
    TimelineMistake,
    Violation,
    first_timeline_mistake,
)
from sconto.store.check import CHECKS, find_violations, one_snapshot, read_timelines
from sconto.store.database import Connection, Database

TIMELINE: Final = "The timeline shows the latest created promotion at every moment"

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
        yield CheckedPromise(TIMELINE, await _find_mistakes(connection, merchant_id))


async def _find_mistakes(connection: Connection, merchant_id: int | None) -> list[Violation]:
    found: list[Violation] = []
    async for timeline in read_timelines(connection, merchant_id):
        mistake = first_timeline_mistake(timeline.claims, timeline.shown)
        if mistake is not None and len(found) < _MOST:
            words = _describe(timeline.product_id, mistake)
            found.append(Violation(timeline.merchant_id, words))
    return found


def _describe(product_id: int, mistake: TimelineMistake) -> str:
    subject = f"product {product_id}" if product_id else "all products"
    shown = ", ".join(map(str, mistake.shown)) or "none"
    return (
        f"the timeline of {subject} shows promotion {shown} at {mistake.at.isoformat()},"
        f" and should show {mistake.expected or 'none'}"
    )

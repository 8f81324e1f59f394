"""A promotion's statistics as one value: Sconto itself only makes them in parts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain

from sconto.domain.people import Caller
from sconto.domain.redemption_days import DailyQuery, DailyUses
from sconto.domain.statistics import CodeUses
from sconto.operations.statistics import get_statistics_in_parts, list_daily_uses
from sconto.store.database import Connection, Database
from sconto.store.statistics import find_statistics_in_parts


@dataclass(frozen=True, slots=True)
class Statistics:
    """The redemptions of a promotion, and by code; None if it never had codes."""

    uses: int
    codes: tuple[CodeUses, ...] | None


async def get_statistics(database: Database, caller: Caller, promotion_id: int) -> Statistics:
    """The statistics that the operation finds."""
    return _joined(*await get_statistics_in_parts(database, caller, promotion_id))


async def find_statistics(
    connection: Connection, merchant_id: int, promotion_id: int
) -> Statistics | None:
    """The statistics that the store finds."""
    found = await find_statistics_in_parts(connection, merchant_id, promotion_id)
    return None if found is None else _joined(*found)


def _joined(uses: int, parts: Iterator[list[CodeUses]] | None) -> Statistics:
    return Statistics(uses, None if parts is None else tuple(chain.from_iterable(parts)))


async def get_daily_uses(
    database: Database, caller: Caller, promotion_id: int, today: date
) -> list[DailyUses]:
    """The uses of the promotion by day, code and currency."""
    query = DailyQuery(limit=10_000)
    uses, has_more = await list_daily_uses(database, caller, promotion_id, query, today)
    assert not has_more
    return uses

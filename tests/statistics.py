"""A promotion's statistics as one value: Sconto itself only makes them in parts."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from sconto.domain.people import Caller
from sconto.domain.statistics import CodeUses
from sconto.operations.statistics import get_statistics_in_parts
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

"""Rows of the counters, written as orders write them."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sconto.domain.codes import CodeType
from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.statistics import get_statistics

TODAY = NOON.date()
INSERT = """
INSERT INTO redemption_counts (
    merchant_id, promotion_id, code_id, code_type, applied, currency, day, slot, uses, discount
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

DRAW_VERSION = """
INSERT INTO timeline_versions (merchant_id, version) VALUES ($1, 1) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Row:
    """A row of the counters, without its merchant."""

    promotion_id: int
    code_id: int
    code_type: str
    applied: bool
    currency: str
    day: date
    slot: int
    uses: int
    discount: int

    @property
    def counter(self) -> tuple[int, int, str, bool, str]:
        return self.promotion_id, self.code_id, self.code_type, self.applied, self.currency

    @property
    def key(self) -> tuple[object, ...]:
        return *self.counter, self.day, self.slot

    @property
    def is_by_one_time_code(self) -> bool:
        return self.code_type == "one-time" and self.code_id != 0


def a_row(
    promotion_id: int,
    days_ago: int = 0,
    slot: int = 0,
    code_id: int = 0,
    uses: int = 1,
    applied: bool = True,
    code_type: str | None = None,
) -> Row:
    code_type = code_type or ("reusable" if code_id else "none")
    day = TODAY - timedelta(days=days_ago)
    return Row(promotion_id, code_id, code_type, applied, "EUR", day, slot, uses, uses * 100)


def two_years(promotion_id: int, code_id: int = 0, slots: int = 4) -> list[Row]:
    """The rows of two years of orders, with this number of concurrent orders on each day."""
    return [
        a_row(promotion_id, day, slot, code_id, uses=1 + (day + slot) % 7, applied=day % 3 > 0)
        for day in range(730)
        for slot in range(slots)
    ]


async def write(database: Database, caller: Caller, rows: Sequence[Row]) -> None:
    async with database.write() as connection:
        # A merchant with redemptions has created a promotion, and so has a version.
        await connection.execute(DRAW_VERSION, caller.merchant_id)
        await connection.executemany(
            INSERT, [(caller.merchant_id, *row.key, row.uses, row.discount) for row in rows]
        )


async def read(database: Database, caller: Caller) -> list[Row]:
    async with database.read() as connection:
        found = await connection.fetch(
            "SELECT promotion_id, code_id, code_type, applied, currency, day, slot, uses, discount"
            " FROM redemption_counts WHERE merchant_id = $1 ORDER BY 1, 2, 3, 4, 5, 6, 7",
            caller.merchant_id,
        )
    return [Row(*row) for row in found]


def sums(rows: Sequence[Row]) -> dict[object, tuple[int, int]]:
    uses: Counter[object] = Counter()
    discount: Counter[object] = Counter()
    for row in rows:
        counter = counted_with_promotion(row).counter
        uses[counter] += row.uses
        discount[counter] += row.discount
    return {counter: (uses[counter], discount[counter]) for counter in uses}


def counted_with_promotion(row: Row) -> Row:
    """The row in its folded form: one-time codes keep their own uses."""
    return replace(row, code_id=0) if row.is_by_one_time_code else row


async def create_codes(database: Database, caller: Caller, *codes: str) -> tuple[int, list[int]]:
    """A promotion with one-time codes; returns its id, and theirs."""
    new = a_promotion(codes=codes, code_type=CodeType.ONE_TIME)
    promotion_id = await create_promotion(database, caller, new, NOON)
    statistics = await get_statistics(database, caller, promotion_id)
    return promotion_id, [code.code_id for code in statistics.codes or ()]


async def read_codes(database: Database, caller: Caller) -> dict[int, tuple[int, int]]:
    """The applied and the outdone uses of each code that has any."""
    async with database.read() as connection:
        found = await connection.fetch(
            "SELECT code_id, applied_uses, outdone_uses FROM codes"
            " WHERE merchant_id = $1 AND applied_uses + outdone_uses > 0",
            caller.merchant_id,
        )
    return {code_id: (applied, outdone) for code_id, applied, outdone in found}


async def read_while_folding(database: Database, caller: Caller, promotion_id: int) -> set[object]:
    seen: set[object] = set()
    for _ in range(60):
        seen.add(await get_statistics(database, caller, promotion_id))
        await asyncio.sleep(0.005)
    return seen

"""Switching a promotion off reads as many pages however many older ones name its products."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import pytest

from sconto.domain.coverage import AllProducts, Coverage, ListedProducts
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.operations.checkout import quote
from sconto.operations.promotions import create_promotion, switch_promotion
from sconto.store import revealed
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line, a_period, a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock

PRODUCTS: Final = (1, 2, 3)
DAY: Final = timedelta(days=1)
FEW, MANY = 10, 1_000
_TRIES: Final = 3
"""Autovacuum may read pages too; at most during one of them."""


class Kind(NamedTuple):
    """A kind of older promotion that names the products."""

    name: str
    type: str = "discount"
    active: bool = True
    starts_at: datetime = NOON - 9 * DAY
    ends_at: datetime | None = None
    deleted_at: datetime | None = None


KINDS = [
    Kind("live"),
    Kind("off", active=False),
    Kind("over", ends_at=NOON - 5 * DAY),
    Kind("to come", starts_at=NOON + 5 * DAY, ends_at=NOON + 6 * DAY),
    Kind("with codes", type="coupon"),
]

_OLDER = """
WITH created AS (
    INSERT INTO promotions (merchant_id, type, name, name_folded, active, starts_at, ends_at,
                            covers_all, percent, created_at, updated_at, deleted_at)
    SELECT $1, $3, 'n', 'n', $4, $5, $6, false, 1000000, now(), now(), $7
    FROM generate_series(1, $2)
    RETURNING promotion_id
)
INSERT INTO promotion_products (merchant_id, promotion_id, product_id, position)
SELECT $1, promotion_id, product_id, product_id FROM created, generate_series(1, 3) AS product_id
"""

_PAGES = """
SELECT sum(heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit)::bigint
FROM pg_statio_user_tables
WHERE relname IN ('promotions', 'promotion_products', 'automatic_picks')
"""


async def count_pages(database: Database) -> int:
    """Pages of promotions and timelines that were read so far."""
    async with database.read() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        pages: int = await connection.fetchval(_PAGES)
    return pages


async def pages_of_switching_off(database: Database, number: int, kind: Kind) -> int:
    caller = await create_caller(database)
    await stock(database, caller, PRODUCTS)
    async with database.write() as connection:
        await connection.execute(_OLDER, caller.merchant_id, number, *kind[1:])
    new = a_promotion(period=a_period(NOON - DAY, NOON + DAY), coverage=ListedProducts(1, PRODUCTS))
    promotion_id = await create_promotion(database, caller, new, NOON)
    pages = []
    for _ in range(_TRIES):
        before = await count_pages(database)
        await switch_promotion(database, caller, promotion_id, NOON, active=False)
        pages.append(await count_pages(database) - before)
        await switch_promotion(database, caller, promotion_id, NOON, active=True)
    return min(pages)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_switching_off_reads_as_many_pages_for_a_hundred_times_the_older_promotions(
    one_connection: Database, kind: Kind
) -> None:
    few, many = [
        await pages_of_switching_off(one_connection, number, kind) for number in (FEW, MANY)
    ]
    assert many <= 1.3 * few


@pytest.mark.parametrize("first", [1, 8])
@pytest.mark.parametrize("most", [0, 64], ids=["many", "few"])
async def test_an_older_promotion_is_revealed_behind_others_that_do_not_apply(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch, first: int, most: int
) -> None:
    monkeypatch.setattr(revealed, "_FEW", most)
    await stock(database, merchant, PRODUCTS)

    async def create(percent: int, covered: Coverage | None = None, *, active: bool = True) -> int:
        coverage = covered or ListedProducts(percent * PERCENT, (1, 2))
        new = a_promotion(coverage=coverage, active=active)
        return await create_promotion(database, merchant, new, NOON)

    await create(1, AllProducts(PERCENT))
    await create(5)
    for _ in range(first):
        await create(6, active=False)
        await create(6, AllProducts(6 * PERCENT), active=False)
    newest = await create(9)
    for one in (newest, await create(2, AllProducts(2 * PERCENT))):
        await switch_promotion(database, merchant, one, NOON, active=False)
    cart = a_cart(a_line(1), a_line(3, line_id="2"))
    priced = await quote(database, merchant, cart, NOON)
    assert [line.discount for line in priced.lines] == [50, 10]

"""Concurrent edits of promotions: each is done whole, one after another, and none is lost."""

import asyncio
from collections import Counter

from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.problems import PromotionNotFound
from sconto.domain.promotion import (
    PromotionChange,
    PromotionQuery,
    PromotionSummary,
    PromotionType,
    Terms,
)
from sconto.operations.promotions import (
    change_promotion,
    create_promotion,
    delete_promotion,
    get_promotion,
    list_promotions,
)
from sconto.store.database import Database
from sconto.store.promotions import lock_promotions
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock
from tests.statistics import get_statistics


def codes_change(*codes: str) -> PromotionChange:
    terms = Terms(AllProducts(PERCENT), None, codes)
    return PromotionChange(PromotionType.COUPON, terms=terms)


async def test_one_of_several_concurrent_edits_remains_complete(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await create_promotion(database, merchant, a_promotion(codes=("A",)), NOON)
    wanted = [tuple(f"C{(number + k) % 9}" for k in range(5)) for number in range(9)]

    await asyncio.gather(
        *(
            change_promotion(database, merchant, promotion_id, codes_change(*codes), NOON)
            for codes in wanted
        )
    )

    assert (await get_promotion(database, merchant, promotion_id)).terms.codes in wanted
    statistics = await get_statistics(database, merchant, promotion_id)
    assert statistics.codes is not None
    assert len(statistics.codes) == 5


async def test_an_edit_during_a_deletion_comes_first_or_is_not_found(
    database: Database, merchant: Caller
) -> None:
    for _ in range(10):
        promotion_id = await create_promotion(database, merchant, a_promotion(), NOON)
        change = PromotionChange(
            PromotionType.DISCOUNT, terms=Terms(ListedProducts(PERCENT, (1, 2)))
        )
        await stock(database, merchant, [1, 2])

        changed, deleted = await asyncio.gather(
            change_promotion(database, merchant, promotion_id, change, NOON),
            delete_promotion(database, merchant, promotion_id, NOON),
            return_exceptions=True,
        )

        assert isinstance(deleted, PromotionSummary)
        assert changed is None or isinstance(changed, PromotionNotFound)
        assert await spans_of(database, merchant) == 0


async def test_one_of_several_concurrent_deletions_finds_the_promotion(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await create_promotion(database, merchant, a_promotion(codes=("A",)), NOON)

    outcomes = await asyncio.gather(
        *(delete_promotion(database, merchant, promotion_id, NOON) for _ in range(5)),
        return_exceptions=True,
    )

    kinds = Counter(type(outcome) for outcome in outcomes)
    assert kinds == {PromotionSummary: 1, PromotionNotFound: 4}


async def test_concurrent_creations_leave_the_last_on_the_timeline(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, [1])
    new = a_promotion(coverage=ListedProducts(PERCENT, (1,)))

    ids = await asyncio.gather(
        *(create_promotion(database, merchant, new, NOON) for _ in range(20))
    )

    assert await list_promotions(database, merchant, PromotionQuery(), NOON) == sorted(ids)[::-1]
    async with database.read() as connection:
        shown = await connection.fetch(
            "SELECT promotion_id FROM automatic_picks WHERE merchant_id = $1", merchant.merchant_id
        )
    assert [row["promotion_id"] for row in shown] == [max(ids)]


async def test_an_edit_waits_for_the_merchants_last_edit_and_for_no_other_merchant(
    database: Database, merchant: Caller
) -> None:
    other_merchant = await create_caller(database)

    async with database.write() as connection:
        await lock_promotions(connection, merchant.merchant_id)
        waiting = asyncio.create_task(create_promotion(database, merchant, a_promotion(), NOON))
        async with asyncio.timeout(10):
            for _ in range(3):
                await create_promotion(database, other_merchant, a_promotion(), NOON)
        assert not waiting.done()

    promotion_id = await waiting
    assert await list_promotions(database, merchant, PromotionQuery(), NOON) == [promotion_id]


async def spans_of(database: Database, caller: Caller) -> int:
    async with database.read() as connection:
        spans: int = await connection.fetchval(
            "SELECT count(*) FROM automatic_picks WHERE merchant_id = $1", caller.merchant_id
        )
    return spans

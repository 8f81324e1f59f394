"""A joined database: each write is a savepoint of the open transaction."""

import pytest

from sconto.domain.coverage import ListedProducts
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.problems import Problem, UnknownProducts
from sconto.domain.promotion import PromotionQuery
from sconto.operations import promotions
from sconto.store.database import Database
from tests.builders import NOON, a_promotion


async def names(database: Database, caller: Caller) -> list[int]:
    return await promotions.list_promotions(database, caller, PromotionQuery(), NOON)


async def test_a_refused_write_undoes_itself_and_no_other(
    database: Database, merchant: Caller
) -> None:
    unknown = a_promotion(coverage=ListedProducts(10 * PERCENT, (99,)))
    async with database.write(merchant.merchant_id) as connection:
        joined = database.joined(connection)
        kept = await promotions.create_promotion(joined, merchant, a_promotion(), NOON)
        with pytest.raises(UnknownProducts):
            await promotions.create_promotion(joined, merchant, unknown, NOON)
        assert await names(joined, merchant) == [kept]
    assert await names(database, merchant) == [kept]


async def test_nothing_is_left_if_the_transaction_is_not_committed(
    database: Database, merchant: Caller
) -> None:
    async def fail_after_a_write() -> None:
        async with database.write(merchant.merchant_id) as connection:
            joined = database.joined(connection)
            await promotions.create_promotion(joined, merchant, a_promotion(), NOON)
            assert await names(database, merchant) == []
            raise Problem

    with pytest.raises(Problem):
        await fail_after_a_write()
    assert await names(database, merchant) == []

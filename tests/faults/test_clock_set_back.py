"""A clock that is set back breaks no promise."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.problems import CodesUsedUp, OrderConflict
from sconto.domain.promotion import PromotionChange, PromotionType
from sconto.operations.check import check
from sconto.operations.checkout import place_order, quote
from sconto.operations.promotions import change_promotion, create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line, a_promotion
from tests.conftest import create_caller
from tests.statistics import get_statistics

EARLIER = NOON - timedelta(days=2)


@pytest.fixture
async def shop(create_database: Callable[[], str]) -> AsyncIterator[tuple[Database, Caller]]:
    """A merchant in a database that no other test uses."""
    database = await Database.open(create_database())
    yield database, await create_caller(database)
    await database.close()


async def test_limits_retries_counts_and_the_latest_created_survive_a_clock_set_back(
    shop: tuple[Database, Caller],
) -> None:
    database, merchant = shop
    new = a_promotion(codes=("once",), code_type=CodeType.ONE_TIME)
    once = await create_promotion(database, merchant, new, NOON)
    first = NewOrder("A-1", a_cart(codes=("once",)))
    placed = await place_order(database, merchant, first, NOON, NOON.date())

    # The clock says two days earlier. The order is known, and the code is used.
    again = await place_order(database, merchant, first, EARLIER, EARLIER.date())
    assert (again.order, again.created) == (placed.order, False)
    other = NewOrder("A-1", a_cart(a_line(quantity=2), codes=("once",)))
    with pytest.raises(OrderConflict):
        await place_order(database, merchant, other, EARLIER, EARLIER.date())
    late = NewOrder("A-2", a_cart(codes=("once",)))
    with pytest.raises(CodesUsedUp):
        await place_order(database, merchant, late, EARLIER, EARLIER.date())
    assert (await get_statistics(database, merchant, once)).uses == 1

    # "Latest created" means the highest id, whatever the clock said.
    await create_promotion(database, merchant, a_promotion(), NOON)
    latest = await create_promotion(database, merchant, a_promotion(), EARLIER)
    for now in (NOON, EARLIER):
        [line] = (await quote(database, merchant, a_cart(), now)).lines
        assert [pick.promotion_id for pick in line.picks] == [latest]
    change = PromotionChange(PromotionType.DISCOUNT, name="Named before it was made")
    await change_promotion(database, merchant, latest, change, EARLIER - timedelta(days=1))
    async for checked in check(database):
        assert not checked.violations, checked

"""A shop with orders, on a database of its own, and its back-tests."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest

from sconto.domain.bill import PricedCart
from sconto.domain.coverage import OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.order import OrderStatus
from sconto.domain.promotion import PromotionChange, PromotionType, Terms
from sconto.operations import checkout
from sconto.store.database import Database
from tests.backtests.running import NOW
from tests.backtests.shop import END, ONE_TIME, START, SentOrder, Shop, some_orders
from tests.backtests.summing import Pair, add_up
from tests.conftest import create_caller

CHANGED_SINCE: Final = PromotionChange(
    PromotionType.DISCOUNT, terms=Terms(OwnPercents({2: 22 * PERCENT, 3: 9 * PERCENT}))
)

Save = Callable[[Shop], Awaitable[None]]


@dataclass(frozen=True)
class History:
    """A shop with orders, and the prices of the period's orders with its current promotions."""

    shop: Shop
    orders: Sequence[SentOrder]
    left_aside: int
    before: dict[str, PricedCart]
    names: dict[Any, str]

    async def expected(self, name: str, save: Save) -> dict[str, Any]:
        """The figures of a shop that has saved the draft with this name."""
        after, names = await replayed(self.shop.database, self.orders, save)
        pairs = [
            Pair(
                one.order_id,
                one.at,
                one.cart.customer.id,
                self.before[one.order_id],
                after[one.order_id],
            )
            for one in self.orders
            if START <= one.at < END
        ]
        return add_up(pairs, self.names, names, name)


@pytest.fixture(scope="session")
def quiet_url(create_database: Callable[[], str]) -> str:
    """The address of a database without a service. A service would compute the back-tests."""
    return create_database()


@pytest.fixture(scope="session")
async def quiet_database(quiet_url: str) -> AsyncIterator[Database]:
    """The pool on that database."""
    database = await Database.open(quiet_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def history(quiet_database: Database) -> History:
    """Orders were placed, some were deleted, and a promotion was changed afterwards."""
    orders = some_orders(seed=7, count=90)
    shop = await Shop(quiet_database, await create_caller(quiet_database)).open()
    await shop.place(orders)
    gone = [
        one
        for one in orders[30:60:6]
        if not any(code in ONE_TIME for code in one.cart.codes) and START <= one.at < END
    ]
    for one in gone:
        await checkout.change_order_status(
            shop.database, shop.caller, one.order_id, OrderStatus.DELETED, NOW
        )
    await shop.change_product_promotion("Winter sale", CHANGED_SINCE)
    left = [one for one in orders if one not in gone]
    before, names = await replayed(quiet_database, left)
    return History(shop, left, len(gone), before, names)


async def replayed(
    database: Database, orders: Sequence[SentOrder], save: Save | None = None
) -> tuple[dict[str, PricedCart], dict[Any, str]]:
    """The prices of the period's orders in another shop, whose promotions changed earlier."""
    shop = await Shop(database, await create_caller(database)).open()
    await shop.place([one for one in orders if one.at < START])
    await shop.change_product_promotion("Winter sale", CHANGED_SINCE)
    if save is not None:
        await save(shop)
    return await shop.place([one for one in orders if START <= one.at < END]), shop.names

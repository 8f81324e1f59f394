"""Limits that are added after a statement's snapshot and before it locks their promotion."""

from collections.abc import AsyncIterator
from typing import Final

import pytest

from sconto.domain.people import Caller
from sconto.store.database import Connection, Database
from sconto.store.holds import release_hold
from tests.operations.holding import NOON, Shop, a_basket
from tests.store.lost_races import Write, lose_to, put_before_promotions
from tests.store.priced import price_hold, price_order, price_with_holds

pytestmark = pytest.mark.oldest

BASKET: Final = a_basket(customer="c-1")


@pytest.fixture
async def shop(database: Database, merchant: Caller) -> AsyncIterator[Shop]:
    """A merchant whose records keep all promises at the end of each test."""
    shop = Shop(database, merchant)
    yield shop
    assert await shop.violations() == []


@pytest.fixture(autouse=True)
def gate(monkeypatch: pytest.MonkeyPatch) -> None:
    put_before_promotions(monkeypatch)


async def lose(shop: Shop, write: Write, promotion_id: int) -> None:
    """Limit the promotion while the statement waits at the gate."""
    await lose_to(shop.database, write, lambda: shop.change(promotion_id, total=5, per_customer=1))


async def test_an_order_is_not_placed_with_old_limits(shop: Shop) -> None:
    promotion_id = await shop.ten_off()
    async with shop.database.read() as connection:
        order = await price_order(connection, shop.caller, "A-1", BASKET, NOON)
    await lose(shop, order.insert, promotion_id)
    assert (await shop.order("A-1", BASKET)).order.outcome.total == 2000


@pytest.mark.parametrize("is_promised", [True, False])
async def test_an_order_of_a_merchant_with_holds_is_not_placed_with_old_limits(
    shop: Shop, is_promised: bool
) -> None:
    promotion_id = await shop.ten_off()
    await shop.hold("A-1" if is_promised else "A-2", BASKET)
    async with shop.database.read() as connection:
        order = await price_with_holds(connection, shop.caller, "A-1", BASKET)
    await lose(shop, order.insert, promotion_id)
    placed = await shop.order("A-1", BASKET)
    assert placed.order.outcome.total == (2000 if is_promised else 3000)


async def test_a_hold_is_not_made_with_old_limits(shop: Shop) -> None:
    promotion_id = await shop.ten_off()
    async with shop.database.read() as connection:
        hold = await price_hold(connection, shop.caller, "A-1", BASKET)
    await lose(shop, hold.insert, promotion_id)
    assert (await shop.hold("A-1", BASKET)).hold.outcome.total == 2000


async def test_a_hold_is_not_released_with_old_limits(shop: Shop) -> None:
    promotion_id = await shop.ten_off()
    await shop.hold("A-1", BASKET)

    async def release(connection: Connection) -> object:
        at = (await shop.get("A-1")).created_at
        return await release_hold(connection, shop.caller.merchant_id, "A-1", at, over=False)

    await lose(shop, release, promotion_id)
    await shop.release("A-1")
    assert (await shop.order("A-2", BASKET)).order.outcome.total == 2000

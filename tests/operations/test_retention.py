"""Purging old records and erasing customers: statistics and limits do not change."""

import asyncio
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from sconto.domain.cart import Cart
from sconto.domain.cart_promotion import Conditions, Limits
from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.people import Caller
from sconto.domain.problems import CodesUsedUp, OrderNotFound
from sconto.domain.retention import Purged
from sconto.operations import cart_promotions, checkout, promotions, retention
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.operations.test_cart_promotions import Shop, cart, shopper, ten_off
from tests.promises import violations
from tests.statistics import get_statistics

LATER = NOON + timedelta(days=100)
BEFORE = NOON + timedelta(days=1)


@pytest.fixture
def shop(database: Database, merchant: Caller) -> Shop:
    return Shop(database, merchant)


async def order_at(shop: Shop, order_id: str, wanted: Cart, now: datetime) -> int:
    """Place an order; returns its total."""
    order = NewOrder(order_id, wanted)
    placed = await checkout.place_order(shop.database, shop.caller, order, now, now.date())
    return placed.order.outcome.total


async def test_a_purge_keeps_statistics_limits_and_used_codes(shop: Shop) -> None:
    database, caller = shop.database, shop.caller
    coupon = await promotions.create_promotion(
        database, caller, a_promotion(codes=("ONCE",), code_type=CodeType.ONE_TIME), NOON
    )
    limits = Limits(total=3, per_customer=2, budget={"EUR": 2500})
    limited = await shop.create(ten_off(limits=limits))
    free = await shop.create(ten_off())
    await order_at(shop, "A", cart("ONCE", customer=shopper()), NOON)
    await order_at(shop, "B", cart(customer=shopper()), NOON)
    await order_at(shop, "C", cart(customer=shopper()), NOON)
    await shop.delete_order("C")
    await order_at(shop, "D", cart(), LATER)

    async def shown() -> list[object]:
        return [
            await get_statistics(database, caller, coupon),
            await cart_promotions.get_statistics(database, caller, limited.id),
            await cart_promotions.get_statistics(database, caller, free.id),
        ]

    before = await shown()
    old = Purged(orders=3, history=3)
    assert await retention.count_old(database, caller.merchant_id, BEFORE) == old
    assert await retention.purge(database, caller.merchant_id, BEFORE) == old
    assert await retention.purge(database, caller.merchant_id, BEFORE) == Purged()

    assert await shown() == before
    assert await violations(shop.database, shop.caller) == []
    with pytest.raises(OrderNotFound):
        await checkout.get_order(database, caller, "A")
    with pytest.raises(CodesUsedUp):
        await order_at(shop, "E", cart("ONCE"), LATER)

    # The purged orders count for a limit that is removed and added again, and for a new one.
    await shop.change(limited, ten_off())
    await shop.change(limited, ten_off(limits=Limits(total=2)))
    await shop.change(free, ten_off(limits=Limits(total=3)))
    assert await order_at(shop, "F", cart(), LATER) == 6000
    assert await violations(shop.database, shop.caller) == []


async def test_a_customer_whose_orders_are_purged_has_ordered(shop: Shop) -> None:
    await shop.create(ten_off(conditions=Conditions(first_order=True)))
    assert await order_at(shop, "A", cart(customer=shopper("c-1")), NOON) == 5000
    assert await order_at(shop, "B", cart(customer=shopper("c-2")), NOON) == 5000
    await shop.delete_order("B")
    await retention.purge(shop.database, shop.caller.merchant_id, BEFORE)
    assert (await shop.quote(cart(customer=shopper("c-1")))).total == 6000
    assert await order_at(shop, "C", cart(customer=shopper("c-1")), LATER) == 6000
    assert await order_at(shop, "D", cart(customer=shopper("c-2")), LATER) == 5000


async def test_a_purge_during_orders_and_new_limits_counts_each_order_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_REST", 0)
    promotion = await shop.create(ten_off())
    for number in range(30):
        await order_at(shop, f"old-{number}", cart(customer=shopper(f"c-{number % 3}")), NOON)

    async def place() -> None:
        for number in range(30):
            await order_at(shop, f"new-{number}", cart(customer=shopper(f"c-{number % 3}")), LATER)

    async def give_back() -> None:
        for number in range(30):
            with_order = f"old-{number}"
            try:
                await shop.set_status(with_order, OrderStatus.DELETED)
            except OrderNotFound:
                return

    async def limit() -> None:
        for total in range(1_000, 1_010):
            await shop.change(promotion, ten_off(limits=Limits(total=total, per_customer=total)))
            await shop.change(promotion, ten_off())
        await shop.change(promotion, ten_off(limits=Limits(total=1_000, per_customer=1_000)))

    async def purge() -> int:
        purged = 0
        while purged < 30:
            found = await retention.purge(shop.database, shop.caller.merchant_id, BEFORE)
            purged += found.orders
        return purged

    *_, purged = await asyncio.gather(place(), give_back(), limit(), purge())
    assert purged == 30
    assert await violations(shop.database, shop.caller) == []


async def test_the_next_purge_continues_an_interrupted_one(shop: Shop) -> None:
    await shop.create(ten_off())
    await order_at(shop, "A", cart(), NOON)

    class Interrupted(Exception):
        pass

    def interrupt(_: Purged) -> None:
        raise Interrupted

    merchant_id = shop.caller.merchant_id
    with pytest.raises(Interrupted):
        await retention.purge(shop.database, merchant_id, BEFORE, interrupt)
    assert await violations(shop.database, shop.caller) == []
    assert await retention.purge(shop.database, merchant_id, BEFORE) == Purged(history=1)


async def test_an_erased_customer_is_found_nowhere_and_everything_adds_up(
    shop: Shop, database: Database
) -> None:
    limits = Limits(per_customer=1)
    terms = ten_off(limits=limits, conditions=Conditions(first_order=True))
    await shop.create(terms)
    name = "customer-of-this-test"
    wanted = cart(customer=replace(shopper(name), segments=frozenset({"vip"})))
    await order_at(shop, "A", wanted, NOON)
    await order_at(shop, "B", wanted, NOON)
    await retention.purge(database, shop.caller.merchant_id, NOON - timedelta(days=1))

    merchant_id = shop.caller.merchant_id
    assert await retention.erase_customer(database, merchant_id, name) == 2
    assert await retention.erase_customer(database, merchant_id, name) is None
    async with database.read() as connection:
        for table in ("orders", "allowances", "purged_allowances", "history", "redemptions"):
            found = await connection.fetchval(
                f"SELECT count(*) FROM {table} AS one WHERE one::text LIKE '%{name}%'"
            )
            assert found == 0, table
    assert await violations(shop.database, shop.caller) == []
    # For Sconto it is a new customer.
    assert await order_at(shop, "C", wanted, LATER) == 5000
    assert (await checkout.get_order(database, shop.caller, "A")).outcome.total == 5000


async def test_an_erased_customer_of_purged_orders_is_forgotten(shop: Shop) -> None:
    await shop.create(ten_off(conditions=Conditions(first_order=True)))
    await order_at(shop, "A", cart(customer=shopper()), NOON)
    merchant_id = shop.caller.merchant_id
    await retention.purge(shop.database, merchant_id, BEFORE)
    records = await retention.get_customer_records(shop.database, merchant_id, "c-1")
    assert records.has_purged_order
    assert await retention.erase_customer(shop.database, merchant_id, "c-1") == 0
    assert (await shop.quote(cart(customer=shopper()))).total == 5000

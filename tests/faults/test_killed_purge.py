"""A purge that is killed repeatedly while orders are placed: nothing is counted twice or lost."""

import asyncio
import random
from collections.abc import Callable

import pytest

from sconto.api.clock import read_clock
from sconto.domain.cart import Cart, Customer
from sconto.domain.cart_promotion import Limits
from sconto.domain.order import NewOrder
from sconto.operations import cart_promotions, checkout
from sconto.store.database import Database
from tests.builders import NOON, a_line, ten_off
from tests.conftest import SECRET_KEY, create_caller
from tests.promises import violations
from tests.services import SCONTO, environment_of

KILLS = 10
ORDERS = 2_000


@pytest.mark.soak
async def test_a_killed_purge_counts_nothing_twice(create_database: Callable[[], str]) -> None:
    url = create_database()
    database = await Database.open(url)
    caller = await create_caller(database)
    limits = Limits(total=10**6, per_customer=10**6, budget={"EUR": 10**9})
    promotion = await cart_promotions.create_promotion(
        database, caller, ten_off(limits=limits), NOON
    )

    async def place(prefix: str, count: int) -> None:
        for number in range(count):
            cart = Cart("EUR", (a_line(),), (), None, Customer(f"c-{number % 7}"))
            now = read_clock()
            order = NewOrder(f"{prefix}-{number}", cart)
            await checkout.place_order(database, caller, order, now, now.date())

    async def purge_and_kill() -> None:
        environment = environment_of(
            {"SCONTO_DATABASE_URL": url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}
        )
        for _ in range(KILLS):
            running = await asyncio.create_subprocess_exec(
                SCONTO, "purge", "--older-than", "0d", "--yes", env=environment
            )
            await asyncio.sleep(random.uniform(0.5, 1.5))
            if running.returncode is None:
                running.kill()
            await running.wait()

    await place("before", ORDERS)
    await asyncio.gather(place("meanwhile", ORDERS), purge_and_kill())

    assert await violations(database, caller) == []
    statistics = await cart_promotions.get_statistics(database, caller, promotion.id)
    assert (statistics.orders, statistics.taken_total) == (2 * ORDERS, 2 * ORDERS)
    await database.close()

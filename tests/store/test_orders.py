"""An order is one transaction. It waits only for orders with the same code or id."""

import asyncio
from datetime import date
from typing import Final

import pytest

from sconto.domain.cart import Cart
from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder, Placed
from sconto.domain.people import Caller
from sconto.domain.problems import CodesUsedUp
from sconto.operations.checkout import get_order, place_order
from sconto.operations.promotions import create_promotion
from sconto.store.code_ids import NO_CODE
from sconto.store.database import Connection, Database, DatabaseUnavailable
from sconto.store.orders import OrderRaceLost
from sconto.store.outcomes import decode_order
from tests.builders import NOON, a_cart, a_line, a_promotion
from tests.statistics import get_statistics
from tests.store.priced import PricedOrder, price_order

pytestmark = pytest.mark.oldest

DAY: Final = date(2026, 6, 1)
CART: Final = a_cart(a_line(1, line_id="1"), a_line(2, line_id="2"), codes=("shared", "ONCE"))


@pytest.fixture
async def promotions(database: Database, merchant: Caller) -> dict[str, int]:
    """An automatic promotion, one with a reusable code and one with a one-time code."""
    return {
        "automatic": await create_promotion(database, merchant, a_promotion(), NOON),
        "shared": await create_promotion(database, merchant, a_promotion(codes=("shared",)), NOON),
        "once": await create_promotion(
            database,
            merchant,
            a_promotion(codes=("once", "twice"), code_type=CodeType.ONE_TIME),
            NOON,
        ),
    }


async def order_of(
    connection: Connection, caller: Caller, order_id: str, cart: Cart = CART
) -> PricedOrder:
    return await price_order(connection, caller, order_id, cart)


async def place(
    database: Database,
    caller: Caller,
    order_id: str,
    cart: Cart = CART,
    replaces: str | None = None,
) -> Placed:
    order = NewOrder(order_id, cart, replaces=replaces)
    return await place_order(database, caller, order, NOON, DAY)


@pytest.mark.plain_postgresql("each call of a function is a SELECT")
async def test_an_order_takes_two_round_trips_and_five_if_it_replaces_another(
    one_connection: Database, merchant: Caller, promotions: dict[str, int]
) -> None:
    # The first use of a statement on a connection prepares it.
    await place(one_connection, merchant, "W-1", a_cart())
    await place(one_connection, merchant, "W-2", a_cart(), replaces="W-1")
    statements: list[str] = []

    async def sent() -> list[str]:
        await asyncio.sleep(0)  # the logger gets a statement a moment after its end
        heard = list(statements)
        statements.clear()
        return heard

    async with one_connection.read() as connection:
        connection.add_query_logger(lambda record: statements.append(record.query.split()[0]))
    await place(one_connection, merchant, "A-1")
    assert await sent() == ["SELECT", "WITH"]
    await place(one_connection, merchant, "A-2", replaces="A-1")
    assert await sent() == ["SELECT", "BEGIN", "WITH", "WITH", "COMMIT;"]
    await place(one_connection, merchant, "A-2", replaces="A-1")
    assert await sent() == ["SELECT"]
    with pytest.raises(CodesUsedUp):
        await place(one_connection, merchant, "A-3")
    assert await sent() == ["SELECT"]


async def test_orders_that_share_neither_a_code_nor_an_id_do_not_wait_for_each_other(
    database: Database, merchant: Caller, promotions: dict[str, int]
) -> None:
    shared = a_cart(codes=("shared",))
    async with database.write() as connection:
        open_order = await order_of(connection, merchant, "A-1")
        await open_order.insert(connection)
        for cart in (shared, a_cart(), a_cart(codes=("twice",))):
            async with asyncio.timeout(2):
                assert (await place(database, merchant, f"B-{cart.codes}", cart)).created
    for name, expected in {"automatic": 5, "shared": 1, "once": 3}.items():
        statistics = await get_statistics(database, merchant, promotions[name])
        assert statistics.uses == expected


async def test_counters_have_one_slot_for_each_open_order(
    database: Database, merchant: Caller, promotions: dict[str, int]
) -> None:
    async with database.write() as connection:
        first = await order_of(connection, merchant, "A-1", a_cart())
        await first.insert(connection)
        for number in range(5):
            await place(database, merchant, f"B-{number}", a_cart())
    await place(database, merchant, "C-1", a_cart())
    async with database.read() as connection:
        slots = await connection.fetch(
            "SELECT slot, uses FROM redemption_counts WHERE merchant_id = $1 ORDER BY slot",
            merchant.merchant_id,
        )
    taken = [slot["slot"] for slot in slots]
    # Tests of other processes may have open orders on this server, but not in this database.
    assert taken == [0, 1]
    assert sum(slot["uses"] for slot in slots) == 7


async def test_redemptions_by_one_time_codes_are_counted_on_the_code_and_for_the_promotion(
    database: Database, merchant: Caller, promotions: dict[str, int]
) -> None:
    twice = a_cart(a_line(1, line_id="1"), a_line(2, line_id="2"), codes=("twice",))
    await place(database, merchant, "A-1")
    await place(database, merchant, "A-2", replaces="A-1")
    await place(database, merchant, "A-3", twice)
    statistics = await get_statistics(database, merchant, promotions["once"])
    assert statistics.uses == 6
    assert [(code.code, code.uses) for code in statistics.codes or ()] == [
        ("once", 4),
        ("twice", 2),
    ]
    async with database.read() as connection:
        counted = await connection.fetch(
            "SELECT code_id, uses FROM redemption_counts WHERE merchant_id = $1"
            " AND promotion_id = $2",
            merchant.merchant_id,
            promotions["once"],
        )
    assert [tuple(row) for row in counted] == [(NO_CODE, 6)]


async def test_an_order_with_the_same_code_waits_and_gets_it_if_the_first_is_rolled_back(
    database: Database, merchant: Caller, promotions: dict[str, int]
) -> None:
    async def undone() -> None:
        async with database.write() as connection:
            first = await order_of(connection, merchant, "A-1")
            await first.insert(connection)
            waiting.append(asyncio.create_task(place(database, merchant, "A-2")))
            await asyncio.sleep(0.2)
            assert not waiting[0].done()
            raise OrderRaceLost

    waiting: list[asyncio.Task[Placed]] = []
    with pytest.raises(OrderRaceLost):
        await undone()
    placed = await asyncio.wait_for(waiting[0], 5)
    assert placed.created
    statistics = await get_statistics(database, merchant, promotions["once"])
    assert statistics.uses == 2


async def test_a_repeated_order_waits_for_the_answer_of_the_first(
    database: Database, merchant: Caller, promotions: dict[str, int]
) -> None:
    for cart in (CART, a_cart()):
        order_id = f"A-{cart.codes}"
        async with database.write() as connection:
            first = await order_of(connection, merchant, order_id, cart)
            await first.insert(connection)
            again = asyncio.create_task(place(database, merchant, order_id, cart))
            await asyncio.sleep(0.2)
            assert not again.done()
        assert await asyncio.wait_for(again, 5) == Placed(first.order, created=False)


async def test_an_order_whose_id_is_taken_writes_nothing(
    database: Database, merchant: Caller, promotions: dict[str, int]
) -> None:
    async with database.read() as connection:
        late = await order_of(connection, merchant, "A-1")
    await place(database, merchant, "A-1", a_cart())
    with pytest.raises(OrderRaceLost):
        async with database.write() as connection:
            await late.insert(connection)
    statistics = await get_statistics(database, merchant, promotions["once"])
    assert statistics.uses == 0
    assert (await place(database, merchant, "A-2")).created


async def test_a_code_removed_while_an_order_runs_is_not_used(
    database: Database, merchant: Caller, promotions: dict[str, int]
) -> None:
    async with database.read() as connection:
        late = await order_of(connection, merchant, "A-1")
        await connection.execute(
            "UPDATE codes SET removed_at = now() WHERE merchant_id = $1", merchant.merchant_id
        )
    with pytest.raises(OrderRaceLost):
        async with database.write() as connection:
            await late.insert(connection)


async def test_an_order_that_waits_for_an_edit_is_priced_again(
    database: Database, merchant: Caller, promotions: dict[str, int]
) -> None:
    async with database.write() as connection:
        await connection.execute(
            "UPDATE codes SET code = 'Once' WHERE merchant_id = $1", merchant.merchant_id
        )
        waiting = asyncio.create_task(place(database, merchant, "A-1"))
        await asyncio.sleep(0.2)
        assert not waiting.done()
    assert (await asyncio.wait_for(waiting, 5)).created
    statistics = await get_statistics(database, merchant, promotions["once"])
    assert statistics.uses == 2


async def test_an_order_lost_before_the_commit_is_counted_once_when_repeated(
    database: Database, merchant: Caller, promotions: dict[str, int]
) -> None:
    async def dropped() -> None:
        async with database.write() as connection:
            order = await order_of(connection, merchant, "A-1")
            await order.insert(connection)
            pid = await connection.fetchval("SELECT pg_backend_pid()")
            async with database.read() as other:
                await other.fetchval("SELECT pg_terminate_backend($1::int, 5000)", pid)

    with pytest.raises(DatabaseUnavailable):
        await dropped()
    assert (await place(database, merchant, "A-1")).created
    statistics = await get_statistics(database, merchant, promotions["once"])
    assert statistics.uses == 2
    assert not (await place(database, merchant, "A-1")).created


async def test_counters_equal_the_sum_of_the_stored_outcomes(
    database: Database, merchant: Caller, promotions: dict[str, int]
) -> None:
    carts = [CART, a_cart(codes=("shared",)), a_cart(a_line(3, quantity=3, unit_price=333))]
    await asyncio.gather(
        *(place(database, merchant, f"A-{i}", carts[i % 3]) for i in range(30)),
        return_exceptions=True,
    )
    async with database.read() as connection:
        counted = await connection.fetch(
            "SELECT promotion_id, sum(uses) AS uses, sum(discount) AS discount"
            " FROM redemption_counts WHERE merchant_id = $1 GROUP BY 1",
            merchant.merchant_id,
        )
        recorded = await connection.fetch(
            "SELECT promotion_id, count(*) AS uses, sum(discount) AS discount"
            " FROM redemptions WHERE merchant_id = $1 GROUP BY 1",
            merchant.merchant_id,
        )
        ids = await connection.fetch(
            "SELECT order_id FROM orders WHERE merchant_id = $1", merchant.merchant_id
        )
    assert sorted(map(tuple, counted)) == sorted(map(tuple, recorded))
    stored = [await get_order(database, merchant, row["order_id"]) for row in ids]
    assert sum(order.outcome.discount for order in stored) == sum(
        row["discount"] for row in counted
    )
    assert len(stored) == 21


def test_outcomes_stored_long_ago_can_be_read() -> None:
    """The stored format is not published, but it must not change without a migration."""
    order = decode_order(
        '{"order_id":"A-1","status":"not paid","created_at":"2026-06-01T15:00:00.000001+03:00",'
        '"replaces":null,"replaced_by":"A-2","outcome":{"currency":"EUR","subtotal":3998,'
        '"discount":400,"total":3598,"lines":[{"line_id":"1","product_id":11111,"quantity":2,'
        '"unit_price":1999,"known":true,"subtotal":3998,"discount":400,"total":3598,"picks":'
        '[{"promotion_id":36,"group":"code","percent":10000000,"code":"PROMO-001","code_id":7,'
        '"code_type":"one-time","reason":null},{"promotion_id":12,"group":"automatic_all",'
        '"percent":5000000,"code":null,"code_id":null,"code_type":null,"reason":"lower_discount"}]'
        '}],"codes":[{"code":"PROMO-001","status":"applied","promotion_id":36,"starts_at":null,'
        '"ended_at":null,"used_at":null}]}}'
    )
    [line] = order.outcome.lines
    assert (order.replaced_by, order.outcome.total, line.discount) == ("A-2", 3598, 400)
    assert [(pick.code_id, pick.applied) for pick in line.picks] == [(7, True), (None, False)]
    assert (order.created_at - NOON).microseconds == 1

"""Uses of one-time codes that an earlier version counted elsewhere move to the codes."""

import asyncio
from datetime import timedelta

import pytest

from sconto.domain.code_list import CodeQuery
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.product import Product
from sconto.domain.promotion import PromotionChange, PromotionType, Terms
from sconto.operations.checkout import place_order
from sconto.operations.codes import list_codes
from sconto.operations.counters import fold
from sconto.operations.overviews import get_overview
from sconto.operations.products import put_products
from sconto.operations.promotions import change_promotion, create_promotion
from sconto.store import counters as store
from sconto.store.database import Database
from sconto.store.node_calls import NodeFunction
from tests.builders import NOON, a_cart, a_line, a_promotion
from tests.operations.counter_rows import TODAY, create_codes, read, read_codes, read_while_folding
from tests.promises import violations
from tests.statistics import Statistics, get_daily_uses, get_statistics

COUNT_AS_BEFORE = """
WITH by_promotion AS (
    DELETE FROM redemption_counts WHERE merchant_id = $1 AND code_type = 'one-time'
), by_code AS (
    UPDATE codes SET applied_uses = 0, outdone_uses = 0
    WHERE merchant_id = $1 AND applied_uses + outdone_uses > 0
)
INSERT INTO redemption_counts
SELECT $1, promotion_id, code_id, code_type, applied, outcome->>'currency', $2, 0, count(*),
       sum(discount)
FROM redemptions JOIN orders USING (merchant_id, order_id)
WHERE merchant_id = $1 AND code_type = 'one-time'
GROUP BY promotion_id, code_id, code_type, applied, outcome->>'currency'
"""
"""Counts the uses of one-time codes as the previous version did; here all on one day."""


async def test_one_time_uses_counted_by_the_previous_version_are_shown_unchanged(
    database: Database, merchant: Caller
) -> None:
    day = TODAY - timedelta(days=5)
    await put_products(database, merchant, [Product(2, "Mug", 1000, "EUR")], NOON)
    promotion_id, _ = await create_codes(database, merchant, "ONCE", "GONE", "LEFT", "UNUSED")
    better = a_promotion(coverage=ListedProducts(90 * PERCENT, (2,)))
    await create_promotion(database, merchant, better, NOON)
    both = (a_line(1), a_line(2, line_id="2"))

    async def place(order_id: str, code: str, replaces: str | None = None) -> None:
        order = NewOrder(order_id, a_cart(*both, codes=(code,)), replaces=replaces)
        assert (await place_order(database, merchant, order, NOON, day)).created

    async def change(code_type: CodeType, *codes: str) -> None:
        terms = Terms(AllProducts(PERCENT), code_type, codes)
        change = PromotionChange(PromotionType.COUPON, terms=terms)
        await change_promotion(database, merchant, promotion_id, change, NOON)

    async def read_all() -> tuple[Statistics, object, object, object]:
        return (
            await get_statistics(database, merchant, promotion_id),
            await get_daily_uses(database, merchant, promotion_id, TODAY),
            await get_overview(database, merchant, promotion_id, TODAY),
            await list_codes(database, merchant, promotion_id, CodeQuery(limit=10)),
        )

    await place("A-1", "once")
    await place("A-2", "once", replaces="A-1")
    await place("A-3", "gone")
    await place("A-4", "left")
    await change(CodeType.REUSABLE, "ONCE", "LEFT", "UNUSED")
    await place("A-5", "once")
    before = await read_all()
    async with database.write() as connection:
        await connection.execute(COUNT_AS_BEFORE, merchant.merchant_id, day)
    assert await read_all() == before
    await change(CodeType.ONE_TIME, "ONCE", "LEFT", "UNUSED")
    await place("A-6", "unused")
    statistics, *_ = before = await read_all()
    shown = [(one.code, one.code_type, one.uses) for one in statistics.codes or ()]
    assert shown == [
        ("ONCE", CodeType.ONE_TIME, 4),
        ("ONCE", CodeType.REUSABLE, 2),
        ("GONE", CodeType.ONE_TIME, 2),
        ("LEFT", CodeType.ONE_TIME, 2),
        ("UNUSED", CodeType.ONE_TIME, 2),
    ]
    readers = asyncio.create_task(read_while_folding(database, merchant, promotion_id))
    assert await fold(database, NOON) > 0
    assert await readers == {statistics}
    assert await read_all() == before
    assert not any(row.is_by_one_time_code for row in await read(database, merchant))
    assert await violations(database, merchant) == []


async def test_orders_are_counted_exactly_while_the_counts_of_their_codes_move(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = store._FOLD_CODES.statement
    a_few = NodeFunction(statement.replace(f"LIMIT {store.FOLD_BATCH}", "LIMIT 3"))
    monkeypatch.setattr(store, "_FOLD_CODES", a_few)
    codes = tuple(f"C{number}" for number in range(42))
    promotion_id, ids = await create_codes(database, merchant, *codes)
    days = [TODAY - timedelta(days=days) for days in (0, 3, 101)]

    async def place(number: int, turn: int) -> None:
        replaces = f"A-{number}-{turn - 1}" if turn else None
        cart = a_cart(codes=(codes[number],))
        order = NewOrder(f"A-{number}-{turn}", cart, replaces=replaces)
        await place_order(database, merchant, order, NOON, days[turn % 3])

    async def place_again(client: int) -> None:
        for number in range(client, len(codes), 6):
            for turn in (1, 2, 3):
                await place(number, turn)

    async def fold_on() -> None:
        while any(row.is_by_one_time_code for row in await read(database, merchant)):
            await fold(database, NOON)

    for number in range(len(codes)):
        await place(number, 0)
    async with database.write() as connection:
        await connection.execute(COUNT_AS_BEFORE, merchant.merchant_id, days[1])
    await asyncio.gather(fold_on(), *(place_again(client) for client in range(6)))

    assert await read_codes(database, merchant) == dict.fromkeys(ids, (4, 0))
    assert (await get_statistics(database, merchant, promotion_id)).uses == 4 * len(codes)
    assert await violations(database, merchant) == []

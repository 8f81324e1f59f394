"""Rows of schema 0013, and those that its version writes on the newer schema meanwhile."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import psycopg
import pytest

from sconto.domain.backtest.job import NewBacktest
from sconto.domain.cart import Cart, Customer, Line
from sconto.domain.cart_promotion import (
    AmountOff,
    CartTerms,
    Conditions,
    Limits,
    NewCartPromotion,
    ProductSelection,
    Target,
)
from sconto.domain.order import NewOrder, OrderStatus, StoredOrder
from sconto.domain.order_counts import counts_of
from sconto.domain.order_list import OrderQuery
from sconto.domain.people import Caller, Role
from sconto.domain.product import Product
from sconto.domain.redemption import redemptions_of
from sconto.domain.schedule import Period
from sconto.operations.backtesting.jobs import (
    draft_cart_promotion,
    get_backtest,
    start_backtest,
)
from sconto.operations.backtesting.running import run_backtest
from sconto.operations.cart_promotions import create_promotion
from sconto.operations.checkout import change_order_status, get_order, place_order, quote
from sconto.operations.order_counting import count_old_orders
from sconto.operations.order_listing import list_old_orders
from sconto.operations.orders import list_orders
from sconto.operations.products import get_product, put_products
from sconto.operations.retention import purge
from sconto.store.database import Database
from sconto.store.migrate import migrate
from sconto.store.reports import ALL_COUNTS
from sconto.store.stored_amounts import discount_from
from tests.promises import violations
from tests.replay import START, open_replay
from tests.store.older_schemas import at_schema

pytestmark = pytest.mark.oldest

ROWS: Final = Path(__file__).with_name("rows_of_0013.sql")
ANSWERS: Final = Path(__file__).with_name("answers_of_0013.json")
SHOP: Final = Caller(1, 1, Role.ADMIN)
NOW: Final = START + timedelta(seconds=20)
"""Twenty requests wrote the rows, one a second."""

SHOPPER: Final = Customer("c-1")

KEY_OF_COUNT: Final = ("merchant_id", "subject", "promotion_id", "code_id", "currency")


@pytest.fixture(scope="module")
def template(create_database: Callable[[str], str]) -> str:
    """The name of a database with rows of schema 0013, migrated to the newest schema."""
    url = at_schema(create_database, "0013")
    with psycopg.connect(url) as connection:
        connection.execute(ROWS.read_text().encode())
    migrate(url)
    return urlsplit(url).path.removeprefix("/")


@pytest.fixture
async def upgraded(create_database: Callable[[str], str], template: str) -> AsyncIterator[Database]:
    database = await Database.open(create_database(template))
    yield database
    await database.close()


async def test_the_answers_about_older_rows_are_the_same_bytes(upgraded: Database) -> None:
    recorded = json.loads(ANSWERS.read_text())
    async with open_replay(upgraded, {"admin": SHOP}) as replay:
        replay.now = NOW
        assert await replay.find_differences(recorded) == []
    assert await violations(upgraded) == []


async def test_an_older_order_is_replaced_by_one_with_a_cart_promotion(
    upgraded: Database,
) -> None:
    await create(upgraded, limits=Limits(total=1))
    placed = await place(upgraded, "N-1", "once-2", replaces="A-4")
    assert [one.applied for one in placed.outcome.cart_promotions] == [True]
    assert placed.outcome.codes[0].status == "applied"
    assert (await get_order(upgraded, SHOP, "A-4")).status is OrderStatus.DELETED
    assert await violations(upgraded) == []


async def test_a_deleted_older_order_gives_nothing_back_and_can_be_placed_again(
    upgraded: Database,
) -> None:
    await set_status(upgraded, "A-4", OrderStatus.DELETED)
    assert (await quote(upgraded, SHOP, cart("once-2"), NOW)).codes[0].status == "used"
    await set_status(upgraded, "A-4", OrderStatus.PAID)
    assert await violations(upgraded) == []


PLACED_BY_BEFORE: Final = """
WITH earlier AS (SELECT outcome FROM orders WHERE merchant_id = 1 AND order_id = 'A-2')
INSERT INTO orders (merchant_id, order_id, status, replaces, created_at, outcome)
SELECT 1, 'O-1', 'not paid', NULL, '2026-06-01T13:00:00Z', outcome FROM earlier
"""

REDEEMED_BY_BEFORE: Final = """
INSERT INTO redemptions (merchant_id, order_id, product_id, promotion_id, code_id, code_type,
                         applied, discount)
SELECT 1, 'O-1', product_id, promotion_id, code_id, code_type, applied, discount
FROM redemptions WHERE merchant_id = 1 AND order_id = 'A-2'
"""

COUNTED_BY_BEFORE: Final = """
UPDATE redemption_counts AS counts
SET uses = counts.uses + redeemed.uses, discount = counts.discount + redeemed.discount
FROM (
    SELECT promotion_id, applied, count(*) AS uses, sum(discount) AS discount
    FROM redemptions WHERE merchant_id = 1 AND order_id = 'O-1' GROUP BY 1, 2
) AS redeemed
WHERE counts.promotion_id = redeemed.promotion_id AND currency = 'EUR'
  AND counts.applied = redeemed.applied
"""

PRODUCT_PUT_BY_BEFORE: Final = """
INSERT INTO products (merchant_id, product_id, name, name_folded, price, exact_price, currency,
                      updated_at)
VALUES (1, 1, 'Cup', 'cup', 2100, NULL, 'EUR', '2026-06-01T13:00:00Z')
ON CONFLICT (merchant_id, product_id)
DO UPDATE SET name = excluded.name, name_folded = excluded.name_folded, price = excluded.price,
    exact_price = excluded.exact_price, currency = excluded.currency,
    updated_at = excluded.updated_at, deleted_at = NULL
"""

PURGED_BY_BEFORE: Final = (
    """
    WITH redeemed AS (
        DELETE FROM redemptions WHERE merchant_id = 1 AND order_id = 'A-2' RETURNING *
    )
    INSERT INTO purged_redemptions AS kept (merchant_id, promotion_id, code_id, code_type, applied,
                                            currency, uses, discount)
    SELECT 1, promotion_id, code_id, code_type, applied, outcome ->> 'currency', count(*),
           sum(redeemed.discount)
    FROM redeemed JOIN orders USING (merchant_id, order_id)
    GROUP BY promotion_id, code_id, code_type, applied, 6
    """,
    "DELETE FROM orders WHERE merchant_id = 1 AND order_id = 'A-2'",
    "INSERT INTO purges (merchant_id, purged_before) VALUES (1, '2020-01-01T00:00:00Z')",
)

EDITED_BY_BEFORE: Final = """
INSERT INTO timeline_versions (merchant_id, version, price_version)
VALUES (1, 77, 77)
ON CONFLICT (merchant_id) DO UPDATE
SET version = excluded.version, price_version = excluded.price_version
"""


async def test_the_previous_version_writes_at_the_same_time_as_this_one(upgraded: Database) -> None:
    """Its statements name none of the new columns; what they write is read as before."""
    product = Product(1, "Mug", 1999, "EUR", ("sale",))
    await put_products(upgraded, SHOP, [product], NOW)
    await create(upgraded, products=ProductSelection(tags=frozenset(["sale"])))
    assert (await quote(upgraded, SHOP, cart(), NOW)).cart_promotions[0].applied
    async with upgraded.write() as connection:
        for statement in (
            PLACED_BY_BEFORE,
            REDEEMED_BY_BEFORE,
            COUNTED_BY_BEFORE,
            PRODUCT_PUT_BY_BEFORE,
            EDITED_BY_BEFORE,
        ):
            assert await connection.execute(statement) not in ("UPDATE 0", "INSERT 0 0")
    stored = await get_order(upgraded, SHOP, "O-1")
    assert (stored.cart, stored.customer_id, stored.gave_back) == (None, None, False)
    assert await place(upgraded, "O-1", "always") == stored
    assert (await get_product(upgraded, SHOP, 1)).tags == ("sale",)
    assert (await quote(upgraded, SHOP, cart(), NOW)).cart_promotions[0].applied
    await set_status(upgraded, "O-1", OrderStatus.DELETED)
    await set_status(upgraded, "O-1", OrderStatus.PAID)
    assert await violations(upgraded) == []


async def test_older_and_concurrent_orders_are_listed_by_promotion(upgraded: Database) -> None:
    async with upgraded.write() as connection:
        await connection.execute(PLACED_BY_BEFORE)
        await connection.execute(REDEEMED_BY_BEFORE)
        await connection.execute(COUNTED_BY_BEFORE)
    redeemed = {
        pick.promotion_id
        for line in (await get_order(upgraded, SHOP, "A-2")).outcome.lines
        for pick in line.picks
    }
    assert redeemed
    listed = []
    for _ in range(2):
        for promotion_id in sorted(redeemed):
            wanted = OrderQuery(100, promotion_id=promotion_id)
            page = await list_orders(upgraded, SHOP, wanted)
            listed.append({order.order_id for order in page.orders})
            assert {"A-2", "O-1"} <= listed[-1]
        await list_old_orders(upgraded)
    assert listed[: len(redeemed)] == listed[len(redeemed) :]
    assert await violations(upgraded) == []


async def test_older_and_concurrent_orders_are_counted_once(upgraded: Database) -> None:
    """Orders that are counted later count the same as orders that are counted when placed."""
    await place(upgraded, "N-1", "always")
    async with upgraded.write() as connection:
        for statement in (PLACED_BY_BEFORE, REDEEMED_BY_BEFORE, COUNTED_BY_BEFORE):
            await connection.execute(statement)
    [counted] = await rows_of(
        upgraded,
        "SELECT sum(orders) FROM open_order_counts WHERE NOT subject IN"
        " ('promotion', 'code', 'subscription')",
    )
    assert counted["sum"] == 1
    assert await violations(upgraded) == []
    # Several workers count at the same time, and orders are placed meanwhile.
    placing = [place(upgraded, f"N-{number}", "always") for number in range(2, 5)]
    counting = asyncio.gather(*[count_old_orders(upgraded, UTC) for _ in range(3)])
    await asyncio.gather(*placing)
    assert sum(await counting) > 3
    assert await count_old_orders(upgraded, UTC) == 0
    expected: Counter[tuple[object, ...]] = Counter()
    for merchant_id, order_id in await rows_of(
        upgraded, "SELECT merchant_id, order_id FROM orders"
    ):
        stored = await get_order(upgraded, Caller(1, merchant_id, Role.ADMIN), order_id)
        for one in counts_of(stored.outcome, redemptions_of(stored.outcome)):
            key = (merchant_id, one.subject, one.promotion_id, one.code_id, stored.outcome.currency)
            expected[*key, "orders" if one.applied else "beaten"] += one.orders
            expected[*key, "discount"] += one.discount
            expected[*key, "revenue"] += stored.outcome.total * one.orders if one.applied else 0
    found: Counter[tuple[object, ...]] = Counter()
    for row in await rows_of(upgraded, f"SELECT * FROM ({ALL_COUNTS}) AS counts"):
        key = tuple(row[name] for name in KEY_OF_COUNT)
        for name in ("orders", "beaten"):
            found[*key, name] += row[name]
        for name in ("discount", "revenue"):
            found[*key, name] += discount_from(row[name], row["currency"])
    assert +found == +expected
    assert await violations(upgraded) == []


async def test_orders_that_the_previous_version_purges_stay_counted(upgraded: Database) -> None:
    """Its purge keeps no sums of orders. The check still reports what the counters miss."""
    await count_old_orders(upgraded, UTC)
    async with upgraded.write() as connection:
        for statement in PURGED_BY_BEFORE:
            await connection.execute(statement)
    assert await violations(upgraded) == []
    await purge(upgraded, 1, NOW + timedelta(days=1))
    assert await violations(upgraded) == []
    async with upgraded.write() as connection:
        await connection.execute("UPDATE order_counts SET orders = 0 WHERE merchant_id = 1")
    assert await violations(upgraded) != []


async def rows_of(database: Database, query: str) -> list[asyncpg.Record]:
    async with database.read() as connection:
        return list(await connection.fetch(query))


async def test_older_orders_are_nobodys_first_order(upgraded: Database) -> None:
    """They did not name their customer; for those the shop says `has_ordered`."""
    await create(upgraded, conditions=Conditions(first_order=True))
    placed = await place(upgraded, "N-1")
    assert placed.outcome.cart_promotions[0].applied
    assert not (await place(upgraded, "N-2")).outcome.cart_promotions[0].applied


def cart(*codes: str) -> Cart:
    """The cart of the stored orders A-1, A-2 and A-4."""
    return Cart("EUR", (Line("1", 1, 2, 1999),), codes)


async def place(
    database: Database, order_id: str, *codes: str, replaces: str | None = None
) -> StoredOrder:
    bought = cart(*codes)
    if order_id.startswith("N"):
        bought = Cart(bought.currency, bought.lines, codes, None, SHOPPER)
    order = NewOrder(order_id, bought, None, replaces)
    return (await place_order(database, SHOP, order, NOW, NOW.date())).order


async def create(database: Database, **fields: Any) -> None:
    """Create an automatic promotion of 5.00 off the order."""
    terms = CartTerms(Target.ORDER, AmountOff({"EUR": 500}), **fields)
    new = NewCartPromotion("Five off", True, Period(NOW), terms)
    await create_promotion(database, SHOP, new, NOW)


async def set_status(database: Database, order_id: str, status: OrderStatus) -> None:
    await change_order_status(database, SHOP, order_id, status, NOW)


async def test_a_backtest_leaves_out_older_orders_and_counts_them(
    upgraded: Database,
) -> None:
    cart = Cart("EUR", (Line("1", 1, 1, 5000),), customer=SHOPPER)
    await place_order(upgraded, SHOP, NewOrder("new", cart), NOW, NOW.date())
    async with upgraded.read() as connection:
        before = await connection.fetch(
            "SELECT status FROM orders WHERE merchant_id = 1 AND request IS NULL"
        )
    deleted = sum(row["status"] == "deleted" for row in before)
    terms = CartTerms(Target.ORDER, AmountOff({"EUR": 1000}))
    draft = draft_cart_promotion(NewCartPromotion("Draft", True, Period(START), terms))
    until = NOW + timedelta(seconds=1)
    new = NewBacktest(draft, until - timedelta(days=9), until, as_if_running=True, zone="UTC")
    job = await start_backtest(upgraded, SHOP, new, until)
    assert await run_backtest(upgraded, SHOP.merchant_id, job.id, uuid4(), lambda: until)
    result = (await get_backtest(upgraded, SHOP, job.id)).result
    assert result is not None
    assert (result.orders, result.changed, result.deleted) == (1, 1, deleted)
    assert result.without_request == len(before) - deleted > 1

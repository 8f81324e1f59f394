"""Lists of orders: every filter, in pages of every kind, and without reading other orders."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder, OrderStatus, StoredOrder
from sconto.domain.order_list import NEWEST, OrderPage, OrderPlace, OrderQuery
from sconto.domain.people import Caller
from sconto.operations import checkout, promotions
from sconto.operations.order_listing import list_old_orders
from sconto.operations.orders import list_orders
from sconto.store import order_listing, order_lists
from sconto.store.database import Database
from tests.builders import NOON, a_line, a_promotion
from tests.conftest import create_caller
from tests.operations.test_cart_promotions import Shop, cart, shopper, ten_off

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def shop(database: Database, merchant: Caller) -> Shop:
    """Eight orders, A to H, by three customers, some with codes, one minute apart."""
    shop = Shop(database, merchant)
    coupon = a_promotion(codes=("ONE", "TWO", "any"), code_type=CodeType.REUSABLE)
    await promotions.create_promotion(database, merchant, coupon, NOON - MINUTE)
    other = a_promotion(codes=("any",), code_type=CodeType.REUSABLE, name="other")
    await promotions.create_promotion(database, merchant, other, NOON - MINUTE)
    await shop.create(ten_off(), "TEN")
    carts = {
        "A": cart("ten", customer=shopper("c-1")),
        "B": cart("one", "ten"),
        "C": cart(customer=shopper("c-2")),
        "D": cart("unheard-of", customer=shopper("c-1")),
        "E": cart("two", customer=shopper("c-1")),
        "F": cart("any", customer=shopper("c-3")),
        "G": cart("any", "ten", customer=shopper("c-1")),
        "H": cart("one", customer=shopper("c-1")),
    }
    # F and G were placed at the same instant.
    for order_id, minutes in zip(carts, (0, 1, 2, 3, 4, 5, 5, 6), strict=True):
        at = NOON + minutes * MINUTE
        order = NewOrder(order_id, carts[order_id])
        await checkout.place_order(database, merchant, order, at, at.date())
    for order_id, status in (("C", OrderStatus.PAID), ("G", OrderStatus.DELETED)):
        await shop.set_status(order_id, status)
    return shop


async def pages(shop: Shop, limit: int = 2, **conditions: Any) -> list[StoredOrder]:
    """All wanted orders, page by page."""
    found: list[StoredOrder] = []
    before = NEWEST
    while True:
        wanted = OrderQuery(limit, before, **conditions)
        page = await list_orders(shop.database, shop.caller, wanted)
        assert len(page.orders) <= limit
        found += page.orders
        if page.next is None:
            return found
        assert page.next < before
        before = page.next


async def ids(shop: Shop, limit: int = 2, **conditions: Any) -> str:
    return "".join(order.order_id for order in await pages(shop, limit, **conditions))


async def page_ids(shop: Shop, wanted: OrderQuery) -> tuple[str, OrderPage]:
    page = await list_orders(shop.database, shop.caller, wanted)
    return "".join(order.order_id for order in page.orders), page


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"customer_id": "c-1"},
        {"code_key": "any"},
        {"code_key": "any", "customer_id": "c-1"},
        {"status": OrderStatus.NOT_PAID, "until": NOON + 5 * MINUTE},
        {"status": OrderStatus.PAID},
    ],
)
async def test_pages_backwards_are_the_same_as_forwards(
    shop: Shop, conditions: dict[str, Any]
) -> None:
    wanted = OrderQuery(2, **conditions)
    forward = []
    while True:
        listed, page = await page_ids(shop, wanted)
        forward.append(listed)
        if page.next is None:
            break
        wanted = replace(wanted, before=page.next)
    back = [forward[-1]]
    while page.previous is not None:
        wanted = replace(wanted, after=page.previous)
        listed, page = await page_ids(shop, wanted)
        back.append(listed)
    assert back == forward[::-1]


async def test_a_page_back_without_matches_is_the_first(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_lists, "LOOKED_AT", 3)
    wanted = OrderQuery(1, customer_id="c-1", status=OrderStatus.DELETED)
    listed, page = await page_ids(shop, replace(wanted, after=OrderPlace(NOON - MINUTE, "")))
    assert (listed, page.previous) == ("G", None)


async def test_the_page_before_the_second_order_is_the_first(shop: Shop) -> None:
    _, page = await page_ids(shop, OrderQuery(2))
    assert page.previous is None
    second = page.orders[1]
    place = OrderPlace(second.created_at, second.order_id)
    listed, page = await page_ids(shop, OrderQuery(2, after=place))
    assert (listed, page.previous) == ("HG", None)


def combinations(promotion_ids: list[int]) -> Iterator[dict[str, Any]]:
    choices: dict[str, tuple[Any, ...]] = {
        "since": (None, NOON + 2 * MINUTE),
        "until": (None, NOON + 5 * MINUTE),
        "status": (None, OrderStatus.NOT_PAID, OrderStatus.DELETED),
        "customer_id": (None, "c-1", "nobody"),
        "promotion_id": (None, *promotion_ids),
        "code_key": (None, "any", "ten"),
    }
    for values in product(*choices.values()):
        yield dict(zip(choices, values, strict=True))


REDEEMED = """
SELECT order_id, promotion_id, code_key
FROM redemptions LEFT JOIN codes USING (merchant_id, code_id)
WHERE merchant_id = $1
"""


async def test_every_filter_finds_what_a_plain_search_finds(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = await pages(shop, 3)
    assert "".join(order.order_id for order in everything) == "HGFEDCBA"
    async with shop.database.read() as connection:
        rows = await connection.fetch(
            REDEEMED.replace("promotion_id, code", "redemptions.promotion_id, code"),
            shop.caller.merchant_id,
        )
    redeemed = {(row["order_id"], row["promotion_id"], row["code_key"]) for row in rows}

    def fits(order: StoredOrder, wanted: dict[str, Any]) -> bool:
        return (
            (wanted["since"] is None or order.created_at >= wanted["since"])
            and (wanted["until"] is None or order.created_at < wanted["until"])
            and wanted["status"] in (None, order.status)
            and wanted["customer_id"] in (None, order.customer_id)
            and (
                (wanted["promotion_id"], wanted["code_key"]) == (None, None)
                or any(
                    order_id == order.order_id
                    and wanted["promotion_id"] in (None, promotion_id)
                    and wanted["code_key"] in (None, key)
                    for order_id, promotion_id, key in redeemed
                )
            )
        )

    # A page checks three orders at most, so many pages are short.
    monkeypatch.setattr(order_lists, "LOOKED_AT", 3)
    promotion_ids = sorted({promotion_id for _, promotion_id, _ in redeemed})
    assert len(promotion_ids) == 3
    found = 0
    for wanted in list(combinations(promotion_ids))[::5]:
        expected = "".join(order.order_id for order in everything if fits(order, wanted))
        assert await ids(shop, **wanted) == expected, wanted
        found += len(expected)
    assert found > 30


async def test_older_orders_are_found_before_and_after_they_are_indexed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    merchant_id = shop.caller.merchant_id
    async with shop.database.write() as connection:
        # As the previous version left them: C to E before the migration, F during the upgrade.
        await connection.execute(
            "UPDATE redemptions SET placed_at = CASE WHEN order_id = 'F' THEN $2::timestamptz END"
            " WHERE merchant_id = $1 AND order_id < 'G'",
            merchant_id,
            NOON + 5 * MINUTE + timedelta(milliseconds=3),
        )
        await connection.execute(
            "INSERT INTO orders_to_list VALUES ($1, '9999-12-31T00:00:00Z', '')", merchant_id
        )
    found = [await ids(shop, code_key=key) for key in ("any", "one", "ten", "nothing")]
    assert found == ["FG", "HB", "GBA", ""]
    statement = order_listing._LIST_SOME.replace("LIMIT 500", "LIMIT 3")
    monkeypatch.setattr(order_listing, "_LIST_SOME", statement)
    async with shop.database.write() as connection:
        assert await order_listing.list_some(connection, merchant_id) == 3
    for _ in range(2):
        found = [await ids(shop, code_key=key) for key in ("any", "one", "ten", "nothing")]
        assert found == ["GF", "HB", "GBA", ""]
        await list_old_orders(shop.database)
    async with shop.database.read() as connection:
        assert await order_lists.find_unlisted(connection, merchant_id) is None
        times = await connection.fetch(
            "SELECT DISTINCT redemptions.placed_at = created_at AS is_exact FROM redemptions"
            " JOIN orders USING (merchant_id, order_id)"
            " WHERE merchant_id = $1 AND placed_at IS NOT NULL",
            merchant_id,
        )
    assert [row["is_exact"] for row in times] == [True]


async def test_an_order_is_listed_once_for_each_promotion_and_code(shop: Shop) -> None:
    wide = cart("one", "any")
    lines = tuple(a_line(line_id=str(number), product_id=number) for number in range(1, 6))
    bought = type(wide)(wide.currency, lines, wide.codes)
    await shop.order("W", bought)
    async with shop.database.read() as connection:
        rows = await connection.fetch(
            "SELECT count(*) AS rows, count(placed_at) AS listed FROM redemptions"
            " WHERE merchant_id = $1 AND order_id = 'W'",
            shop.caller.merchant_id,
        )
    assert [tuple(row) for row in rows] == [(5, 1)]
    assert await ids(shop, code_key="any") == "GFW"


async def test_other_merchants_orders_are_not_listed(shop: Shop, database: Database) -> None:
    other_merchant = Shop(database, await create_caller(database))
    assert await ids(other_merchant) == ""
    assert await ids(other_merchant, customer_id="c-1") == ""
    assert await ids(other_merchant, code_key="ten") == ""
    assert await ids(other_merchant, status=OrderStatus.PAID) == ""


MANY = 3_000

FILL = f"""
WITH numbers AS (SELECT number FROM generate_series(1, {MANY}) AS number), placed AS (
    INSERT INTO orders (merchant_id, order_id, status, created_at, outcome, customer_id)
    SELECT $1, 'M-' || number, 'paid', $2::timestamptz + number * interval '1 s',
           outcome, 'c-' || number % 5
    FROM numbers, orders AS model
    WHERE model.merchant_id = $1 AND model.order_id = 'B'
)
INSERT INTO redemptions (merchant_id, order_id, product_id, promotion_id, code_id, code_type,
                         applied, discount, placed_at)
SELECT $1, 'M-' || number, product_id, promotion_id, code_id, code_type, applied, discount,
       $2::timestamptz + number * interval '1 s'
FROM numbers, redemptions AS model
WHERE model.merchant_id = $1 AND model.order_id = 'B'
"""


@pytest.mark.plain_postgresql("the plan of the coordinator has no rows of the node")
async def test_a_page_reads_as_many_rows_as_it_shows(shop: Shop) -> None:
    """However many orders there are: counted in the plans of the statements."""
    caller = shop.caller
    async with shop.database.write() as connection:
        await connection.execute(FILL, caller.merchant_id, NOON + timedelta(days=1))
        await connection.execute("ANALYZE orders, redemptions")
        [(promotion_id, code_id)] = await connection.fetch(
            "SELECT promotion_id, code_id FROM redemptions"
            " WHERE merchant_id = $1 AND order_id = 'B' LIMIT 1",
            caller.merchant_id,
        )
        place = NOON + timedelta(days=1, minutes=30)
        for walk, statement in order_lists.PAGES.items():
            filters = {
                order_lists.Walk.CODE: (None, None, None, [code_id]),
                order_lists.Walk.PROMOTION: (None, None, promotion_id, None),
                order_lists.Walk.CUSTOMER: (None, "c-1", None, None),
                order_lists.Walk.STATUS: ("paid", None, None, None),
                order_lists.Walk.UNLISTED: (None, None, promotion_id, None),
            }.get(walk, (None, None, None, None))
            arguments = (caller.merchant_id, place, "", NOON, *filters, 21, 21)
            plan = json.loads(
                await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *arguments)
            )
            read = rows_read(plan[0]["Plan"])
            assert 21 <= read <= 6 * 21, (walk, read, plan)


def rows_read(node: dict[str, Any]) -> int:
    """The rows that the scans of a plan read, wanted or not."""
    found = sum(rows_read(part) for part in node.get("Plans", []))
    if "Relation Name" in node:
        looked = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        found += round(looked * node["Actual Loops"])
    return found

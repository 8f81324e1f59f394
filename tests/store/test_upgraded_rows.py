"""Rows of versions before schema 0013, also those written during an upgrade, are read correctly."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from sconto.api.checkout.writing import write_order
from sconto.domain.cart import Cart, Line
from sconto.domain.order import NewOrder, Placed
from sconto.domain.people import Caller, Role
from sconto.domain.schedule import ALL_PRODUCTS_ID, SECOND
from sconto.domain.subscription import Subscription, SubscriptionCode
from sconto.operations.checkout import get_order, place_order, quote
from sconto.operations.counters import fold
from sconto.operations.products import get_product, put_products
from sconto.operations.promotions import delete_promotion
from sconto.store.database import Database
from sconto.store.migrate import migrate
from tests.builders import a_product
from tests.promises import violations
from tests.statistics import get_daily_uses, get_statistics
from tests.store.older_schemas import at_schema, execute

ROWS: Final = Path(__file__).with_name("rows_of_0008.sql")
SHOP: Final = Caller(1, 1, Role.ADMIN)
DAY: Final = date(2026, 6, 15)
NOW: Final = datetime(2026, 6, 15, 13, tzinfo=UTC)
JULY, AUGUST = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC)

ALWAYS, JUNE_SALE, JULY_SALE, POTS, JUNE_POTS = 1, 2, 3, 4, 5

ORDERS: Final = {
    "A-1": Cart("RSD", (Line("1", 2, 1, 9900), Line("2", 1, 3, 15000)), ("once",)),
    "A-2": Cart("IQD", (Line("1", 4, 1, 1_501_000),)),
    "A-3": Cart("EUR", (Line("1", 3, 1, 1999),)),
    "A-4": Cart(
        "RSD",
        (Line("1", 1, 1, 9900),),
        (),
        Subscription(None, "monthly", 1, (SubscriptionCode("sub", 1),)),
    ),
}
"""The carts of the stored orders as this version reads them, in minor units."""


@pytest.fixture(scope="module")
def template(create_database: Callable[[str], str]) -> str:
    """The name of a database with rows of schema 0008, migrated to the newest schema."""
    url = at_schema(create_database, "0008")
    execute(url, ROWS.read_text())
    migrate(url)
    return urlsplit(url).path.removeprefix("/")


@pytest.fixture
def url(create_database: Callable[[str], str], template: str) -> str:
    """The address of a copy of that database."""
    return create_database(template)


@pytest.fixture
async def upgraded(url: str) -> AsyncIterator[Database]:
    database = await Database.open(url)
    yield database
    await database.close()


async def place(database: Database, order_id: str, cart: Cart) -> Placed:
    return await place_order(database, SHOP, NewOrder(order_id, cart), NOW, DAY)


async def test_orders_keep_what_the_customer_paid(upgraded: Database) -> None:
    amounts = {}
    for order_id in ORDERS:
        answer = write_order(await get_order(upgraded, SHOP, order_id))
        amounts[order_id] = [answer.subtotal, answer.discount, answer.total, answer.lines[0].total]
    assert amounts == {
        "A-1": ["549.00", "275.00", "274.00", "49.00"],
        "A-2": ["1501.000", "751.000", "750.000", "750.000"],
        "A-3": ["19.99", "10.00", "9.99", "9.99"],
        "A-4": ["99.00", "63.00", "36.00", "36.00"],
    }
    subscription = (await get_order(upgraded, SHOP, "A-4")).outcome.subscription
    assert subscription is not None
    assert subscription.discount == 1300


async def test_repeated_orders_are_recognised(upgraded: Database) -> None:
    for order_id, cart in ORDERS.items():
        stored = await get_order(upgraded, SHOP, order_id)
        placed = await place(upgraded, order_id, cart)
        assert (placed.created, placed.order) == (False, stored)


async def test_statistics_continue_with_exact_amounts(upgraded: Database) -> None:
    async def given() -> dict[str, int]:
        sums: Counter[str] = Counter()
        for uses in await get_daily_uses(upgraded, SHOP, JUNE_SALE, DAY):
            sums[uses.place.currency] += uses.discount
        return dict(sums)

    assert await given() == {"RSD": 32500, "IQD": 751_000, "EUR": 1000}
    assert (await get_statistics(upgraded, SHOP, JUNE_SALE)).uses == 5
    # Half of 150.51 is 75.255, rounded half up to 75.26; half of 0.001 to 0.001.
    await place(upgraded, "B-1", Cart("RSD", (Line("1", 1, 1, 15051),)))
    await place(upgraded, "B-2", Cart("IQD", (Line("1", 4, 1, 1),)))
    assert await given() == {"RSD": 40026, "IQD": 751_001, "EUR": 1000}
    assert (await get_statistics(upgraded, SHOP, JUNE_SALE)).uses == 7
    await fold(upgraded, NOW + timedelta(days=70))
    assert await given() == {"RSD": 40026, "IQD": 751_001, "EUR": 1000}
    assert await violations(upgraded) == []


async def test_both_versions_add_to_the_same_counters(upgraded: Database, url: str) -> None:
    await place(upgraded, "B-1", Cart("RSD", (Line("1", 1, 1, 15051),)))
    # The older version counts whole dinars: 10 here.
    execute(url, "UPDATE redemption_counts SET discount = discount + 10 WHERE currency = 'RSD'")
    stored = execute(url, "SELECT sum(discount) FROM redemption_counts WHERE currency = 'RSD'")
    rows = sum(
        uses.discount
        for uses in await get_daily_uses(upgraded, SHOP, JUNE_SALE, DAY)
        if uses.place.currency == "RSD"
    )
    assert stored == [(Decimal("430.26"),)]
    assert rows == 32500 + 7526 + 1000


async def test_prices_of_the_catalogue_stay_and_get_decimals(upgraded: Database, url: str) -> None:
    async def price(product_id: int) -> int:
        return (await get_product(upgraded, SHOP, product_id)).price

    assert [await price(number) for number in (1, 2, 3, 4)] == [15000, 9900, 1999, 1_500_000]
    await put_products(upgraded, SHOP, [a_product(1, price=15052, currency="RSD")], NOW)
    assert await price(1) == 15052
    # The older version reads and writes whole dinars.
    assert execute(url, "SELECT price FROM products WHERE product_id = 1") == [(150,)]
    execute(url, "UPDATE products SET price = 200 WHERE product_id = 1")
    assert await price(1) == 20000
    execute(url, "UPDATE products SET price = 15052, currency = 'EUR' WHERE product_id = 1")
    assert await price(1) == 15052
    counts = await put_products(
        upgraded, SHOP, [a_product(2, name="Pot", price=9950, currency="RSD")], NOW
    )
    assert counts.updated == 1


async def test_timelines_have_no_gap_between_two_sales(upgraded: Database, url: str) -> None:
    assert timeline(url, ALL_PRODUCTS_ID) == [
        (ALWAYS, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)),
        (JUNE_SALE, datetime(2026, 6, 1, tzinfo=UTC), JULY),
        (JULY_SALE, JULY, AUGUST),
        (ALWAYS, AUGUST, None),
    ]
    assert timeline(url, 2)[1:] == [
        (JUNE_POTS, datetime(2026, 6, 1, tzinfo=UTC), JULY),
        (POTS, JULY, None),
    ]
    assert await violations(upgraded) == []
    cart = Cart("EUR", (Line("1", 3, 1, 1000),))
    for at, discount in ((JULY - SECOND / 2, 500), (JULY, 100), (AUGUST - SECOND / 2, 100)):
        assert (await quote(upgraded, SHOP, cart, at)).discount == discount


async def test_timelines_drawn_by_the_older_version_include_last_seconds(
    upgraded: Database, url: str
) -> None:
    """The older version ends a span a microsecond after its last second begins."""
    for start, end, promotion in (
        (JULY, "2026-07-31T23:59:59.000001Z", JULY_SALE),
        ("2026-07-31T23:59:59.000001Z", AUGUST, ALWAYS),
        ("2026-09-01T23:59:59.000001Z", None, ALWAYS),
    ):
        execute(url, DRAWN_BEFORE, (start, end, promotion))
    assert timeline(url, ALL_PRODUCTS_ID)[2:] == [
        (JULY_SALE, JULY, AUGUST),
        (ALWAYS, AUGUST, None),
        (ALWAYS, datetime(2026, 9, 2, tzinfo=UTC), None),
    ]


async def test_a_promotion_of_the_older_version_is_deleted_from_the_timeline(
    upgraded: Database, url: str
) -> None:
    await delete_promotion(upgraded, SHOP, JUNE_SALE, NOW)
    await delete_promotion(upgraded, SHOP, JUNE_POTS, NOW)
    assert timeline(url, ALL_PRODUCTS_ID)[0] == (ALWAYS, datetime(2026, 1, 1, tzinfo=UTC), JULY)
    assert timeline(url, 2) == [(POTS, datetime(2026, 1, 1, tzinfo=UTC), None)]
    assert await violations(upgraded) == []


DRAWN_BEFORE: Final = """
INSERT INTO automatic_picks (merchant_id, product_id, starts_at, ends_at, promotion_id, percent)
VALUES (1, 0, %s, %s, %s, 1)
ON CONFLICT (merchant_id, product_id, starts_at) DO UPDATE
SET ends_at = excluded.ends_at, promotion_id = excluded.promotion_id, percent = excluded.percent
"""


def timeline(url: str, product_id: int) -> list[tuple[object, ...]]:
    return execute(
        url,
        "SELECT promotion_id, starts_at, ends_at FROM automatic_picks WHERE product_id = %s"
        " ORDER BY starts_at",
        (product_id,),
    )

"""A shop with promotions of all kinds and some orders."""

from collections.abc import Mapping
from datetime import timedelta

from sconto.api.clock import read_clock
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.overview import OverviewQuery
from sconto.domain.people import Caller
from sconto.domain.promotion import Promotion
from sconto.domain.subscription_promotion import SubscriptionTerms
from sconto.operations import checkout, overviews, products, promotions, subscription_promotions
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line, a_period, a_product, a_promotion

WEEK = timedelta(weeks=1)


async def open_shop(database: Database, caller: Caller) -> Mapping[str, int]:
    """Create products 1 to 6, seven promotions and some orders; return promotion ids by name."""
    now = read_clock()
    catalogue = [
        a_product(1, name="Mug, white", price=1999),
        a_product(2, name="Mug, blue", price=1999),
        a_product(3, name="Teapot", price=4950),
        a_product(4, name="Tea, green, 100 g", price=790),
        a_product(5, name="Tea, black, 100 g", price=690),
        a_product(6, name="Gift wrapping", price=250),
    ]
    await products.put_products(database, caller, catalogue, now)
    wanted = [
        a_promotion(
            name="Winter sale",
            period=a_period(now - 3 * WEEK, now + 4 * WEEK),
            coverage=OwnPercents({1: 10 * PERCENT, 2: 10 * PERCENT, 3: 25 * PERCENT}),
        ),
        a_promotion(
            name="Newsletter welcome",
            period=a_period(now - 20 * WEEK),
            coverage=AllProducts(15 * PERCENT),
            codes=("WELCOME15",),
        ),
        a_promotion(
            name="Tea lovers",
            period=a_period(now - 2 * WEEK, now + WEEK),
            coverage=ListedProducts(12_500_000, (4, 5)),
            codes=("TEA-1", "TEA-2", "TEA-3"),
            code_type=CodeType.REUSABLE,
        ),
        a_promotion(
            name="An apology for late parcels",
            period=a_period(now - WEEK, now + WEEK),
            coverage=AllProducts(20 * PERCENT),
            codes=("SORRY-7KQ2",),
            code_type=CodeType.ONE_TIME,
        ),
        a_promotion(name="Spring cleaning", period=a_period(now + 8 * WEEK, now + 10 * WEEK)),
        a_promotion(name="Summer 2025", period=a_period(now - 60 * WEEK, now - 52 * WEEK)),
        a_promotion(name="Friends", active=False, codes=("FRIEND",)),
    ]
    ids = {
        new.name: await promotions.create_promotion(database, caller, new, now - WEEK)
        for new in wanted
    }
    for number, days_ago in enumerate((0, 1, 1, 1, 3, 6, 6, 9, 13, 13, 13, 20)):
        code = ("WELCOME15", "TEA-1", "WELCOME15", "TEA-2")[number % 4]
        lines = (
            a_line(3, line_id="1", unit_price=4950),
            a_line(4, line_id="2", quantity=2, unit_price=790),
        )
        order = NewOrder(f"{number}", a_cart(*lines, codes=(code,)))
        day = (now - timedelta(days=days_ago)).date()
        await checkout.place_order(database, caller, order, now, day)
    sorry = NewOrder("sorry", a_cart(a_line(6, unit_price=250), codes=("SORRY-7KQ2",)))
    await checkout.place_order(database, caller, sorry, now, now.date())
    return ids


async def create_subscription(database: Database, caller: Caller, terms: SubscriptionTerms) -> int:
    """Create a subscription promotion; return its id."""
    made = await subscription_promotions.create_promotion(database, caller, terms, NOON)
    return made.id


async def newest(database: Database, caller: Caller) -> Promotion:
    """The product promotion that was edited last."""
    now = read_clock()
    page = await overviews.list_overviews(database, caller, OverviewQuery(limit=1), now, now.date())
    return await promotions.get_promotion(database, caller, page.overviews[0].summary.id)

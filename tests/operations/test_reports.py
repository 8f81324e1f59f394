"""Figures of reports: orders of the days that they name, by currency, each counted once."""

from datetime import date, timedelta

from sconto.domain.cart import Cart, Line
from sconto.domain.coverage import OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.reports import DayRange, ShopFigures, latest_days
from sconto.operations.check import check
from sconto.operations.checkout import place_order
from sconto.operations.counters import fold
from sconto.operations.products import put_products
from sconto.operations.promotions import create_promotion
from sconto.operations.reports import shop_figures
from sconto.store.database import Database
from tests.builders import NOON, a_period, a_product, a_promotion
from tests.conftest import create_caller

TODAY = NOON.date()
HALF_OFF_ONE = OwnPercents({1: 50 * PERCENT})


async def violations(database: Database, caller: Caller) -> list[str]:
    return [
        one.words async for found in check(database, caller.merchant_id) for one in found.violations
    ]


async def order(
    database: Database,
    caller: Caller,
    order_id: str,
    *product_ids: int,
    currency: str = "EUR",
    day: date = TODAY,
    codes: tuple[str, ...] = (),
) -> None:
    """An order of products at 10.00."""
    lines = tuple(Line(str(number), one, 1, 1000) for number, one in enumerate(product_ids))
    new = NewOrder(order_id, Cart(currency, lines, codes))
    await place_order(database, caller, new, NOON, day)


async def test_a_shops_figures_are_of_the_days_and_of_those_before(
    database: Database, merchant: Caller
) -> None:
    await put_products(database, merchant, [a_product(1), a_product(2)], NOON)
    for coverage, period in (
        (HALF_OFF_ONE, None),
        (HALF_OFF_ONE, a_period(NOON, NOON + timedelta(days=1))),
        (HALF_OFF_ONE, a_period(NOON + timedelta(seconds=1))),
    ):
        promotion = a_promotion(coverage=coverage, period=period)
        await create_promotion(database, merchant, promotion, NOON)
    days = latest_days(30, TODAY)
    await order(database, merchant, "both products", 1, 2)
    await order(database, merchant, "first day", 2, day=days.first)
    await order(database, merchant, "yen", 2, currency="JPY")
    await order(database, merchant, "last day before", 1, 1, day=days.before.last)
    await order(database, merchant, "first day before", 1, day=days.before.first)
    await order(database, merchant, "too old", 1, day=days.before.first - timedelta(days=1))
    await order(database, merchant, "tomorrow", 1, day=TODAY + timedelta(days=1))
    await order(database, await create_caller(database), "of another shop", 1)

    report = await shop_figures(database, merchant, days, NOON)
    assert list(report.now.items()) == [
        ("EUR", ShopFigures(2, 1, 500, 2500, 1500)),
        ("JPY", ShopFigures(1, 0, 0, 1000, 0)),
    ]
    assert report.before == {"EUR": ShopFigures(2, 2, 1500, 1500, 1500), "JPY": ShopFigures()}
    assert report.active_promotions == 2
    assert report.now["EUR"].full_price_revenue == 1000

    assert await fold(database, NOON + timedelta(days=400)) > 0
    assert await shop_figures(database, merchant, days, NOON) == report
    assert await violations(database, merchant) == []


async def test_a_shop_without_orders_has_no_figures(database: Database, merchant: Caller) -> None:
    report = await shop_figures(database, merchant, DayRange(TODAY, TODAY), NOON)
    assert (report.now, report.before, report.active_promotions) == ({}, {}, 0)

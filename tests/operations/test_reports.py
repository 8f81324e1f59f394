"""Figures of reports: orders of the days that they name, by currency, each counted once."""

from dataclasses import replace
from datetime import UTC, date, timedelta

from sconto.domain.cart import Cart, Line
from sconto.domain.cart_promotion import (
    AmountOff,
    CartPromotion,
    CartTerms,
    NewCartPromotion,
    Target,
)
from sconto.domain.coverage import OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.order_counts import Subject
from sconto.domain.people import Caller
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.reports import (
    WHOLE_SHOP,
    DayRange,
    Figures,
    ShopFigures,
    ShopReport,
    latest_days,
    query_for,
    subject_of,
)
from sconto.domain.schedule import Period
from sconto.domain.subscription import Subscription, SubscriptionCode
from sconto.domain.subscription_promotion import SubscriptionPromotion
from sconto.operations import subscription_promotions
from sconto.operations.cart_promotions import create_promotion as create_cart_promotion
from sconto.operations.checkout import place_order
from sconto.operations.counters import fold
from sconto.operations.products import put_products
from sconto.operations.promotions import create_promotion
from sconto.operations.reports import report_promotion, report_shop
from sconto.store.database import Database
from sconto.store.reports import read_shop
from tests.builders import NOON, a_period, a_product, a_promotion, amount_off, subscription_terms
from tests.conftest import create_caller
from tests.promises import violations

TODAY = NOON.date()
HALF_OFF_ONE = OwnPercents({1: 50 * PERCENT})


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


async def figures(database: Database, merchant: Caller, days: DayRange) -> ShopReport:
    async with database.read() as connection:
        return await read_shop(connection, merchant.merchant_id, days, NOON)


async def test_a_shops_figures_are_of_the_days_and_the_days_before(
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

    report = await figures(database, merchant, days)
    assert list(report.now.items()) == [
        ("EUR", ShopFigures(2, 1, 500, 2500, 1500)),
        ("JPY", ShopFigures(1, 0, 0, 1000, 0)),
    ]
    assert report.before == {"EUR": ShopFigures(2, 2, 1500, 1500, 1500), "JPY": ShopFigures()}
    assert report.active_promotions == 2
    assert report.now["EUR"].full_price_revenue == 1000

    assert await fold(database, NOON + timedelta(days=400)) > 0
    assert await figures(database, merchant, days) == report
    assert await violations(database, merchant) == []


async def test_a_shop_without_orders_has_no_figures(database: Database, merchant: Caller) -> None:
    report = await figures(database, merchant, DayRange(TODAY, TODAY))
    assert (report.now, report.before, report.active_promotions) == ({}, {}, 0)


async def test_a_product_promotions_report_names_what_it_took_off_and_who_won(
    database: Database, merchant: Caller
) -> None:
    products = [a_product(1, name="Tea"), a_product(2, name="Mug")]
    await put_products(database, merchant, products, NOON)
    own = OwnPercents({1: 20 * PERCENT, 2: 20 * PERCENT})
    tenth = await create_promotion(database, merchant, a_promotion(name="Tenth"), NOON)
    coupon = await create_promotion(
        database, merchant, a_promotion(name="Coupon", codes=("A", "B"), coverage=own), NOON
    )
    half = await create_promotion(
        database, merchant, a_promotion(name="Half", coverage=HALF_OFF_ONE), NOON
    )
    await order(database, merchant, "none", 1)
    await order(database, merchant, "both", 1, 2, codes=("a",))
    await order(database, merchant, "mug", 2, codes=("b",))
    await order(database, merchant, "mugs", 2, codes=("b",))
    await order(database, merchant, "tea", 1, codes=("a",))
    await order(database, merchant, "yen", 2, currency="JPY", codes=("a",))

    query = query_for(latest_days(7, TODAY), UTC)
    found = await report_promotion(database, merchant, PromotionKind.PRODUCT, coupon, query)
    days, subject = query.days, Subject.PROMOTION
    assert found.report.currencies == ["EUR", "JPY"]
    assert found.report.total(days, "EUR", subject) == Figures(3, 1, 600, 2900)
    assert found.report.total(days, "EUR", *WHOLE_SHOP) == Figures(5, 0, 2100, 3900)
    assert found.report.total(days, "JPY", subject) == Figures(1, 0, 200, 800)
    assert found.details.codes == [("B", 2, 400), ("A", 1, 200)]
    assert found.details.code_totals == (2, 0)
    assert found.details.redemptions == (4, 2)
    assert [(mark.verb, mark.changed_at) for mark in found.details.marks] == [("created", NOON)]
    assert found.newest.products == [(2, "Mug", 3, 600, 2400)]
    assert found.newest.winners == [("product", half, "Half", 2)]
    assert [(one.order_id, one.code, one.discount, one.total) for one in found.newest.orders] == [
        ("mugs", "B", 200, 800),
        ("mug", "B", 200, 800),
        ("both", "A", 200, 1300),
    ]
    first = await report_promotion(
        database, merchant, PromotionKind.PRODUCT, coupon, replace(query, orders=2)
    )
    assert first.newest.orders == found.newest.orders[:2]
    rest = replace(query, orders=2, before=first.newest.next, currency="EUR")
    second = await report_promotion(database, merchant, PromotionKind.PRODUCT, coupon, rest)
    assert (second.newest.orders, second.newest.next) == (found.newest.orders[2:], None)

    shop = await report_shop(database, merchant, replace(query, currency="JPY"))
    assert (shop.currency, [one.promotion_id for one in shop.promotions]) == (
        "JPY",
        [coupon, tenth],
    )
    shop = await report_shop(database, merchant, query)
    assert [(one.name, one.figures.orders, one.figures.beaten) for one in shop.promotions] == [
        ("Half", 3, 0),
        ("Coupon", 3, 1),
        ("Tenth", 0, 5),
    ]
    assert shop.promotions[-1].promotion_id == tenth
    assert shop.looked_at == 6
    assert shop.products == [(1, "Tea", 3, 1500, 1500), (2, "Mug", 3, 600, 2400)]
    assert await violations(database, merchant) == []


async def test_beaten_cart_and_subscription_promotions_are_counted_separately(
    database: Database, merchant: Caller
) -> None:
    made: dict[str, CartPromotion | SubscriptionPromotion] = {}
    for name, amount in (("Ten", 1000), ("Twelve", 1200)):
        terms = CartTerms(Target.ORDER, AmountOff({"EUR": amount}), exclusive=True)
        new = NewCartPromotion(name, True, Period(NOON), terms, None, ())
        made[name] = await create_cart_promotion(database, merchant, new, NOON)
    for code, off in (("THREE", "3.00"), ("FIVE", "5.00")):
        terms_ = subscription_terms(amount_off(off), code=code)
        created = await subscription_promotions.create_promotion(database, merchant, terms_, NOON)
        made[code] = created
    five = made["FIVE"]
    assert isinstance(five, SubscriptionPromotion)
    codes = (SubscriptionCode("THREE", 1), SubscriptionCode("FIVE", 1))
    cart = Cart("EUR", (Line("1", 1, 5, 1000),), (), Subscription(None, "monthly", 1, codes))
    for order_id in ("A", "B"):
        await place_order(database, merchant, NewOrder(order_id, cart), NOON, TODAY)

    query = query_for(latest_days(7, TODAY), UTC)

    async def report(
        kind: PromotionKind, name: str
    ) -> tuple[Figures, list[tuple[str, int]], list[object]]:
        found = await report_promotion(database, merchant, kind, made[name].id, query)
        total = found.report.total(query.days, "EUR", subject_of(kind))
        winners = [(one.name, one.orders) for one in found.newest.winners]
        return total, winners, [(one.discount, one.code) for one in found.newest.orders]

    cart_kind, subscription = PromotionKind.CART, PromotionKind.SUBSCRIPTION
    assert await report(cart_kind, "Ten") == (Figures(0, 2), [("Twelve", 2)], [])
    assert await report(cart_kind, "Twelve") == (
        Figures(2, 0, 2400, 6600),
        [],
        [(1200, None), (1200, None)],
    )
    assert await report(subscription, "THREE") == (
        Figures(0, 2),
        [(five.terms.name, 2)],
        [],
    )
    assert await report(subscription, "FIVE") == (
        Figures(2, 0, 1000, 6600),
        [],
        [(500, "FIVE"), (500, "FIVE")],
    )
    shop = await report_shop(database, merchant, query)
    assert {(one.kind, one.promotion_id, one.figures.orders) for one in shop.promotions} == {
        ("cart", made["Ten"].id, 0),
        ("cart", made["Twelve"].id, 2),
        ("subscription", made["THREE"].id, 0),
        ("subscription", made["FIVE"].id, 2),
    }
    assert await violations(database, merchant) == []

"""The impact of a promotion is what saving it does."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sconto.api.clock import read_clock
from sconto.domain.cart_promotion import CartTerms, NewCartPromotion, PercentOff, Target
from sconto.domain.coverage import AllProducts, Coverage, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.preview import WarningKind
from sconto.domain.promotion import NewPromotion, PromotionChange, PromotionQuery
from sconto.domain.schedule import Period
from sconto.operations import cart_promotions, products, promotions
from sconto.operations.catalog_prices import price_products
from sconto.operations.impact import ImpactQuery, find_cart_overlaps, find_impact
from sconto.store.database import Database
from tests.builders import a_period, a_product, a_promotion

DAY = timedelta(days=1)
IDS = range(1, 6)


def a_coverage(chance: random.Random) -> Coverage:
    """All products, some, or some with percents of their own."""
    some = tuple(chance.sample(IDS, chance.randint(1, 4)))
    percent = chance.randint(1, 9) * PERCENT
    own = OwnPercents({one: chance.randint(1, 9) * PERCENT for one in some})
    choices: list[Coverage] = [AllProducts(percent), ListedProducts(percent, some), own]
    return chance.choice(choices)


def a_draft(chance: random.Random, now: datetime, *, active: bool = True) -> NewPromotion:
    starts_at = now - chance.randint(1, 5) * DAY
    period = a_period(starts_at, chance.choice([None, now + DAY, now + 2 * DAY]))
    name = f"number {chance.random()}"
    return a_promotion(name=name, coverage=a_coverage(chance), period=period, active=active)


@pytest.mark.parametrize("seed", range(6))
async def test_the_impact_is_what_saving_does_to_prices(
    database: Database, merchant: Caller, seed: int
) -> None:
    chance = random.Random(seed)
    now = read_clock()
    catalogue = [a_product(one, name=f"Tea {one}", price=1000 + one) for one in IDS]
    await products.put_products(database, merchant, catalogue, now)
    # A cart promotion that listings show, so that it is part of every price.
    lines = CartTerms(Target.LINES, PercentOff(20 * PERCENT))
    shown = NewCartPromotion("shown", True, Period(now - DAY), lines)
    await cart_promotions.create_promotion(database, merchant, shown, now)
    stored: list[tuple[int, NewPromotion]] = []
    for _ in range(8):
        new = a_draft(chance, now, active=chance.random() < 0.8)
        before = chance.choice([None, None, *stored])
        query = ImpactQuery(new, before)
        found = await find_impact(database, merchant, query, now)
        old = await price_products(database, merchant, catalogue, now)
        new = replace(new, active=True)
        if before is None:
            made = await promotions.create_promotion(database, merchant, new, now)
        else:
            made = before[0]
            stored.remove(before)
            period = new.period
            change = PromotionChange(
                new.type,
                active=True,
                starts_at=period.starts_at,
                ends_at=period.ends_at,
                no_end=period.ends_at is None,
                terms=new.terms,
            )
            await promotions.change_promotion(database, merchant, made, change, now)
        stored.append((made, new))
        saved = await price_products(database, merchant, catalogue, now)
        expected = {
            one: (old[one].price, price.price)
            for one, price in saved.items()
            if price.price != old[one].price
        }
        assert {c.product.product_id: (c.before, c.after) for c in found.changes} == expected
        assert {one: price.price for one, price in found.prices.items()} == {
            one: saved[one].price for one in found.prices
        }
        for rise in found.dearer:
            assert rise.promotion_id is None or rise.promotion_id in found.names


async def test_a_code_is_compared_with_the_price_without_a_code(
    database: Database, merchant: Caller
) -> None:
    now = read_clock()
    catalogue = [a_product(one, price=1000) for one in (1, 2, 3)]
    await products.put_products(database, merchant, catalogue, now)
    sale = a_promotion(name="Sale", coverage=ListedProducts(20 * PERCENT, (1,)))
    everywhere = a_promotion(name="All", coverage=AllProducts(5 * PERCENT))
    for new in (sale, everywhere):
        await promotions.create_promotion(database, merchant, new, now)
    draft = a_promotion(
        codes=("MINE",), coverage=ListedProducts(10 * PERCENT, (1, 2, 99)), active=False
    )
    found = await find_impact(database, merchant, ImpactQuery(draft), now)
    assert [(one.product.product_id, one.before, one.after, one.code) for one in found.changes] == [
        (2, 950, 900, "MINE")
    ]
    assert (len(found.cheaper), len(found.dearer), found.unchanged) == (1, 0, 1)
    assert found.unknown == [99]
    assert [(one.name, one.products) for one in found.overlaps] == [("Sale", 1), ("All", None)]
    assert found.sample is not None
    assert [line.total for line in found.sample.lines] == [1600, 1800]
    assert await promotions.list_promotions(database, merchant, PromotionQuery(), now) == sorted(
        [one.promotion_id for one in found.overlaps], reverse=True
    )


async def test_dropped_products_get_dearer_and_a_rival_causes_a_warning(
    database: Database, merchant: Caller
) -> None:
    now = read_clock()
    await products.put_products(
        database, merchant, [a_product(one, price=1000) for one in (1, 2)], now
    )
    new = a_promotion(name="Own", coverage=ListedProducts(20 * PERCENT, (1, 2)))
    made = await promotions.create_promotion(database, merchant, new, now)
    less = replace(new, terms=replace(new.terms, coverage=ListedProducts(20 * PERCENT, (1,))))
    found = await find_impact(database, merchant, ImpactQuery(less, (made, new)), now)
    assert [(one.product.product_id, one.after) for one in found.dearer] == [(2, 1000)]
    assert found.names[made] == "Own"
    rival = a_promotion(name="Better", coverage=AllProducts(50 * PERCENT))
    other = await promotions.create_promotion(database, merchant, rival, now)
    found = await find_impact(database, merchant, ImpactQuery(less, (made, new)), now)
    assert [(one.kind, one.promotion_id) for one in found.warnings] == [
        (WarningKind.NEVER_WINS, other)
    ]
    assert found.names[other] == "Better"


async def test_cart_promotions_of_the_same_step_and_time_are_named(
    database: Database, merchant: Caller
) -> None:
    now = read_clock()

    def of(
        name: str, target: Target, start: int, end: int, *, exclusive: bool = False
    ) -> NewCartPromotion:
        terms = CartTerms(target, PercentOff(PERCENT), exclusive=exclusive)
        return NewCartPromotion(name, True, Period(now + start * DAY, now + end * DAY), terms)

    for new in (
        of("together", Target.ORDER, -5, 5),
        of("alone", Target.ORDER, 1, 9, exclusive=True),
        of("over", Target.ORDER, -5, -1),
        of("later", Target.ORDER, 20, 30),
        of("on lines", Target.LINES, -5, 5),
    ):
        await cart_promotions.create_promotion(database, merchant, new, now)
    draft = of("draft", Target.ORDER, -3, 10)
    found = await find_cart_overlaps(database, merchant, draft, now, None)
    assert [(one.name, one.is_exclusive) for one in found] == [("alone", True), ("together", False)]
    own = found[1].promotion_id
    found = await find_cart_overlaps(database, merchant, draft, now, own)
    assert [one.name for one in found] == ["alone"]

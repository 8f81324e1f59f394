"""A promotion that would raise prices is saved or switched on only after a warning."""

from datetime import datetime, timedelta

import pytest

from sconto.api.clock import read_clock
from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.promotion import NewPromotion
from sconto.operations import checkout, products, promotions
from sconto.operations.price_rises import (
    PriceRises,
    PricesRaised,
    PromotionDraft,
    find_rises,
    save_promotion,
    switch_on,
)
from sconto.store.database import Database
from tests.builders import a_period, a_product, a_promotion

DAY = timedelta(days=1)


async def a_running_sale(database: Database, caller: Caller, now: datetime) -> int:
    """10 % off products 1 to 3 of the four in the catalogue, each for 10.00."""
    catalogue = [a_product(number, price=1000) for number in (1, 2, 3, 4)]
    await products.put_products(database, caller, catalogue, now)
    sale = sale_of(10, 1, 2, 3, name="Tea of the month", starts_at=now - DAY)
    return await promotions.create_promotion(database, caller, sale, now)


def sale_of(
    percent: int, *product_ids: int, name: str = "New", starts_at: datetime, active: bool = True
) -> NewPromotion:
    covered = ListedProducts(percent * PERCENT, product_ids)
    coverage = covered if product_ids else AllProducts(percent * PERCENT)
    return a_promotion(name=name, coverage=coverage, period=a_period(starts_at), active=active)


def shown(rises: PriceRises | None) -> list[tuple[int, int, int, str | None]]:
    assert rises is not None
    return [
        (one.product.product_id, one.before, one.after, rises.names.get(one.promotion_id or 0))
        for one in rises.changes
    ]


async def test_a_newer_smaller_promotion_is_not_saved_without_consent(
    database: Database, merchant: Caller
) -> None:
    now = read_clock()
    sale = await a_running_sale(database, merchant, now)
    draft = PromotionDraft(sale_of(7, 1, 3, 4, starts_at=now - DAY))
    expected = [(1, 900, 930, "Tea of the month"), (3, 900, 930, "Tea of the month")]
    with pytest.raises(PricesRaised) as raised:
        await save_promotion(database, merchant, draft, now)
    assert shown(raised.value.rises) == expected
    assert shown(await find_rises(database, merchant, draft, now)) == expected
    (price,) = await checkout.list_prices(database, merchant, [(1, 1000)], "EUR", now)
    assert price.pick is not None
    assert price.pick.promotion_id == sale
    await save_promotion(database, merchant, draft, now, accept_rises=True)
    (price,) = await checkout.list_prices(database, merchant, [(1, 1000)], "EUR", now)
    assert price.price == 930


async def test_a_promotion_that_starts_later_raises_prices_then(
    database: Database, merchant: Caller
) -> None:
    now = read_clock()
    await a_running_sale(database, merchant, now)
    draft = PromotionDraft(sale_of(5, 2, starts_at=now + DAY))
    rises = await find_rises(database, merchant, draft, now)
    assert shown(rises) == [(2, 900, 950, "Tea of the month")]
    assert rises is not None
    assert rises.changes[0].at == now + DAY


async def test_edits_that_raise_no_price_are_saved(database: Database, merchant: Caller) -> None:
    now = read_clock()
    await a_running_sale(database, merchant, now)
    # In another group the larger percent wins, so a smaller one changes nothing.
    for new in (sale_of(9, starts_at=now - DAY), sale_of(10, 1, starts_at=now - DAY)):
        assert await find_rises(database, merchant, PromotionDraft(new), now) is None
        assert await save_promotion(database, merchant, PromotionDraft(new), now)


async def test_an_edit_names_products_that_it_leaves_out(
    database: Database, merchant: Caller
) -> None:
    now = read_clock()
    sale = await a_running_sale(database, merchant, now)
    draft = PromotionDraft(sale_of(10, 1, starts_at=now - DAY), sale)
    with pytest.raises(PricesRaised) as raised:
        await save_promotion(database, merchant, draft, now)
    assert [one[:3] for one in shown(raised.value.rises)] == [(2, 900, 1000), (3, 900, 1000)]
    kept = await promotions.get_promotion(database, merchant, sale)
    assert kept.terms.coverage == ListedProducts(10 * PERCENT, (1, 2, 3))


async def test_switching_on_names_price_rises(database: Database, merchant: Caller) -> None:
    now = read_clock()
    await a_running_sale(database, merchant, now)
    off = sale_of(7, 1, starts_at=now - DAY, active=False)
    newer = await save_promotion(database, merchant, PromotionDraft(off), now)
    with pytest.raises(PricesRaised) as raised:
        await switch_on(database, merchant, newer, now)
    assert shown(raised.value.rises) == [(1, 900, 930, "Tea of the month")]
    assert not (await promotions.get_summary(database, merchant, newer)).active
    other = sale_of(20, 4, starts_at=now - DAY, active=False)
    harmless = await save_promotion(database, merchant, PromotionDraft(other), now)
    assert (await switch_on(database, merchant, harmless, now)).active

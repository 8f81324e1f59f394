"""Promotions that are changed together: each by itself, and undone by itself."""

from datetime import timedelta

from msgspec import structs

from sconto.domain.coverage import AllProducts
from sconto.domain.money import PERCENT
from sconto.domain.overview import OverviewQuery
from sconto.domain.people import Caller
from sconto.domain.schedule import Period
from sconto.operations import bulk, cart_promotions, overviews, products, promotions
from sconto.operations.bulk import MAX_CHOSEN, BulkOutcome, BulkStatus
from sconto.store.database import Database
from tests.builders import NOON, a_period, a_product, a_promotion, ten_off
from tests.conftest import create_caller

HOUR = timedelta(hours=1)

DONE, UNCHANGED, GONE = BulkStatus.DONE, BulkStatus.UNCHANGED, BulkStatus.GONE


def statuses(outcomes: list[BulkOutcome]) -> list[BulkStatus]:
    return [one.status for one in outcomes]


async def open_shop(database: Database, caller: Caller) -> tuple[int, int, int, int]:
    """A product, 20 % off it, 10 % that is off, a cart promotion, and another merchant's."""
    await products.put_products(database, caller, [a_product(1)], NOON)
    best = a_promotion(name="Best", coverage=AllProducts(20 * PERCENT))
    worse = a_promotion(name="Worse", coverage=AllProducts(10 * PERCENT), active=False)
    other_merchant = await create_caller(database)
    return (
        await promotions.create_promotion(database, caller, best, NOON),
        await promotions.create_promotion(database, caller, worse, NOON),
        (await cart_promotions.create_promotion(database, caller, ten_off(), NOON)).id,
        await promotions.create_promotion(database, other_merchant, a_promotion(), NOON),
    )


async def active(database: Database, caller: Caller) -> set[str]:
    page = await overviews.list_overviews(database, caller, OverviewQuery(), NOON, NOON.date())
    return {one.summary.name for one in page.overviews if one.summary.active}


async def test_each_promotion_is_switched_or_says_why_not(
    database: Database, merchant: Caller
) -> None:
    best, worse, cart, foreign = await open_shop(database, merchant)
    chosen = [best, worse, cart, foreign, 2**63 - 1, best]
    found = await bulk.switch_all(database, merchant, chosen, NOON, active=True)
    assert statuses(found) == [UNCHANGED, BulkStatus.RISES, UNCHANGED, GONE, GONE]
    assert found[1].rises is not None
    assert [(one.before, one.after) for one in found[1].rises.changes] == [(1599, 1799)]
    assert await active(database, merchant) == {"Best", "Ten off"}

    found = await bulk.switch_all(database, merchant, [worse], NOON, active=True, accept_rises=True)
    assert statuses(found) == [DONE]
    found = await bulk.switch_all(database, merchant, chosen, NOON, active=False)
    assert statuses(found) == [DONE, DONE, DONE, GONE, GONE]
    assert await active(database, merchant) == set()


async def test_each_promotion_gets_the_new_end_that_it_can_have(
    database: Database, merchant: Caller
) -> None:
    best, worse, cart, _ = await open_shop(database, merchant)
    late = a_promotion(name="Late", period=a_period(NOON + 2 * HOUR))
    later = await promotions.create_promotion(database, merchant, late, NOON)
    new = structs.replace(ten_off(), name="Late too", period=Period(NOON + 2 * HOUR, None))
    cart_later = (await cart_promotions.create_promotion(database, merchant, new, NOON)).id
    chosen = [best, cart, later, cart_later]
    found = await bulk.move_ends(database, merchant, dict.fromkeys(chosen, NOON + HOUR), NOON)
    assert statuses(found) == [DONE, DONE, BulkStatus.REVERSED, BulkStatus.REVERSED]
    before = [one.before.period.ends_at for one in found if one.before is not None]
    assert before == [None] * 4
    again = await bulk.move_ends(database, merchant, {best: NOON + HOUR, worse: None}, NOON)
    assert statuses(again) == [UNCHANGED, UNCHANGED]
    back = await bulk.move_ends(database, merchant, {best: None, cart: None}, NOON)
    assert statuses(back) == [DONE, DONE]


async def test_an_end_that_raises_prices_is_asked_about(
    database: Database, merchant: Caller
) -> None:
    _, worse, _, _ = await open_shop(database, merchant)
    await promotions.move_end(database, merchant, worse, NOON + HOUR, NOON)
    await promotions.switch_promotion(database, merchant, worse, NOON, active=True)
    later = NOON + 2 * HOUR
    found = await bulk.move_ends(database, merchant, {worse: None}, later)
    assert statuses(found) == [BulkStatus.RISES]
    found = await bulk.move_ends(database, merchant, {worse: None}, later, accept_rises=True)
    assert statuses(found) == [DONE]


async def test_deleted_promotions_are_restored_together(
    database: Database, merchant: Caller
) -> None:
    best, _, cart, foreign = await open_shop(database, merchant)
    found = await bulk.delete_all(database, merchant, [best, cart, foreign], NOON)
    assert statuses(found) == [DONE, DONE, GONE]
    assert statuses(await bulk.delete_all(database, merchant, [best, cart], NOON)) == [GONE, GONE]
    found = await bulk.restore_all(database, merchant, [best, cart, foreign], NOON + HOUR / 2)
    assert statuses(found) == [DONE, DONE, GONE]
    assert await active(database, merchant) == {"Best", "Ten off"}


async def test_the_number_changed_together_is_limited(database: Database, merchant: Caller) -> None:
    ids = range(10**12, 10**12 + 2 * MAX_CHOSEN)
    assert len(await bulk.delete_all(database, merchant, ids, NOON)) == MAX_CHOSEN

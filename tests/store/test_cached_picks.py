"""Cached automatic picks save reads, and never give an old price."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

import pytest

from sconto.domain.coverage import AllProducts, Coverage, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.promotion import PromotionChange, PromotionType, Terms
from sconto.domain.schedule import ALL_PRODUCTS_ID, INSTANT, SECOND, Period
from sconto.operations.checkout import list_prices, quote
from sconto.operations.products import delete_product
from sconto.operations.promotions import (
    change_promotion,
    create_promotion,
    delete_promotion,
    restore_promotion,
)
from sconto.store import timeline
from sconto.store.database import Database
from sconto.store.pick_cache import PickSpan
from tests.builders import NOON, a_cart, a_line, a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock
from tests.store.quoting import QuotingProcess

MUG, CUP, PAN = 11, 22, 33
HOUR: Final = timedelta(hours=1)


_VERSION: Final = "SELECT version FROM timeline_versions WHERE merchant_id = $1"

_GO_BACK: Final = """
WITH version AS (UPDATE timeline_versions SET version = $2 WHERE merchant_id = $1)
UPDATE automatic_picks SET percent = $3 WHERE merchant_id = $1
"""


@pytest.fixture
async def quoting(database_url: str, merchant: Caller) -> AsyncIterator[QuotingProcess]:
    database = await Database.open(database_url, connections=1)
    quoting = QuotingProcess(database, merchant)
    await quoting.watch()
    yield quoting
    await database.close()


def on(*product_ids: int, percent: int = 10) -> Coverage:
    return ListedProducts(percent * PERCENT, product_ids)


def everywhere(percent: int = 10) -> Coverage:
    return AllProducts(percent * PERCENT)


def change_to(coverage: Coverage) -> PromotionChange:
    return PromotionChange(PromotionType.DISCOUNT, terms=Terms(coverage, None, ()))


async def test_the_second_quote_of_the_same_products_reads_no_picks(
    database: Database, quoting: QuotingProcess
) -> None:
    await stock(database, quoting.caller, [MUG, CUP])
    await create_promotion(database, quoting.caller, a_promotion(coverage=on(MUG)), NOON)
    await create_promotion(database, quoting.caller, a_promotion(coverage=everywhere(5)), NOON)

    first = await quoting.percents(MUG, CUP)
    assert first == [[10, 5], [5]]
    assert await quoting.percents(MUG, CUP) == first
    assert await quoting.asked() == [[ALL_PRODUCTS_ID, MUG, CUP], []]


async def test_only_products_that_are_not_cached_are_read(
    database: Database, quoting: QuotingProcess
) -> None:
    await stock(database, quoting.caller, [MUG, CUP])
    new = a_promotion(coverage=OwnPercents({MUG: 10 * PERCENT, CUP: 20 * PERCENT}))
    promotion_id = await create_promotion(database, quoting.caller, new, NOON)

    assert await quoting.percents(MUG) == [[10]]
    assert await quoting.percents(CUP, MUG) == [[20], [10]]
    assert await quoting.asked() == [[ALL_PRODUCTS_ID, MUG], [CUP]]

    coverage = OwnPercents({MUG: 11 * PERCENT, PAN: 33 * PERCENT})
    await stock(database, quoting.caller, [PAN])
    await change_promotion(database, quoting.caller, promotion_id, change_to(coverage), NOON)
    assert await quoting.percents(PAN, CUP, MUG) == [[33], [], [11]]
    assert await quoting.asked() == [[PAN], [ALL_PRODUCTS_ID, PAN, CUP, MUG]]


@pytest.mark.parametrize("cover", [everywhere, lambda percent: on(MUG, percent=percent)])
async def test_each_edit_of_another_process_shows_immediately_and_is_read_once(
    database: Database, quoting: QuotingProcess, cover: Callable[[int], Coverage]
) -> None:
    caller = quoting.caller
    await stock(database, caller, [MUG, CUP])
    discount = PromotionType.DISCOUNT

    async def expect(*percents: int) -> None:
        assert await quoting.percents(MUG) == [list(percents)]
        assert await quoting.asked() in ([[ALL_PRODUCTS_ID, MUG]], [[], [ALL_PRODUCTS_ID, MUG]])
        assert await quoting.percents(MUG) == [list(percents)]
        assert await quoting.asked() == [[]]

    await expect()
    one = await create_promotion(database, caller, a_promotion(coverage=cover(10)), NOON)
    await expect(10)
    await change_promotion(database, caller, one, change_to(cover(40)), NOON)
    await expect(40)
    two = await create_promotion(database, caller, a_promotion(coverage=cover(20)), NOON)
    await expect(20)
    await change_promotion(database, caller, two, PromotionChange(discount, active=False), NOON)
    await expect(40)
    await change_promotion(database, caller, two, PromotionChange(discount, active=True), NOON)
    await expect(20)
    await delete_promotion(database, caller, two, NOON)
    await expect(40)
    await restore_promotion(database, caller, two, NOON)
    await expect(20)
    await delete_promotion(database, caller, two, NOON)
    await expect(40)
    later = PromotionChange(discount, starts_at=NOON + INSTANT)
    await change_promotion(database, caller, one, later, NOON)
    await expect()
    as_coupon = PromotionChange(PromotionType.COUPON, terms=Terms(cover(10), None, ("c",)))
    await change_promotion(database, caller, one, as_coupon, NOON)
    await change_promotion(database, caller, one, change_to(cover(30)), NOON)
    sooner = PromotionChange(discount, starts_at=NOON)
    await change_promotion(database, caller, one, sooner, NOON)
    await expect(30)


async def test_an_edit_ends_only_the_cached_picks_that_it_changes(
    database: Database, quoting: QuotingProcess
) -> None:
    caller = quoting.caller
    await stock(database, caller, [MUG, CUP, PAN])
    one = await create_promotion(database, caller, a_promotion(coverage=on(MUG, CUP)), NOON)
    every = await create_promotion(database, caller, a_promotion(coverage=everywhere(5)), NOON)
    assert await quoting.percents(MUG, CUP, PAN) == [[10, 5], [10, 5], [5]]
    await quoting.asked()

    coverage = OwnPercents({MUG: 40 * PERCENT, CUP: 10 * PERCENT})
    await change_promotion(database, caller, one, change_to(coverage), NOON)
    assert await quoting.percents(PAN) == [[5]]
    assert await quoting.asked() == [[], [ALL_PRODUCTS_ID, PAN]]
    assert await quoting.percents(CUP, MUG) == [[10, 5], [40, 5]]
    assert await quoting.asked() == [[MUG]]

    for percent in (20, 30):  # two edits between two quotes
        await change_promotion(database, caller, every, change_to(everywhere(percent)), NOON)
    await change_promotion(database, caller, one, change_to(on(CUP, PAN)), NOON)
    assert await quoting.percents(CUP) == [[30, 10]]
    assert await quoting.percents(CUP, MUG, PAN) == [[30, 10], [30], [30, 10]]
    assert await quoting.asked() == [[], [ALL_PRODUCTS_ID, CUP], [MUG, PAN]]


async def test_an_edit_that_changes_no_pick_leaves_the_cache(
    database: Database, quoting: QuotingProcess
) -> None:
    await stock(database, quoting.caller, [MUG])
    outdone, latest = [
        await create_promotion(database, quoting.caller, a_promotion(coverage=on(MUG)), NOON)
        for _ in range(2)
    ]
    assert await quoting.percents(MUG) == [[10]]
    await quoting.asked()
    change = change_to(on(MUG, percent=50))
    await change_promotion(database, quoting.caller, outdone, change, NOON)
    assert await quoting.percents(MUG) == [[10]]
    assert await quoting.asked() == [[]]
    await delete_promotion(database, quoting.caller, latest, NOON)
    assert await quoting.percents(MUG) == [[50]]


@pytest.mark.parametrize(("coverage", "covered"), [(everywhere(), ALL_PRODUCTS_ID), (on(MUG), MUG)])
async def test_cached_promotions_begin_and_end_on_time(
    database: Database, quoting: QuotingProcess, coverage: Coverage, covered: int
) -> None:
    await stock(database, quoting.caller, [MUG])
    later = NOON + 3 * HOUR
    for period in (Period(NOON, NOON + HOUR), Period(later, later + HOUR), Period(later + HOUR)):
        new = a_promotion(coverage=coverage, period=period)
        await create_promotion(database, quoting.caller, new, NOON)

    await quoting.percents(MUG, at=NOON - HOUR)
    assert await quoting.asked() == [[ALL_PRODUCTS_ID, MUG]]
    for begin, end, percents in (
        (NOON - HOUR, NOON - INSTANT, []),
        (NOON, NOON + HOUR + SECOND - INSTANT, [10]),
        (NOON + HOUR + SECOND, later - INSTANT, []),
        (later, later + HOUR - INSTANT, [10]),
        (later + HOUR, later + timedelta(days=36500), [10]),
    ):
        assert await quoting.percents(MUG, at=begin) == [percents]
        assert await quoting.asked() == [[] if begin < NOON else [covered]]
        for at in (begin + (end - begin) / 2, end, begin):
            assert await quoting.percents(MUG, at=at) == [percents]
        assert await quoting.asked() == [[], [], []]


async def test_quotes_of_other_times_do_not_change_those_of_now(
    database: Database, quoting: QuotingProcess
) -> None:
    await stock(database, quoting.caller, [MUG])
    for number, percent in enumerate((10, 20, 30)):
        start = NOON + number * HOUR
        period = Period(start, start + HOUR - INSTANT)
        new = a_promotion(coverage=on(MUG, percent=percent), period=period)
        await create_promotion(database, quoting.caller, new, NOON)
    now = NOON + HOUR
    for _ in range(2):
        for hours, percents in ((-9, []), (0, [10]), (2, [30]), (9, [])):
            assert await quoting.percents(MUG, at=NOON + hours * HOUR) == [percents]
            assert await quoting.percents(MUG, at=now) == [[20]]
    assert all(len(read) <= 2 for read in await quoting.asked())


async def test_edits_of_one_merchant_leave_the_cache_of_another(
    database: Database, quoting: QuotingProcess
) -> None:
    other = await create_caller(database)
    for caller, percent in ((quoting.caller, 10), (other, 20)):
        await stock(database, caller, [MUG])
        new = a_promotion(coverage=on(MUG, percent=percent))
        await create_promotion(database, caller, new, NOON)
    assert await quoting.percents(MUG) == [[10]]
    assert await quoting.percents(MUG, caller=other) == [[20]]
    await quoting.asked()

    await create_promotion(database, other, a_promotion(coverage=everywhere(40)), NOON)
    assert await quoting.percents(MUG) == [[10]]
    assert await quoting.asked() == [[]]
    assert await quoting.percents(MUG, caller=other) == [[40, 20]]
    assert await quoting.percents(MUG) == [[10]]


async def test_an_edit_that_is_not_committed_changes_no_quote(
    database: Database, quoting: QuotingProcess
) -> None:
    await stock(database, quoting.caller, [MUG])
    new = a_promotion(coverage=on(MUG))
    promotion_id = await create_promotion(database, quoting.caller, new, NOON)
    assert await quoting.percents(MUG) == [[10]]
    await quoting.asked()

    before, after = (timeline.Claim(new.period, on(MUG, percent=each)) for each in (10, 50))
    with suppress(ZeroDivisionError):
        async with database.write() as connection:
            await timeline.redraw(
                connection, quoting.caller.merchant_id, promotion_id, before, after
            )
            assert await quoting.percents(MUG) == [[10]]
            raise ZeroDivisionError
    assert await quoting.percents(MUG) == [[10]]
    assert await quoting.asked() == [[], []]


async def test_a_late_result_of_an_old_version_is_not_used(
    database: Database, quoting: QuotingProcess
) -> None:
    merchant_id = quoting.caller.merchant_id
    await stock(database, quoting.caller, [MUG])
    new = a_promotion(coverage=on(MUG))
    promotion_id = await create_promotion(database, quoting.caller, new, NOON)
    assert await quoting.percents(MUG) == [[10]]
    cache = quoting.database.pick_cache
    old = cache.version(merchant_id)
    picks, _ = cache.find(merchant_id, [MUG], NOON)

    to_fifty = change_to(on(MUG, percent=50))
    await change_promotion(database, quoting.caller, promotion_id, to_fifty, NOON)
    assert await quoting.percents(MUG) == [[50]]
    cache.put(merchant_id, old, [PickSpan(MUG, picks[MUG], None, None)])
    assert await quoting.percents(MUG) == [[50]]
    assert await quoting.percents(MUG) == [[50]]


async def test_concurrent_quotes_of_one_process_do_not_mix_versions(
    database_url: str, database: Database, merchant: Caller
) -> None:
    busy = await Database.open(database_url, connections=8)
    quoting = QuotingProcess(busy, merchant)
    products = range(1, 9)
    await stock(database, merchant, products)
    new = a_promotion(coverage=on(*products, percent=1))
    promotion_id = await create_promotion(database, merchant, new, NOON)
    for percent in range(2, 12):
        # For half of the carts all products are cached, for the other half some.
        await asyncio.gather(*(quoting.percents(1, number) for number in range(2, 6)))
        change = change_to(on(*products, percent=percent))
        await change_promotion(database, merchant, promotion_id, change, NOON)
        carts = [(number, 1) for number in products[1:]] * 3
        answers = await asyncio.gather(*(quoting.percents(*cart) for cart in carts))
        assert answers == [[[percent], [percent]]] * len(carts)
    await busy.close()


async def test_no_quote_sees_half_of_an_edit_of_many_products(
    database: Database, quoting: QuotingProcess
) -> None:
    many = range(1, 5_102)  # they are redrawn in two batches
    await stock(database, quoting.caller, many)
    new = a_promotion(coverage=on(*many))
    promotion_id = await create_promotion(database, quoting.caller, new, NOON)
    first, last, seen = many[0], many[-1], []

    async with asyncio.TaskGroup() as group:
        to_fifty = change_to(on(*many, percent=50))
        edit = group.create_task(
            change_promotion(database, quoting.caller, promotion_id, to_fifty, NOON)
        )
        while not edit.done():
            carts = ((first, last), (last,), (first,), (last, 5_050, first))
            for cart in carts:
                percents = await quoting.percents(*cart)
                seen += [percent for [percent] in percents]
                assert len({percent for [percent] in percents}) == 1
    assert seen[0] == 10
    assert seen == sorted(seen)
    assert await quoting.percents(first, last) == [[50], [50]]


async def test_the_cache_is_not_used_after_the_database_goes_back(
    database: Database, quoting: QuotingProcess
) -> None:
    merchant_id = quoting.caller.merchant_id
    await stock(database, quoting.caller, [MUG, CUP])
    new = a_promotion(coverage=on(MUG, CUP))
    promotion_id = await create_promotion(database, quoting.caller, new, NOON)

    # As after a failover to a standby that lacks the last edit, twice.
    for percent in (50, 60):
        async with database.read() as connection:
            version = await connection.fetchval(_VERSION, merchant_id)
        change = change_to(on(MUG, CUP, percent=percent))
        await change_promotion(database, quoting.caller, promotion_id, change, NOON)
        assert await quoting.percents(MUG) == [[percent]]
        assert await quoting.percents(MUG, CUP) == [[percent], [percent]]
        async with database.read() as connection:
            await connection.execute(_GO_BACK, merchant_id, version, 10 * PERCENT)
        assert await quoting.percents(MUG) == [[10]]


async def test_listed_prices_and_quotes_share_the_cache(
    database: Database, quoting: QuotingProcess
) -> None:
    await stock(database, quoting.caller, [MUG, CUP])
    new = a_promotion(coverage=on(MUG))
    promotion_id = await create_promotion(database, quoting.caller, new, NOON)

    async def listed(*product_ids: int) -> list[list[int]]:
        products = [(number, 1000) for number in product_ids]
        listed = await list_prices(quoting.database, quoting.caller, products, "EUR", NOON)
        return [[] if one.pick is None else [one.pick.percent // PERCENT] for one in listed]

    for percent in (20, 30):
        assert await listed(CUP, MUG) == await quoting.percents(CUP, MUG)
        change = change_to(OwnPercents({CUP: percent * PERCENT}))
        await change_promotion(database, quoting.caller, promotion_id, change, NOON)
        assert await quoting.percents(MUG, CUP) == [[], [percent]]
        assert await listed(MUG, CUP) == [[], [percent]]
        change = change_to(on(MUG, percent=percent))
        await change_promotion(database, quoting.caller, promotion_id, change, NOON)
        assert await listed(MUG, CUP) == [[percent], []]


async def test_a_deleted_product_is_unknown_although_its_pick_is_cached(
    database: Database, quoting: QuotingProcess
) -> None:
    await stock(database, quoting.caller, [MUG])
    await create_promotion(database, quoting.caller, a_promotion(coverage=on(MUG)), NOON)
    for known in (True, False):
        priced = await quote(quoting.database, quoting.caller, a_cart(a_line(MUG)), NOON)
        assert [line.known for line in priced.lines] == [known]
        assert await quoting.percents(MUG) == [[10]]
        if known:
            await delete_product(database, quoting.caller, MUG, NOON)

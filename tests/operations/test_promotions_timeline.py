"""After any history of edits, the timeline shows the right pick of all promotions."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sconto.domain.coverage import AllProducts, Coverage, ListedProducts, OwnPercents, percent_on
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.promotion import NewPromotion, PromotionChange, PromotionType, Terms
from sconto.domain.schedule import INSTANT, SECOND, Period, PeriodState, Span
from sconto.operations.promotions import change_promotion, create_promotion, delete_promotion
from sconto.store.candidates import read_candidates
from sconto.store.database import Database
from sconto.store.pick_cache import PickCache
from tests.builders import NOON, a_cart, a_line, a_period, a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock

ALL_PRODUCTS_ID = 0
PRODUCTS = (1, 2, 3)
DAYS = 8
START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


@dataclass(frozen=True)
class Write:
    """A step of a history: a new promotion, or an older one that is changed or deleted."""

    verb: str
    which: int
    change: PromotionChange


@st.composite
def periods(draw: st.DrawFn) -> Period:
    first = draw(st.integers(0, DAYS))
    last = draw(st.none() | st.integers(first, DAYS))
    up_to = draw(st.sampled_from([timedelta(0), -INSTANT, -SECOND]))
    ends_at = None if last is None else max(day(first), day(last) + up_to)
    return Period(day(first), ends_at)


PERCENTS = st.integers(1, 3).map(lambda number: number * PERCENT)
COVERAGES = (
    st.builds(AllProducts, PERCENTS)
    | st.builds(
        ListedProducts,
        PERCENTS,
        st.lists(st.sampled_from(PRODUCTS), min_size=1, unique=True).map(tuple),
    )
    | st.builds(OwnPercents, st.dictionaries(st.sampled_from(PRODUCTS), PERCENTS, min_size=1))
)


@st.composite
def terms(draw: st.DrawFn, type_: PromotionType) -> Terms:
    codes = ("A", "B") if type_ is PromotionType.COUPON else ()
    return Terms(draw(COVERAGES), None, codes)


@st.composite
def writes(draw: st.DrawFn) -> Write:
    verb = draw(st.sampled_from(["create"] * 4 + ["change"] * 3 + ["delete"] * 2))
    type_ = draw(st.sampled_from([PromotionType.DISCOUNT] * 5 + [PromotionType.COUPON]))
    period = draw(st.none() | periods())
    change = PromotionChange(
        type_,
        active=draw(st.none() | st.booleans()),
        starts_at=None if period is None else period.starts_at,
        ends_at=None if period is None else period.ends_at,
        no_end=period is not None and period.ends_at is None,
        terms=draw(st.none() | terms(type_)),
    )
    return Write(verb, draw(st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4])), change)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(writes(), min_size=4, max_size=16))
async def test_the_timeline_shows_the_latest_created_running_promotion(
    database: Database, history: list[Write]
) -> None:
    caller = await create_caller(database)
    await stock(database, caller, PRODUCTS)
    promotions: dict[int, NewPromotion] = {}

    for write in history:
        await apply(database, caller, promotions, write)

        timeline = await read_timeline(database, caller)
        for product_id in (ALL_PRODUCTS_ID, *PRODUCTS):
            spans = timeline.get(product_id, [])
            assert_tidy(spans)
            for number in range(DAYS + 1):
                for step in (-INSTANT, timedelta(0), SECOND - INSTANT, SECOND):
                    at = day(number) + step
                    assert shown(spans, at) == expected(promotions, product_id, at)


MOMENTS = st.builds(
    lambda number, step: day(number) + step * INSTANT,
    st.integers(0, DAYS),
    st.sampled_from([0, 0, -1, 1, 3_600_000_000]),
)
QUOTES = st.lists(
    st.tuples(MOMENTS, st.lists(st.sampled_from(PRODUCTS), min_size=1, unique=True)),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
async def caching(database_url: str) -> AsyncIterator[Database]:
    """Another process than the one that edits, with a cache of its own."""
    database = await Database.open(database_url, connections=1)
    yield database
    await database.close()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(writes(), QUOTES), min_size=4, max_size=10))
async def test_a_process_with_cached_picks_finds_what_a_new_process_finds(
    database: Database,
    caching: Database,
    history: list[tuple[Write, list[tuple[datetime, list[int]]]]],
) -> None:
    caller = await create_caller(database)
    await stock(database, caller, PRODUCTS)
    promotions: dict[int, NewPromotion] = {}

    for write, quotes in history:
        await apply(database, caller, promotions, write)

        async with caching.read() as connection:
            for at, product_ids in quotes:
                cart = a_cart(*(a_line(number, line_id=str(number)) for number in product_ids))
                found, uncached = [
                    (await read_candidates(connection, memory, caller.merchant_id, cart, at))
                    for memory in (caching.pick_cache, PickCache())
                ]
                assert found == uncached
                picks = {ALL_PRODUCTS_ID: found.everywhere, **found.specific}
                for product_id in (ALL_PRODUCTS_ID, *product_ids):
                    pick = picks.get(product_id)
                    got = None if pick is None else (pick.promotion_id, pick.percent)
                    assert got == expected(promotions, product_id, at)


async def apply(
    database: Database, caller: Caller, promotions: dict[int, NewPromotion], write: Write
) -> None:
    change = write.change
    if write.verb == "create" or not promotions:
        new = changed(a_promotion(coverage=AllProducts(PERCENT)), change)
        promotion_id = await create_promotion(database, caller, new, NOON)
        promotions[promotion_id] = new
        return
    promotion_id = list(promotions)[-1 - write.which % len(promotions)]
    before = promotions[promotion_id]
    if write.verb == "delete":
        await delete_promotion(database, caller, promotion_id, NOON)
        del promotions[promotion_id]
        return
    if change.terms is None and change.type is not before.type:
        change = replace(change, type=before.type)
    await change_promotion(database, caller, promotion_id, change, NOON)
    promotions[promotion_id] = changed(before, change)


def changed(before: NewPromotion, change: PromotionChange) -> NewPromotion:
    """The promotion after a change, computed without the code under test."""
    return replace(
        before,
        type=change.type or before.type,
        active=before.active if change.active is None else change.active,
        period=before.period
        if change.starts_at is None
        else Period(change.starts_at, change.ends_at),
        terms=before.terms if change.terms is None else change.terms,
    )


async def read_timeline(database: Database, caller: Caller) -> dict[int, list[Span]]:
    async with database.read() as connection:
        rows = await connection.fetch(
            """
            SELECT product_id, starts_at, ends_at, promotion_id, percent
            FROM automatic_picks
            WHERE merchant_id = $1
            ORDER BY product_id, starts_at
            """,
            caller.merchant_id,
        )
    timeline: dict[int, list[Span]] = {}
    for product_id, *span in rows:
        timeline.setdefault(product_id, []).append(Span(*span))
    return timeline


def assert_tidy(spans: list[Span]) -> None:
    """Assert that no spans overlap, and no two spans could be one."""
    for span in spans:
        assert span.ends_at is None or span.starts_at < span.ends_at
    for first, second in pairwise(spans):
        assert first.ends_at is not None
        assert first.ends_at <= second.starts_at
        joins = first.ends_at == second.starts_at
        alike = (first.promotion_id, first.percent) == (second.promotion_id, second.percent)
        assert not (joins and alike)


def shown(spans: list[Span], at: datetime) -> tuple[int, int] | None:
    for span in spans:
        if span.starts_at <= at and (span.ends_at is None or at < span.ends_at):
            return span.promotion_id, span.percent
    return None


def expected(
    promotions: dict[int, NewPromotion], product_id: int, at: datetime
) -> tuple[int, int] | None:
    """The promotion with the largest id that applies by itself, runs and covers the product."""
    picks = [
        (promotion_id, percent)
        for promotion_id, promotion in promotions.items()
        if promotion.active
        and promotion.type is PromotionType.DISCOUNT
        and promotion.period.state(at) is PeriodState.RUNNING
        and (percent := percent_in_group(promotion.terms.coverage, product_id)) is not None
    ]
    return max(picks, default=None)


def percent_in_group(coverage: Coverage, product_id: int) -> int | None:
    if isinstance(coverage, AllProducts) != (product_id == ALL_PRODUCTS_ID):
        return None
    return percent_on(coverage, product_id)


async def test_many_promotions_created_and_deleted_leave_one_span(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, PRODUCTS)
    new = a_promotion(coverage=ListedProducts(PERCENT, PRODUCTS))
    ids = [await create_promotion(database, merchant, new, NOON) for _ in range(20)]

    for promotion_id in ids[1:-1]:
        await delete_promotion(database, merchant, promotion_id, NOON)
    whole = Span(new.period.starts_at, None, ids[-1], PERCENT)
    assert await read_timeline(database, merchant) == {number: [whole] for number in PRODUCTS}

    await delete_promotion(database, merchant, ids[-1], NOON)
    whole = replace(whole, promotion_id=ids[0])
    assert await read_timeline(database, merchant) == {number: [whole] for number in PRODUCTS}


@pytest.mark.parametrize(
    "coverage", [AllProducts(PERCENT), ListedProducts(PERCENT, (1,)), OwnPercents({1: PERCENT})]
)
async def test_a_deletion_can_reveal_several_promotions(
    database: Database, merchant: Caller, coverage: Coverage
) -> None:
    await stock(database, merchant, [1])
    hidden = [
        Period(day(0), day(1)),
        Period(day(2), day(9)),
        Period(day(3), day(5)),
        Period(day(4), day(6)),
        Period(day(11)),
    ]
    ids = [
        await create_promotion(
            database, merchant, a_promotion(coverage=coverage, period=period), NOON
        )
        for period in [*hidden, Period(day(1))]
    ]

    await delete_promotion(database, merchant, ids[-1], NOON)

    [spans] = (await read_timeline(database, merchant)).values()
    assert [(span.promotion_id, span.starts_at, span.ends_at) for span in spans] == [
        (ids[0], day(0), day(1) + SECOND),
        (ids[1], day(2), day(3)),
        (ids[2], day(3), day(4)),
        (ids[3], day(4), day(6) + SECOND),
        (ids[1], day(6) + SECOND, day(9) + SECOND),
        (ids[4], day(11), None),
    ]


async def test_a_created_and_deleted_promotion_splits_no_span(
    database: Database, merchant: Caller
) -> None:
    first = await create_promotion(database, merchant, a_promotion(), NOON)

    for number in range(1, 5):
        new = a_promotion(period=Period(day(10 * number), day(10 * number + 15)))
        promotion_id = await create_promotion(database, merchant, new, NOON)
        await delete_promotion(database, merchant, promotion_id, NOON)

    [span] = (await read_timeline(database, merchant))[ALL_PRODUCTS_ID]
    assert span == Span(a_period().starts_at, None, first, 10 * PERCENT)


async def test_an_expired_promotion_stays_on_the_timeline(
    database: Database, merchant: Caller
) -> None:
    new = a_promotion(period=Period(day(0), day(1)))

    promotion_id = await create_promotion(database, merchant, new, NOON)

    spans = (await read_timeline(database, merchant))[ALL_PRODUCTS_ID]
    assert shown(spans, day(1)) == (promotion_id, 10 * PERCENT)
    assert shown(spans, day(1) + SECOND - INSTANT) == (promotion_id, 10 * PERCENT)
    assert shown(spans, day(1) + SECOND) is None


async def test_more_products_than_a_batch_are_all_redrawn(
    database: Database, merchant: Caller
) -> None:
    many = tuple(range(1, 5_002))
    await stock(database, merchant, many)
    new = a_promotion(coverage=ListedProducts(PERCENT, many))

    promotion_id = await create_promotion(database, merchant, new, NOON)
    assert set(await read_timeline(database, merchant)) == set(many)

    await delete_promotion(database, merchant, promotion_id, NOON)
    assert await read_timeline(database, merchant) == {}

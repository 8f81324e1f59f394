"""Promotions are created, returned, listed and deleted."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, Coverage, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.problems import PeriodReversed, PromotionNotFound, UnknownProducts
from sconto.domain.promotion import PromotionChange, PromotionQuery, PromotionType, Terms
from sconto.domain.schedule import INSTANT
from sconto.operations.products import delete_product
from sconto.operations.promotions import (
    change_promotion,
    create_promotion,
    delete_promotion,
    find_unknown_products,
    get_promotion,
    get_summary,
    list_promotions,
)
from sconto.store.database import Database
from tests.builders import NOON, a_period, a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock

BEYOND = 2**63


@pytest.mark.parametrize(
    "coverage",
    [
        AllProducts(12_500_000),
        ListedProducts(PERCENT, (3, 1, 2)),
        OwnPercents({3: PERCENT, 1: 2 * PERCENT, 2: 1}),
    ],
)
@pytest.mark.parametrize("codes", [(), ("PROMO-001", "Скидка", "a")])
async def test_a_promotion_is_returned_as_it_was_created(
    database: Database, merchant: Caller, coverage: Coverage, codes: tuple[str, ...]
) -> None:
    await stock(database, merchant, [1, 2, 3])
    code_type = CodeType.ONE_TIME if codes else None
    new = a_promotion(coverage=coverage, codes=codes, code_type=code_type)

    promotion_id = await create_promotion(database, merchant, new, NOON)

    promotion = await get_promotion(database, merchant, promotion_id)
    assert promotion.terms == new.terms
    assert promotion.summary == await get_summary(database, merchant, promotion_id)
    assert promotion.summary.id == promotion_id
    assert promotion.summary.type is new.type
    assert promotion.summary.period == new.period
    assert promotion.summary.created_at == promotion.summary.updated_at == NOON


async def test_products_keep_their_order(database: Database, merchant: Caller) -> None:
    await stock(database, merchant, [1, 2, 3])
    percents = {3: PERCENT, 1: PERCENT, 2: PERCENT}

    promotion_id = await create_promotion(
        database, merchant, a_promotion(coverage=OwnPercents(percents)), NOON
    )

    coverage = (await get_promotion(database, merchant, promotion_id)).terms.coverage
    assert isinstance(coverage, OwnPercents)
    assert list(coverage.percents) == [3, 1, 2]


async def test_a_promotion_on_unknown_products_is_not_created(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, [1, 2])
    await delete_product(database, merchant, 2, NOON)
    other_merchant = await create_caller(database)
    await stock(database, other_merchant, [3])

    with pytest.raises(UnknownProducts) as refused:
        await create_promotion(
            database, merchant, a_promotion(coverage=ListedProducts(PERCENT, (3, 1, 2))), NOON
        )

    assert refused.value.product_ids == (3, 2)
    assert await list_promotions(database, merchant, PromotionQuery(), NOON) == []


async def test_unknown_products_are_named_once_in_the_order_given(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, [5])

    unknown = await find_unknown_products(database, merchant, [9, 5, 7, 9, 8])

    assert unknown == [9, 7, 8]
    assert await find_unknown_products(database, merchant, []) == []


async def test_a_deleted_product_stays_in_promotions_that_name_it(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, [1])
    promotion_id = await create_promotion(
        database, merchant, a_promotion(coverage=ListedProducts(PERCENT, (1,))), NOON
    )

    await delete_product(database, merchant, 1, NOON)

    promotion = await get_promotion(database, merchant, promotion_id)
    assert promotion.terms.coverage == ListedProducts(PERCENT, (1,))


async def test_a_period_that_ends_before_it_starts_is_refused(
    database: Database, merchant: Caller
) -> None:
    with pytest.raises(PeriodReversed):
        await create_promotion(
            database, merchant, a_promotion(period=a_period(NOON, NOON - INSTANT)), NOON
        )

    await create_promotion(database, merchant, a_promotion(period=a_period(NOON, NOON)), NOON)


async def test_a_deleted_promotion_is_not_found(database: Database, merchant: Caller) -> None:
    promotion_id = await create_promotion(database, merchant, a_promotion(codes=("A",)), NOON)

    await delete_promotion(database, merchant, promotion_id, NOON)

    await assert_not_found(database, merchant, promotion_id)
    assert await list_promotions(database, merchant, PromotionQuery(), NOON) == []


async def test_another_merchants_promotion_is_not_found(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await create_promotion(database, merchant, a_promotion(codes=("A",)), NOON)
    other_merchant = await create_caller(database)

    await assert_not_found(database, other_merchant, promotion_id)
    assert await list_promotions(database, other_merchant, PromotionQuery(), NOON) == []
    assert (await get_promotion(database, merchant, promotion_id)).terms.codes == ("A",)


@pytest.mark.parametrize("promotion_id", [0, -1, 2**62, BEYOND, 10**40])
async def test_an_impossible_id_is_not_found(
    database: Database, merchant: Caller, promotion_id: int
) -> None:
    await assert_not_found(database, merchant, promotion_id)


async def assert_not_found(database: Database, caller: Caller, promotion_id: int) -> None:
    change = PromotionChange(PromotionType.COUPON, terms=Terms(AllProducts(PERCENT), None, ("B",)))
    for attempt in (
        get_promotion(database, caller, promotion_id),
        get_summary(database, caller, promotion_id),
        change_promotion(database, caller, promotion_id, change, NOON),
        delete_promotion(database, caller, promotion_id, NOON),
    ):
        with pytest.raises(PromotionNotFound) as refused:
            await attempt
        assert refused.value.promotion_id == promotion_id


@pytest.fixture
async def shelf(database: Database, merchant: Caller) -> dict[str, int]:
    """Promotions by name: "renamed" was edited last, "off" is inactive, "over" has ended."""
    promotions = [
        a_promotion(name="Sale on MUGS"),
        a_promotion(name="off", active=False),
        a_promotion(name="over", period=a_period(ends_at=NOON - INSTANT)),
        a_promotion(name="ends now", period=a_period(ends_at=NOON)),
        a_promotion(name="50% Größe_x"),
        a_promotion(name="to rename"),
    ]
    ids = {}
    for number, new in enumerate(promotions):
        at = NOON + timedelta(microseconds=number // 2)
        ids[new.name] = await create_promotion(database, merchant, new, at)
    ids["renamed"] = ids.pop("to rename")
    await change_promotion(
        database,
        merchant,
        ids["renamed"],
        PromotionChange(PromotionType.DISCOUNT, name="renamed"),
        NOON + timedelta(days=1),
    )
    return ids


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (PromotionQuery(), "renamed|50% Größe_x|ends now|over|off|Sale on MUGS"),
        (PromotionQuery(active=True), "renamed|50% Größe_x|ends now|over|Sale on MUGS"),
        (PromotionQuery(active=False), "off"),
        (PromotionQuery(expired=True), "over"),
        (PromotionQuery(expired=False), "renamed|50% Größe_x|ends now|off|Sale on MUGS"),
        (PromotionQuery(expired=True, active=False), ""),
        (PromotionQuery(search="on mugs"), "Sale on MUGS"),
        (PromotionQuery(search="GRÖSSE"), "50% Größe_x"),
        (PromotionQuery(search="50%"), "50% Größe_x"),
        (PromotionQuery(search="e_x"), "50% Größe_x"),
        (PromotionQuery(search="%e"), ""),
        (PromotionQuery(search="a\0b"), ""),
        (PromotionQuery(search="ename", active=True), "renamed"),
        (PromotionQuery(sort="asc"), "Sale on MUGS|off|over|ends now|50% Größe_x|renamed"),
        (PromotionQuery(sort="desc"), "renamed|50% Größe_x|ends now|over|off|Sale on MUGS"),
        (PromotionQuery(limit=2), "renamed|50% Größe_x"),
        (PromotionQuery(limit=2, offset=3, sort="asc"), "ends now|50% Größe_x"),
        (PromotionQuery(limit=0), ""),
        (PromotionQuery(offset=5), "Sale on MUGS"),
        (PromotionQuery(offset=6), ""),
        (PromotionQuery(limit=BEYOND, offset=10**40), ""),
    ],
)
async def test_a_list_follows_its_query(
    database: Database,
    merchant: Caller,
    shelf: dict[str, int],
    query: PromotionQuery,
    names: str,
) -> None:
    listed = await list_promotions(database, merchant, query, NOON)

    assert listed == [shelf[name] for name in names.split("|") if name]


async def test_equal_edit_times_are_sorted_by_id_in_the_same_direction(
    database: Database, merchant: Caller
) -> None:
    times = (NOON - timedelta(hours=1), NOON, NOON)
    ids = [await create_promotion(database, merchant, a_promotion(), at) for at in times]
    await change_promotion(
        database, merchant, ids[0], PromotionChange(PromotionType.DISCOUNT, active=False), NOON
    )

    by_time = PromotionQuery(sort="asc")
    assert await list_promotions(database, merchant, by_time, NOON) == ids
    by_time = replace(by_time, sort="desc")
    assert await list_promotions(database, merchant, by_time, NOON) == ids[::-1]

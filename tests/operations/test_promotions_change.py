"""Edits of promotions: only what is sent is replaced, and few rows are written."""

from datetime import timedelta

import pytest

from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, Coverage, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.problems import PeriodReversed, TermsMissing, UnknownProducts
from sconto.domain.promotion import PromotionChange, PromotionType, Terms
from sconto.domain.schedule import INSTANT, Period
from sconto.operations.promotions import (
    change_promotion,
    create_promotion,
    delete_promotion,
    get_promotion,
)
from sconto.store.database import Database
from tests.builders import NOON, a_period, a_promotion
from tests.operations.stock import stock
from tests.statistics import get_statistics

LATER = NOON + timedelta(hours=1)


async def create_with_codes(database: Database, caller: Caller, *codes: str) -> int:
    return await create_promotion(database, caller, a_promotion(codes=codes), NOON)


async def set_codes(database: Database, caller: Caller, promotion_id: int, *codes: str) -> None:
    terms = Terms(AllProducts(PERCENT), None, codes)
    await change_promotion(
        database, caller, promotion_id, PromotionChange(PromotionType.COUPON, terms=terms), LATER
    )


async def set_coverage(
    database: Database, caller: Caller, promotion_id: int, coverage: Coverage
) -> None:
    change = PromotionChange(PromotionType.DISCOUNT, terms=Terms(coverage))
    await change_promotion(database, caller, promotion_id, change, LATER)


async def ids_of_codes(database: Database, caller: Caller, promotion_id: int) -> dict[str, int]:
    statistics = await get_statistics(database, caller, promotion_id)
    assert statistics.codes is not None
    return {code.code: code.code_id for code in statistics.codes}


async def rows_written(database: Database, caller: Caller, table: str) -> int:
    """How many rows of the table the last edit wrote."""
    async with database.read() as connection:
        written: int = await connection.fetchval(
            f"""
            SELECT count(*) FROM {table}
            WHERE merchant_id = $1 AND xmin = (
                SELECT xmin FROM promotions
                WHERE merchant_id = $1
                ORDER BY updated_at DESC
                LIMIT 1
            )
            """,
            caller.merchant_id,
        )
    return written


async def test_fields_that_are_not_sent_keep_their_values(
    database: Database, merchant: Caller
) -> None:
    new = a_promotion(codes=("A", "B"), code_type=CodeType.ONE_TIME)
    promotion_id = await create_promotion(database, merchant, new, NOON)
    before = await get_promotion(database, merchant, promotion_id)

    await change_promotion(
        database, merchant, promotion_id, PromotionChange(PromotionType.COUPON, name="New"), LATER
    )

    after = await get_promotion(database, merchant, promotion_id)
    assert after.terms == before.terms
    assert after.summary.name == "New"
    assert after.summary.period == before.summary.period
    assert (after.summary.created_at, after.summary.updated_at) == (NOON, LATER)


async def test_every_field_can_be_changed(database: Database, merchant: Caller) -> None:
    promotion_id = await create_with_codes(database, merchant, "A")
    terms = Terms(AllProducts(7 * PERCENT), CodeType.REUSABLE, ("B", "a"))
    change = PromotionChange(
        PromotionType.COUPON,
        name="Other",
        active=False,
        starts_at=NOON,
        ends_at=LATER,
        terms=terms,
    )

    await change_promotion(database, merchant, promotion_id, change, LATER)

    after = await get_promotion(database, merchant, promotion_id)
    assert (after.summary.name, after.summary.active) == ("Other", False)
    assert after.summary.period == Period(NOON, LATER)
    assert after.terms == terms


async def test_an_end_can_be_removed(database: Database, merchant: Caller) -> None:
    new = a_promotion(period=a_period(NOON, LATER))
    promotion_id = await create_promotion(database, merchant, new, NOON)

    await change_promotion(
        database, merchant, promotion_id, PromotionChange(PromotionType.DISCOUNT, no_end=True), NOON
    )

    after = await get_promotion(database, merchant, promotion_id)
    assert after.summary.period == Period(NOON)


async def test_the_period_is_checked_as_it_is_after_the_change(
    database: Database, merchant: Caller
) -> None:
    new = a_promotion(period=a_period(NOON, LATER))
    promotion_id = await create_promotion(database, merchant, new, NOON)
    too_late = PromotionChange(PromotionType.DISCOUNT, name="x", starts_at=LATER + INSTANT)

    with pytest.raises(PeriodReversed):
        await change_promotion(database, merchant, promotion_id, too_late, NOON)

    after = await get_promotion(database, merchant, promotion_id)
    assert (after.summary.name, after.summary.period) == (new.name, new.period)


async def test_a_change_with_an_unknown_product_changes_nothing(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, [1])
    promotion_id = await create_with_codes(database, merchant, "A")
    before = await get_promotion(database, merchant, promotion_id)
    terms = Terms(ListedProducts(PERCENT, (1, 2)), None, ("B",))
    change = PromotionChange(PromotionType.COUPON, name="x", active=False, terms=terms)

    with pytest.raises(UnknownProducts):
        await change_promotion(database, merchant, promotion_id, change, LATER)

    assert await get_promotion(database, merchant, promotion_id) == before


async def test_another_type_needs_its_terms(database: Database, merchant: Caller) -> None:
    promotion_id = await create_with_codes(database, merchant, "A")

    with pytest.raises(TermsMissing):
        await change_promotion(
            database, merchant, promotion_id, PromotionChange(PromotionType.DISCOUNT), LATER
        )


async def test_codes_get_ascending_ids_in_the_order_sent(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await create_with_codes(database, merchant, "C", "a", "B")
    await set_codes(database, merchant, promotion_id, "z", "B", "y", "a", "x")

    ids = await ids_of_codes(database, merchant, promotion_id)
    assert ids["a"] < ids["B"] < ids["z"] < ids["y"] < ids["x"]
    codes = (await get_promotion(database, merchant, promotion_id)).terms.codes
    assert codes == ("z", "B", "y", "a", "x")


async def test_a_code_in_a_new_spelling_stays_the_same_code(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await create_with_codes(database, merchant, "promo", "Other")
    before = await ids_of_codes(database, merchant, promotion_id)

    await set_codes(database, merchant, promotion_id, "PROMO")

    after = await ids_of_codes(database, merchant, promotion_id)
    assert after == {"PROMO": before["promo"]}


async def test_a_removed_code_that_is_added_again_is_a_new_code(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await create_with_codes(database, merchant, "A", "B")
    before = await ids_of_codes(database, merchant, promotion_id)

    await set_codes(database, merchant, promotion_id, "B")
    await set_codes(database, merchant, promotion_id, "A", "B")

    after = await ids_of_codes(database, merchant, promotion_id)
    assert after["B"] == before["B"]
    assert after["A"] > before["B"]


async def test_changing_the_type_from_coupon_removes_all_codes(
    database: Database, merchant: Caller
) -> None:
    new = a_promotion(codes=("A", "B"), code_type=CodeType.ONE_TIME)
    promotion_id = await create_promotion(database, merchant, new, NOON)
    before = await ids_of_codes(database, merchant, promotion_id)

    await set_coverage(database, merchant, promotion_id, AllProducts(PERCENT))
    changed = await get_promotion(database, merchant, promotion_id)
    assert changed.summary.type is PromotionType.DISCOUNT
    assert changed.terms == Terms(AllProducts(PERCENT))

    await set_codes(database, merchant, promotion_id, "A", "B")
    after = await ids_of_codes(database, merchant, promotion_id)
    assert min(after.values()) > max(before.values())


async def test_two_promotions_can_have_the_same_code(database: Database, merchant: Caller) -> None:
    first = await create_with_codes(database, merchant, "SAME")
    second = await create_with_codes(database, merchant, "same")

    await delete_promotion(database, merchant, first, LATER)

    assert (await get_promotion(database, merchant, second)).terms.codes == ("same",)


async def test_changing_one_of_many_codes_writes_a_handful_of_rows(
    database: Database, merchant: Caller
) -> None:
    codes = [f"CODE-{number}" for number in range(2000)]
    promotion_id = await create_with_codes(database, merchant, *codes)

    codes[1000] = "NEW"
    await set_codes(database, merchant, promotion_id, *codes)

    assert await rows_written(database, merchant, "codes") == 2
    assert (await get_promotion(database, merchant, promotion_id)).terms.codes == tuple(codes)


async def test_moving_one_of_many_products_writes_one_row(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, range(1, 801))
    product_ids = list(range(1, 801))
    new = a_promotion(coverage=ListedProducts(PERCENT, tuple(product_ids)))
    promotion_id = await create_promotion(database, merchant, new, NOON)

    product_ids.insert(400, product_ids.pop(0))
    coverage = ListedProducts(PERCENT, tuple(product_ids))
    await set_coverage(database, merchant, promotion_id, coverage)

    assert await rows_written(database, merchant, "promotion_products") == 1
    assert await rows_written(database, merchant, "automatic_picks") == 0
    assert (await get_promotion(database, merchant, promotion_id)).terms.coverage == coverage


async def test_changing_one_of_many_percents_writes_one_row(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, range(1, 801))
    percents = dict.fromkeys(range(1, 801), PERCENT)
    new = a_promotion(coverage=OwnPercents(percents))
    promotion_id = await create_promotion(database, merchant, new, NOON)

    coverage = OwnPercents(percents | {77: 2 * PERCENT})
    await set_coverage(database, merchant, promotion_id, coverage)

    assert await rows_written(database, merchant, "promotion_products") == 1
    assert await rows_written(database, merchant, "automatic_picks") == 1
    assert (await get_promotion(database, merchant, promotion_id)).terms.coverage == coverage


@pytest.mark.parametrize(
    "coverages",
    [
        (AllProducts(PERCENT), ListedProducts(PERCENT, (1, 2)), AllProducts(PERCENT)),
        (ListedProducts(PERCENT, (1, 2)), OwnPercents({2: 5, 1: 6}), OwnPercents({3: 5})),
        (OwnPercents({1: 1, 2: 2}), ListedProducts(PERCENT, (2, 3, 1)), OwnPercents({2: 2})),
    ],
)
async def test_one_kind_of_coverage_replaces_another(
    database: Database, merchant: Caller, coverages: tuple[Coverage, ...]
) -> None:
    await stock(database, merchant, [1, 2, 3])
    new = a_promotion(coverage=coverages[0])
    promotion_id = await create_promotion(database, merchant, new, NOON)

    for coverage in coverages[1:]:
        await set_coverage(database, merchant, promotion_id, coverage)

        assert (await get_promotion(database, merchant, promotion_id)).terms == Terms(coverage)

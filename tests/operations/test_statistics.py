"""Statistics show the codes of a promotion, and removed codes that were used."""

import asyncio
from datetime import date, timedelta

import pytest

from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.problems import PromotionNotFound
from sconto.domain.promotion import PromotionChange, PromotionType, Terms
from sconto.domain.statistics import CodeUses
from sconto.operations.counters import fold
from sconto.operations.promotions import change_promotion, create_promotion, delete_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller
from tests.statistics import Statistics, get_statistics

NO_CODE = 0

CODES = 20_000
"""Too many to compare each with each in 10 seconds."""


async def count_uses(
    database: Database,
    caller: Caller,
    promotion_id: int,
    code_id: int = NO_CODE,
    *,
    code_type: CodeType | str = "none",
    applied: bool = True,
    slot: int = 0,
    uses: int = 1,
) -> None:
    """Count as orders do: the uses of a one-time code at the code and at its promotion."""
    async with database.write() as connection:
        if code_type is CodeType.ONE_TIME:
            await connection.execute(
                f"""
                UPDATE codes SET {"applied" if applied else "outdone"}_uses = $3
                WHERE merchant_id = $1 AND code_id = $2
                """,
                caller.merchant_id,
                code_id,
                uses,
            )
            code_id = NO_CODE
        await connection.execute(
            """
            INSERT INTO redemption_counts (
                merchant_id, promotion_id, code_id, code_type, applied, currency, day, slot,
                uses, discount
            )
            VALUES ($1, $2, $3, $4, $5, 'EUR', $6, $7, $8, 100)
            """,
            caller.merchant_id,
            promotion_id,
            code_id,
            code_type,
            applied,
            date(2026, 6, 1),
            slot,
            uses,
        )


async def create_with_codes(
    database: Database, caller: Caller, *codes: str, code_type: CodeType | None = None
) -> tuple[int, dict[str, int]]:
    """A promotion's id, and the ids of its codes."""
    new = a_promotion(codes=codes, code_type=code_type)
    promotion_id = await create_promotion(database, caller, new, NOON)
    statistics = await get_statistics(database, caller, promotion_id)
    assert statistics.codes is not None
    return promotion_id, {code.code: code.code_id for code in statistics.codes}


async def set_terms(database: Database, caller: Caller, promotion_id: int, terms: Terms) -> None:
    type_ = PromotionType.COUPON if terms.codes else PromotionType.DISCOUNT
    await change_promotion(
        database, caller, promotion_id, PromotionChange(type_, terms=terms), NOON
    )


async def test_a_promotion_that_never_had_codes_shows_none(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await create_promotion(database, merchant, a_promotion(), NOON)
    assert await get_statistics(database, merchant, promotion_id) == Statistics(0, None)

    await count_uses(database, merchant, promotion_id, uses=3)
    await count_uses(database, merchant, promotion_id, uses=2, applied=False)
    await count_uses(database, merchant, promotion_id, uses=5, slot=7)

    assert await get_statistics(database, merchant, promotion_id) == Statistics(10, None)


@pytest.mark.parametrize(
    ("code_type", "shown"),
    [
        (CodeType.ONE_TIME, CodeType.ONE_TIME),
        (CodeType.REUSABLE, CodeType.REUSABLE),
        (None, CodeType.REUSABLE),
    ],
)
async def test_an_unused_code_shows_the_present_type(
    database: Database, merchant: Caller, code_type: CodeType | None, shown: CodeType
) -> None:
    promotion_id, ids = await create_with_codes(database, merchant, "b", "A", code_type=code_type)

    statistics = await get_statistics(database, merchant, promotion_id)

    assert statistics == Statistics(
        0, (CodeUses(ids["b"], "b", shown, 0), CodeUses(ids["A"], "A", shown, 0))
    )
    assert ids["b"] < ids["A"]


async def test_a_code_used_under_both_types_has_two_rows(
    database: Database, merchant: Caller
) -> None:
    promotion_id, ids = await create_with_codes(database, merchant, "A", "B")
    for code_type, uses in ((CodeType.REUSABLE, 2), (CodeType.ONE_TIME, 1)):
        await count_uses(database, merchant, promotion_id, ids["A"], code_type=code_type, uses=uses)

    statistics = await get_statistics(database, merchant, promotion_id)

    assert statistics == Statistics(
        3,
        (
            CodeUses(ids["A"], "A", CodeType.ONE_TIME, 1),
            CodeUses(ids["A"], "A", CodeType.REUSABLE, 2),
            CodeUses(ids["B"], "B", CodeType.REUSABLE, 0),
        ),
    )


async def test_a_removed_code_is_shown_if_it_was_used(database: Database, merchant: Caller) -> None:
    promotion_id, ids = await create_with_codes(database, merchant, "used", "unused", "kept")
    await count_uses(
        database, merchant, promotion_id, ids["used"], code_type=CodeType.REUSABLE, uses=4
    )

    terms = Terms(AllProducts(PERCENT), CodeType.ONE_TIME, ("kept", "USED"))
    await set_terms(database, merchant, promotion_id, terms)
    await set_terms(
        database, merchant, promotion_id, Terms(AllProducts(PERCENT), CodeType.ONE_TIME, ("kept",))
    )
    await set_terms(database, merchant, promotion_id, terms)

    statistics = await get_statistics(database, merchant, promotion_id)
    assert statistics.uses == 4
    assert statistics.codes is not None
    old, kept, new = statistics.codes
    assert old == CodeUses(ids["used"], "USED", CodeType.REUSABLE, 4)
    assert kept == CodeUses(ids["kept"], "kept", CodeType.ONE_TIME, 0)
    assert (new.code, new.code_type, new.uses) == ("USED", CodeType.ONE_TIME, 0)
    assert new.code_id > ids["kept"]


async def test_a_promotion_that_had_codes_shows_the_used_ones(
    database: Database, merchant: Caller
) -> None:
    promotion_id, ids = await create_with_codes(database, merchant, "A", "B")
    await set_terms(database, merchant, promotion_id, Terms(AllProducts(PERCENT)))
    assert await get_statistics(database, merchant, promotion_id) == Statistics(0, ())

    await count_uses(database, merchant, promotion_id, ids["A"], code_type=CodeType.ONE_TIME)
    await count_uses(database, merchant, promotion_id, uses=5)

    assert await get_statistics(database, merchant, promotion_id) == Statistics(
        6, (CodeUses(ids["A"], "A", CodeType.ONE_TIME, 1),)
    )


async def test_statistics_of_an_unknown_promotion_are_not_found(
    database: Database, merchant: Caller
) -> None:
    promotion_id, _ = await create_with_codes(database, merchant, "A")
    other_merchant = await create_caller(database)
    deleted, _ = await create_with_codes(database, merchant, "A")
    await delete_promotion(database, merchant, deleted, NOON)

    for caller, number in (
        (other_merchant, promotion_id),
        (merchant, deleted),
        (merchant, 0),
        (merchant, 2**63),
    ):
        with pytest.raises(PromotionNotFound):
            await get_statistics(database, caller, number)


async def test_statistics_do_not_read_the_uses_of_other_promotions(
    database: Database, merchant: Caller
) -> None:
    promotion_id, ids = await create_with_codes(database, merchant, "A")
    other, other_ids = await create_with_codes(database, merchant, "A")

    await count_uses(database, merchant, other, other_ids["A"], code_type=CodeType.REUSABLE)

    assert await get_statistics(database, merchant, promotion_id) == Statistics(
        0, (CodeUses(ids["A"], "A", CodeType.REUSABLE, 0),)
    )


async def test_removed_one_time_codes_are_shown_if_they_were_used(
    database: Database, merchant: Caller
) -> None:
    promotion_id, ids = await create_with_codes(
        database, merchant, "applied", "outdone", "unused", "kept", code_type=CodeType.ONE_TIME
    )
    for code, applied in (("applied", True), ("outdone", False), ("kept", True)):
        await count_uses(
            database,
            merchant,
            promotion_id,
            ids[code],
            code_type=CodeType.ONE_TIME,
            applied=applied,
            slot=ids[code] % 1000,
        )
    terms = Terms(AllProducts(PERCENT), CodeType.ONE_TIME, ("kept",))
    await set_terms(database, merchant, promotion_id, terms)

    assert await get_statistics(database, merchant, promotion_id) == Statistics(
        3,
        tuple(
            CodeUses(ids[code], code, CodeType.ONE_TIME, 1)
            for code in ("applied", "outdone", "kept")
        ),
    )


@pytest.mark.parametrize("code_type", [CodeType.REUSABLE, CodeType.ONE_TIME])
async def test_statistics_of_many_codes_take_no_quadratic_time(
    database_url: str, merchant: Caller, code_type: CodeType
) -> None:
    more = "&" if "?" in database_url else "?"
    database = await Database.open(f"{database_url}{more}work_mem=64kB")
    codes = tuple(f"C{number}" for number in range(CODES))
    new = a_promotion(codes=codes, code_type=code_type)
    promotion_id = await create_promotion(database, merchant, new, NOON)
    async with database.write() as connection:
        await connection.execute(
            """
            INSERT INTO redemption_counts
            SELECT $1, $2, code_id, $3, true, 'EUR', '2026-06-01', 0, 1, 100
            FROM codes
            WHERE merchant_id = $1 AND promotion_id = $2 AND ($3 = 'reusable' OR code_id % 2 = 0)
            """,
            merchant.merchant_id,
            promotion_id,
            code_type,
        )
        await connection.execute("ANALYZE redemption_counts")
    async with asyncio.timeout(10):
        before = await get_statistics(database, merchant, promotion_id)
    await fold(database, NOON + timedelta(days=3))
    async with asyncio.timeout(10):
        statistics = await get_statistics(database, merchant, promotion_id)
    await database.close()
    assert statistics == before
    assert len(statistics.codes or ()) == CODES
    assert statistics.uses == (CODES if code_type is CodeType.REUSABLE else CODES // 2)

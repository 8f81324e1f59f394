"""Old counters are folded into few rows, and their sums stay the same."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.operations import counters
from sconto.operations.checkout import place_order
from sconto.operations.counters import DAYS_FOLDED_AFTER, SLOTS_FOLDED_AFTER, fold
from sconto.operations.overviews import get_overview
from sconto.operations.promotions import create_promotion
from sconto.store import counters as store
from sconto.store.database import Database, DatabaseUnavailable
from tests.builders import NOON, a_cart, a_promotion
from tests.conftest import create_caller
from tests.operations.counter_rows import (
    TODAY,
    Row,
    a_row,
    counted_with_promotion,
    create_codes,
    read,
    read_codes,
    read_while_folding,
    sums,
    two_years,
    write,
)
from tests.promises import violations
from tests.statistics import get_daily_uses, get_statistics

SLOTS_BEFORE, DAYS_BEFORE = TODAY - SLOTS_FOLDED_AFTER, TODAY - DAYS_FOLDED_AFTER


def kept_place(row: Row) -> tuple[object, ...]:
    """Where a row is after a fold, computed without the code under test."""
    if row.day >= SLOTS_BEFORE:
        return row.key
    day = row.day.replace(day=1) if row.day < DAYS_BEFORE else row.day
    return *counted_with_promotion(row).counter, day, 0


rows_of_years = st.lists(
    st.builds(
        Row,
        promotion_id=st.integers(1, 3),
        code_id=st.integers(0, 2),
        code_type=st.sampled_from(["none", "one-time", "reusable"]),
        applied=st.booleans(),
        currency=st.sampled_from(["EUR", "JPY"]),
        day=st.one_of(
            st.dates(TODAY - timedelta(days=5), TODAY + timedelta(days=1)),
            st.dates(TODAY - timedelta(days=400), TODAY),
            st.sampled_from([DAYS_BEFORE, DAYS_BEFORE - timedelta(days=1), date(2026, 1, 1)]),
        ),
        slot=st.integers(0, 3),
        uses=st.integers(1, 10**6),
        discount=st.integers(0, 10**20),
    ),
    unique_by=lambda row: row.key,
    max_size=80,
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows_of_years)
async def test_a_fold_moves_each_row_to_its_place_and_adds_up_those_that_meet(
    database: Database, rows: list[Row]
) -> None:
    for caller in (await create_caller(database), await create_caller(database)):
        _, codes = await create_codes(database, caller, "A", "B")
        numbers = dict(enumerate([0, *codes]))
        written = [replace(row, code_id=numbers[row.code_id]) for row in rows]
        await write(database, caller, written)

        await fold(database, NOON)

        expected: dict[tuple[object, ...], tuple[int, int]] = {}
        moved: dict[int, tuple[int, int]] = {}
        for row in written:
            uses, discount = expected.get(kept_place(row), (0, 0))
            expected[kept_place(row)] = (uses + row.uses, discount + row.discount)
            if row.is_by_one_time_code and row.day < SLOTS_BEFORE:
                applied, outdone = moved.get(row.code_id, (0, 0))
                more = (row.uses, 0) if row.applied else (0, row.uses)
                moved[row.code_id] = applied + more[0], outdone + more[1]
        kept = await read(database, caller)
        assert {row.key: (row.uses, row.discount) for row in kept} == expected
        assert await read_codes(database, caller) == moved
        assert sums(kept) == sums(written)
        assert await fold(database, NOON) == 0


async def test_folding_two_years_bounds_the_rows_and_keeps_the_sums(
    database: Database, merchant: Caller
) -> None:
    new = a_promotion(codes=("SHARED",), code_type=CodeType.REUSABLE)
    promotion_id = await create_promotion(database, merchant, new, NOON)
    [code] = (await get_statistics(database, merchant, promotion_id)).codes or ()
    await write(database, merchant, two_years(promotion_id, code.code_id))

    async def shown() -> list[object]:
        return [
            await get_statistics(database, merchant, promotion_id),
            await get_daily_uses(database, merchant, promotion_id, TODAY),
            await get_overview(database, merchant, promotion_id, TODAY),
        ]

    before = await shown()
    readers = asyncio.create_task(read_while_folding(database, merchant, promotion_id))
    assert await fold(database, NOON) > 2000
    assert await readers == {before[0]}
    assert await shown() == before
    # Four slots of three days, a row for each other day of the last hundred, and one a month.
    assert len(await read(database, merchant)) <= 3 * 4 + DAYS_FOLDED_AFTER.days + 2 * 24


async def test_orders_of_any_day_are_counted_exactly_during_folds(
    database: Database, merchant: Caller
) -> None:
    automatic, coupon = [
        await create_promotion(database, merchant, new, NOON)
        for new in (a_promotion(), a_promotion(codes=("SHARED",), code_type=CodeType.REUSABLE))
    ]
    old = [TODAY - timedelta(days=days) for days in (2, 3, 4, 101, 102)]
    days = [*old, TODAY]
    until_placed = asyncio.Event()

    async def fold_on() -> int:
        folded = 0
        while not until_placed.is_set():
            folded += await fold(database, NOON)
            await asyncio.sleep(0.002)
        return folded

    async def place(client: int) -> None:
        for number in range(40):
            order = NewOrder(f"A-{client}-{number}", a_cart(codes=("SHARED",)))
            await place_order(database, merchant, order, NOON, days[number % len(days)])

    folding = asyncio.create_task(fold_on())
    await asyncio.gather(*(place(client) for client in range(6)))
    until_placed.set()

    assert await folding > 0
    await fold(database, NOON)
    kept = await read(database, merchant)
    assert {row.day for row in kept if row.slot} <= {TODAY, old[0]}
    assert sum(row.uses for row in kept if row.promotion_id == automatic) == 240
    assert (await get_statistics(database, merchant, coupon)).uses == 240
    assert await violations(database, merchant) == []


async def test_an_order_does_not_wait_for_an_open_fold(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await create_promotion(database, merchant, a_promotion(), NOON)
    await write(database, merchant, two_years(promotion_id))
    async with database.write() as connection:
        assert await store.fold_slots(connection, merchant.merchant_id, SLOTS_BEFORE) > 0
        assert await store.fold_days(connection, merchant.merchant_id, DAYS_BEFORE) > 0
        async with asyncio.timeout(2):
            for days in range(3):
                order = NewOrder(f"A-{days}", a_cart())
                day = TODAY - timedelta(days=days)
                assert (await place_order(database, merchant, order, NOON, day)).created


async def test_a_fold_skips_a_row_locked_by_an_open_order_until_the_next_fold(
    database: Database, merchant: Caller
) -> None:
    await write(database, merchant, [a_row(1, 9, slot) for slot in (1, 2)])
    async with database.write() as connection:
        await connection.execute(
            "UPDATE redemption_counts SET uses = uses + 1 WHERE merchant_id = $1 AND slot = 1",
            merchant.merchant_id,
        )
        async with asyncio.timeout(2):
            await fold(database, NOON)
    assert sorted((row.slot, row.uses) for row in await read(database, merchant)) == [
        (0, 1),
        (1, 2),
    ]
    assert await fold(database, NOON) == 1
    assert [(row.slot, row.uses) for row in await read(database, merchant)] == [(0, 3)]


async def test_a_killed_fold_changes_nothing(database: Database, merchant: Caller) -> None:
    _, [code] = await create_codes(database, merchant, "ONCE")
    of_code = [a_row(1, days, code_id=code, code_type="one-time") for days in (3, 150, 400)]
    await write(database, merchant, [*two_years(1), *of_code])
    before = await read(database, merchant)

    async def killed() -> None:
        async with database.write() as connection:
            assert await store.fold_codes(connection, merchant.merchant_id, SLOTS_BEFORE) == 3
            await store.fold_slots(connection, merchant.merchant_id, SLOTS_BEFORE)
            await store.fold_days(connection, merchant.merchant_id, DAYS_BEFORE)
            pid = await connection.fetchval("SELECT pg_backend_pid()")
            async with database.read() as other:
                await other.fetchval("SELECT pg_terminate_backend($1::int, 5000)", pid)

    with pytest.raises(DatabaseUnavailable):
        await killed()
    assert await read(database, merchant) == before
    assert await read_codes(database, merchant) == {}
    assert await fold(database, NOON) > 0
    assert sums(await read(database, merchant)) == sums(before)
    assert await read_codes(database, merchant) == {code: (3, 0)}


async def test_one_worker_folds_at_a_time(database: Database, merchant: Caller) -> None:
    await write(database, merchant, two_years(1))
    async with database.write() as connection:
        assert await store.lock_folding(connection)
        assert await fold(database, NOON) == 0
    assert sum(await asyncio.gather(*(fold(database, NOON) for _ in range(4)))) > 0
    assert sums(await read(database, merchant)) == sums(two_years(1))


async def test_a_worker_keeps_folding_after_a_failure(
    database: Database, merchant: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    await write(database, merchant, [a_row(1, 9, slot) for slot in range(4)])
    times = [datetime.min.replace(tzinfo=UTC), NOON]  # no day is before the first: it fails
    folded = asyncio.Event()

    def clock() -> datetime:
        if times:
            return times.pop(0)
        folded.set()
        return NOON

    folding = asyncio.create_task(counters.keep_folding(database, clock, pause=0, first_pause=0))
    async with asyncio.timeout(10):
        await folded.wait()
    folding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await folding
    assert "counters are not folded" in caplog.text
    assert [row.slot for row in await read(database, merchant)] == [0]


@pytest.mark.plain_postgresql("the node counts its own updates")
async def test_counting_updates_no_index(database: Database, merchant: Caller) -> None:
    await write(database, merchant, [a_row(1, days_ago) for days_ago in range(40)])
    async with database.write() as connection:

        async def updated(kind: str) -> int:
            return int(
                await connection.fetchval(
                    f"SELECT pg_stat_get_xact_tuples_{kind}('redemption_counts'::regclass)"
                )
            )

        before = await updated("updated"), await updated("hot_updated")
        await connection.execute(
            "UPDATE redemption_counts SET uses = uses + 1, discount = discount + 1"
            " WHERE merchant_id = $1",
            merchant.merchant_id,
        )
        assert await updated("updated") - before[0] == 40
        assert await updated("hot_updated") - before[1] == 40


@pytest.mark.plain_postgresql("indexes of a shard have other names")
@pytest.mark.parametrize("folded", ["codes", "slots", "days"])
async def test_rows_to_fold_are_found_by_their_own_index(
    database: Database, merchant: Caller, folded: str
) -> None:
    statement = getattr(store, f"_FOLD_{folded.upper()}").statement
    await write(database, merchant, two_years(1))
    async with database.write() as connection:
        await connection.execute(store._IN_ORDER)
        plan = await connection.fetch(f"EXPLAIN {statement}", merchant.merchant_id, TODAY)
    text = "\n".join(row[0] for row in plan)
    found = sorted(re.findall(r"using (\w+) on redemption_counts", text))
    assert found == sorted((f"{folded}_to_fold", "redemption_counts_pkey"))
    assert re.findall(r"using (\w+) on codes", text) == ["codes_pkey"]
    assert not re.search("Seq Scan|Bitmap", text)

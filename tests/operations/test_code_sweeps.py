"""Deleting and restoring promotions with many codes, in batches."""

import asyncio
from datetime import date, timedelta

import pytest

from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.problems import PromotionNotFound
from sconto.operations import codes, promotions
from sconto.operations.checkout import place_order, quote
from sconto.operations.code_sweeps import sweep_codes
from sconto.operations.history import get_promotion_history
from sconto.store import code_sweeps as store
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_promotion
from tests.conftest import own_database
from tests.promises import violations
from tests.statistics import get_statistics

database = own_database

DAY = date(2026, 6, 1)
LATER = NOON + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of five codes, so that few codes take many batches."""
    for statement in ("_REMOVE", "_RESTORE"):
        text = getattr(store, statement)
        for size in (store.SWEEP_BATCH, store.RESTORE_BATCH):
            text = text.replace(f"LIMIT {size}\n", "LIMIT 5\n")
        assert "LIMIT 5\n" in text
        monkeypatch.setattr(store, statement, text)
    monkeypatch.setattr(store, "RESTORE_BATCH", 5)


async def a_coupon(database: Database, caller: Caller, count: int = 23) -> int:
    texts = tuple(f"C{number:02}" for number in range(count))
    new = a_promotion(codes=texts, code_type=CodeType.ONE_TIME)
    return await promotions.create_promotion(database, caller, new, NOON)


async def a_swept_coupon(database: Database, caller: Caller) -> int:
    """A deleted promotion whose codes are all removed."""
    promotion_id = await a_coupon(database, caller)
    await promotions.delete_promotion(database, caller, promotion_id, NOON)
    await sweep_codes(database)
    return promotion_id


async def left(database: Database, promotion_id: int) -> int:
    """How many codes the promotion has."""
    async with database.read() as connection:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM codes WHERE promotion_id = $1 AND removed_at IS NULL",
            promotion_id,
        )
    return count


async def jobs(database: Database, promotion_id: int) -> int:
    async with database.read() as connection:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM code_sweeps WHERE promotion_id = $1", promotion_id
        )
    return count


async def sweep_once(database: Database, caller: Caller, promotion_id: int) -> bool:
    async with database.write() as connection:
        return await store.sweep_batch(connection, caller.merchant_id, promotion_id)


async def end_pause(database: Database, promotion_id: int) -> None:
    """A restoration pauses the sweep for a while."""
    async with database.write() as connection:
        await connection.execute(
            "UPDATE code_sweeps SET paused_until = now() WHERE promotion_id = $1", promotion_id
        )


async def order(database: Database, caller: Caller, order_id: str, code: str) -> int:
    new = NewOrder(order_id, a_cart(codes=(code,)), None, None)
    return (await place_order(database, caller, new, NOON, DAY)).order.outcome.total


async def test_a_deletion_removes_one_batch_of_codes_and_the_sweep_removes_the_rest(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    await promotions.delete_promotion(database, merchant, promotion_id, NOON)
    assert await left(database, promotion_id) == 18
    for code in ("C00", "C22"):
        assert (await quote(database, merchant, a_cart(codes=(code,)), NOON)).total == 1000
        assert await order(database, merchant, f"order {code}", code) == 1000
    assert await violations(database, merchant) == []

    assert await sweep_once(database, merchant, promotion_id)
    assert await left(database, promotion_id) == 13
    await sweep_codes(database)
    assert (await left(database, promotion_id), await jobs(database, promotion_id)) == (0, 0)
    assert await violations(database, merchant) == []


async def test_the_history_counts_all_codes_that_a_deletion_removes(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    await promotions.delete_promotion(database, merchant, promotion_id, NOON)
    await promotions.restore_promotion(database, merchant, promotion_id, LATER)
    page = await get_promotion_history(database, merchant, promotion_id, limit=5)
    deleted = page.entries[1].change
    assert deleted.before is not None
    assert deleted.before["codes"]["count"] == 23  # type: ignore[index]


async def test_a_promotion_with_few_codes_leaves_no_sweep(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant, 5)
    await promotions.delete_promotion(database, merchant, promotion_id, NOON)
    assert (await left(database, promotion_id), await jobs(database, promotion_id)) == (0, 0)


@pytest.mark.parametrize("batches", [0, 1, 3, 99])
async def test_a_restoration_restores_all_codes_however_far_the_sweep_is(
    database: Database, merchant: Caller, batches: int
) -> None:
    promotion_id = await a_coupon(database, merchant)
    await order(database, merchant, f"used {promotion_id}", "C20")
    await codes.remove_codes(database, merchant, promotion_id, ["C01", "C21"], NOON)
    before = await promotions.get_promotion(database, merchant, promotion_id)
    await promotions.delete_promotion(database, merchant, promotion_id, LATER)
    for _ in range(batches):
        await sweep_once(database, merchant, promotion_id)

    await promotions.restore_promotion(database, merchant, promotion_id, LATER)
    after = await promotions.get_promotion(database, merchant, promotion_id)
    assert after.terms == before.terms
    assert await jobs(database, promotion_id) == 0
    await sweep_codes(database)
    assert await left(database, promotion_id) == 21
    statistics = await get_statistics(database, merchant, promotion_id)
    assert statistics.uses == 1
    assert await order(database, merchant, "afterwards", "C22") == 900
    assert await violations(database, merchant) == []


async def test_an_interrupted_restoration_restores_nothing_and_can_be_repeated(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_swept_coupon(database, merchant)
    async with database.write() as connection:
        done = await store.restore_batch(connection, merchant.merchant_id, promotion_id, NOON, None)
    assert not done.is_complete
    assert await left(database, promotion_id) == 5
    assert (await quote(database, merchant, a_cart(codes=("C00",)), NOON)).total == 1000
    assert not await sweep_once(database, merchant, promotion_id), "a restoration pauses the sweep"

    await end_pause(database, promotion_id)
    await sweep_codes(database)
    assert await left(database, promotion_id) == 0
    await promotions.restore_promotion(database, merchant, promotion_id, LATER)
    assert await left(database, promotion_id) == 23


async def test_a_restoration_starts_again_if_the_sweep_ran_meanwhile(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_swept_coupon(database, merchant)
    done = None
    for _ in range(2):
        async with database.write() as connection:
            done = await store.restore_batch(
                connection, merchant.merchant_id, promotion_id, NOON, done
            )
    await end_pause(database, promotion_id)
    assert await sweep_once(database, merchant, promotion_id)
    assert await left(database, promotion_id) == 5
    while done is None or not done.is_complete:
        async with database.write() as connection:
            done = await store.restore_batch(
                connection, merchant.merchant_id, promotion_id, NOON, done
            )
    assert await left(database, promotion_id) == 23


async def test_two_concurrent_restorations_restore_once(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_swept_coupon(database, merchant)
    answers = await asyncio.gather(
        *(promotions.restore_promotion(database, merchant, promotion_id, LATER) for _ in range(2)),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers if answer is not None] == [PromotionNotFound]
    assert await left(database, promotion_id) == 23


async def test_a_sweep_skips_a_code_locked_by_an_order_and_removes_it_later(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    async with database.write() as connection:
        await connection.execute(
            "SELECT FROM codes WHERE merchant_id = $1 AND promotion_id = $2"
            " AND code IN ('C03', 'C13') FOR UPDATE",
            merchant.merchant_id,
            promotion_id,
        )
        async with asyncio.timeout(2):
            await promotions.delete_promotion(database, merchant, promotion_id, NOON)
            await sweep_codes(database)
        assert await left(database, promotion_id) == 2
    await sweep_codes(database)
    assert (await left(database, promotion_id), await jobs(database, promotion_id)) == (0, 0)


async def test_an_order_does_not_wait_for_codes_that_are_still_to_be_removed(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    await order(database, merchant, "earlier", "C22")
    await promotions.delete_promotion(database, merchant, promotion_id, NOON)
    async with database.write() as sweep:
        await store.sweep_batch(sweep, merchant.merchant_id, promotion_id)
        async with asyncio.timeout(2):
            assert await order(database, merchant, "with a deleted code", "C07") == 1000
            new = NewOrder("instead", a_cart(codes=("C22",)), None, "earlier")
            placed = await place_order(database, merchant, new, LATER, DAY)
        assert placed.order.outcome.total == 1000
    await sweep_codes(database)
    assert await violations(database, merchant) == []


async def test_the_codes_of_a_deleted_promotion_are_free_immediately(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    await promotions.delete_promotion(database, merchant, promotion_id, NOON)
    other = await promotions.create_promotion(
        database, merchant, a_promotion(codes=("C22",), code_type=CodeType.ONE_TIME), LATER
    )
    assert await order(database, merchant, "of the other", "C22") == 900
    await sweep_codes(database)
    assert (await left(database, promotion_id), await left(database, other)) == (0, 1)
    await promotions.restore_promotion(database, merchant, promotion_id, LATER)
    assert await order(database, merchant, "of the first", "C22") == 900


async def test_a_sweep_removes_nothing_after_an_older_program_restored_the_promotion(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    await promotions.delete_promotion(database, merchant, promotion_id, NOON)
    async with database.write() as connection:
        await connection.execute(
            "UPDATE promotions SET deleted_at = NULL WHERE promotion_id = $1", promotion_id
        )
        await connection.execute(
            "UPDATE codes SET removed_at = NULL WHERE promotion_id = $1", promotion_id
        )
    await sweep_codes(database)
    assert (await left(database, promotion_id), await jobs(database, promotion_id)) == (23, 0)

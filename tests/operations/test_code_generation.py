"""Codes generated in the background: the exact number, with any number of workers."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from itertools import product

import pytest

from sconto.api.clock import read_clock
from sconto.domain.code_list import CodeCounts
from sconto.domain.code_pattern import CodePattern, Ending, Generation
from sconto.domain.history import Verb
from sconto.domain.people import Caller
from sconto.domain.problems import (
    GenerationNotFound,
    NoCodesAllowed,
    PatternRefused,
    PromotionNotFound,
)
from sconto.operations import code_generation, codes, promotions
from sconto.operations.code_generation import (
    draw_codes,
    generate_some,
    get_generation,
    keep_generating,
    list_generations,
    start_generation,
)
from sconto.operations.history import get_promotion_history
from sconto.store.code_lists import insert_codes
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller, own_database

database = own_database


async def a_coupon(database: Database, caller: Caller) -> int:
    return await promotions.create_promotion(database, caller, a_promotion(codes=("X",)), NOON)


async def finish(database: Database, caller: Caller, job: Generation) -> Generation:
    while True:
        advanced = await generate_some(database, caller.merchant_id, job.id, NOON)
        assert advanced is not None
        if advanced.ending is not None:
            return advanced


async def exported(database: Database, caller: Caller, promotion_id: int) -> list[str]:
    parts = await codes.export_codes(database, caller, promotion_id)
    return [listed.code async for part in parts for listed in part]


async def test_the_exact_number_of_codes_is_made_although_some_collide(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 20,000 draws of 20 million: about ten are repeated.
    monkeypatch.setattr(code_generation, "CODES_PER_TRANSACTION", 3_000)
    promotion_id = await a_coupon(database, merchant)
    pattern = CodePattern("P-", 1, 5, "23456789ABCDEFGHJKMNPQRSTVWXYZ")
    job = await start_generation(database, merchant, promotion_id, pattern, 20_000, NOON)
    assert (job.made, job.ending) == (0, None)
    done = await finish(database, merchant, job)
    assert (done.made, done.ending, done.finished_at) == (20_000, Ending.COMPLETE, NOON)
    assert await get_generation(database, merchant, job.id) == done
    made = await exported(database, merchant, promotion_id)
    assert len(made) == len(set(made)) == 20_001
    assert await generate_some(database, merchant.merchant_id, job.id, NOON) is None


async def test_an_existing_code_is_not_made_again(database: Database, merchant: Caller) -> None:
    promotion_id = await a_coupon(database, merchant)
    async with database.write() as connection:
        given = ["X", "A", "B", "A"]
        keys = [code.lower() for code in given]
        added = await insert_codes(connection, merchant.merchant_id, promotion_id, given, keys)
    assert added == 2
    assert await exported(database, merchant, promotion_id) == ["X", "A", "B"]


async def test_concurrent_workers_make_the_exact_number_of_codes(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_generation, "CODES_PER_TRANSACTION", 500)
    promotion_id = await a_coupon(database, merchant)
    jobs = [
        await start_generation(database, merchant, promotion_id, CodePattern(), wanted, NOON)
        for wanted in (4_321, 1, 2_000)
    ]
    workers = [
        asyncio.create_task(keep_generating(database, read_clock, pause=0.02)) for _ in range(4)
    ]
    try:
        async with asyncio.timeout(30):
            while any(job.ending is None for job in jobs):
                await asyncio.sleep(0.05)
                jobs = await list_generations(database, merchant, promotion_id)
    finally:
        for worker in workers:
            worker.cancel()
    assert [job.made for job in jobs] == [2_000, 1, 4_321]
    counts = await codes.count_codes(database, merchant, promotion_id)
    assert counts == CodeCounts(6_323, 0)


async def test_an_edit_of_the_promotion_runs_between_two_batches(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_generation, "CODES_PER_TRANSACTION", 10)
    promotion_id = await a_coupon(database, merchant)
    job = await start_generation(database, merchant, promotion_id, CodePattern(), 30, NOON)
    await generate_some(database, merchant.merchant_id, job.id, NOON)
    await codes.add_codes(database, merchant, promotion_id, ["BETWEEN"], NOON)
    await finish(database, merchant, job)
    assert (await exported(database, merchant, promotion_id)).index("BETWEEN") == 11


async def test_a_deleted_promotion_ends_its_generation(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_generation, "CODES_PER_TRANSACTION", 10)
    promotion_id = await a_coupon(database, merchant)
    job = await start_generation(database, merchant, promotion_id, CodePattern(), 30, NOON)
    await generate_some(database, merchant.merchant_id, job.id, NOON)
    await promotions.delete_promotion(database, merchant, promotion_id, NOON)
    done = await finish(database, merchant, job)
    assert (done.made, done.ending) == (10, Ending.PROMOTION_GONE)
    assert await codes.count_codes(database, merchant, promotion_id) == CodeCounts(0, 0)


async def test_a_used_up_pattern_ends_the_generation_and_keeps_its_codes(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    pattern = CodePattern("", group_count=1, group_length=10, alphabet="AB")
    every = ["".join(letters) for letters in product("AB", repeat=10)]
    await codes.add_codes(database, merchant, promotion_id, every, NOON)
    job = await start_generation(database, merchant, promotion_id, pattern, 1, NOON)
    done = await finish(database, merchant, job)
    assert (done.made, done.ending) == (0, Ending.PATTERN_USED_UP)


async def test_an_impossible_generation_is_refused_immediately(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    automatic = await promotions.create_promotion(database, merchant, a_promotion(), NOON)
    other_merchant = await create_caller(database)
    with pytest.raises(PatternRefused):
        await start_generation(database, merchant, promotion_id, CodePattern(), 0, NOON)
    with pytest.raises(NoCodesAllowed):
        await start_generation(database, merchant, automatic, CodePattern(), 1, NOON)
    with pytest.raises(PromotionNotFound):
        await start_generation(database, other_merchant, promotion_id, CodePattern(), 1, NOON)
    assert await list_generations(database, merchant, promotion_id) == []


async def test_another_merchants_generation_is_not_found(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    job = await start_generation(database, merchant, promotion_id, CodePattern(), 1, NOON)
    other_merchant = await create_caller(database)
    with pytest.raises(GenerationNotFound):
        await get_generation(database, other_merchant, job.id)
    with pytest.raises(GenerationNotFound):
        await get_generation(database, merchant, 2**70)
    assert await list_generations(database, other_merchant, promotion_id) == []
    assert await generate_some(database, other_merchant.merchant_id, job.id, NOON) is None


async def test_the_history_names_the_user_who_started_a_generation(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    later = datetime(2026, 6, 2, tzinfo=UTC)
    job = await start_generation(database, merchant, promotion_id, CodePattern("S-"), 5, later)
    await finish(database, merchant, job)
    page = await get_promotion_history(database, merchant, promotion_id, limit=2)
    ended, started = (entry.change for entry in page.entries)
    assert (started.verb, ended.verb) == (Verb.GENERATION_STARTED, Verb.CODES_GENERATED)
    assert started.after is not None
    assert started.after["count"] == 5
    assert str(started.after["example"]).startswith("S-")
    assert ended.after == {"codes": {"added": [], "added_count": 5}}
    assert len({entry.username for entry in page.entries}) == 1
    assert page.more


def test_all_letters_of_a_code_are_equally_likely() -> None:
    drawn = "".join(draw_codes(CodePattern("", 1, 10, "ABCDEFGHJKM"), 20_000))
    counts = Counter(drawn)
    assert set(counts) == set("ABCDEFGHJKM")
    # 200,000 letters: 18,182 of each. The standard deviation is 129; 900 is seven times that.
    assert all(abs(count - 18_182) < 900 for count in counts.values())


def test_two_draws_give_different_codes() -> None:
    assert set(draw_codes(CodePattern(), 1000)).isdisjoint(draw_codes(CodePattern(), 1000))

"""Applying codes: what waits for what, and how uses are counted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from sconto.domain.people import Caller
from sconto.domain.problems import CodeRefused, SubscriptionCodeNotFound
from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import (
    Application,
    Constraint,
    SubscriptionTerms,
)
from sconto.operations.idempotency import (
    KEY_LIFETIME,
    AlreadyAnswered,
    AnswerAroundUsage,
    EncodedAnswer,
    KeyedRequest,
)
from sconto.operations.subscription_promotions import (
    change_promotion,
    create_promotion,
    get_promotion,
)
from sconto.operations.subscriptions import apply_code
from sconto.store.database import Database
from sconto.store.idempotency import claim_key, keep_answer
from sconto.store.subscription_applications import _LOOK, insert_application
from sconto.store.subscription_promotions import (
    archive_promotion,
    lock_promotion,
    update_promotion,
)
from tests.builders import NOON, subscription_terms

CONTRACT = Contract(None, "monthly")
QUICK = 2.0
"""Seconds. Operations that do not wait take far less."""


async def a_stored(database: Database, caller: Caller, terms: SubscriptionTerms) -> int:
    return (await create_promotion(database, caller, terms, NOON)).id


async def change(database: Database, caller: Caller, id_: int, terms: SubscriptionTerms) -> None:
    await change_promotion(database, caller, id_, lambda _: terms, NOON)


async def apply(database: Database, caller: Caller) -> int:
    """Apply the code; returns how often it has been applied."""
    return (await apply_code(database, caller, "TRY3", CONTRACT, NOON)).promotion.usage


@asynccontextmanager
async def applied_and_open(
    database: Database, caller: Caller, promotion_id: int
) -> AsyncIterator[None]:
    """An application whose transaction stays open for the block."""
    application = Application(str(uuid4()), await get_promotion(database, caller, promotion_id))
    async with database.write() as connection:
        await insert_application(connection, caller, application, CONTRACT, None, NOON)
        yield


async def test_applying_an_unlimited_promotion_waits_for_nobody(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_stored(database, merchant, subscription_terms())
    async with (
        applied_and_open(database, merchant, promotion_id),
        applied_and_open(database, merchant, promotion_id),
    ):
        async with asyncio.timeout(QUICK):
            for _ in range(5):
                await apply(database, merchant)
        assert (await get_promotion(database, merchant, promotion_id)).usage == 5
    assert (await get_promotion(database, merchant, promotion_id)).usage == 7


async def test_without_a_limit_the_usage_is_the_number_read_plus_one(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_stored(database, merchant, subscription_terms())
    assert await apply(database, merchant) == 1
    async with applied_and_open(database, merchant, promotion_id):
        assert await apply(database, merchant) == 2
    assert await apply(database, merchant) == 4


async def test_a_new_limit_counts_uses_that_were_not_committed_yet(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_stored(database, merchant, subscription_terms())
    await apply(database, merchant)
    limited = subscription_terms(constraint=Constraint(max_usage=2))
    async with applied_and_open(database, merchant, promotion_id):
        changing = asyncio.create_task(change(database, merchant, promotion_id, limited))
        await asyncio.sleep(0.2)
        assert not changing.done()
    await changing
    assert (await get_promotion(database, merchant, promotion_id)).usage == 2
    with pytest.raises(CodeRefused):
        await apply(database, merchant)


async def test_an_application_waits_for_an_edit_and_uses_its_result(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_stored(database, merchant, subscription_terms())
    async with database.write() as connection:
        await connection.execute(
            "UPDATE subscription_promotions SET max_usage = 1, usage = 1"
            " WHERE merchant_id = $1 AND promotion_id = $2",
            merchant.merchant_id,
            promotion_id,
        )
        applying = asyncio.create_task(apply(database, merchant))
        await asyncio.sleep(0.2)
        assert not applying.done()
    with pytest.raises(CodeRefused):
        await applying
    assert (await get_promotion(database, merchant, promotion_id)).usage == 1


@pytest.mark.parametrize("limit", [None, 9])
async def test_an_application_that_waited_for_an_edit_gets_the_new_version(
    database: Database, merchant: Caller, limit: int | None
) -> None:
    terms = subscription_terms(constraint=Constraint(max_usage=limit))
    promotion_id = await a_stored(database, merchant, terms)
    async with database.write() as connection:
        before = await lock_promotion(connection, merchant.merchant_id, promotion_id)
        assert before is not None
        applying = asyncio.create_task(apply_code(database, merchant, "TRY3", CONTRACT, NOON))
        await asyncio.sleep(0.2)
        assert not applying.done()
        later = before.updated_at + timedelta(microseconds=1)
        after = replace(before, version=2, updated_at=later)
        await update_promotion(connection, merchant.merchant_id, after)
    applied = (await applying).promotion
    assert (applied.version, applied.usage) == (2, 1)
    async with database.read() as connection:
        find = "SELECT version FROM subscription_applications WHERE merchant_id = $1"
        assert await connection.fetchval(find, merchant.merchant_id) == 2


async def test_each_edit_is_later_than_the_last_even_if_the_clock_stands_still(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_stored(database, merchant, subscription_terms())
    instants = []
    for enabled in (False, True, False):
        await change(database, merchant, promotion_id, subscription_terms(enabled=enabled))
        instants.append((await get_promotion(database, merchant, promotion_id)).updated_at)
    assert NOON < instants[0] < instants[1] < instants[2]


async def test_a_code_archived_while_an_application_waits_is_not_found(
    database: Database, merchant: Caller
) -> None:
    terms = subscription_terms(constraint=Constraint(max_usage=9))
    promotion_id = await a_stored(database, merchant, terms)
    async with database.write() as connection:
        await lock_promotion(connection, merchant.merchant_id, promotion_id)
        applying = asyncio.create_task(apply(database, merchant))
        await asyncio.sleep(0.2)
        await archive_promotion(
            connection, merchant.merchant_id, promotion_id, NOON + timedelta(microseconds=1)
        )
    with pytest.raises(SubscriptionCodeNotFound):
        await applying


async def test_a_plan_made_on_an_empty_table_still_finds_one_key_by_index(
    create_database: Callable[[], str],
) -> None:
    database = await Database.open(create_database())
    async with database.read() as connection:
        await connection.execute("ANALYZE idempotency_keys")
        await connection.execute(f"PREPARE look (bigint, text, text, timestamptz) AS {_LOOK}")
        explain = "EXPLAIN (COSTS OFF) EXECUTE look (1, 'try3', 'k', '2026-01-01')"
        plan = "\n".join(row[0] for row in await connection.fetch(explain))
    await database.close()
    assert "idempotency_keys_pkey" in plan
    assert "idempotency_keys_by_age" not in plan


async def test_a_busy_key_does_not_block_the_code_for_others(
    database: Database, merchant: Caller
) -> None:
    terms = subscription_terms(constraint=Constraint(max_usage=9))
    promotion_id = await a_stored(database, merchant, terms)
    first = EncodedAnswer(200, b"first")
    named: KeyedRequest[Application, AnswerAroundUsage] = KeyedRequest(
        "k", b"", lambda _: AnswerAroundUsage(200, b"", b"")
    )
    async with database.write() as connection:
        await claim_key(
            connection, merchant.merchant_id, "k", b"", now=NOON, expired_at=NOON - KEY_LIFETIME
        )
        applying = asyncio.create_task(
            apply_code(database, merchant, "TRY3", CONTRACT, NOON, named)
        )
        async with asyncio.timeout(QUICK):
            for _ in range(5):
                await asyncio.sleep(0.05)
                await apply(database, merchant)
        assert not applying.done()
        await keep_answer(connection, merchant.merchant_id, "k", first)
    with pytest.raises(AlreadyAnswered) as before:
        await applying
    assert before.value.answer == first
    assert (await get_promotion(database, merchant, promotion_id)).usage == 5


@pytest.mark.parametrize("limit", [None, 30])
async def test_no_use_is_lost_while_limits_are_set_and_removed(
    database: Database, merchant: Caller, limit: int | None
) -> None:
    promotion_id = await a_stored(database, merchant, subscription_terms())
    endings = [Constraint(max_usage=1_000), Constraint(), Constraint(max_usage=limit)]

    async def toggle() -> None:
        for constraint in endings:
            await change(
                database, merchant, promotion_id, subscription_terms(constraint=constraint)
            )

    await asyncio.gather(toggle(), *(apply(database, merchant) for _ in range(30)))
    assert (await get_promotion(database, merchant, promotion_id)).usage == 30


async def test_a_promotion_at_its_limit_is_refused_without_waiting(
    database: Database, merchant: Caller
) -> None:
    used_up = subscription_terms(constraint=Constraint(max_usage=1))
    promotion_id = await a_stored(database, merchant, used_up)
    await apply(database, merchant)
    async with database.write() as connection:
        await connection.execute(
            "SELECT FROM subscription_promotions WHERE merchant_id = $1 AND promotion_id = $2"
            " FOR UPDATE",
            merchant.merchant_id,
            promotion_id,
        )
        async with asyncio.timeout(QUICK):
            with pytest.raises(CodeRefused):
                await apply(database, merchant)


async def test_continuous_applications_do_not_block_an_edit(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_stored(database, merchant, subscription_terms())

    async def apply_slowly(delay: float) -> None:
        """Applications one after another, which overlap with those of other workers."""
        await asyncio.sleep(delay)
        while True:
            async with applied_and_open(database, merchant, promotion_id):
                await asyncio.sleep(0.1)

    appliers = [asyncio.create_task(apply_slowly(0.025 * i)) for i in range(4)]
    await asyncio.sleep(0.2)
    try:
        async with asyncio.timeout(QUICK):
            disabled = subscription_terms(enabled=False)
            await change(database, merchant, promotion_id, disabled)
    finally:
        for applier in appliers:
            applier.cancel()
        await asyncio.gather(*appliers, return_exceptions=True)

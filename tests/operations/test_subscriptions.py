"""Applying codes: who waits for whom, and what is counted where."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sconto.domain.people import Caller
from sconto.domain.problems import CodeRefused
from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import (
    Application,
    Constraint,
    SubscriptionPromotion,
    SubscriptionTerms,
)
from sconto.operations.idempotency import Answer, Repeatable
from sconto.operations.subscription_promotions import (
    change_promotion,
    create_promotion,
    get_promotion,
)
from sconto.operations.subscriptions import apply_code
from sconto.store.database import Database
from sconto.store.subscription_applications import count_use, hold_promotion
from tests.builders import NOON, subscription_terms

CONTRACT = Contract(None, "monthly")
QUICK = 2.0
"""Seconds: what does not wait takes a small part of that."""


def asked(request: list[SubscriptionPromotion]) -> Repeatable[SubscriptionPromotion]:
    """A request without a key, that notes its effect in the list."""

    def note(effect: SubscriptionPromotion) -> Answer:
        request.append(effect)
        return Answer(200, b"")

    return Repeatable(None, b"", note)


def to_apply() -> Repeatable[Application]:
    return Repeatable(None, b"", lambda application: Answer(200, application.id.encode()))


async def a_stored(database: Database, caller: Caller, terms: SubscriptionTerms) -> int:
    made: list[SubscriptionPromotion] = []
    await create_promotion(database, caller, terms, asked(made), NOON)
    return made[0].id


async def change(database: Database, caller: Caller, id_: int, terms: SubscriptionTerms) -> None:
    await change_promotion(database, caller, id_, lambda _: terms, asked([]), NOON)


async def apply(database: Database, caller: Caller) -> None:
    await apply_code(database, caller, "TRY3", CONTRACT, to_apply(), NOON)


@asynccontextmanager
async def applied_and_open(
    database: Database, caller: Caller, promotion_id: int, *, limited: bool
) -> AsyncIterator[None]:
    """An application whose transaction stays open for as long as the block takes."""
    async with database.write() as connection:
        key = (connection, caller.merchant_id, promotion_id)
        assert await hold_promotion(*key, limited=limited)
        assert await count_use(*key, limited=limited)
        yield


async def test_whoever_applies_an_unlimited_promotion_waits_for_nobody(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_stored(database, merchant, subscription_terms())
    async with (
        applied_and_open(database, merchant, promotion_id, limited=False),
        applied_and_open(database, merchant, promotion_id, limited=False),
    ):
        async with asyncio.timeout(QUICK):
            for _ in range(5):
                await apply(database, merchant)
        assert (await get_promotion(database, merchant, promotion_id)).usage == 5
    assert (await get_promotion(database, merchant, promotion_id)).usage == 7


async def test_a_limit_that_comes_on_counts_what_was_under_way(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_stored(database, merchant, subscription_terms())
    await apply(database, merchant)
    limited = subscription_terms(constraint=Constraint(max_usage=2))
    async with applied_and_open(database, merchant, promotion_id, limited=False):
        changing = asyncio.create_task(change(database, merchant, promotion_id, limited))
        await asyncio.sleep(0.2)
        assert not changing.done()
    await changing
    assert (await get_promotion(database, merchant, promotion_id)).usage == 2
    with pytest.raises(CodeRefused):
        await apply(database, merchant)


async def test_an_application_waits_for_a_change_and_finds_what_it_left(
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


@pytest.mark.parametrize("limit", [None, 30])
async def test_while_limits_come_and_go_no_use_is_lost(
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


async def test_at_its_limit_a_promotion_is_refused_without_waiting(
    database: Database, merchant: Caller
) -> None:
    used_up = subscription_terms(constraint=Constraint(max_usage=1))
    promotion_id = await a_stored(database, merchant, used_up)
    await apply(database, merchant)
    async with database.write() as connection:
        assert await hold_promotion(connection, merchant.merchant_id, promotion_id, limited=True)
        async with asyncio.timeout(QUICK):
            with pytest.raises(CodeRefused):
                await apply(database, merchant)


async def test_a_change_is_not_kept_waiting_by_those_who_apply_without_end(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await a_stored(database, merchant, subscription_terms())

    async def apply_slowly(delay: float) -> None:
        """Applications whose transactions overlap with those of the others, one after the other."""
        await asyncio.sleep(delay)
        while True:
            async with applied_and_open(database, merchant, promotion_id, limited=False):
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

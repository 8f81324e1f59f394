"""Codes on subscriptions: the merchant's node is asked itself, and counts exactly."""

import asyncio
from collections import Counter
from typing import Final

import pytest

from sconto.domain.people import Caller
from sconto.domain.problems import (
    ApplicationNotFound,
    CodeRefused,
    SubscriptionPromotionNotFound,
)
from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import Application, Constraint
from sconto.domain.subscription_schedule import SchedulePlan
from sconto.operations.idempotency import AlreadyAnswered, AnswerAroundUsage, KeyedRequest
from sconto.operations.subscription_promotions import create_promotion, get_promotion
from sconto.operations.subscriptions import apply_code, schedule_promotion
from sconto.store.database import Database
from tests.builders import NOON, subscription_terms
from tests.citus.checked import assert_no_violations, until
from tests.citus.test_direct_calls import sent_to_nodes_alone
from tests.citus.test_nodes import move
from tests.conftest import create_caller
from tests.distributed import Cluster

CONTRACT: Final = Contract(None, "monthly")
LIMIT: Final = 7


async def shop_with_codes(database: Database) -> Caller:
    """A merchant with one subscription promotion that has a limit, and one that has none."""
    shop = await create_caller(database)
    for code, limit in (("CAPPED", LIMIT), ("FREE", None)):
        terms = subscription_terms(code=code, constraint=Constraint(max_usage=limit))
        await create_promotion(database, shop, terms, NOON)
    return shop


def keyed(key: str) -> KeyedRequest[Application, AnswerAroundUsage]:
    return KeyedRequest(key, b"same", lambda _: AnswerAroundUsage(200, b"", b""))


async def use_codes(database: Database, shop: Caller, number: int) -> None:
    """Apply both codes, with a key and again with it, and ask what the orders get."""
    for code in ("CAPPED", "FREE"):
        request = keyed(f"{code}-{number}")
        applied = await apply_code(database, shop, code, CONTRACT, NOON, request)
        assert applied.promotion.usage == number
        with pytest.raises(AlreadyAnswered):
            await apply_code(database, shop, code, CONTRACT, NOON, request)
        promotion = await get_promotion(database, shop, applied.promotion.id)
        assert promotion == applied.promotion
        plan = SchedulePlan(CONTRACT, 3, application_id=applied.id)
        eligibility, _ = await schedule_promotion(database, shop, promotion, plan, NOON)
        assert eligibility.reason is None


async def test_codes_on_subscriptions_ask_the_node_alone(
    direct: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shops = [await shop_with_codes(direct) for _ in range(4)]
    async with sent_to_nodes_alone(direct, monkeypatch) as calls:
        for shop in shops:
            await use_codes(direct, shop, 1)
    # Two for the application, and one each for its repetition, the promotion and its rules.
    assert len(calls) == 5 * 2 * len(shops)
    await assert_no_violations(direct)


async def test_codes_are_applied_from_the_first_request_after_a_shard_moved(
    cluster: Cluster, distributed_url: str, direct: Database
) -> None:
    shop = await shop_with_codes(direct)
    await use_codes(direct, shop, 1)
    here = direct.nodes.group_of(shop.merchant_id)
    await asyncio.to_thread(move, cluster, distributed_url, shop)
    await use_codes(direct, shop, 2)
    await until(lambda: direct.nodes.group_of(shop.merchant_id) != here)
    await use_codes(direct, shop, 3)
    await assert_no_violations(direct)


async def test_what_does_not_exist_is_not_found_on_the_node(database_of_nodes: Database) -> None:
    shop = await shop_with_codes(database_of_nodes)
    applied = await apply_code(database_of_nodes, shop, "FREE", CONTRACT, NOON)
    with pytest.raises(SubscriptionPromotionNotFound):
        await get_promotion(database_of_nodes, shop, applied.promotion.id + 1_000_000)
    plan = SchedulePlan(CONTRACT, 3, application_id="unknown")
    with pytest.raises(ApplicationNotFound):
        await schedule_promotion(database_of_nodes, shop, applied.promotion, plan, NOON)


async def test_a_limit_is_never_passed_whichever_way_the_applications_come(
    direct: Database, distributed: Database
) -> None:
    shop = await shop_with_codes(direct)

    async def outcome(database: Database, code: str, number: int) -> str:
        try:
            await apply_code(database, shop, code, CONTRACT, NOON, keyed(f"{code}-{number}"))
        except (AlreadyAnswered, CodeRefused) as error:
            return type(error).__name__
        return code

    # Each key is used twice: once on each way.
    kinds = Counter(
        await asyncio.gather(
            *(
                outcome(database, code, number)
                for number in range(12)
                for code in ("CAPPED", "FREE")
                for database in (direct, distributed)
            )
        )
    )
    assert (kinds["CAPPED"], kinds["FREE"]) == (LIMIT, 12)
    assert kinds["CodeRefused"] + kinds["AlreadyAnswered"] == 48 - LIMIT - 12
    await assert_no_violations(direct)

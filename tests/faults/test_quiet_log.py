"""Lost races are not errors of the database: its log does not mention them."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import psycopg
import pytest

from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.people import Caller
from sconto.domain.problems import Problem
from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import Application, Constraint
from sconto.operations.checkout import change_order_status, place_order
from sconto.operations.idempotency import (
    AlreadyAnswered,
    AnswerAroundUsage,
    EncodedAnswer,
    KeyedRequest,
)
from sconto.operations.promotions import create_promotion
from sconto.operations.subscription_promotions import KeyedPromotion
from sconto.operations.subscription_promotions import create_promotion as create_subscription
from sconto.operations.subscriptions import apply_code
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_promotion, subscription_terms
from tests.conftest import create_caller
from tests.faults.cluster import Cluster


async def outcomes(races: list[Coroutine[Any, Any, object]]) -> Counter[str]:
    """The number of each outcome. Only refusals may be raised."""
    found = await asyncio.gather(*races, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, (Problem, AlreadyAnswered)):
            raise one
    return Counter(type(one).__name__ for one in found)


async def test_lost_races_write_no_error_to_the_database_log(cluster: Cluster) -> None:
    # Each has its own connections and queues, like two processes.
    databases = [await Database.open(cluster.url) for _ in range(2)]
    caller = await create_caller(databases[0])
    codes = tuple(f"c{number}" for number in range(6))
    new = a_promotion(codes=codes, code_type=CodeType.ONE_TIME)
    await create_promotion(databases[0], caller, new, NOON)

    def order(number: int, order_id: str, code: str, replaces: str | None = None) -> Any:
        asked = NewOrder(order_id, a_cart(codes=(code,)), replaces=replaces)
        return place_order(databases[number % 2], caller, asked, NOON, NOON.date())

    for code in codes[:3]:
        rivals = [order(number, f"{code}-{number}", code) for number in range(32)]
        assert await outcomes(rivals) == {"Placed": 1, "CodesUsedUp": 31}
    assert await outcomes([order(number, "same", codes[3]) for number in range(32)]) == {
        "Placed": 32
    }
    assert await outcomes(
        [order(number, f"new-{number}", codes[3], replaces="same") for number in range(16)]
        + [_pay(databases[number % 2], caller, "same") for number in range(16)]
    ) >= Counter({"OrderNotReplaceable": 15})
    await _apply_at_once(databases, caller)
    for database in databases:
        await database.close()
    assert "ERROR" not in cluster.log
    with pytest.raises(psycopg.errors.DivisionByZero):
        cluster.execute("SELECT 1 / 0")
    assert "ERROR" in cluster.log  # the log does record errors


async def _pay(database: Database, caller: Caller, order_id: str) -> object:
    return await change_order_status(database, caller, order_id, OrderStatus.PAID, NOON)


async def _apply_at_once(databases: list[Database], caller: Caller) -> None:
    """Create subscription promotions and apply their codes, several callers using one key."""
    for limit in (None, 1):
        terms = subscription_terms(code=f"S{limit}", constraint=Constraint(max_usage=limit))
        create: KeyedPromotion = KeyedRequest(f"{limit}", b"", lambda _: EncodedAnswer(201, b""))
        asked = [
            create_subscription(databases[n % 2], caller, terms, NOON, create) for n in range(16)
        ]
        assert await outcomes([*asked]) == {"SubscriptionPromotion": 1, "AlreadyAnswered": 15}
        for keys in (1, 16):
            calls = []
            for number in range(16):
                key = f"{limit}-{keys}-{number % keys}"
                request: KeyedRequest[Application, AnswerAroundUsage] = KeyedRequest(
                    key, b"", lambda _: AnswerAroundUsage(200, b"", b"")
                )
                contract = Contract(None, "monthly")
                database = databases[number % 2]
                calls.append(apply_code(database, caller, terms.code, contract, NOON, request))
            answers = await outcomes([*calls])
            if keys == 1:
                assert answers == {"Application": 1, "AlreadyAnswered": 15}
            else:
                assert answers == {"Application" if limit is None else "CodeRefused": 16}
    taken = [
        create_subscription(
            databases[number % 2],
            caller,
            subscription_terms(code="new"),
            NOON,
        )
        for number in range(8)
    ]
    assert await outcomes([*taken]) == {"SubscriptionPromotion": 1, "SubscriptionCodeTaken": 7}

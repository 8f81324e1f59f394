"""Applying a code while the connection is lost: before the limit, and after the commit."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sconto.domain.people import Caller
from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import Application, Constraint
from sconto.operations.idempotency import (
    AlreadyAnswered,
    AnswerAroundUsage,
    EncodedAnswer,
    KeyedRequest,
)
from sconto.operations.subscription_promotions import create_promotion
from sconto.operations.subscriptions import apply_code
from sconto.store.database import Database, DatabaseUnavailable
from tests.builders import NOON, subscription_terms
from tests.conftest import create_caller
from tests.stories.database_proxy import DatabaseProxy

APPLY: KeyedRequest[Application, AnswerAroundUsage] = KeyedRequest(
    "key", b"", lambda _: AnswerAroundUsage(200, b"told ", b" times")
)

COUNT = """
SELECT (SELECT usage + (SELECT coalesce(sum(uses), 0) FROM subscription_usage)
        FROM subscription_promotions),
       (SELECT count(*) FROM subscription_applications),
       (SELECT count(*) FROM idempotency_keys)
"""

pytestmark = pytest.mark.plain_postgresql("kills sessions that wait on a single server")

KILL = """
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%alone AS%'
"""


async def create(database: Database, caller: Caller, limit: int | None) -> None:
    terms = subscription_terms(constraint=Constraint(max_usage=limit))
    await create_promotion(database, caller, terms, NOON)


async def apply(database: Database, caller: Caller) -> int:
    """Apply the code; returns how often it has been applied."""
    contract = Contract(None, "monthly")
    return (await apply_code(database, caller, "TRY3", contract, NOON, APPLY)).promotion.usage


async def assert_answered_before(database: Database, caller: Caller) -> None:
    with pytest.raises(AlreadyAnswered) as before:
        await apply(database, caller)
    assert before.value.answer == EncodedAnswer(200, b"told 1 times")


async def counts(database: Database) -> list[int]:
    """Uses, applications and keys of the whole database."""
    async with database.read() as connection:
        row = await connection.fetchrow(COUNT)
    assert row is not None
    return [int(count) for count in row]


async def kill_waiting_session(database: Database) -> None:
    for _ in range(500):
        async with database.read() as connection:
            if await connection.fetch(KILL):
                return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize("limit", [None, 1])
async def test_an_answer_lost_after_the_commit_is_given_again(
    create_database: Callable[[], str], limit: int | None
) -> None:
    url = create_database()
    with (
        TemporaryDirectory(prefix="sconto-") as folder,
        DatabaseProxy.between(url, Path(folder)) as proxy,
    ):
        database = await Database.open(proxy.url)
        caller = await create_caller(database)
        await create(database, caller, limit)
        proxy.lose_answers(1, b"told ")
        with pytest.raises(DatabaseUnavailable):
            await apply(database, caller)
        assert proxy.losses_left == 0
        for _ in range(2):
            await assert_answered_before(database, caller)
        assert await counts(database) == [1, 1, 1]
        await database.close()


@pytest.mark.parametrize("limit", [None, 1])
async def test_an_application_killed_while_it_waits_leaves_nothing(
    create_database: Callable[[], str], limit: int | None
) -> None:
    database = await Database.open(create_database())
    caller = await create_caller(database)
    await create(database, caller, limit)
    async with database.write() as connection:
        await connection.execute("SELECT FROM subscription_promotions FOR UPDATE")
        applying = asyncio.create_task(apply(database, caller))
        await kill_waiting_session(database)
        with pytest.raises(DatabaseUnavailable):
            await applying
    assert await counts(database) == [0, 0, 0]
    assert await apply(database, caller) == 1
    await assert_answered_before(database, caller)
    assert await counts(database) == [1, 1, 1]
    await database.close()

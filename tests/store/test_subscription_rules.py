"""A quote of a subscription is one statement. Its cost depends on the subscription's codes."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from sconto.domain.cart import Cart
from sconto.domain.people import Caller
from sconto.domain.subscription import Subscription, SubscriptionCode
from sconto.operations.checkout import quote
from sconto.store.candidate_statements import READ_WITH_SUBSCRIPTION
from sconto.store.database import Connection, Database
from tests.builders import NOON, a_line

# Half of the promotions are archived, and each has two versions and an application of the first.
_MANY = """
WITH promotion AS (
    INSERT INTO subscription_promotions (
        merchant_id, version, code, code_key, name, name_folded, enabled, new_only, type_ids, meta,
        created_at, updated_at, archived_at)
    SELECT 1, 2, 'c' || n, 'c' || n, 'n', 'n', true, false, '{}', '{}', now(), now(),
           CASE WHEN n % 2 = 0 THEN now() END
    FROM generate_series(1, $1::int) AS n
    RETURNING promotion_id, code_key
), kept AS (
    INSERT INTO subscription_versions (
        merchant_id, promotion_id, version, code_key, rules, created_at)
    SELECT 1, promotion_id, version, code_key, '[]', now()
    FROM promotion, generate_series(1, 2) AS version
)
INSERT INTO subscription_applications (
    merchant_id, application_id, promotion_id, version, code_key, subscription_type_id, applied_by,
    applied_at)
SELECT 1, 'a' || promotion_id, promotion_id, 1, code_key, 'monthly', 1, now() FROM promotion
"""

_CART = {
    "at": "2026-06-01T12:00:00Z",
    "picks_of": [0, 1],
    "products": [1],
    "carried": ["c1", "c2", "c3", "none"],
    "applications": ["a1", None, None, None],
}
_MODES = ("force_generic_plan", "force_custom_plan")
_ASK = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE quoted (1, '{json.dumps([_CART])}')"


@pytest.fixture
async def connection(create_database: Callable[[], str]) -> AsyncIterator[Connection]:
    """A connection to a new database with one merchant, and the statement prepared."""
    database = await Database.open(create_database(), connections=1)
    async with database.read() as connection:
        await connection.execute("INSERT INTO merchants (name) VALUES ('shop')")
        await connection.execute(f"PREPARE quoted (bigint, json) AS {READ_WITH_SUBSCRIPTION}")
        yield connection
    await database.close()


async def explain(connection: Connection, mode: str) -> tuple[int, list[str]]:
    """The number of pages read, and the kinds of scans, in this mode of the plan cache."""
    await connection.execute(f"SET plan_cache_mode = {mode}")
    plan = json.loads(await connection.fetchval(_ASK))[0]["Plan"]
    kinds = [
        f"{node['Node Type']} on {node['Relation Name']}"
        for node in _nodes(plan)
        if "Relation Name" in node
    ]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], kinds


async def test_a_subscriptions_quote_reads_as_many_pages_for_thousands_of_promotions(
    connection: Connection,
) -> None:
    await connection.execute(_MANY, 4)
    await connection.execute("ANALYZE")
    few = [await explain(connection, mode) for mode in _MODES]
    await connection.execute("TRUNCATE subscription_promotions CASCADE")
    await connection.execute("TRUNCATE subscription_applications")
    await connection.execute(
        "ALTER TABLE subscription_promotions ALTER promotion_id RESTART WITH 1"
    )
    await connection.execute(_MANY, 10_000)
    await connection.execute("ANALYZE")
    for mode, (pages_of_few, _) in zip(_MODES, few, strict=True):
        await explain(connection, mode)
        pages, kinds = await explain(connection, mode)
        subscriptions = [kind for kind in kinds if "subscription" in kind]
        assert subscriptions
        assert [kind for kind in subscriptions if kind.startswith(("Seq", "Bitmap"))] == []
        assert pages <= pages_of_few + 24, mode


@pytest.mark.oldest
async def test_a_subscriptions_quote_is_one_statement(database_url: str, merchant: Caller) -> None:
    database = await Database.open(database_url, connections=1)
    codes = (SubscriptionCode("TRY3", 1), SubscriptionCode("x", 1, "y"))
    cart = Cart("EUR", (a_line(),), (), Subscription(None, "monthly", 1, codes))
    # The first use of a statement on a connection prepares it.
    await quote(database, merchant, cart, NOON)
    statements: list[str] = []
    async with database.read() as connection:
        connection.add_query_logger(lambda record: statements.append(record.query))
    await quote(database, merchant, cart, NOON)
    await asyncio.sleep(0)  # the logger hears of a statement a moment after its end
    await database.close()
    assert statements == [READ_WITH_SUBSCRIPTION]


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for part in plan.get("Plans", ()) for node in _nodes(part))]

"""Reading some codes of a promotion costs the same, however many codes it has."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from sconto.store.code_lists import FIND_BY_KEY, INSERT_UNLESS_TAKEN, LIST, SEARCH
from sconto.store.database import Connection, Database

FEW, MANY = 300, 30_000

_PROMOTIONS = """
INSERT INTO promotions (merchant_id, type, name, name_folded, active, starts_at, covers_all,
                        percent, had_codes, created_at, updated_at)
SELECT 1, 'coupon', 'n', 'n', true, now(), true, 1000000, true, now(), now()
FROM generate_series(1, 3)
"""

_CODES = """
INSERT INTO codes (merchant_id, promotion_id, code, code_key, position)
SELECT 1, 1 + number % 3, 'c' || number, 'c' || number, number * 1048576::bigint
FROM generate_series($1::integer, $2::integer) AS number
"""

STATEMENTS = {
    "list_codes": (LIST, "bigint, bigint, boolean, bigint, bigint", "1, 1, NULL, 50, 104857600"),
    "search_codes": (
        SEARCH,
        "bigint, bigint, boolean, bigint, text, text",
        "1, 1, NULL, 20, 'c10', 'c1'",
    ),
    "find_codes": (FIND_BY_KEY, "bigint, bigint, text[]", "1, 1, '{c3,c6,c9,none}'"),
    "add_codes": (
        INSERT_UNLESS_TAKEN,
        "bigint, bigint, bigint, text[], text[]",
        "1, 1, 1048576, '{X,Y}', '{x,y}'",
    ),
}


@pytest.fixture
async def connection(create_database: Callable[[], str]) -> AsyncIterator[Connection]:
    """A connection with the service's settings, to a database with one merchant's promotions."""
    database = await Database.open(create_database(), connections=1)
    async with database.read() as connection:
        await connection.execute("INSERT INTO merchants (name) VALUES ('shop')")
        await connection.execute(_PROMOTIONS)
        yield connection
    await database.close()


async def pages(connection: Connection, name: str, arguments: str) -> int:
    """How many pages the prepared statement reads; its writes are rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    answer = await connection.fetchval(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE {name} ({arguments})"
    )
    await transaction.rollback()
    plan: dict[str, Any] = json.loads(answer)[0]["Plan"]
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


async def test_a_hundred_times_the_codes_cost_few_more_pages(connection: Connection) -> None:
    await connection.execute(_CODES, 1, FEW)
    await connection.execute("ANALYZE")
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    few = {}
    for name, (statement, types, arguments) in STATEMENTS.items():
        await connection.execute(f"PREPARE {name} ({types}) AS {statement}")
        few[name] = await pages(connection, name, arguments)
    # No ANALYZE after this: the plan for a small table must be good for a large one.
    await connection.execute(_CODES, FEW + 1, MANY)
    for name, (_, _, arguments) in STATEMENTS.items():
        many = await pages(connection, name, arguments)
        assert many <= 2 * few[name] + 20, (name, few[name], many)

"""A quote is one statement. The pages that it reads depend on the cart, not on the promotions."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from sconto.domain.people import Caller
from sconto.domain.schedule import ALL_PRODUCTS_ID, INSTANT
from sconto.operations.checkout import quote
from sconto.store.candidate_statements import READ, READ_FOR_QUOTES
from sconto.store.database import Connection, Database
from tests.builders import NOON, a_cart, a_line

PRODUCTS = range(1, 6)
FEW, MANY = 10, 1_000


@dataclass(frozen=True)
class Kind:
    """A kind of promotion that a merchant may have thousands of."""

    name: str
    starts_at: str = "2026-01-01"
    ends_at: str | None = None
    active: bool = True
    deleted: bool = False


LIVE = Kind("live")
KINDS = [
    pytest.param(LIVE, marks=pytest.mark.oldest),
    Kind("over", ends_at="2026-02-01"),
    Kind("to come", starts_at="2026-12-01"),
    Kind("off", active=False),
    Kind("deleted", deleted=True),
]

# Coupon promotions that name the cart's products, each with its own code.
_COUPONS = """
WITH created AS (
    INSERT INTO promotions (merchant_id, type, name, name_folded, active, starts_at, ends_at,
                            covers_all, percent, had_codes, created_at, updated_at, deleted_at)
    SELECT 1, 'coupon', 'n', 'n', $2, $3, $4, false, 1000000, true, now(), now(), $5
    FROM generate_series(1, $1)
    RETURNING promotion_id
), named AS (
    INSERT INTO promotion_products (merchant_id, promotion_id, product_id, position)
    SELECT 1, promotion_id, product_id, product_id FROM created, generate_series(1, 5) AS product_id
)
INSERT INTO codes (merchant_id, promotion_id, code, code_key, position)
SELECT 1, promotion_id, 'c' || promotion_id, 'c' || promotion_id, 1 FROM created
"""

# A timeline for each of the cart's products and one for all products, each with one promotion.
_PICKS = """
INSERT INTO automatic_picks (merchant_id, product_id, starts_at, promotion_id, percent)
SELECT 1, product_id, '2026-01-01', 1 + product_id, 5000000
FROM generate_series(0, 5) AS product_id
"""

_PRODUCTS = """
INSERT INTO products (merchant_id, product_id, name, name_folded, price, currency, updated_at)
SELECT 1, product_id, 'Mug', 'mug', 1999, 'EUR', now()
FROM generate_series(1, 1000) AS product_id
"""


@pytest.fixture
async def connection(
    create_database: Callable[[], str],
) -> AsyncIterator[Connection]:
    """A connection with the service's settings, to a new database with one merchant."""
    database = await Database.open(create_database(), connections=1)
    async with database.read() as connection:
        await connection.execute("INSERT INTO merchants (name) VALUES ('shop')")
        await connection.execute(_PRODUCTS)
        yield connection
    await database.close()


async def add_coupons(connection: Connection, number: int, kind: Kind) -> None:
    starts_at, ends_at = (
        None if day is None else NOON.fromisoformat(f"{day}T00:00:00+00:00")
        for day in (kind.starts_at, kind.ends_at)
    )
    deleted_at = NOON if kind.deleted else None
    await connection.execute(_COUPONS, number, kind.active, starts_at, ends_at, deleted_at)


async def plan_of_a_quote(connection: Connection, carts: int = 1) -> dict[str, Any]:
    """The plan as executed, for carts of five products and the first promotion's code."""
    cart = {
        "at": NOON.isoformat(),
        "picks_of": [ALL_PRODUCTS_ID, *PRODUCTS],
        "products": list(PRODUCTS),
        "codes": ["c1"],
    }
    answer = await connection.fetchval(
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)"
        f" EXECUTE candidates (1, '{json.dumps([cart] * carts)}')"
    )
    plan: dict[str, Any] = json.loads(answer)[0]["Plan"]
    return plan


async def plans_of_a_quote(connection: Connection) -> dict[str, dict[str, Any]]:
    """Its plan in each mode of the plan cache. The generic plan is made once."""
    plans = {}
    for mode in ("force_generic_plan", "force_custom_plan"):
        await connection.execute(f"SET plan_cache_mode = {mode}")
        plans[mode] = await plan_of_a_quote(connection)
    return plans


def pages(plan: dict[str, Any]) -> int:
    hit, read = plan["Shared Hit Blocks"], plan["Shared Read Blocks"]
    assert isinstance(hit, int)
    assert isinstance(read, int)
    return hit + read


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for part in plan.get("Plans", ()) for node in nodes(part))]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_a_quote_reads_as_many_pages_for_a_hundred_times_the_promotions(
    connection: Connection, kind: Kind
) -> None:
    await add_coupons(connection, 1, LIVE)
    await connection.execute(_PICKS)
    await connection.execute(f"PREPARE candidates (bigint, json) AS {READ}")
    await add_coupons(connection, FEW - 1, kind)
    await connection.execute("ANALYZE")
    few = await plans_of_a_quote(connection)
    # No ANALYZE after this: the plan for a small table must be good for a large one.
    await add_coupons(connection, MANY - FEW, kind)
    many = await plans_of_a_quote(connection)
    for mode, plan in many.items():
        assert few[mode]["Actual Rows"] == plan["Actual Rows"] == 1
        assert pages(plan) <= 1.2 * pages(few[mode]), mode


@pytest.mark.oldest
async def test_every_look_up_uses_the_whole_key_even_without_statistics(
    connection: Connection,
) -> None:
    await add_coupons(connection, 3, LIVE)
    await connection.execute("ANALYZE")
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE candidates (bigint, json) AS {READ}")
    plan = nodes(await plan_of_a_quote(connection))
    scans = {
        node["Relation Name"]: node.get("Index Cond", "")
        for node in plan
        if "Relation Name" in node
    }
    assert set(scans) == {
        "products",
        "automatic_picks",
        "timeline_versions",
        "codes",
        "promotions",
        "promotion_products",
        "orders",
    }
    for relation, columns in {
        "products": ["product_id"],
        "automatic_picks": ["product_id", "starts_at"],
        "timeline_versions": [],
        "codes": ["code_key"],
        "promotions": ["promotion_id"],
        "promotion_products": ["promotion_id", "product_id"],
        "orders": ["order_id"],
    }.items():
        for column in ("merchant_id", *columns):
            assert f"({column} " in scans[relation], (relation, scans[relation])


async def test_a_quote_is_one_statement(database_url: str, merchant: Caller) -> None:
    database = await Database.open(database_url, connections=1)
    cart = a_cart(*(a_line(product, line_id=str(product)) for product in PRODUCTS), codes=("c",))
    # The first use of a statement on a connection prepares it.
    await quote(database, merchant, cart, NOON)
    statements = []
    async with database.read() as connection:
        connection.add_query_logger(lambda record: statements.append(record.query))
    await quote(database, merchant, cart, NOON)
    await database.close()
    await asyncio.sleep(0)  # the logger gets a statement a moment after its end
    assert statements == [READ_FOR_QUOTES]


async def test_the_span_at_that_time_is_picked_and_none_in_a_gap(
    database: Database, merchant: Caller
) -> None:
    first, gap, second = (NOON + timedelta(hours=hour) for hour in (1, 2, 3))
    spans = [(1, first, gap, 7), (1, second, None, 8), (ALL_PRODUCTS_ID, gap, second, 9)]
    async with database.write() as connection:
        await connection.executemany(
            "INSERT INTO automatic_picks (merchant_id, product_id, starts_at, ends_at,"
            " promotion_id, percent) VALUES ($1, $2, $3, $4, $5, 5)",
            [(merchant.merchant_id, *span) for span in spans],
        )
    for at, promotion_ids in (
        (first - INSTANT, []),
        (first, [7]),
        (gap - INSTANT, [7]),
        (gap, [9]),
        (second - INSTANT, [9]),
        (second, [8]),
        (second + timedelta(days=36500), [8]),
    ):
        [line] = (await quote(database, merchant, a_cart(a_line(1)), at)).lines
        assert [pick.promotion_id for pick in line.picks] == promotion_ids

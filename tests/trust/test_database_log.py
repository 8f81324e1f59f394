"""Codes in PostgreSQL's log, with the settings of docs/operations.md and without."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import asyncpg
import psycopg
import pytest

from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.problems import CodeFileRefused
from sconto.operations import code_imports, promotions
from sconto.operations.checkout import place_order, quote
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_promotion
from tests.conftest import create_caller
from tests.faults.cluster import Cluster, open_folder

_CLASH = "INSERT INTO clash (code) SELECT $1 UNION ALL SELECT $1"

MANUAL = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture
def cluster(prepared_cluster: Path) -> Iterator[Cluster]:
    """A server whose role `sconto` owns the database."""
    with open_folder() as folder, Cluster.running(folder / "primary", prepared_cluster) as cluster:
        yield cluster


def settings_of_the_manual() -> str:
    [block] = re.findall(r"^```sql\n(.*?)^```$", MANUAL.read_text(), re.MULTILINE | re.DOTALL)
    return str(block).replace("'500ms'", "'0'")


async def fill_the_log(url: str) -> None:
    """Make quotes, an order and statements that fail, all with codes that begin with SECRET."""
    database = await Database.open(url)
    try:
        caller = await create_caller(database)
        new = a_promotion(codes=("SECRET1", "SECRET2"), code_type=CodeType.ONE_TIME)
        promotion_id = await promotions.create_promotion(database, caller, new, NOON)
        cart = a_cart(codes=("SECRET1",))
        await quote(database, caller, cart, NOON)
        order = NewOrder("SECRET-ORDER", cart, None, None)
        await place_order(database, caller, order, NOON, date(2026, 6, 1))
        with pytest.raises(CodeFileRefused):
            await code_imports.import_codes(database, caller, promotion_id, [b"SECRET2\n"], NOON)
        await promotions.delete_promotion(database, caller, promotion_id, NOON)
        with pytest.raises(asyncpg.UniqueViolationError):
            await _clash(database, caller)
    finally:
        await database.close()


async def _clash(database: Database, caller: Caller) -> None:
    async with database.write(caller.merchant_id) as connection:
        await connection.execute("CREATE TEMPORARY TABLE clash (code text UNIQUE)")
        await connection.execute(_CLASH, "SECRET3")


async def test_slow_statements_show_no_codes_with_the_settings_of_the_manual(
    cluster: Cluster,
) -> None:
    url = cluster.url.replace("postgres@", "sconto@")
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        connection.execute("ALTER ROLE sconto SET log_min_duration_statement = 0")
        await fill_the_log(url)
        assert {"SECRET1", "SECRET2", "SECRET-ORDER"} <= set(
            re.findall(r"SECRET[-\w]+", cluster.log)
        )

        for statement in settings_of_the_manual().splitlines():
            connection.execute(statement.encode())
    before = cluster.log
    await fill_the_log(url)
    after = cluster.log[len(before) :]
    assert "INSERT INTO orders" in after
    assert "duplicate key" in after
    assert "SECRET" not in after

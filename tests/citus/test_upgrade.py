"""A distributed database with rows of an earlier schema gets the newest one."""

from collections.abc import Callable
from typing import Any, Final

import psycopg
import pytest
from psycopg import sql

from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.operations.checkout import get_order, place_order
from sconto.store import distribution
from sconto.store.database import Database
from sconto.store.distribution import LOCAL_TABLES, distribute
from sconto.store.events import start_recording
from sconto.store.migrate import migrate
from sconto.store.schema import known_versions
from tests.builders import NOON, a_cart
from tests.citus.checked import assert_no_violations
from tests.citus.test_direct_calls import check_out
from tests.citus.test_distribution import tables_of
from tests.citus.test_nodes import shops_of
from tests.distributed import Cluster, until_direct, watched
from tests.faults.shoppers import create_limited
from tests.store.older_schemas import migrate_to

_COLUMNS: Final = """
SELECT table_name, array_agg(column_name::text ORDER BY column_name)
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
    AND table_name NOT IN ('alembic_version')
GROUP BY table_name
"""

_SEQUENCES: Final = """
SELECT sequencename::text, last_value FROM pg_sequences
WHERE schemaname = 'public' AND last_value IS NOT NULL
"""

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.mark.parametrize("steps", [1, 3])
async def test_rows_of_an_earlier_schema_are_as_before(
    cluster: Cluster,
    create_database: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
    steps: int,
) -> None:
    before = known_versions()[-1 - steps]
    plain_url = create_database()
    plain = await Database.open(plain_url, connections=8)
    shops = await shops_of(plain, 4)
    for shop in shops:
        await fill(plain, shop)
    url = cluster.create(f"sconto_upgrade_{steps}")
    migrate_to(url, before)
    copy_rows(plain_url, url)
    with monkeypatch.context() as patch:
        # The functions of this version need its tables.
        patch.setattr(distribution, "create_missing_functions", lambda _: None)
        distribute(url)

    migrate(url)

    distributed, local = tables_of(url)
    assert local == LOCAL_TABLES
    assert "orders" in distributed
    async with watched(url) as database:
        await until_direct(database)
        for shop in shops:
            for order_id in ("A-1", "B-1", "L-1"):
                stored = await get_order(database, shop, order_id)
                assert stored == await get_order(plain, shop, order_id)
            await order(database, shop, "Z-1", "C5", "cart-2")
        await assert_no_violations(database)
    await plain.close()


async def fill(database: Database, shop: Caller) -> None:
    """Orders, holds, returns, events, and cart promotions with limits."""
    async with database.write(shop.merchant_id) as connection:
        await start_recording(connection, shop.merchant_id, 1)
    await check_out(database, shop, 1)
    await create_limited(database, shop)
    await order(database, shop, "L-1", "C4", "cart-1")


async def order(database: Database, shop: Caller, order_id: str, *codes: str) -> None:
    new = NewOrder(order_id, a_cart(codes=codes), 500)
    await place_order(database, shop, new, NOON, NOON.date())


def copy_rows(source_url: str, target_url: str) -> None:
    """Copy what both databases have columns for, and what their sequences have drawn."""
    with psycopg.connect(source_url) as source, psycopg.connect(target_url) as target:
        target.execute("SET session_replication_role = replica")
        there: dict[str, list[str]] = dict(target.execute(_COLUMNS).fetchall())
        for table, columns in source.execute(_COLUMNS).fetchall():
            common = [column for column in columns if column in there.get(table, ())]
            if common:
                copy_table(source, target, table, common)
        for sequence, last in source.execute(_SEQUENCES).fetchall():
            target.execute("SELECT setval(to_regclass(%s), %s)", [sequence, last])


def copy_table(source: Connection, target: Connection, table: str, columns: list[str]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    target.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    place = sql.SQL("{} ({})").format(sql.Identifier(table), names)
    with (
        source.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(place)) as rows,
        target.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(place)) as copied,
    ):
        for part in rows:
            copied.write(part)

"""`sconto distribute` on a cluster: empty and filled databases, migrations, and moved merchants."""

from io import BytesIO

import psycopg
import pytest

from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.operations.checkout import get_order, place_order
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from sconto.store.distribution import LOCAL_TABLES, distribute, require_cluster
from sconto.store.merchant_rows import export_merchant, import_merchant
from sconto.store.migrate import migrate
from sconto.store.schema import DistributionRefused
from sconto.store.session import find_missing_settings
from tests.builders import NOON, a_cart, a_promotion
from tests.citus.checked import assert_no_violations
from tests.conftest import create_caller
from tests.distributed import Cluster


async def a_shop(database: Database) -> Caller:
    """A merchant with an order that used up a code."""
    caller = await create_caller(database)
    new = a_promotion(codes=("ONCE", "TWICE"), code_type=CodeType.ONE_TIME)
    await create_promotion(database, caller, new, NOON)
    order = NewOrder("A-1", a_cart(codes=("ONCE",)))
    await place_order(database, caller, order, NOON, NOON.date())
    return caller


def tables_of(url: str) -> tuple[set[str], set[str]]:
    """The distributed tables, and the tables with merchants that are not distributed."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT relname, EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = attrelid)"
            " FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
            " WHERE attname = 'merchant_id' AND relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace"
        ).fetchall()
    return {name for name, is_so in found if is_so}, {name for name, is_so in found if not is_so}


async def test_a_filled_database_is_distributed_with_its_rows(cluster: Cluster) -> None:
    url = cluster.create("sconto_filled")
    migrate(url)
    database = await Database.open(url, connections=2)
    shops = [await a_shop(database) for _ in range(4)]
    async with database.read() as connection:
        assert await find_missing_settings(connection) == []
    await database.close()

    done = distribute(url)

    distributed, local = tables_of(url)
    assert set(done.tables) == distributed
    assert local == LOCAL_TABLES
    assert "products to merchants" in done.dropped
    with psycopg.connect(url) as connection:
        connection.execute("SET citus.enable_local_execution = off")
        assert connection.execute("SELECT count(*) FROM ONLY orders").fetchone() == (4,)
    database = await Database.open(url, connections=2)
    for shop in shops:
        assert (await get_order(database, shop, "A-1")).order_id == "A-1"
        order = NewOrder("A-2", a_cart(codes=("TWICE",)))
        await place_order(database, shop, order, NOON, NOON.date())
    await assert_no_violations(database)
    await database.close()


async def test_distributing_again_changes_nothing(distributed_url: str) -> None:
    before = tables_of(distributed_url)
    done = distribute(distributed_url)
    assert (done.tables, done.dropped, done.faults) == ([], [], [])
    assert tables_of(distributed_url) == before


async def test_a_worker_and_a_lone_coordinator_are_refused(cluster: Cluster) -> None:
    name = "sconto_lone"
    cluster.create(name)
    with pytest.raises(DistributionRefused, match="this is a worker node"):
        require_cluster(cluster.address(name, 1))
    with psycopg.connect(cluster.address(name), autocommit=True) as connection:
        connection.execute(
            "SELECT citus_remove_node(nodename, nodeport) FROM pg_dist_node WHERE groupid <> 0"
        )
    with pytest.raises(DistributionRefused, match="the coordinator knows no worker node"):
        require_cluster(cluster.address(name))


async def test_a_merchant_moves_between_a_plain_and_a_distributed_database(
    cluster: Cluster, distributed_url: str, database: Database, database_url: str
) -> None:
    shop = await a_shop(database)
    async with database.read() as connection:
        name = await connection.fetchval(
            "SELECT name FROM merchants WHERE merchant_id = $1", shop.merchant_id
        )
    file = BytesIO()
    written = export_merchant(database_url, name, file)
    file.seek(0)
    assert import_merchant(distributed_url, file) == written

    there = await Database.open(distributed_url, connections=2)
    assert await get_order(there, shop, "A-1") == await get_order(database, shop, "A-1")
    await create_promotion(there, shop, a_promotion(name="Later"), NOON)
    order = NewOrder("A-2", a_cart(codes=("TWICE",)))
    await place_order(there, shop, order, NOON, NOON.date())
    await assert_no_violations(there)
    await there.close()

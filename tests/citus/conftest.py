"""A Citus cluster at SCONTO_TEST_CITUS_URL. Without it, these tests are skipped."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from sconto.store.database import Database
from tests.distributed import VARIABLE, Cluster, until_direct, watched


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The cluster; what the tests create on it is dropped at the end."""
    url = os.environ.get(VARIABLE)
    if not url:
        pytest.skip(f"{VARIABLE} names no Citus cluster")
    cluster = Cluster(url)
    yield cluster
    cluster.close()


@pytest.fixture(scope="module", autouse=True)
def databases_of_module(cluster: Cluster) -> Iterator[None]:
    """Drop the databases of a module at its end: Citus works for each all the time, on each node.

    Dropping all of them together takes longer than a test may.
    """
    yield
    cluster.close()


@pytest.fixture(scope="module")
def distributed_url(cluster: Cluster, request: pytest.FixtureRequest) -> str:
    """The address of a distributed database without rows."""
    name = request.module.__name__.rpartition(".")[2]
    return cluster.create_distributed(f"sconto_{name}_{os.getpid()}")


@pytest.fixture(scope="module")
async def distributed(distributed_url: str) -> AsyncIterator[Database]:
    """The pools on it, all to the coordinator."""
    async with watched(distributed_url, direct=False) as database:
        yield database


@pytest.fixture(scope="module")
async def direct(distributed_url: str) -> AsyncIterator[Database]:
    """The pools on it, with connections to the nodes themselves."""
    async with watched(distributed_url) as database:
        await until_direct(database)
        yield database


@pytest.fixture(params=["direct", "distributed"])
def database_of_nodes(request: pytest.FixtureRequest) -> Database:
    """With connections to the nodes themselves, and without."""
    database: Database = request.getfixturevalue(request.param)
    return database

"""A Citus cluster named by SCONTO_TEST_CITUS_URL; without one these tests are skipped."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from sconto.store.database import Database
from tests.distributed import VARIABLE, Cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The cluster; what is made on it is dropped at the end."""
    url = os.environ.get(VARIABLE)
    if not url:
        pytest.skip(f"{VARIABLE} names no Citus cluster")
    cluster = Cluster(url)
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def distributed_url(cluster: Cluster, request: pytest.FixtureRequest) -> str:
    """The address of a distributed database without rows."""
    name = request.module.__name__.rpartition(".")[2]
    return cluster.create_distributed(f"sconto_{name}_{os.getpid()}")


@pytest.fixture(scope="module")
async def distributed(distributed_url: str) -> AsyncIterator[Database]:
    """The pools on it."""
    database = await Database.open(distributed_url, connections=12, checkout=8)
    yield database
    await database.close()

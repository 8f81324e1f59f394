"""Databases on a Citus cluster, each distributed by merchant."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from sconto.store import citus
from sconto.store.database import Database
from sconto.store.distribution import distribute
from sconto.store.migrate import migrate
from sconto.store.node_watch import keep_watching
from tests.citus.checked import until

VARIABLE: Final = "SCONTO_TEST_CITUS_URL"
"""Names a database of a cluster's coordinator that knows its workers; for its owner, a superuser
who may connect to the workers under the same name."""

_NODES: Final = "SELECT nodename, nodeport, groupid FROM pg_dist_node ORDER BY groupid"


class Cluster:
    """A coordinator, and the databases created on all of its nodes."""

    def __init__(self, url: str) -> None:
        self._url = url
        with psycopg.connect(url) as connection:
            self.nodes: Final = connection.execute(_NODES).fetchall()
        self._names: list[str] = []

    def address(self, name: str, node: int = 0) -> str:
        """The address of a database on the coordinator, 0, or on a worker."""
        host, port, _ = self.nodes[node]
        split = urlsplit(self._url)
        user = f"{split.netloc.rpartition('@')[0]}@" if "@" in split.netloc else ""
        place = split.netloc.rpartition("@")[2] if node == 0 else f"{host}:{port}"
        return split._replace(netloc=user + place, path=f"/{name}").geturl()

    def create(self, name: str) -> str:
        """A database whose nodes know each other, without tables; returns its address."""
        self.drop(name)
        self._names.append(name)
        for node in range(len(self.nodes)):
            with _autocommitting(self.address("postgres", node)) as server:
                server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            with _autocommitting(self.address(name, node)) as database:
                database.execute("CREATE EXTENSION citus")
        url = self.address(name)
        with _autocommitting(url) as database:
            host, port, _ = self.nodes[0]
            database.execute("SELECT citus_set_coordinator_host(%s, %s)", [host, port])
            for host, port, _ in self.nodes[1:]:
                database.execute("SELECT citus_add_node(%s, %s)", [host, port])
        return url

    def create_distributed(self, name: str) -> str:
        """A database with the newest schema, distributed and without rows; returns its address."""
        url = self.create(name)
        migrate(url)
        assert distribute(url).faults == []
        return url

    def drop(self, name: str) -> None:
        """Drop the database on all nodes."""
        for node in range(len(self.nodes)):
            with _autocommitting(self.address("postgres", node)) as server:
                server.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                )

    def find_faults(self) -> list[str]:
        """What is wrong with the nodes of the databases, such as ids that a node has drawn."""
        faults: list[str] = []
        for name in self._names:
            with psycopg.connect(self.address(name)) as connection:
                rows = connection.execute(citus.READ_NODES.encode()).fetchall()
            faults += [f"{name}: {fault}" for fault in citus.faults_of(rows)]
        return faults

    def close(self) -> None:
        """Drop all databases that were created here."""
        while self._names:
            self.drop(self._names.pop())


@asynccontextmanager
async def watched(url: str, *, direct: bool = True) -> AsyncIterator[Database]:
    """The pools on a database, and its nodes watched, as in a worker of the service."""
    database = await Database.open(url, connections=20, checkout=8)
    if not direct:
        database.node_pools.limit = 0
    async with database.read():
        pass  # it finds that the database has Citus
    watching = asyncio.create_task(keep_watching(database))
    try:
        yield database
    finally:
        watching.cancel()
        await database.close()


async def until_direct(database: Database) -> None:
    """Wait until there are connections to all nodes."""
    pools, nodes = database.node_pools, database.nodes
    await until(lambda: bool(nodes.known) and len(pools.nodes) == len(nodes.known))


@contextmanager
def _autocommitting(url: str) -> "Iterator[psycopg.Connection[tuple[object, ...]]]":
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection

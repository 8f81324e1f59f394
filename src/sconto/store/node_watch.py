"""Watches the nodes of a distributed database: where merchants are, and which nodes answer.

While nothing is wrong, it reads the map from the coordinator every few seconds and asks no node.
When a merchant's connection has been lent for longer than a second, it asks the merchant's node
over new connections: directly, and through the coordinator. What does not answer is not used until
it answers again, and requests that wait for it get an error.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Final

import asyncpg

from sconto.store import citus
from sconto.store.address import split_address
from sconto.store.database import Database, DatabaseUnavailable
from sconto.store.failures import is_away
from sconto.store.node_calls import HELPERS
from sconto.store.node_functions import NAMES
from sconto.store.node_pools import NodeIdentity, NodePool, NotTheNode
from sconto.store.nodes import one_line
from sconto.store.pool import SESSION_SETTINGS
from sconto.store.shard_map import READ_MAP, Node, ShardMap

_PAUSE: Final = 0.5
"""Seconds between two checks."""

_READ_EVERY: Final = 5.0
"""Seconds until the map is read again."""

_SUSPECT_AFTER: Final = 1.0
"""Seconds that a connection may be lent before the watch asks whether its node still answers."""

_TIMEOUT: Final = 3.0
"""Seconds to wait for that answer. It takes milliseconds, and requests wait longer than this."""

_ASK_EVERY: Final = 2.0
"""Seconds until a node that did not answer is asked again."""

_CONNECT_EVERY: Final = 10.0
"""Seconds until a node to which no connection could be opened is tried again."""

_IDENTIFY: Final = f"SELECT * FROM {HELPERS}identify($1)"  # noqa: S608  # of our own constants

_COORDINATOR: Final = 0
"""The group of the coordinator."""

_OF_COORDINATOR: Final = "SELECT pg_is_in_recovery() AS is_standby, pg_backend_pid() AS pid"

_DETOUR: Final = "quotes and orders go through the coordinator: %s"

_DETOUR_OF_NODE: Final = (
    "node %s cannot be reached from here: quotes and orders of its merchants go through the "
    "coordinator: %s"
)

_FAILURES: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, NotTheNode)

_log = logging.getLogger(__name__)


class _Silent(Exception):
    """The node does not answer the coordinator."""


async def keep_watching(database: Database) -> None:
    """Watch the nodes of the database forever. Without Citus it only waits."""
    await database.nodes.found.wait()
    await NodeWatch(database).run()


async def find_detours(database: Database) -> list[str]:
    """Why quotes and orders do not go to the merchants' nodes themselves, one line each.

    Nodes that do not answer the coordinator are left out, and nothing is said without Citus.
    """
    async with database.read():
        pass  # it finds whether the database has Citus
    return await NodeWatch(database).find_detours() if database.nodes.found.is_set() else []


class NodeWatch:
    """The checks that are running, and their last results."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._nodes = database.nodes
        self._pools = database.node_pools
        self._url, self._keeps_statements = split_address(self._pools.url)
        self._why_not: str | None = None
        self._ask_at: dict[int, float] = {}
        self._cannot: set[int] = set()
        self._cut_for: set[int] = set()
        self._running: dict[int | None, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Check again and again, until cancelled."""
        try:
            while True:
                self._nodes.wake.clear()
                self._look()
                try:
                    async with asyncio.timeout(_PAUSE):
                        await self._nodes.wake.wait()
                except TimeoutError:
                    pass
        finally:
            for task in self._running.values():
                task.cancel()

    async def find_detours(self) -> list[str]:
        """What `find_detours` says."""
        await self._read_map()
        if self._why_not is not None:
            return [_DETOUR % self._why_not]
        detours = []
        for node in () if self._nodes.map is None else self._nodes.map.nodes.values():
            try:
                server = await self._ask_coordinator(node)
                if server is not None and node.group != _COORDINATOR:
                    await (await self._pools.connect(NodeIdentity(node, server, NAMES))).close()
            except _Silent:
                pass
            except _FAILURES as error:
                detours.append(_DETOUR_OF_NODE % (node.address, one_line(error)))
        return detours

    def _look(self) -> None:
        """Start the checks that are due. Nodes are asked separately, so none waits for another."""
        now = time.monotonic()
        if now - self._nodes.read_at >= _READ_EVERY:
            self._start(None, self._read_map())
        if self._nodes.map is None:
            return
        suspects = set(self._pools.failed)
        for pool in (*self._database.to_coordinator, *self._pools.pools):
            suspects |= pool.groups_lent_before(now - _SUSPECT_AFTER)
        for node in self._nodes.map.nodes.values():
            group = node.group
            is_due = now >= self._ask_at.get(group, 0.0)
            if group in self._pools.failed or (
                is_due
                and (
                    group in suspects
                    or self._nodes.is_silent(group)
                    or (self._may_connect(node) and self._pools.at(group) is None)
                )
            ):
                self._start(group, self._attend(node))

    def _start(self, key: int | None, work: Coroutine[None, None, None]) -> None:
        """Start the work unless it is still running."""
        before = self._running.get(key)
        if before is not None and not before.done():
            work.close()
            return
        self._running[key] = asyncio.create_task(_logging_errors(work))

    async def _read_map(self) -> None:
        try:
            async with self._database.read() as connection:
                coordinator = await connection.fetchrow(_OF_COORDINATOR)
                rows = await connection.fetch(READ_MAP)
                pid = connection.get_server_pid()
        except DatabaseUnavailable:
            return
        assert coordinator is not None  # noqa: S101 - a row is asked for
        why_not = None
        if not self._keeps_statements or coordinator["pid"] != pid:
            why_not = "a pooler stands before it"
        elif coordinator["is_standby"]:
            why_not = "it is a standby"
        if why_not is not None and why_not != self._why_not and self._pools.limit:
            _log.warning(_DETOUR, why_not)
        self._why_not = why_not
        found = ShardMap.of(rows)
        self._nodes.keep(found)
        for used in self._pools.nodes:
            node = found.nodes.get(used.group)
            if node is None or node.address != used.address or not self._may_connect(node):
                self._pools.retire(used.group)
        self._nodes.wake.set()

    def _may_connect(self, node: Node) -> bool:
        """Whether a direct connection to the node is useful and safe."""
        return (
            self._why_not is None
            and self._pools.limit > 0
            and node.is_informed
            and node.group != _COORDINATOR
        )

    async def _attend(self, node: Node) -> None:
        """Ask the node directly and through the coordinator, and decide which way to use."""
        group = node.group
        self._pools.failed.discard(group)
        self._ask_at[group] = time.monotonic() + _ASK_EVERY
        node_pool = self._pools.at(group)
        asked, answers = await asyncio.gather(
            self._ask_coordinator(node), self._probe(node_pool), return_exceptions=True
        )
        if node_pool is not None and answers is not True:
            self._pools.abandon(node_pool)
        if isinstance(asked, _Silent):
            self._nodes.note_silent(node, asked)
            self._cut(group)
        elif isinstance(asked, BaseException):
            raise asked
        elif asked is not None:
            self._nodes.note_answer(node)
            self._cut_for.discard(group)
            if self._pools.at(group) is None and self._may_connect(node):
                await self._connect(NodeIdentity(node, asked, NAMES))

    async def _ask_coordinator(self, node: Node) -> int | None:
        """The number of the node's server; None if the coordinator cannot be asked.

        Raises _Silent if the node does not answer the coordinator.
        """
        connection: asyncpg.Connection[asyncpg.Record] | None = None
        try:
            connection = await asyncpg.connect(
                self._url,
                timeout=_TIMEOUT,
                statement_cache_size=0,
                server_settings=SESSION_SETTINGS,
            )
            await connection.execute(citus.PREPARE_SESSION, timeout=_TIMEOUT)
            try:
                row = await connection.fetchrow(_IDENTIFY, node.representative, timeout=_TIMEOUT)
            except (TimeoutError, asyncpg.PostgresError) as error:
                is_silent = isinstance(error, TimeoutError) or is_away(error)
                if connection.is_closed() or not is_silent:
                    return None
                raise _Silent(one_line(error)) from error
        except _FAILURES:
            return None
        finally:
            if connection is not None:
                connection.terminate()
        assert row is not None  # noqa: S101 - a row is asked for
        if row["node"] != node.group:
            self._nodes.invalidate()
            return None
        return int(row["server"])

    async def _probe(self, node_pool: NodePool | None) -> bool:
        """Whether the node accepts a new connection, or says why not."""
        if node_pool is None:
            return False
        return await node_pool.pool.answers(node_pool.node.host, node_pool.node.port)

    async def _connect(self, identity: NodeIdentity) -> None:
        group, address = identity.node.group, identity.node.address
        try:
            async with asyncio.timeout(_TIMEOUT):
                await self._pools.open(identity)
        except _FAILURES as error:
            self._ask_at[group] = time.monotonic() + _CONNECT_EVERY
            if group not in self._cannot:
                self._cannot.add(group)
                _log.warning(_DETOUR_OF_NODE, address, one_line(error))
        else:
            if group in self._cannot:
                self._cannot.discard(group)
                _log.warning("node %s can be reached from here", address)

    def _cut(self, group: int) -> None:
        """Fail the work that waits for the node through the coordinator.

        Work that is not for one merchant may wait for it too. Only work from before the node fell
        silent is cut, because later work leaves the node out.
        """
        late = time.monotonic() - _SUSPECT_AFTER
        for pool in self._database.to_coordinator:
            pool.cut(group)
            if group not in self._cut_for:
                pool.cut(None, late)
        self._cut_for.add(group)


async def _logging_errors(work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except Exception:
        _log.exception("the nodes are not watched")

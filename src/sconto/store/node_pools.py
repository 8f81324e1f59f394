"""Connections that lead to the nodes of a distributed database directly, not to the coordinator.

The calls of checkout (`node_calls`) go to the merchant's node, those about subscription codes too.
So the coordinator does nothing for a quote or an order, and a node that hangs delays only its own
merchants. Only functions are called
on these connections: the coordinator draws ids and stores merchants and users.

A function checks on its node that the merchant is there, under the lock that moving the shard needs
exclusively. So an outdated map costs a second attempt, but the result is never wrong. A node that
Citus does not inform of moves gets no direct connections.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import asyncpg

from sconto.store.admissions import NodeAdmissions
from sconto.store.node_calls import FIND_FUNCTIONS
from sconto.store.nodes import Nodes
from sconto.store.pool import Connection, NodeSession, OnStatement, Pool
from sconto.store.shard_map import Node

_IDENTIFY: Final = f"""
SELECT (SELECT groupid FROM pg_dist_local_group) AS "group",
       (SELECT system_identifier FROM pg_control_system()) AS server,
       pg_is_in_recovery() AS is_standby, pg_backend_pid() AS pid,
       ARRAY({FIND_FUNCTIONS}) AS functions
"""  # noqa: S608  # of our own constants


class NotTheNode(Exception):
    """Another server answers at the node's address, or the node cannot serve."""


@dataclass(frozen=True, slots=True)
class NodeIdentity:
    """Which server a node is, as it says when the coordinator asks, and what it must have.

    `server` is the number that PostgreSQL drew when its data folder was made.
    """

    node: Node
    server: int
    functions: Collection[str]

    async def check(self, connection: NodeSession) -> None:
        """Prepare a connection, and check that it leads to this node. Raises NotTheNode."""
        row = await connection.fetchrow(_IDENTIFY)
        assert row is not None  # noqa: S101 - a row is asked for
        if (row["group"], row["server"]) != (self.node.group, self.server):
            raise NotTheNode("another server answers at its address")
        if row["pid"] != connection.get_server_pid():
            raise NotTheNode("a pooler answers at its address")
        if row["is_standby"]:
            raise NotTheNode("it is a standby")
        if not set(row["functions"]).issuperset(self.functions):
            raise NotTheNode("functions of this version are missing")
        connection.is_of_citus = connection.is_direct = True
        connection.node_functions = frozenset(row["functions"])


class NodePool:
    """The connections to one node."""

    def __init__(self, pools: "NodePools", node: Node, pool: Pool) -> None:
        self._pools = pools
        self.node: Final = node
        self.pool: Final = pool
        self.admissions: Final = NodeAdmissions()

    async def acquire(self) -> "Connection | None":
        """A connection that must be released to `pool`; None if none can be opened.

        Raises TimeoutError if the node does not answer, or no connection becomes free.
        """
        try:
            return await self.pool.acquire(self.node.group)
        except TimeoutError:
            raise
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, NotTheNode):
            self._pools.fail(self)
            return None


class NodePools:
    """The nodes to which this process has connections."""

    def __init__(
        self, url: str, limit: int, on_statement: OnStatement | None, nodes: Nodes
    ) -> None:
        """`limit` is the number of connections to each node; with 0 there are none."""
        self.url: Final = url
        self.limit = limit
        self._on_statement = on_statement
        self._nodes = nodes
        self._open: dict[int, NodePool] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.failed: Final[set[int]] = set()
        """The groups whose pools failed since `node_watch` looked."""

    def of(self, merchant_id: int | None) -> NodePool | None:
        """The connections to the merchant's node; None if there are none."""
        if not self._open or self._nodes.is_doubtful:
            return None
        group = self._nodes.group_of(merchant_id)
        return None if group is None else self._open.get(group)

    def at(self, group: int) -> NodePool | None:
        """The connections to this node; None if there are none."""
        return self._open.get(group)

    @property
    def nodes(self) -> list[Node]:
        """The nodes to which there are connections."""
        return [one.node for one in self._open.values()]

    @property
    def pools(self) -> list[Pool]:
        """The pools of all nodes."""
        return [one.pool for one in self._open.values()]

    async def open(self, identity: NodeIdentity) -> None:
        """Open connections to a node, and use them from now on.

        Raises NotTheNode, OSError, and asyncpg's errors.
        """
        pool = await self.connect(identity)
        self._open[identity.node.group] = NodePool(self, identity.node, pool)

    async def connect(self, identity: NodeIdentity) -> Pool:
        """A pool with one connection to a node. Raises as `open`."""
        pool = await Pool.open(
            self.url,
            max(1, self.limit),
            self._on_statement,
            self._nodes,
            (identity.node, identity.check),
        )
        try:
            await pool.release(await pool.acquire(), sound=True)
        except BaseException:
            pool.abandon()
            raise
        return pool

    def fail(self, node_pool: NodePool) -> None:
        """Use the coordinator from now on, because no connection could be opened."""
        if self.at(node_pool.node.group) is node_pool:
            self.failed.add(node_pool.node.group)
            self._nodes.wake.set()
        self.abandon(node_pool)

    def abandon(self, node_pool: NodePool) -> None:
        """Use the coordinator from now on. Requests that wait for the node get an error."""
        if self.at(node_pool.node.group) is node_pool:
            del self._open[node_pool.node.group]
        node_pool.pool.abandon()

    def retire(self, group: int) -> None:
        """Use the coordinator from now on; let running calls finish."""
        task = asyncio.create_task(self._open.pop(group).pool.close())
        # The event loop itself keeps only a weak reference.
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close_all(self) -> None:
        """Close all connections once they are idle."""
        for group in list(self._open):
            self.retire(group)
        await asyncio.gather(*self._closing)

"""The connections of one process; connections to a silent server are closed."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Self, TypeAlias

import asyncpg
from asyncpg.connect_utils import SessionAttribute
from asyncpg.pool import PoolConnectionProxy

from sconto.store.address import split_address
from sconto.store.citus import PREPARE_SESSION
from sconto.store.node_calls import FIND_FUNCTIONS
from sconto.store.nodes import Nodes
from sconto.store.shard_map import Node
from sconto.store.slots import NoSlot, Slots

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

OnStatement: TypeAlias = Callable[[str, float, bool], None]
"""Called after each statement with its text without values, its seconds, and whether it failed."""

SESSION_SETTINGS: Final = {
    # All rows are found by key, so one plan of a statement fits all arguments. Planning a quote
    # again takes PostgreSQL four times as long as running it.
    "plan_cache_mode": "force_generic_plan",
    # A plan made while a table was nearly empty would scan it, and stay in use when it has grown.
    "enable_seqscan": "off",
    "jit": "off",
    # Times come as texts too, in JSON, and old offsets of some zones have seconds.
    "timezone": "UTC",
    # Conditional statements and upserts need the newest version of a row.
    "default_transaction_isolation": "read committed",
}
"""Settings of every connection."""

CHECKOUT_SETTINGS: Final = {
    # Each look-up of a cart is another key. PostgreSQL takes longer to prepare for a repeated one
    # than to look it up again: a twelfth of what a quote takes it.
    "enable_memoize": "off",
}
"""Settings of the connections for checkouts. Sessions of a pooler may lack them: they save time."""

_STATEMENTS: Final = 100
"""Prepared statements that a connection keeps, with their plans."""

CONNECTION_TIMEOUT: Final = 5.0
"""Seconds to wait for a connection: longer than a busy moment, shorter than callers wait."""

_STALL_CHECK_AFTER: Final = 4.0
"""Seconds that a connection may be lent before we check whether its server still answers."""

_PROBE_TIMEOUT: Final = 3.0
"""Seconds for that check: a server that is there accepts a new connection, or says why not."""

_CLOSE_TIMEOUT: Final = 5.0
"""Seconds for the connections to close in good order."""


_NO_CITUS: Final = "SELECT 0"
"""The status of PREPARE_SESSION if it had nothing to do."""


class NodeSession(asyncpg.Connection):
    """A connection that knows the functions on a distributed database's nodes, and the nodes.

    `is_direct` says whether it leads to the merchant's node itself. Only functions are called on
    such a connection.
    """

    __slots__ = ("closes_on_release", "is_direct", "is_of_citus", "node_functions", "nodes")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.is_direct = False
        self.is_of_citus = False
        self.closes_on_release = False
        self.node_functions: frozenset[str] = frozenset()
        self.nodes = Nodes()

    def close_on_release(self) -> None:
        """Close the connection when it is given back."""
        self.closes_on_release = True


PrepareNode: TypeAlias = Callable[[NodeSession], Awaitable[None]]
"""Checks that a new connection leads to the right node, and says what it has. Raises if not."""


class Pool:
    """A limited number of connections to one database, opened when they are needed.

    asyncpg's pool owns them. Taking a connection from it and giving it back costs 17 µs of
    processor time, a tenth of a quote. So this pool keeps connections that came back sound, lends
    the one that came back last, and returns those to asyncpg that were not needed for a while.

    Of a distributed database, the merchants of one node, its group, have three quarters of them at
    most. So a node that hangs leaves some to the merchants of the others.
    """

    def __init__(self, url: str, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._url = url
        self._pool = pool
        self._free = asyncio.Semaphore(pool.get_max_size())
        self._kept: deque[Connection] = deque()
        self._closing = False
        self._abandoned = False
        limit = pool.get_max_size()
        self._shares = Slots(each=max(1, limit * 3 // 4))
        self._loans: dict[Connection, tuple[float, int | None]] = {}
        self._check = asyncio.create_task(self._check_stalled())

    @classmethod
    async def open(
        cls,
        url: str,
        limit: int,
        on_statement: OnStatement | None = None,
        nodes: Nodes | None = None,
        to_node: tuple[Node, PrepareNode] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> Self:
        """Make the pool. No connection is opened yet. `nodes` are those of the process.

        `on_statement` is called after each statement, in the context of the task that sent it. With
        `to_node` the connections lead to that node, and the address says all else of them. Other
        connections get the `settings` as well as those that all have.
        """
        url, keeps_statements = split_address(url)
        server: dict[str, Any] = {}
        prepare_node = None
        if to_node is not None:
            node, prepare_node = to_node
            server = {"host": node.host, "port": node.port}
        pool = await asyncpg.create_pool(
            url,
            **server,
            statement_cache_size=_STATEMENTS if keeps_statements else 0,
            # By default they are dropped and planned again every five minutes.
            max_cached_statement_lifetime=0,
            min_size=0,
            max_size=limit,
            timeout=CONNECTION_TIMEOUT,
            command_timeout=60,
            # asyncpg's reset costs a round trip, and our sessions keep no state.
            reset=_keep,
            init=_preparing(on_statement, nodes or Nodes(), settings or {}, prepare_node),
            server_settings=SESSION_SETTINGS,
            connection_class=NodeSession,
        )
        return cls(url, pool)

    async def acquire(self, group: int | None = None) -> Connection:
        """A connection that nobody else uses until it is released.

        `group` is the group of the merchant's node, if it is known. Raises TimeoutError if none is
        free in time, and asyncpg's error if none can be opened.
        """
        if group is not None:
            await self._take_share(group)
        try:
            if self._free.locked():
                async with asyncio.timeout(CONNECTION_TIMEOUT):
                    await self._free.acquire()
            else:
                await self._free.acquire()
            try:
                connection = await self._take()
            except BaseException:
                self._free.release()
                raise
        except BaseException:
            if group is not None:
                self._shares.give_back(group)
            raise
        self._loans[connection] = (time.monotonic(), group)
        return connection

    async def _take_share(self, group: int) -> None:
        deadline = asyncio.get_running_loop().time() + CONNECTION_TIMEOUT
        try:
            await self._shares.take(group, deadline)
        except NoSlot as error:
            raise TimeoutError("no connection for the merchants of this node is free") from error

    async def release(self, connection: Connection, *, sound: bool) -> None:
        """Give a connection back; `sound` says that nothing went wrong while it was lent."""
        _, group = self._loans.pop(connection)
        if group is not None:
            self._shares.give_back(group)
        try:
            if self._abandoned or getattr(connection, "closes_on_release", False):
                connection.terminate()
            if self._abandoned:
                return
            if sound and not self._closing:
                self._kept.append(connection)
            else:
                await self._pool.release(connection)
        finally:
            self._free.release()

    async def close(self) -> None:
        """Wait for the connections in use and close all. A connection that does not close in time
        is cut.
        """
        self._check.cancel()
        self._closing = True
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self._give_back(len(self._kept))
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    def groups_lent_before(self, since: float) -> set[int]:
        """The groups whose merchants have held a connection since before a monotonic time."""
        return {group for lent, group in self._loans.values() if group is not None and lent < since}

    def cut(self, group: int | None, since: float = math.inf) -> None:
        """Close the connections that were lent for this group before a monotonic time."""
        for connection, (lent, of_group) in list(self._loans.items()):
            if of_group == group and lent < since:
                connection.terminate()

    def abandon(self) -> None:
        """Close all connections immediately. Requests that wait for one get an error."""
        self._check.cancel()
        self._abandoned = True
        self._pool.terminate()

    @property
    def size(self) -> tuple[int, int, int]:
        """The numbers of idle, open and allowed connections."""
        pool = self._pool
        idle = pool.get_idle_size() + len(self._kept)
        return idle, pool.get_size(), pool.get_max_size()

    async def _take(self) -> Connection:
        while self._kept:
            connection = self._kept.pop()
            if _is_open(connection):
                return connection
            await self._pool.release(connection)
        return await self._pool.acquire(timeout=CONNECTION_TIMEOUT)

    async def _give_back(self, number: int) -> None:
        """Give some of the kept connections back to asyncpg's pool, the least used first."""
        for _ in range(min(number, len(self._kept))):
            await self._pool.release(self._kept.popleft())

    async def _check_stalled(self) -> None:
        """Close connections to a server that can no longer be reached; runs until it is cancelled.

        A network that drops all packets looks like a slow statement. A new connection shows the
        difference: a server that does not accept one will not answer the old one either. A timeout
        of statements would be too short for some, and too long for shoppers.
        """
        while True:
            await asyncio.sleep(_STALL_CHECK_AFTER / 2)
            await self._give_back(1)
            since = time.monotonic() - _STALL_CHECK_AFTER
            late = [connection for connection, (lent, _) in self._loans.items() if lent < since]
            for address in {_address_of(connection) for connection in late}:
                if await self.answers(*address):
                    continue
                for connection in late:
                    if connection in self._loans and _address_of(connection) == address:
                        connection.terminate()
                # The idle connections are lost too.
                await self._give_back(len(self._kept))
                await self._pool.expire_connections()

    async def answers(self, host: str, port: int) -> bool:
        """Whether the server at this address answers, even if it refuses us."""
        try:
            probe = await asyncpg.connect(
                self._url,
                host=host,
                port=port,
                timeout=_PROBE_TIMEOUT,
                target_session_attrs=SessionAttribute.any,
            )
        except OSError:
            return False  # TimeoutError is one
        except Exception:
            return True
        probe.terminate()
        return True


def _is_open(connection: Connection) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False  # asyncpg noticed that it broke, and took it back


def _preparing(
    on_statement: OnStatement | None,
    nodes: Nodes,
    settings: Mapping[str, str],
    prepare_node: PrepareNode | None,
) -> Any:
    """Prepares a new connection: its settings, Citus if the database has it, statement hooks."""
    first = "".join(f"SET {name} = {value};" for name, value in settings.items())

    def tell(record: Any) -> None:
        assert on_statement is not None  # noqa: S101 - it is only called if there is one
        on_statement(record.query, record.elapsed, record.exception is not None)

    async def prepare(connection: NodeSession) -> None:
        if prepare_node is not None:
            await prepare_node(connection)
            connection.nodes = nodes
        # Commands without arguments take one round trip together, and no prepared statement.
        elif await connection.execute(first + PREPARE_SESSION) != _NO_CITUS:
            rows = await connection.fetch(FIND_FUNCTIONS)
            connection.is_of_citus = True
            connection.node_functions = frozenset(row["proname"] for row in rows)
            connection.nodes = nodes
            nodes.found.set()
        if on_statement is not None:
            connection.add_query_logger(tell)

    return prepare


async def _keep(_connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Leave a released connection as it is."""


def _address_of(connection: Connection) -> tuple[str, int]:
    """The connected server of those in the address: host or socket folder, and port.

    asyncpg has no public name for it.
    """
    address: Any = connection._addr  # type: ignore[attr-defined]
    if isinstance(address, str):
        folder, _, number = address.rpartition("/.s.PGSQL.")
        return folder, int(number)
    return address[0], address[1]

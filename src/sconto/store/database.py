"""The database: one way to read, and one way to write."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, Final, Literal, Self

from sconto.store.admissions import SUBSCRIPTIONS_AT_NODE, Admissions
from sconto.store.availability import (
    Busy,
    DatabaseReadOnly,
    DatabaseUnavailable,
    StatementStopped,
    retried,
    retrying,
)
from sconto.store.cart_reads import CartReads
from sconto.store.fair_turns import FairTurns
from sconto.store.loans import AdmittedLoan, EditLoan, Loan
from sconto.store.node_pools import NodePools
from sconto.store.nodes import Nodes
from sconto.store.pick_cache import PickCache
from sconto.store.pool import CHECKOUT_SETTINGS, Connection, OnStatement, Pool
from sconto.store.slots import Slots
from sconto.store.transactions import savepoint, transaction

__all__ = [
    "Busy",
    "Connection",
    "Database",
    "DatabaseReadOnly",
    "DatabaseUnavailable",
    "StatementStopped",
    "retried",
    "retrying",
]


class Database:
    """Three pools of connections to one PostgreSQL database.

    - `checkout` serves quotes and orders, so that imports and long lists never make a shopper wait.
    - `readiness` is one connection that nothing else uses.
    - `main` serves everything else. Each merchant has a share of it, so that a merchant whose
      requests wait for locks leaves connections to the others.

    A transaction that PostgreSQL cancels in favour of another one should be repeated. Callers do
    that with `retrying` or `retried`.
    """

    def __init__(
        self,
        main: Pool,
        checkout: Pool,
        readiness: Pool,
        nodes: Nodes | None = None,
        node_pools: NodePools | None = None,
    ) -> None:
        self._pools = {"main": main, "checkout": checkout, "readiness": readiness}
        self.nodes: Final = nodes or Nodes()
        """The nodes of a distributed database."""
        self.node_pools: Final = node_pools or NodePools("", 0, None, self.nodes)
        """Connections to those nodes, which `node_watch` opens."""
        self._admissions = Admissions(main.size[2])
        self.order_slots: Final = self._admissions.order_slots
        """Slots of the orders that are being written."""
        self.order_turns: Final = Slots(each=1)
        """One at a time of this process's orders that want the same code or the same id."""
        self.generation_started: Final = asyncio.Event()
        """Set when this process has started a generation of codes, which it then makes."""
        self.searchable: Final = asyncio.Event()
        """Set once this process has seen that the indexes of searches are built."""
        self.pick_cache: Final = PickCache()
        """Automatic picks that this process has cached."""
        self.fair_turns: Final = FairTurns()
        """Turns of the merchants in this process."""
        self.carts: Final = CartReads(
            lambda merchant_id: self.read(merchant_id, pool="checkout"),
            self.pick_cache,
        )
        """Reads candidates; concurrent requests of a merchant share a statement."""

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        connections: int = 20,
        checkout: int = 0,
        on_statement: OnStatement | None = None,
    ) -> Self:
        """Make the pools.

        Connections are opened when they are needed, so no database is needed yet. `checkout` of the
        connections are for it alone; with 0 it shares the main pool. Each node of a distributed
        database may get as many, and some for subscription codes. One more connection is for
        readiness. `on_statement` gets each statement of the others.
        """
        nodes = Nodes()
        main = await Pool.open(url, connections - checkout, on_statement, nodes)
        for_checkout = main
        if checkout:
            for_checkout = await Pool.open(
                url, checkout, on_statement, nodes, settings=CHECKOUT_SETTINGS
            )
        each = checkout and checkout + SUBSCRIPTIONS_AT_NODE
        node_pools = NodePools(url, each, on_statement, nodes)
        return cls(main, for_checkout, await Pool.open(url, 1), nodes, node_pools)

    async def close(self) -> None:
        """Close all connections once they are idle."""
        await self.node_pools.close_all()
        for pool in set(self._pools.values()):
            await pool.close()

    def read(
        self,
        merchant_id: int | None = None,
        *,
        pool: Literal["main", "checkout", "readiness"] = "main",
        calls: bool = False,
    ) -> AbstractAsyncContextManager[Connection]:
        """A connection for single statements, each of them a snapshot.

        With a merchant, it is one of that merchant's share of the main pool. Raises Busy if the
        share is used up for five seconds. The other pools have no shares.

        On a distributed database a connection of the checkout's pool may lead to the merchant's
        node itself, where it can do nothing but call a `NodeFunction`. So may one of the main pool
        if it only `calls` such functions.
        """
        if pool == "checkout":
            direct = self.node_pools.of(merchant_id)
            return Loan(self._pools[pool], self.nodes, merchant_id, direct)
        if merchant_id is None or pool != "main":
            return Loan(self._pools[pool], self.nodes, merchant_id)
        main, admission, direct = self._pools[pool], self._admissions.reads, None
        if calls and (direct := self.node_pools.of(merchant_id)) is not None:
            admission = direct.admissions.reads
        return AdmittedLoan(main, self.nodes, merchant_id, admission, direct)

    def write(
        self,
        merchant_id: int | None = None,
        *,
        queue: Literal["edits", "imports", "applications", "orders"] = "edits",
        transaction: bool | Callable[[Connection], bool] = True,
    ) -> AbstractAsyncContextManager[Connection]:
        """A transaction: committed when the block ends, rolled back when it raises.

        The queue says what it waits for:

        - `edits`: the merchant's other edits, a connection, and then each lock, for five seconds
          together. Raises Busy after that.
        - `imports`: as an edit, but in a queue of its own, and its statements may take as long as
          they need.
        - `applications`: a few of the merchant's applications of subscription codes run together.
        - `orders`: a few orders run together, in the checkout's pool.

        On a distributed database the connection of the last two may lead to the merchant's node
        itself, as in `read`.

        Without a merchant it waits only for a connection. With `transaction=False` the block runs
        one statement, which is a transaction by itself and bounds its own wait for a lock; that
        saves two round trips. If it is a function, the function decides for the connection that it
        gets whether the block needs a transaction.
        """
        loan = self._loan_to_write(merchant_id, queue)
        if not transaction:
            return loan
        if callable(transaction):
            return self._transaction_if(transaction, loan)
        return self._transaction(loan, queue == "imports")

    def answers_for(self, merchant_id: int) -> bool:
        """Whether the merchant's node answers, as far as is known."""
        return not self.nodes.is_silent(self.nodes.group_of(merchant_id))

    def require_answers_for(self, merchant_id: int) -> None:
        """Raise DatabaseUnavailable if the merchant's node does not answer.

        For what writes to it without a connection of the merchant's share.
        """
        if not self.answers_for(merchant_id):
            raise DatabaseUnavailable("the merchant's node does not answer")

    def joined(self, connection: Connection) -> "Database":
        """A database whose reads and writes are parts of the connection's open transaction."""
        return _Joined(self._pools, connection)

    def _loan_to_write(self, merchant_id: int | None, queue: str) -> Loan:
        main, admissions = self._pools["main"], self._admissions
        if merchant_id is None:
            return Loan(main, self.nodes)
        match queue:
            case "orders":
                direct = self.node_pools.of(merchant_id)
                admission = (admissions if direct is None else direct.admissions).orders
                return AdmittedLoan(
                    self._pools["checkout"], self.nodes, merchant_id, admission, direct
                )
            case "applications":
                direct = self.node_pools.of(merchant_id)
                admission = (admissions if direct is None else direct.admissions).applications
                return AdmittedLoan(main, self.nodes, merchant_id, admission, direct)
            case "imports":
                return EditLoan(main, self.nodes, merchant_id, admissions.imports)
            case _:
                return EditLoan(main, self.nodes, merchant_id, admissions.edits)

    @asynccontextmanager
    async def _transaction(self, loan: Loan, is_import: bool) -> AsyncIterator[Connection]:
        async with loan as connection:
            settings = {"statement_timeout": 0} if is_import else {}
            if isinstance(loan, EditLoan):
                settings["lock_timeout"] = loan.lock_timeout
            async with transaction(connection, **settings):
                yield connection

    @asynccontextmanager
    async def _transaction_if(
        self, is_needed: Callable[[Connection], bool], loan: Loan
    ) -> AsyncIterator[Connection]:
        async with loan as connection:
            if is_needed(connection):
                async with transaction(connection):
                    yield connection
            else:
                yield connection

    @property
    def to_coordinator(self) -> list[Pool]:
        """The pools of connections that serve merchants through the coordinator."""
        return list({self._pools["main"], self._pools["checkout"]})

    @property
    def size(self) -> tuple[int, int, int]:
        """Connections that are idle, open, and may be opened, without the one for readiness."""
        sizes = [pool.size for pool in (*self.to_coordinator, *self.node_pools.pools)]
        idle, opened, limit = (sum(numbers) for numbers in zip(*sizes, strict=True))
        return idle, opened, limit


class _Joined(Database):
    """Each write is a savepoint, so that it can fail and be repeated alone.

    It shares no cache with other transactions, which do not see its writes.
    """

    def __init__(self, pools: Mapping[str, Pool], connection: Connection) -> None:
        super().__init__(pools["main"], pools["checkout"], pools["readiness"])
        self._connection = connection

    def read(self, *_: Any, **__: Any) -> AbstractAsyncContextManager[Connection]:
        """The connection."""
        return nullcontext(self._connection)

    def write(self, *_: Any, **__: Any) -> AbstractAsyncContextManager[Connection]:
        """A savepoint."""
        return self._savepoint()

    @asynccontextmanager
    async def _savepoint(self) -> AsyncIterator[Connection]:
        async with savepoint(self._connection):
            yield self._connection

"""The database: a pool of connections, one way to read and one way to write."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Final, Self

import asyncpg

from sconto.store.availability import (
    STOPPED,
    UNDONE,
    Busy,
    DatabaseReadOnly,
    DatabaseUnavailable,
    StatementStopped,
    retried,
    retrying,
)
from sconto.store.cart_reads import CartReads
from sconto.store.merchant_loans import EditLoan, MerchantLoan
from sconto.store.pick_cache import PickCache
from sconto.store.pool import CONNECTION_TIMEOUT, Connection, Pool
from sconto.store.shares import Admissions
from sconto.store.turns import KeyedLocks, Slots

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

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    # No room on its disk, no memory, no connection left.
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresIOError,
    asyncpg.InternalClientError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    # The server is there and lets nobody in, or not to this database: wrong settings, or a restore.
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.exceptions.ClientConfigurationError,
    ConnectionError,
    TimeoutError,
    OSError,
)

_MIXED_UP: Final = (asyncpg.DuplicatePreparedStatementError, asyncpg.InvalidSQLStatementNameError)

CONCURRENT_ORDERS_OF_MERCHANT: Final = 8
"""Written at once, of one merchant. Each is a process of PostgreSQL: with sixteen on one of its
cores an order took it a quarter more time than with eight."""

_CONCURRENT_ORDERS: Final = 10
"""Of all merchants: some are left for others, and of the connections some for quotes."""


class Database:
    """Pools of connections to one PostgreSQL database.

    What a checkout asks for has a pool of its own, so that a merchant's imports and long lists can
    not make a shopper wait. Each merchant has a share of the other pool, so that what waits for one
    merchant's locks leaves connections to the others. Readiness has a connection of its own.
    """

    def __init__(self, pool: Pool, checkout: Pool, probe: Pool) -> None:
        self._pool = pool
        self._checkout = checkout
        self._probe = probe
        self._admissions = Admissions(pool.size[2])
        self.order_slots: Final = Slots(_CONCURRENT_ORDERS, CONCURRENT_ORDERS_OF_MERCHANT)
        """What lets a few orders write at once."""
        self.order_locks: Final = KeyedLocks()
        """Orders of this process that want the same code or the same id, one after the other."""
        self.pick_cache: Final = PickCache()
        """What this process remembers of what it read."""
        self.carts: Final = CartReads(self.read_at_checkout, self.pick_cache)
        """What carts depend on, read for those together who ask at once."""

    @classmethod
    async def open(cls, url: str, *, connections: int = 20, checkout: int = 0) -> Self:
        """Make the pools; connections are opened as they are needed, so none is needed now.

        `checkout` of the connections are for it alone; with none of its own it shares the others.
        One more is for readiness.
        """
        pool = await Pool.open(url, connections - checkout)
        at_checkout = await Pool.open(url, checkout) if checkout else pool
        return cls(pool, at_checkout, await Pool.open(url, 1))

    async def close(self) -> None:
        """Close all connections once they are idle."""
        for pool in {self._pool, self._checkout, self._probe}:
            await pool.close()

    def read(self, merchant_id: int | None = None) -> AbstractAsyncContextManager[Connection]:
        """A connection for single statements, each a snapshot of its own, which is `retried`.

        It is one of that merchant's share; None where no merchant asks. Raises Busy where the
        merchant has as many as it may.
        """
        loan = _LoanToRead(self._pool)
        if merchant_id is None:
            return loan
        return MerchantLoan(loan, self._admissions.reads, merchant_id)

    def read_readiness(self) -> AbstractAsyncContextManager[Connection]:
        """As `read`, on the connection that nothing else uses."""
        return _LoanToRead(self._probe)

    def read_at_checkout(self) -> AbstractAsyncContextManager[Connection]:
        """As `read`, for what a checkout waits for, which is `retrying`."""
        return _Loan(self._checkout)

    @asynccontextmanager
    async def write(
        self,
        merchant_id: int | None = None,
        *,
        is_import: bool = False,
        at_checkout: bool = False,
    ) -> AsyncIterator[Connection]:
        """A transaction: committed when the block ends, rolled back when it raises.

        An edit names its merchant. It waits for the merchant's other edits and for a connection,
        and then for each lock, until five seconds are over. Raises Busy after that. `is_import`
        says that it takes as long as its file is: imports stand in a queue of their own.
        `at_checkout` says that a checkout waits for it.

        Each statement sees what was committed before it (READ COMMITTED), whatever the server's
        default: conditional statements and upserts rely on meeting the newest version of a row.
        """
        loan: AbstractAsyncContextManager[Connection]
        if merchant_id is None:
            loan = _Loan(self._pool)
        elif at_checkout:
            loan = self.write_at_checkout(merchant_id)
        else:
            admissions = self._admissions
            admission = admissions.imports if is_import else admissions.edits
            loan = EditLoan(_Loan(self._pool), admission, merchant_id)
        async with loan as connection, connection.transaction(isolation="read_committed"):
            if isinstance(loan, EditLoan):
                await connection.execute(f"SET LOCAL lock_timeout = {loan.milliseconds_left()}")
            if is_import:
                await connection.execute("SET LOCAL statement_timeout = 0")
            yield connection

    def write_at_once(self, merchant_id: int) -> AbstractAsyncContextManager[Connection]:
        """A connection for one statement that writes: it is a transaction by itself.

        Two round trips fewer than `write`. The statement writes all that is to be kept, or nothing,
        and itself bounds how long it waits for a lock. The connection is of the merchant's share.
        """
        return MerchantLoan(_Loan(self._pool), self._admissions.applications, merchant_id)

    def write_at_checkout(self, merchant_id: int) -> AbstractAsyncContextManager[Connection]:
        """As `write_at_once`, for what the merchant's checkout waits for; a few at a time."""
        return _LoanInTurn(self._checkout, self.order_slots, merchant_id)

    @property
    def size(self) -> tuple[int, int, int]:
        """Connections that are idle, open, and may be opened, without the one for readiness."""
        sizes = [pool.size for pool in {self._pool, self._checkout}]
        idle, opened, limit = (sum(numbers) for numbers in zip(*sizes, strict=True))
        return idle, opened, limit


class _Loan(AbstractAsyncContextManager[Connection]):
    """A connection for the length of a block; whatever loses it is DatabaseUnavailable.

    Written out, for it is part of every request: as a generator it takes 10 µs longer.
    """

    __slots__ = ("_connection", "_pool")
    _undone_is_lost = False

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Connection:
        try:
            self._connection = await self._pool.acquire()
        except asyncpg.PostgresError as error:
            _translate(error)
            # Whatever PostgreSQL refuses a connection for, it is nothing that was asked of us.
            raise DatabaseUnavailable(str(error)) from error
        except Exception as error:
            _translate(error)
            raise
        return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self._pool.release(self._connection, sound=error is None)
        except Exception as lost:
            _translate(lost if error is None else error)
            raise
        if error is not None:
            _translate(error)
            if self._undone_is_lost and isinstance(error, UNDONE):
                raise StatementStopped(str(error)) from error


class _LoanInTurn(_Loan):
    """A loan that waits for one of the order slots before it takes a connection."""

    __slots__ = ("_merchant_id", "_slots")

    def __init__(self, pool: Pool, slots: Slots, merchant_id: int) -> None:
        super().__init__(pool)
        self._slots = slots
        self._merchant_id = merchant_id

    async def __aenter__(self) -> Connection:
        try:
            await self._slots.take(self._merchant_id, CONNECTION_TIMEOUT)
        except TimeoutError as error:
            raise DatabaseUnavailable("the orders before this one do not end") from error
        try:
            return await super().__aenter__()
        except BaseException:
            self._slots.give_back(self._merchant_id)
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await super().__aexit__(kind, error, trace)
        finally:
            self._slots.give_back(self._merchant_id)


class _LoanToRead(_Loan):
    """A loan whose statements only read; on a replica the primary's writes may undo them."""

    __slots__ = ()
    _undone_is_lost = True


def _translate(error: BaseException) -> None:
    """Raise DatabaseUnavailable where that is what the error means."""
    if isinstance(error, asyncpg.PostgresError):
        # It quotes the row, and with it codes: an error that nobody foresaw is logged as it is.
        error.detail = None
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        raise DatabaseReadOnly(str(error)) from error
    if isinstance(error, STOPPED):
        raise StatementStopped(str(error)) from error
    if isinstance(error, _MIXED_UP):
        raise DatabaseUnavailable(
            "a pooler stands in between that mixes up prepared statements: "
            "add prepared_statements=false to SCONTO_DATABASE_URL"
        ) from error
    if isinstance(error, _LOST):
        raise DatabaseUnavailable(str(error) or type(error).__name__) from error
    if isinstance(error, asyncpg.InterfaceError) and "closed" in str(error):
        raise DatabaseUnavailable(str(error)) from error

"""Connections that are lent for the length of a block, and the meaning of errors in it."""

import asyncio
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Final

import asyncpg

from sconto.store.admissions import Admission
from sconto.store.availability import (
    Busy,
    BusyReason,
    DatabaseUnavailable,
    StatementStopped,
)
from sconto.store.failures import meaning_of
from sconto.store.node_pools import NodePool
from sconto.store.nodes import Nodes
from sconto.store.pool import CONNECTION_TIMEOUT, Connection, Pool

_SHORTEST_LOCK_TIMEOUT: Final = 0.1
"""Seconds that an edit may wait for a lock even if it got its connection late."""


class Loan(AbstractAsyncContextManager[Connection]):
    """A connection for the length of a block; if it is lost, DatabaseUnavailable is raised.

    It is a class, because a generator takes 10 µs longer, and every request needs a loan.
    `merchant_id` is the merchant that it serves. If the merchant's node does not answer, it gets no
    connection, because its requests would take those that the other merchants need. With `direct`
    the connection leads to that node itself, if one can be opened.
    """

    __slots__ = ("_connection", "_direct", "_group", "_merchant_id", "_nodes", "_pool")

    def __init__(
        self,
        pool: Pool,
        nodes: Nodes,
        merchant_id: int | None = None,
        direct: NodePool | None = None,
    ) -> None:
        self._pool = pool
        self._nodes = nodes
        self._merchant_id = merchant_id
        self._direct = direct
        self._group = nodes.group_of(merchant_id)

    async def __aenter__(self) -> Connection:
        try:
            if self._direct is not None:
                connection = await self._direct.acquire()
                if connection is not None:
                    self._connection, self._pool = connection, self._direct.pool
                    return connection
            if self._group is not None:
                self._require_answers()
            self._connection = await self._pool.acquire(self._group)
        except asyncpg.PostgresError as error:
            _translate(error)
            # Whatever PostgreSQL's reason for refusing a connection, the request is not at fault.
            raise DatabaseUnavailable(str(error)) from error
        except Exception as error:
            _translate(error)
            raise
        if self._group is not None:
            try:
                self._require_answers()
            except DatabaseUnavailable:
                await self._pool.release(self._connection, sound=True)
                raise
        return self._connection

    def _require_answers(self) -> None:
        """Raise DatabaseUnavailable if the merchant's node does not answer."""
        if self._nodes.is_silent(self._group):
            raise DatabaseUnavailable("the merchant's node does not answer")

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, asyncpg.FeatureNotSupportedError):
            # The plans of functions in this session are those of a table as it was.
            self._connection.close_on_release()  # type: ignore[attr-defined]
        try:
            await self._pool.release(self._connection, sound=error is None)
        except Exception as lost:
            _translate(lost if error is None else error)
            raise
        if error is not None:
            _translate(error)


class AdmittedLoan(Loan):
    """A loan that takes the slots of its kind of work before it takes a connection."""

    __slots__ = ("_admission", "_deadline")

    _merchant_id: int

    def __init__(
        self,
        pool: Pool,
        nodes: Nodes,
        merchant_id: int,
        admission: Admission,
        direct: NodePool | None = None,
    ) -> None:
        super().__init__(pool, nodes, merchant_id, direct)
        self._admission = admission

    async def __aenter__(self) -> Connection:
        self._deadline = asyncio.get_running_loop().time() + CONNECTION_TIMEOUT
        await self._admission.enter(self._merchant_id, self._group, self._deadline)
        try:
            return await self._borrow()
        except BaseException:
            self._admission.leave(self._merchant_id, self._group)
            raise

    async def _borrow(self) -> Connection:
        return await Loan.__aenter__(self)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await Loan.__aexit__(self, kind, error, trace)
        finally:
            self._admission.leave(self._merchant_id, self._group)


class EditLoan(AdmittedLoan):
    """A loan whose waits for slots, a connection and a lock all end at one deadline."""

    __slots__ = ()

    async def _borrow(self) -> Connection:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await Loan.__aenter__(self)
        except TimeoutError as error:
            raise DatabaseUnavailable("no connection is free") from error

    @property
    def lock_timeout(self) -> int:
        """Milliseconds that the transaction may wait for a lock."""
        left = self._deadline - asyncio.get_running_loop().time()
        return int(1000 * max(left, _SHORTEST_LOCK_TIMEOUT))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await super().__aexit__(kind, error, trace)
        except StatementStopped as stopped:
            if isinstance(error, asyncpg.LockNotAvailableError):
                raise Busy(BusyReason.EDIT) from stopped
            raise


def _translate(error: BaseException) -> None:
    """Raise the caller's error for this one; return if it is unexpected."""
    if isinstance(error, asyncpg.PostgresError):
        # It quotes the row, and with it codes; an unexpected error is logged as it is.
        error.detail = None
    meaning = meaning_of(error)
    if meaning is not None:
        raise meaning from error

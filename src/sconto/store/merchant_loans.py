"""Connections that are lent for a merchant, out of the merchant's share."""

import asyncio
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Final

import asyncpg

from sconto.store.availability import Busy, BusyReason, DatabaseUnavailable, StatementStopped
from sconto.store.pool import CONNECTION_TIMEOUT, Connection
from sconto.store.shares import Admission

_SHORTEST_WAIT: Final = 0.1
"""Seconds that an edit may wait for a lock though its turn came late."""

_Loan = AbstractAsyncContextManager[Connection]


class MerchantLoan(_Loan):
    """A loan that takes a place in the merchant's share before it takes a connection."""

    __slots__ = ("_admission", "_deadline", "_loan", "_merchant_id")

    def __init__(self, loan: _Loan, admission: Admission, merchant_id: int) -> None:
        self._loan = loan
        self._admission = admission
        self._merchant_id = merchant_id

    async def __aenter__(self) -> Connection:
        self._deadline = asyncio.get_running_loop().time() + CONNECTION_TIMEOUT
        await self._admission.enter(self._merchant_id, self._deadline)
        try:
            return await self._borrow()
        except BaseException:
            self._admission.leave(self._merchant_id)
            raise

    async def _borrow(self) -> Connection:
        return await self._loan.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self._loan.__aexit__(kind, error, trace)
        finally:
            self._admission.leave(self._merchant_id)


class EditLoan(MerchantLoan):
    """A loan for a transaction that waits for the merchant's other ones, and not for long."""

    __slots__ = ()

    async def _borrow(self) -> Connection:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._loan.__aenter__()
        except TimeoutError as error:
            raise DatabaseUnavailable("no connection is free") from error

    def milliseconds_left(self) -> int:
        """How long the transaction may wait for a lock."""
        left = self._deadline - asyncio.get_running_loop().time()
        return int(1000 * max(left, _SHORTEST_WAIT))

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

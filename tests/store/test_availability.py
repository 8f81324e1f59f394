"""Transactions that PostgreSQL cancelled: which are run again, and which are not."""

import asyncpg
import pytest

from sconto.store import availability
from sconto.store.availability import DatabaseUnavailable, StatementStopped, retrying
from sconto.store.database import Database
from sconto.store.transactions import savepoint

RAISE = "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{}'; END $$"
DEADLOCK, CANCELLED = "40P01", "57014"


class Attempts:
    """Statements that PostgreSQL cancels a number of times."""

    def __init__(self, database: Database, code: str, failures: int) -> None:
        self.database = database
        self.statement = RAISE.format(code)
        self.failures = failures
        self.made = 0

    async def read(self) -> int:
        async with self.database.read() as connection:
            await self._run(connection)
        return self.made

    async def write(self) -> int:
        async with self.database.write() as connection:
            await self._run(connection)
        return self.made

    async def _run(self, connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]") -> None:
        self.made += 1
        if self.made <= self.failures:
            await connection.execute(self.statement)


async def test_an_undone_transaction_is_run_again_whether_it_reads_or_writes(
    database: Database,
) -> None:
    assert await retrying(Attempts(database, DEADLOCK, 4).read) == 5
    assert await retrying(Attempts(database, DEADLOCK, 4).write) == 5
    for run in (Attempts(database, DEADLOCK, 5).read, Attempts(database, DEADLOCK, 5).write):
        with pytest.raises(DatabaseUnavailable, match="conflicting"):
            await retrying(run)


async def test_a_transaction_that_took_long_is_not_run_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(availability, "_UNDONE_REPEATED_WITHIN", 0.0)
    attempts = Attempts(database, DEADLOCK, 1)
    with pytest.raises(StatementStopped):
        await retrying(attempts.read)
    assert attempts.made == 1


async def test_an_undone_savepoint_is_run_again_in_its_transaction(database: Database) -> None:
    attempts = Attempts(database, DEADLOCK, 2)
    async with database.write() as connection:

        async def run() -> int:
            async with savepoint(connection):
                await attempts._run(connection)
            return attempts.made

        assert await retrying(run) == 3


async def test_a_stopped_statement_is_run_once_more(database: Database) -> None:
    assert await retrying(Attempts(database, CANCELLED, 1).read) == 2
    with pytest.raises(StatementStopped):
        await retrying(Attempts(database, CANCELLED, 2).read)

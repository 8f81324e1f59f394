"""Transactions and savepoints: committed when the block ends, rolled back when it raises.

With asyncpg's own, BEGIN takes a round trip, and so does each setting. These send BEGIN and all
settings in one.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from sconto.store.pool import Connection


@asynccontextmanager
async def transaction(connection: Connection, **settings: int) -> AsyncIterator[Connection]:
    """A transaction with these settings of PostgreSQL.

    It is READ COMMITTED, whatever the server's default: conditional statements and upserts need the
    newest version of a row.
    """
    begin = ["BEGIN ISOLATION LEVEL READ COMMITTED"]
    begin += [f"SET LOCAL {name} = {value:d}" for name, value in settings.items()]
    await connection.execute("; ".join(begin))
    try:
        yield connection
    except BaseException:
        await connection.execute("ROLLBACK;")
        raise
    if await connection.execute("COMMIT;") == "ROLLBACK":
        raise asyncpg.InFailedSQLTransactionError("a statement failed before the commit")


@asynccontextmanager
async def savepoint(connection: Connection) -> AsyncIterator[None]:
    """A part of a transaction that may fail alone. The innermost with that name is used."""
    await connection.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        await connection.execute("ROLLBACK TO part; RELEASE part")
        raise
    await connection.execute("RELEASE part")

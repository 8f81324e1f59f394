"""A connection is lent to one borrower at a time, and again unless something went wrong."""

import asyncio

import asyncpg
import pytest

from sconto.store.database import Database

_WHO = "SELECT pg_backend_pid()"


async def borrow(database: Database, seconds: float = 0) -> int:
    async with database.read() as connection:
        await connection.fetchval("SELECT pg_sleep($1)", seconds)
        pid: int = await connection.fetchval(_WHO)
        return pid


async def test_a_returned_connection_is_lent_again(database_url: str) -> None:
    database = await Database.open(database_url, connections=2)
    assert len({await borrow(database) for _ in range(5)}) == 1
    assert database.size == (1, 1, 2)
    await database.close()


async def test_more_borrowers_than_connections_wait_for_each_other(database_url: str) -> None:
    database = await Database.open(database_url, connections=2)
    pids = await asyncio.gather(*(borrow(database, 0.001) for _ in range(40)))
    assert len(set(pids)) == 2
    assert database.size == (2, 2, 2)
    await database.close()


async def test_cancelled_borrowers_leave_all_connections_free(database_url: str) -> None:
    database = await Database.open(database_url, connections=1)
    impatient = [asyncio.create_task(borrow(database, 0.2)) for _ in range(5)]
    await asyncio.sleep(0.05)
    for one in impatient:
        one.cancel()
    await asyncio.gather(*impatient, return_exceptions=True)
    assert await borrow(database)
    assert database.size == (1, 1, 1)
    await database.close()


async def test_a_connection_is_reset_after_an_error(
    database_url: str,
) -> None:
    database = await Database.open(database_url, connections=1)
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with database.write() as connection:
            await connection.execute("SELECT 1 / 0")
    async with database.read() as connection:
        assert not connection.is_in_transaction()
    await database.close()


async def test_a_connection_that_the_server_closed_is_not_lent_again(database_url: str) -> None:
    database = await Database.open(database_url, connections=2)
    pid = await borrow(database)
    other = await Database.open(database_url, connections=1)
    async with other.read() as connection:
        await connection.execute("SELECT pg_terminate_backend($1::int, 5000)", pid)
    await other.close()
    await asyncio.sleep(0.05)
    assert await borrow(database) != pid
    await database.close()


async def test_closing_waits_for_a_running_statement(database_url: str) -> None:
    database = await Database.open(database_url, connections=2)
    await borrow(database)
    running = asyncio.create_task(borrow(database, 0.3))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(3):
        await database.close()
    assert running.done()
    assert await running


async def test_the_checkout_has_connections_when_all_others_are_taken(
    database_url: str,
) -> None:
    database = await Database.open(database_url, connections=3, checkout=1)
    slow = [asyncio.create_task(borrow(database, 0.5)) for _ in range(4)]
    await asyncio.sleep(0.1)
    async with asyncio.timeout(0.3), database.read(pool="checkout") as connection:
        assert await connection.fetchval("SELECT 1") == 1
    async with (
        asyncio.timeout(0.3),
        database.write(1, queue="orders", transaction=False) as connection,
    ):
        await connection.execute("SELECT 1")
    async with asyncio.timeout(0.3), database.write(1, queue="orders") as connection:
        await connection.execute("SELECT 1")
    assert not any(task.done() for task in slow)
    await asyncio.gather(*slow)
    assert database.size == (3, 3, 3)
    await database.close()

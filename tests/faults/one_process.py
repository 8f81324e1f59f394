"""The application in this process, with as many connections as a worker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.serving import serving


@asynccontextmanager
async def one_process(
    url: str, tokens: Tokens
) -> AsyncIterator[tuple[Database, httpx.AsyncClient]]:
    """A database's pools, and a client of an application that uses them."""
    database = await Database.open(url, connections=24, checkout=16)

    try:
        async with serving(database, tokens) as client:
            yield database, client
    finally:
        await database.close()

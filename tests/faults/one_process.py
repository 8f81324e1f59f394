"""The application in this process, with as many connections as a worker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import httpx

from sconto.api.context import Context
from sconto.api.logs import request_log
from sconto.api.metrics import Metrics
from sconto.app import build_app
from sconto.operations.tokens import Tokens
from sconto.store.database import Database


@asynccontextmanager
async def serving(url: str, tokens: Tokens) -> AsyncIterator[tuple[Database, httpx.AsyncClient]]:
    """A database's pools, and a client of an application that uses them."""
    database = await Database.open(url, connections=24, checkout=16)

    @asynccontextmanager
    async def open_context() -> AsyncIterator[Context]:
        yield Context(database, tokens, ZoneInfo("UTC"), Metrics())

    app = build_app(open_context, request_log("console"))
    transport = httpx.ASGITransport(app)
    try:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://sconto") as client,
        ):
            yield database, client
    finally:
        await database.close()

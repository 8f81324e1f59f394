"""A service for the examples of a document, on a database of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx

from sconto.api.context import Context
from sconto.api.logs import request_log
from sconto.api.metrics import Metrics
from sconto.app import build_app
from sconto.operations.tokens import Tokens
from sconto.store.database import Database


@asynccontextmanager
async def serve(
    database: Database, tokens: Tokens, now: Callable[[], datetime]
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service; its zone is UTC. The database is closed at the end."""

    @asynccontextmanager
    async def open_context() -> AsyncIterator[Context]:
        yield Context(database, tokens, ZoneInfo("UTC"), Metrics(), now=now)

    app = build_app(open_context, request_log("console"))
    try:
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://sconto") as client:
                yield client
    finally:
        await database.close()

"""Applications in this process, each with a context of its own, and clients without a network."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx

from sconto.api.context import Context
from sconto.api.logs import request_log
from sconto.api.metrics import Metrics
from sconto.app import build_app
from sconto.operations.tokens import Tokens
from sconto.store.database import Database

UTC: Final = ZoneInfo("UTC")


@asynccontextmanager
async def serving(
    database: Database,
    tokens: Tokens,
    *,
    zone: ZoneInfo = UTC,
    headers: Mapping[str, str] | None = None,
    **fields: Any,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application on the database; `fields` are other fields of its `Context`.

    Each request has the headers.
    """
    context = Context(database, tokens, zone, Metrics(), **fields)
    app = build_app(lambda: nullcontext(context), request_log("json"))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://sconto", headers=headers) as client,
    ):
        yield client

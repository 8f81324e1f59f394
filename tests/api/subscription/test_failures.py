"""Unexpected failures, in the published shape."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import httpx

from sconto.api.context import Context
from sconto.api.logs import request_log
from sconto.api.metrics import Metrics
from sconto.app import build_app
from sconto.domain.people import Caller
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.api.subscription.platform import Platform, details


async def test_an_unexpected_failure_is_500_without_details(
    create_database: Callable[[], str],
    tokens: Tokens,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
) -> None:
    database = await Database.open(create_database(), connections=1)
    async with database.write() as connection:
        await connection.execute("DROP TABLE subscription_promotions CASCADE")

    @asynccontextmanager
    async def open_context() -> AsyncIterator[Context]:
        yield Context(database, tokens, ZoneInfo("UTC"), Metrics())

    app = build_app(open_context, request_log("json"))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://sconto") as client,
    ):
        platform = Platform(client, bearer(merchant))
        answer = await platform.ask("GET", "/promotions")
    await database.close()
    assert details(answer, 500) == ["Something went wrong on our side."]
    assert answer.json()["errors"][0]["title"] == "Internal Server Error"

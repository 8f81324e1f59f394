"""How often a page asks the database: a few times, whatever there is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import httpx
import pytest

from sconto.api.context import Context
from sconto.api.logs import request_log
from sconto.api.metrics import Metrics
from sconto.app import build_app
from sconto.domain.people import Caller
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.builders import subscription_terms
from tests.portal.sessions import cookie_of
from tests.portal.shop import create_subscription, open_shop

CART = "product=1&quantity=1&price=&product=3&quantity=2&price=&codes=TEA-1+welcome15"


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("/promotions", 2),
        ("/carts", 0),
        (f"/carts?{CART}", 3),
        (f"/carts?{CART}&search=mug", 2),
        ("/orders", 0),
        ("/orders?id=2", 3),
        ("/orders?id=none", 1),
        ("/subscriptions", 1),
        ("/subscriptions?name=thirty&code=try3&state=on", 1),
        ("/subscriptions/{subscription_id}", 1),
        ("/subscriptions/{subscription_id}/history", 2),
        ("/subscriptions/{subscription_id}/edit", 1),
        ("/subscriptions/{subscription_id}/archive", 1),
        ("/people", 2),
        ("/people/{user_id}", 1),
    ],
)
async def test_a_page_takes_so_many_statements(
    path: str, number: int, database_url: str, merchant: Caller, tokens: Tokens
) -> None:
    database = await Database.open(database_url, connections=1)
    await open_shop(database, merchant)
    subscription_id = await create_subscription(database, merchant, subscription_terms())
    async with client_of(database, tokens, merchant) as client:
        address = f"/portal{path}".format(user_id=merchant.user_id, subscription_id=subscription_id)
        await client.get(address)
        statements: list[str] = []
        async with database.read() as connection:
            connection.add_query_logger(lambda record: statements.append(record.query))
        answer = await client.get(address)
        await asyncio.sleep(0)  # the logger hears of a statement a moment after its end
    await database.close()
    assert answer.status_code in (200, 404)
    assert len(statements) == number, statements


@asynccontextmanager
async def client_of(
    database: Database, tokens: Tokens, caller: Caller
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application on that database alone, in which the caller is signed in."""

    @asynccontextmanager
    async def open_context() -> AsyncIterator[Context]:
        yield Context(database, tokens, ZoneInfo("UTC"), Metrics())

    app = build_app(open_context, request_log("console"))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://sconto",
            headers={"Cookie": cookie_of(caller, tokens)},
        ) as client,
    ):
        yield client

"""How many statements a page sends: few, however much is stored."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from asyncpg.connection import LoggedQuery

from sconto.api.clock import read_clock
from sconto.domain.api_keys import NewKey
from sconto.domain.backtest.job import NewBacktest
from sconto.domain.numbers import MAX_INT64
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller, Role
from sconto.domain.webhooks import NewWebhook
from sconto.operations import checkout, webhooks
from sconto.operations.api_keys import create_key
from sconto.operations.backtesting.jobs import draft_cart_promotion, start_backtest
from sconto.operations.cart_promotions import create_promotion
from sconto.operations.tokens import Tokens
from sconto.operations.uploads import keep_upload
from sconto.portal.csrf import FIELD, token_for
from sconto.portal.pages import ADDRESS
from sconto.portal.site import PAGES
from sconto.store.database import Database
from tests.builders import NOON, a_cart, subscription_terms, ten_off
from tests.conftest import create_caller
from tests.portal.sessions import cookie_of
from tests.portal.shop import create_subscription, open_shop
from tests.serving import serving

CART = "product=1&quantity=1&price=&product=3&quantity=2&price=&codes=TEA-1+welcome15"

READING = {
    "/": 0,
    "/sign-in": 0,
    "/own": 0,
    "/account": 3,
    "/account/two-factor": 1,
    "/sign-in/code": 0,
    "/promotions": 2,
    "/promotions?search=tea&state=running": 3,
    "/promotions?order=name-turned&rows=50": 2,
    "/search": 0,
    "/search?q=tea": 4,
    "/search/live?q=tea": 4,
    "/promotions/deleted": 1,
    "/promotions/new": 0,
    "/promotions/new?of={promotion_id}": 2,
    "/promotions/{promotion_id}": 3,
    "/promotions/{promotion_id}/statistics": 4,
    "/promotions/{promotion_id}/statistics/{table}.csv": 4,
    "/promotions/{promotion_id}/history": 2,
    "/promotions/{promotion_id}/products": 2,
    "/promotions/{promotion_id}/products?search=tea": 2,
    "/promotions/{promotion_id}/products.csv": 2,
    "/promotions/{promotion_id}/products/file/{upload_id}": 4,
    "/promotions/{promotion_id}/codes": 4,
    "/promotions/{promotion_id}/codes?search=tea": 4,
    "/promotions/{promotion_id}/codes.csv": 3,
    "/promotions/{promotion_id}/codes/file/{upload_id}": 3,
    "/promotions/{promotion_id}/edit": 2,
    "/promotions/{promotion_id}/delete": 1,
    "/promotions/choose": 0,
    "/cart-promotions/new": 0,
    "/cart-promotions/new?of={cart_promotion_id}": 1,
    "/cart-promotions/{cart_promotion_id}/edit": 1,
    "/cart-promotions/{cart_promotion_id}": 3,
    "/cart-promotions/{cart_promotion_id}/statistics": 4,
    "/cart-promotions/{cart_promotion_id}/statistics/{table}.csv": 4,
    "/cart-promotions/{cart_promotion_id}/history": 2,
    "/cart-promotions/{cart_promotion_id}/delete": 1,
    "/promotions/backtests": 1,
    "/promotions/backtests/{backtest_id}": 1,
    "/reports": 3,
    "/reports?days=last-month&currency=EUR": 3,
    "/reports/{table}.csv": 3,
    "/carts": 0,
    f"/carts?{CART}": 3,
    f"/carts?{CART}&search=mug": 2,
    "/orders": 1,
    "/orders?first=2026-01-01&status=paid&customer=c-1&promotion=7": 3,
    "/orders?code=welcome15": 3,
    "/orders/now?id=2": 3,
    "/orders?id=2": 3,
    "/orders?id=none": 2,
    "/subscriptions": 1,
    "/subscriptions?name=thirty&code=try3&state=on": 1,
    "/subscriptions/new": 0,
    "/subscriptions/{subscription_id}": 1,
    "/subscriptions/{subscription_id}/statistics": 4,
    "/subscriptions/{subscription_id}/statistics/{table}.csv": 4,
    "/subscriptions/{subscription_id}/history": 2,
    "/subscriptions/{subscription_id}/edit": 1,
    "/subscriptions/{subscription_id}/archive": 1,
    "/orders/export?kind=orders&format=csv": 4,
    "/webhooks": 1,
    "/webhooks/{webhook_id}": 3,
    "/webhooks/{webhook_id}/deliveries/{delivery_id}": 3,
    "/developers": 0,
    "/home": 4,
    "/calendar": 1,
    "/keys": 2,
    "/keys/{key_id}": 1,
    "/password/{token}": 0,
    "/sign-in/provider": 0,
    "/sign-in/provider/callback": 0,
    "/settings": 2,
    "/audit": 2,
    "/audit?kind=promotion&person=ada&first=2026-01-01&last=2026-02-01": 2,
    "/audit.csv": 3,
    "/people": 2,
    "/people/{user_id}": 1,
}
"""Statements of each page; at most four."""

LOOKING = {
    "/promotions/impact": 2,
    "/promotions/new": 3,
    "/promotions/{promotion_id}/edit": 4,
    "/orders/returns": 3,
}
"""Statements of a form that is checked but not saved."""

FORM = {
    "type": "coupon",
    "name": "Tea for all",
    "active": "on",
    "starts_at": "2026-01-01T00:00:00",
    "coverage": "listed",
    "percent": "10",
    "products": "4 5",
    "codes": "TEA-1 TEA-9",
    "code_type": "reusable",
    "step": "check",
    "order_id": "2",
    "units-0": "1",
}


@pytest.fixture(scope="module")
async def shop(database_url: str, tokens: Tokens) -> AsyncIterator["CountingClient"]:
    """A shop with one of each thing; its pages share one connection."""
    database = await Database.open(database_url, connections=1)
    merchant = await create_caller(database)
    ids = await open_shop(database, merchant)
    subscription_id = await create_subscription(database, merchant, subscription_terms())
    cart_promotion = await create_promotion(database, merchant, ten_off(), NOON)
    key, _ = await create_key(database, merchant, NewKey("Till", Role.CHECKOUT), read_clock())
    webhook_id, delivery_id = await deliver(database, merchant)
    named: dict[str, int | str] = {
        "webhook_id": webhook_id,
        "delivery_id": delivery_id,
        "cart_promotion_id": cart_promotion.id,
        "backtest_id": await start(database, merchant),
        "promotion_id": ids["Tea lovers"],
        "key_id": key.id,
        "subscription_id": subscription_id,
        "table": "days",
        "token": "an-unknown-link",
        "user_id": merchant.user_id,
        "upload_id": await keep_upload(database, merchant, "a.csv", [b"A\nB"], read_clock()),
    }
    async with client_of(database, tokens, merchant) as client:
        yield CountingClient(client, database, named)
    await database.close()


async def start(database: Database, merchant: Caller) -> int:
    """A back-test that waits, or is computed by a service of other tests."""
    new = NewBacktest(draft_cart_promotion(ten_off()), NOON, read_clock(), True, "UTC")
    return (await start_backtest(database, merchant, new, NOON)).id


async def deliver(database: Database, merchant: Caller) -> tuple[int, int]:
    """A webhook that is switched off, and a delivery that waits for it."""
    new = NewWebhook("https://shop.example/", enabled=False)
    webhook = (await webhooks.create_webhook(database, merchant, new, NOON)).webhook
    order = NewOrder("told", a_cart())
    await checkout.place_order(database, merchant, order, NOON, NOON.date())
    await webhooks.replay(database, merchant, webhook.id, NOON, NOON)
    [delivery], _ = await webhooks.list_deliveries(
        database, merchant, webhook.id, before=MAX_INT64, limit=1
    )
    return webhook.id, delivery.id


@dataclass(frozen=True)
class CountingClient:
    """A client of the portal that counts statements; `ids` replace names in addresses."""

    client: httpx.AsyncClient
    database: Database
    ids: Mapping[str, int | str]

    async def statements(self, method: str, path: str, form: Mapping[str, str]) -> list[str]:
        """The statements of the second of two equal requests."""
        address = ADDRESS + path.format(**self.ids)
        token = token_for(self.client.headers["cookie"].partition("=")[2])
        sent = {**form, FIELD: token} if method == "POST" else None
        await self.client.request(method, address, data=sent)
        asked: list[str] = []

        def note(record: LoggedQuery) -> None:
            # What a process caches about people and shops is read again every few seconds.
            if "coalesce(shop_name, name)" not in record.query:
                asked.append(record.query)

        async with self.database.read() as connection:
            connection.add_query_logger(note)
        answer = await self.client.request(method, address, data=sent)
        await asyncio.sleep(0)  # the logger is called a moment after the statement
        async with self.database.read() as connection:
            connection.remove_query_logger(note)
        assert answer.status_code in (200, 303, 404, 410), answer.text
        return asked


@pytest.mark.parametrize(("path", "number"), READING.items())
async def test_a_page_takes_at_most_four_statements(
    path: str, number: int, shop: CountingClient
) -> None:
    asked = await shop.statements("GET", path, {})
    assert len(asked) == number <= 4, asked


@pytest.mark.parametrize(("path", "number"), LOOKING.items())
async def test_checking_a_form_takes_few_statements(
    path: str, number: int, shop: CountingClient
) -> None:
    asked = await shop.statements("POST", path, FORM)
    assert len(asked) == number, asked


def test_every_page_is_counted() -> None:
    addresses = {address.partition("?")[0] for address in READING}
    pages = {page.path for page in PAGES if "GET" in (page.methods or ())}
    assert {re.sub("{.*?}", "{}", address) for address in addresses} == {
        re.sub("{.*?}", "{}", page) for page in pages
    }


@asynccontextmanager
async def client_of(
    database: Database, tokens: Tokens, caller: Caller
) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in client of an application that uses only this database."""
    headers = {"Cookie": cookie_of(caller, tokens)}
    async with serving(database, tokens, headers=headers) as client:
        yield client

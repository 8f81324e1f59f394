"""Unknown codes are counted by merchant and address. Carts without codes are never refused."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from zoneinfo import ZoneInfo

import httpx
import pytest

from sconto.api.context import Context
from sconto.api.logs import request_log
from sconto.api.metrics import Metrics
from sconto.api.quotas import QuotaPolicies, Quotas
from sconto.app import build_app
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import create_caller

Bearer = Callable[[Caller], dict[str, str]]

LINE = {"line_id": "1", "product_id": 1, "quantity": 1, "unit_price": "10.00"}
QUOTES = "/checkout/v1/quotes"
ORDERS = "/checkout/v1/orders"


class Checkout:
    """The checkout of a shop whose unknown codes are limited."""

    def __init__(self, app: httpx.ASGITransport, headers: Mapping[str, str]) -> None:
        self._client = httpx.AsyncClient(transport=app, base_url="http://sconto", headers=headers)

    async def quote(self, *codes: str) -> httpx.Response:
        """A quote of the cart with these codes."""
        return await self._client.post(QUOTES, json=a_cart(*codes))

    async def order(self, *codes: str, **fields: str) -> httpx.Response:
        """An order of that cart, with a new id unless one is given."""
        order = {"order_id": secrets.token_hex(8), **a_cart(*codes), **fields}
        return await self._client.post(ORDERS, json=order)


def a_cart(*codes: str) -> dict[str, object]:
    return {"currency": "EUR", "lines": [LINE], "codes": list(codes)}


Open = Callable[..., Checkout]


@pytest.fixture
def open_checkout(database: Database, tokens: Tokens, bearer: Bearer) -> Open:
    """Opens checkouts of a caller, with quotas and a client address."""

    def open_at(caller: Caller, quotas: Quotas, address: str = "192.0.2.1") -> Checkout:
        context = Context(database, tokens, ZoneInfo("UTC"), Metrics(), quotas=quotas)
        app = build_app(lambda: nullcontext(context), request_log("console"))
        app.context = context
        return Checkout(httpx.ASGITransport(app, client=(address, 1)), bearer(caller))

    return open_at


def allowing(unknown_codes: str) -> Quotas:
    return Quotas.open(QuotaPolicies(unknown_codes=unknown_codes), None)


async def test_too_many_unknown_codes_block_carts_with_codes_but_not_without(
    open_checkout: Open, merchant: Caller
) -> None:
    checkout = open_checkout(merchant, allowing("3/hour"))
    assert (await checkout.quote("A1", "A2")).status_code == 200
    assert (await checkout.order("A3")).status_code == 201
    for refused in (await checkout.quote("A4"), await checkout.order("A4")):
        assert refused.status_code == 429
        assert refused.headers["content-type"] == "application/problem+json"
        assert 3590 <= int(refused.headers["retry-after"]) <= 3600
        assert refused.json()["title"] == "Too Many Requests"
    assert (await checkout.quote()).status_code == 200
    assert (await checkout.order()).status_code == 201


async def test_the_limit_ends_after_its_window(open_checkout: Open, merchant: Caller) -> None:
    checkout = open_checkout(merchant, allowing("1/second"))
    began = time.monotonic()
    assert (await checkout.quote("A1")).status_code == 200
    refused = await checkout.quote("A2")
    if time.monotonic() - began < 1:
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    while (await checkout.quote("A2")).status_code == 429:
        assert time.monotonic() - began < 30
        await asyncio.sleep(0.05)


async def test_merchants_and_addresses_are_counted_apart_and_users_together(
    open_checkout: Open, database: Database, merchant: Caller
) -> None:
    quotas = allowing("1/hour")
    colleague = await create_caller(database, Role.CHECKOUT, merchant.merchant_id)
    other_merchant = await create_caller(database)
    assert (await open_checkout(merchant, quotas).quote("A1")).status_code == 200
    assert (await open_checkout(colleague, quotas).quote("A2")).status_code == 429
    assert (await open_checkout(other_merchant, quotas).quote("A2")).status_code == 200
    assert (await open_checkout(merchant, quotas, "192.0.2.2").quote("A2")).status_code == 200


async def test_unknown_codes_of_an_order_refused_for_its_total_are_counted(
    open_checkout: Open, merchant: Caller
) -> None:
    checkout = open_checkout(merchant, allowing("2/hour"))
    answer = await checkout.order("A1", "A2", expected_total="1.00")
    assert answer.status_code == 409
    assert [code["status"] for code in answer.json()["quote"]["codes"]] == ["unknown"] * 2
    assert (await checkout.order("A3", expected_total="1.00")).status_code == 429


async def test_unknown_codes_of_a_repeated_order_are_counted_once(
    open_checkout: Open, merchant: Caller
) -> None:
    checkout = open_checkout(merchant, allowing("2/hour"))
    answers = [await checkout.order("A1", order_id="again") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200]


@pytest.mark.parametrize("redis_url", [None, "redis://127.0.0.1:1/0"])
async def test_without_a_limit_or_without_redis_nobody_is_refused(
    open_checkout: Open, merchant: Caller, redis_url: str | None
) -> None:
    policies = QuotaPolicies(unknown_codes="1/hour" if redis_url else "")
    checkout = open_checkout(merchant, Quotas.open(policies, redis_url))
    answers = [await checkout.quote(f"A{number}") for number in range(4)]
    assert [answer.status_code for answer in answers] == [200] * 4

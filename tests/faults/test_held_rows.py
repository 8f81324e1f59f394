"""Locked rows: requests for them wait briefly, and all others are served."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psycopg
import pytest

from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from sconto.store import loans
from sconto.store.availability import BusyReason
from sconto.store.database import Database
from tests.api.subscription.platform import a_body
from tests.conftest import create_caller
from tests.faults.one_process import one_process
from tests.portal.sessions import cookie_of

Bearer = Callable[[Caller], dict[str, str]]
Serving = tuple[Database, httpx.AsyncClient]

MERCHANT_ROWS = "SELECT FROM merchants WHERE merchant_id = ANY (%s) FOR UPDATE"
PROMOTION_ROWS = "SELECT FROM subscription_promotions WHERE merchant_id = ANY (%s) FOR UPDATE"
CONTRACT = {"subscriptionTypeId": "monthly", "createdAt": None}
PRODUCTS = [{"product_id": 7, "name": "Seven", "price": "1.00", "currency": "EUR"}]


@pytest.fixture
async def service(database_url: str, tokens: Tokens) -> AsyncIterator[Serving]:
    async with one_process(database_url, tokens) as running:
        yield running


@asynccontextmanager
async def holding(url: str, statement: str, *callers: Caller) -> AsyncIterator[None]:
    async with await psycopg.AsyncConnection.connect(url) as holder:
        await holder.execute(statement.encode(), [[caller.merchant_id for caller in callers]])
        yield
        await holder.rollback()


def a_promotion_body(name: str) -> dict[str, Any]:
    return {
        "promotion_type": "discount",
        "promotion_name": name,
        "status": True,
        "date_from": "2026-01-01T00:00:00+00:00",
        "discounts": {"discount_percent": "10"},
    }


async def assert_served(client: httpx.AsyncClient, headers: dict[str, str], cookie: str) -> None:
    """Assert that everything that needs no row of another merchant is answered immediately."""
    credentials = {"username": "nobody", "password": "password"}
    began = time.monotonic()
    answers = await asyncio.gather(
        client.get("/health/ready"),
        client.post("/v1/login_check", json=credentials),
        client.get("/v1/promotion", headers=headers),
        client.get("/promotion/v1/promotions", headers=headers),
        client.get("/catalog/v1/products", headers=headers),
        client.get("/portal/promotions", headers={"Cookie": cookie}),
    )
    assert [answer.status_code for answer in answers] == [200, 401, 200, 200, 200, 200]
    assert time.monotonic() - began < 4


def assert_refused(answer: httpx.Response, reason: BusyReason) -> None:
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert str(reason) in answer.text, answer.text


async def test_edits_blocked_by_a_held_merchant_do_not_block_others(
    database_url: str, service: Serving, tokens: Tokens, bearer: Bearer
) -> None:
    database, client = service
    held, other = await create_caller(database), await create_caller(database)
    code = await client.post("/promotion/v1/promotions", json=a_body(), headers=bearer(other))
    assert code.status_code == 201
    async with holding(database_url, MERCHANT_ROWS, held):
        began = time.monotonic()
        edits = [
            asyncio.create_task(
                client.post("/v1/promotion", json=a_promotion_body(f"{n}"), headers=bearer(held))
            )
            for n in range(36)
        ]
        edits += [
            asyncio.create_task(
                client.post("/promotion/v1/promotions", json=a_body(), headers=bearer(held))
            ),
            asyncio.create_task(
                client.put(
                    "/catalog/v1/products", json={"products": PRODUCTS}, headers=bearer(held)
                )
            ),
        ]
        await asyncio.sleep(0.3)
        for caller in (held, other):
            await assert_served(client, bearer(caller), cookie_of(caller, tokens))
        edit = await client.post(
            "/v1/promotion", json=a_promotion_body("other"), headers=bearer(other)
        )
        assert edit.status_code == 200
        applied = await client.post(
            "/promotion/v1/promotion-codes/_apply",
            json={"promotionCode": "TRY3", "subscriptionContract": CONTRACT},
            headers=bearer(other),
        )
        assert applied.status_code == 200, applied.text
        assert not any(edit.done() for edit in edits)
        for answer in await asyncio.gather(*edits):
            assert_refused(answer, BusyReason.EDIT)
        assert time.monotonic() - began < 8
    edit = await client.post("/v1/promotion", json=a_promotion_body("now"), headers=bearer(held))
    assert edit.status_code == 200


async def test_many_held_merchants_do_not_block_others(
    database_url: str,
    service: Serving,
    tokens: Tokens,
    bearer: Bearer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loans, "CONNECTION_TIMEOUT", 2.5)
    database, client = service
    held = [await create_caller(database) for _ in range(12)]
    other = await create_caller(database)
    async with holding(database_url, MERCHANT_ROWS, *held):
        edits = [
            asyncio.create_task(
                client.post("/v1/promotion", json=a_promotion_body("x"), headers=bearer(caller))
            )
            for caller in held
            for _ in range(3)
        ]
        await asyncio.sleep(0.3)
        await assert_served(client, bearer(other), cookie_of(other, tokens))
        for answer in await asyncio.gather(*edits):
            assert_refused(answer, BusyReason.EDIT)


async def test_applications_blocked_by_a_held_promotion_do_not_block_others(
    database_url: str, service: Serving, tokens: Tokens, bearer: Bearer
) -> None:
    database, client = service
    held, other = await create_caller(database), await create_caller(database)
    bodies = {
        "LIMITED": a_body(code="LIMITED", constraint={"maxUsage": 100}),
        "UNLIMITED": a_body(code="UNLIMITED"),
    }
    for caller in (held, other):
        for body in bodies.values():
            created = await client.post(
                "/promotion/v1/promotions", json=body, headers=bearer(caller)
            )
            assert created.status_code == 201, created.text

    async def apply(caller: Caller, code: str) -> httpx.Response:
        body = {"promotionCode": code, "subscriptionContract": CONTRACT}
        return await client.post(
            "/promotion/v1/promotion-codes/_apply", json=body, headers=bearer(caller)
        )

    async with holding(database_url, PROMOTION_ROWS, held):
        waiting = [asyncio.create_task(apply(held, code)) for code in bodies for _ in range(15)]
        await asyncio.sleep(0.3)
        for caller in (held, other):
            await assert_served(client, bearer(caller), cookie_of(caller, tokens))
        for code in bodies:
            assert (await apply(other, code)).status_code == 200
        for answer in await asyncio.gather(*waiting):
            assert_refused(answer, BusyReason.APPLICATIONS)
    for code in bodies:
        assert (await apply(held, code)).status_code == 200


async def test_readiness_answers_while_every_other_connection_is_taken(
    service: Serving, bearer: Bearer
) -> None:
    database, client = service

    async def take(loan: Any) -> None:
        async with loan as connection:
            await connection.execute("SELECT pg_sleep(1)")

    taken = [asyncio.create_task(take(database.read())) for _ in range(8)]
    taken += [asyncio.create_task(take(database.read(pool="checkout"))) for _ in range(16)]
    await asyncio.sleep(0.2)
    async with asyncio.timeout(0.7):
        answers = await asyncio.gather(*(client.get("/health/ready") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert not any(task.done() for task in taken)
    await asyncio.gather(*taken)


async def test_slow_reads_of_one_merchant_do_not_block_others(
    service: Serving, tokens: Tokens, bearer: Bearer
) -> None:
    database, client = service
    slow, other = await create_caller(database), await create_caller(database)

    async def read() -> None:
        async with database.read(slow.merchant_id) as connection:
            await connection.execute("SELECT pg_sleep(1)")

    reading = [asyncio.create_task(read()) for _ in range(8)]
    await asyncio.sleep(0.1)
    await assert_served(client, bearer(other), cookie_of(other, tokens))
    assert not all(task.done() for task in reading)
    await asyncio.gather(*reading)


async def test_an_import_does_not_block_the_merchants_edits(
    service: Serving, bearer: Bearer
) -> None:
    database, client = service
    caller = await create_caller(database, Role.MANAGER)
    async with database.write(caller.merchant_id, queue="imports"), asyncio.timeout(2):
        edit = await client.post(
            "/v1/promotion", json=a_promotion_body("meanwhile"), headers=bearer(caller)
        )
    assert edit.status_code == 200

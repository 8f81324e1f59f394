"""Quotas: how requests are counted, 429 in each dialect, and the header fields."""

import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from sconto.api.quotas import QuotaPolicies, Quotas
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.serving import serving

Bearer = Callable[[Caller], dict[str, str]]

ADDRESSES = {
    "/v1/promotion/": "application/json",
    "/promotion/v1/promotions": "application/json",
    "/catalog/v1/products": "application/problem+json",
    "/v1/nothing": "application/json",
}


@asynccontextmanager
async def limited(
    database: Database, tokens: Tokens, policies: QuotaPolicies, redis_url: str | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application with these policies."""
    quotas = Quotas.open(policies, redis_url)
    async with serving(database, tokens, quotas=quotas) as client:
        yield client


@pytest.mark.parametrize("address", ADDRESSES)
async def test_beyond_the_quota_the_answer_is_429_in_the_dialect_of_the_address(
    database: Database, tokens: Tokens, merchant: Caller, bearer: Bearer, address: str
) -> None:
    async with limited(database, tokens, QuotaPolicies(user="2/hour")) as client:
        answers = [await client.get(address, headers=bearer(merchant)) for _ in range(3)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    refused = answers[2]
    assert refused.headers["content-type"] == ADDRESSES[address]
    assert 3590 <= int(refused.headers["retry-after"]) <= 3600
    for answer, left in zip(answers, "100", strict=True):
        assert answer.headers["ratelimit-policy"] == '"user";q=2;w=3600'
        assert re.fullmatch(rf'"user";r={left};t=3[56]\d\d', answer.headers["ratelimit"])
    body = refused.json()
    if "errors" not in body:
        assert (body["status"], body["title"]) == (429, "Too Many Requests")
    elif address.startswith("/promotion"):
        [error] = body["errors"]
        assert (error["status"], error["title"]) == ("429", "Too Many Requests")
    else:
        assert [error["error"] for error in body["errors"]] == [429]


async def test_users_are_counted_apart_and_a_merchants_together(
    database: Database, tokens: Tokens, merchant: Caller, bearer: Bearer
) -> None:
    colleague = await create_caller(database, Role.VIEWER, merchant.merchant_id)
    other_merchant = await create_caller(database)
    policies = QuotaPolicies(user="2/hour", merchant="3/hour")
    async with limited(database, tokens, policies) as client:

        async def ask(caller: Caller) -> httpx.Response:
            return await client.get("/v1/promotion", headers=bearer(caller))

        statuses = [
            (await ask(caller)).status_code
            for caller in (merchant, merchant, merchant, colleague, other_merchant)
        ]
        answer = await ask(other_merchant)
    # The refused third request counted against the merchant too.
    assert statuses == [200, 200, 429, 429, 200]
    assert answer.headers["ratelimit-policy"] == '"user";q=2;w=3600, "merchant";q=3;w=3600'
    assert re.fullmatch(r'"user";r=0;t=\d+, "merchant";r=1;t=\d+', answer.headers["ratelimit"])


async def test_the_checkout_has_its_own_quotas(
    database: Database, tokens: Tokens, merchant: Caller, bearer: Bearer
) -> None:
    async def statuses(policies: QuotaPolicies, path: str) -> list[int]:
        async with limited(database, tokens, policies) as client:
            return [
                (await client.get(path, headers=bearer(merchant))).status_code for _ in range(2)
            ]

    order = "/checkout/v1/orders/none"
    assert await statuses(QuotaPolicies(user="1/hour"), order) == [404, 404]
    assert await statuses(QuotaPolicies(checkout_user="1/hour"), order) == [404, 429]
    assert await statuses(QuotaPolicies(checkout_merchant="1/hour"), order) == [404, 429]
    assert await statuses(QuotaPolicies(checkout_user="1/hour"), "/v1/promotion") == [200, 200]


async def test_requests_without_a_token_are_not_counted(database: Database, tokens: Tokens) -> None:
    async with limited(database, tokens, QuotaPolicies(user="1/hour")) as client:
        answers = [await client.get("/v1/promotion") for _ in range(3)]
        answers += [await client.get("/health/live") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 200, 200, 200]
    assert not any("ratelimit" in answer.headers for answer in answers)


async def test_nobody_is_refused_while_redis_is_unavailable(
    database: Database,
    tokens: Tokens,
    merchant: Caller,
    bearer: Bearer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    policies = QuotaPolicies(user="1/hour")
    with caplog.at_level(logging.WARNING):
        async with limited(database, tokens, policies, "redis://127.0.0.1:1/0") as client:
            for _ in range(2):
                answer = await client.get("/v1/promotion", headers=bearer(merchant))
                assert answer.status_code == 200
    lines = [record.message for record in caplog.records if "not counted" in record.message]
    assert lines == ["requests are not counted: StorageError"]

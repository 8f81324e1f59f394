"""The answer is short even if a request has many faults."""

import json
from collections.abc import Callable

import httpx
import pytest

from sconto.domain.people import Caller

FLOOD = {f"field-{number}": 1 for number in range(5_000)}
LONG = {"x" * 1_000_000: 1}
QUOTE = {"currency": "EUR", "lines": [{**FLOOD}] * 10}

ADDRESSES = [
    ("POST", "/v1/login_check", 400, dict.fromkeys(list(FLOOD)[:3000], 1)),
    ("POST", "/v1/login_check", 400, {"x" * 60_000: 1}),
    ("POST", "/v1/promotion", 400, FLOOD),
    ("POST", "/v1/promotion", 400, LONG),
    ("POST", "/v1/promotion", 400, {"coupons": FLOOD, "discounts": LONG}),
    ("POST", "/v1/promotion/statistics", 400, dict.fromkeys(list(FLOOD)[:3000], 1)),
    ("POST", "/promotion/v1/promotions", 422, FLOOD),
    ("POST", "/promotion/v1/promotions", 422, LONG),
    ("POST", "/promotion/v1/promotions", 422, {"rules": [{"effect": FLOOD}] * 40}),
    ("POST", "/checkout/v1/quotes", 422, FLOOD),
    ("POST", "/checkout/v1/quotes", 422, LONG),
    ("POST", "/checkout/v1/quotes", 422, QUOTE),
    ("POST", "/checkout/v1/quotes", 422, {"subscription": {"codes": [FLOOD] * 5}}),
    ("PUT", "/catalog/v1/products", 422, FLOOD),
    ("PUT", "/catalog/v1/products", 422, {"products": [FLOOD, LONG]}),
]


@pytest.mark.parametrize(("method", "path", "status", "body"), ADDRESSES)
async def test_about_a_hundred_faults_are_listed_and_names_are_cut(
    client: httpx.AsyncClient,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
    method: str,
    path: str,
    status: int,
    body: object,
) -> None:
    answer = await client.request(method, path, json=body, headers=bearer(merchant))
    assert answer.status_code == status, answer.text[:500]
    # The merchant API lists errors of its own fields as well.
    assert 1 <= len(json.loads(answer.content)["errors"]) <= (110 if status == 400 else 100)
    assert len(answer.content) < 30_000


async def test_a_sign_in_over_64_kib_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/login_check", json={"username": "x" * 70_000, "password": "y"})
    assert answer.status_code == 413

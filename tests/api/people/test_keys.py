"""API keys over HTTP: accepted wherever a token is, and managed by admins."""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sconto.api.clock import read_clock
from sconto.api.quotas import QuotaPolicies, Quotas
from sconto.domain.api_keys import NewKey, is_key, write_key
from sconto.domain.people import Caller, Role
from sconto.operations.api_keys import create_key
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.serving import serving

Bearer = Callable[[Caller], dict[str, str]]

READS = (
    "/v1/promotion",
    "/promotion/v1/promotions",
    "/cart/v1/promotions",
    "/catalog/v1/products",
    "/people/v1/keys",
)
"""A list of each API."""

UNKNOWN = write_key("0" * 30)


def another_process(
    database: Database, tokens: Tokens, policies: QuotaPolicies | None = None
) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    """A client of another process on the database, which knows no key yet."""
    return serving(database, tokens, quotas=Quotas.open(policies or QuotaPolicies(), None))


async def create(
    client: httpx.AsyncClient, headers: dict[str, str], **fields: Any
) -> httpx.Response:
    body = {"name": "till", "role": "checkout"} | fields
    return await client.post("/people/v1/keys", json=body, headers=headers)


async def test_a_key_is_accepted_by_each_api_in_both_headers(
    client: httpx.AsyncClient,
    database: Database,
    tokens: Tokens,
    merchant: Caller,
    bearer: Bearer,
) -> None:
    made = await create(client, bearer(merchant), role="admin")
    assert made.status_code == 201, made.text
    key = made.json()["key"]
    assert is_key(key)
    async with another_process(database, tokens) as elsewhere:
        for asked in (client, elsewhere):
            for address in READS:
                for header in ("Authorization", "AuthorizationJWT"):
                    sent = {header: f"Bearer {key}"}
                    answer = await asked.get(address, headers=sent)
                    assert answer.status_code == 200, f"{address}: {answer.text}"
        good, bad = f"Bearer {key}", f"Bearer {UNKNOWN}"
        for published, other, status in ((good, bad, 200), (bad, good, 401)):
            both = {"AuthorizationJWT": published, "Authorization": other}
            assert (await elsewhere.get(READS[0], headers=both)).status_code == status


async def test_a_key_may_do_what_its_role_may(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer
) -> None:
    made = (await create(client, bearer(merchant))).json()
    sent = {"Authorization": f"Bearer {made['key']}"}
    prices = {"currency": "EUR", "products": [{"product_id": 1, "unit_price": "1.00"}]}
    assert (await client.post("/checkout/v1/prices", json=prices, headers=sent)).is_success
    for address in ("/cart/v1/promotions", "/people/v1/keys"):
        assert (await client.get(address, headers=sent)).status_code == 403


@pytest.mark.parametrize("key", [UNKNOWN, "sconto_live_", f"{UNKNOWN}0", f"{UNKNOWN[:-1]}é"])
async def test_a_key_that_does_not_exist_is_401_and_not_repeated(
    client: httpx.AsyncClient, key: str
) -> None:
    headers = [(b"Authorization", f"Bearer {key}".encode())]
    answer = await client.get("/people/v1/keys", headers=headers)
    assert answer.status_code == 401
    assert key not in answer.text


async def test_a_key_is_shown_once_listed_and_revoked(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer
) -> None:
    headers = bearer(merchant)
    end = "2033-01-01T00:00:00+00:00"
    made = (await create(client, headers, expires_at=end)).json()
    key = made.pop("key")
    assert made["prefix"] == key[:16]
    assert (made["name"], made["role"], made["expires_at"]) == ("till", "checkout", end)
    assert made["created_by"].startswith("test-")
    place = f"/people/v1/keys/{made['key_id']}"
    assert (await client.get("/people/v1/keys", headers=headers)).json() == {"keys": [made]}
    shown = await client.get(place, headers=headers)
    assert shown.json() == made
    assert shown.headers["Cache-Control"] == "no-store"
    assert (await create(client, headers)).status_code == 409
    sent = {"Authorization": f"Bearer {key}"}
    assert (await client.get("/catalog/v1/products", headers=sent)).status_code == 200
    assert (await client.delete(place, headers=headers)).status_code == 204
    assert (await client.get("/catalog/v1/products", headers=sent)).status_code == 401
    for method in ("GET", "DELETE"):
        gone = await client.request(method, place, headers=headers)
        assert (gone.status_code, gone.json()["status"]) == (404, 404)
    assert (await client.get("/people/v1/keys", headers=headers)).json() == {"keys": []}


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"name": ""}, ["/name"]),
        ({"name": 1, "role": "owner"}, ["/name", "/role"]),
        ({"role": None}, ["/role"]),
        ({"expires_at": "2020-01-01T00:00:00+00:00"}, ["/expires_at"]),
        ({"expires_at": "tomorrow", "scope": "all"}, ["/expires_at", "/scope"]),
    ],
)
async def test_all_faults_of_a_new_key_are_told(
    client: httpx.AsyncClient,
    merchant: Caller,
    bearer: Bearer,
    fields: dict[str, Any],
    pointers: list[str],
) -> None:
    refused = await create(client, bearer(merchant), **fields)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == pointers
    listed = await client.get("/people/v1/keys", headers=bearer(merchant))
    assert listed.json() == {"keys": []}


async def test_a_query_that_the_list_does_not_have_is_refused(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer
) -> None:
    answer = await client.get("/people/v1/keys?limit=5", headers=bearer(merchant))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/limit"


async def test_an_expired_key_is_told_apart(
    client: httpx.AsyncClient, database: Database, merchant: Caller
) -> None:
    now = read_clock()
    new = NewKey("old", Role.ADMIN, now - timedelta(seconds=1))
    _, key = await create_key(database, merchant, new, now - timedelta(days=1))
    answer = await client.get("/catalog/v1/products", headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["detail"]) == (401, "The token has expired.")


async def test_each_key_has_a_quota_of_its_own(
    database: Database, tokens: Tokens, merchant: Caller
) -> None:
    made = [
        await create_key(database, merchant, NewKey(name, Role.VIEWER), read_clock())
        for name in ("one", "two")
    ]
    async with another_process(database, tokens, QuotaPolicies(user="2/hour")) as client:
        for _, key in made:
            sent = {"Authorization": f"Bearer {key}"}
            statuses = [
                (await client.get("/cart/v1/promotions", headers=sent)).status_code
                for _ in range(3)
            ]
            assert statuses == [200, 200, 429]


async def test_without_a_database_an_unknown_key_gets_503(tokens: Tokens, merchant: Caller) -> None:
    lost = await Database.open("postgresql://nobody@127.0.0.1:1/nothing")
    async with another_process(lost, tokens) as client:
        for address in READS[:2]:
            answer = await client.get(address, headers={"Authorization": f"Bearer {UNKNOWN}"})
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "2"


async def test_the_log_has_the_id_of_the_key_and_not_the_key(
    database: Database, tokens: Tokens, capfd: pytest.CaptureFixture[str]
) -> None:
    merchant = await create_caller(database)
    key, text = await create_key(database, merchant, NewKey("till", Role.ADMIN), read_clock())
    async with another_process(database, tokens) as client:
        answer = await client.get(
            "/cart/v1/promotions", headers={"Authorization": f"Bearer {text}"}
        )
    assert answer.status_code == 200
    log = capfd.readouterr().err
    (line,) = [json.loads(one) for one in log.splitlines() if '"event":"request"' in one]
    assert (line["merchant_id"], line["key_id"]) == (merchant.merchant_id, key.id)
    assert "user_id" not in line
    assert text not in log

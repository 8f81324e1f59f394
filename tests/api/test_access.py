"""Authentication: the two headers of a token, and the errors for one that is not accepted."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import create_caller

Bearer = Callable[[Caller], dict[str, str]]

MISSING = (1008, "Missing token.")
INVALID = (1007, "Your token is invalid.")
EXPIRED = (1009, "Your token is expired.")


async def refusal(client: httpx.AsyncClient, headers: dict[str, str]) -> tuple[int, str] | None:
    """The error for a request with these headers; None if it is accepted."""
    answer = await client.get("/v1/promotion", headers=headers)
    if answer.status_code == 200:
        return None
    assert answer.status_code == 401
    [error] = answer.json()["errors"]
    return error["error"], error["message"]


async def test_a_token_in_either_header_is_accepted(client: httpx.AsyncClient, token: str) -> None:
    for name in ("AuthorizationJWT", "Authorization", "authorizationjwt"):
        for scheme in ("Bearer", "bearer"):
            assert await refusal(client, {name: f"{scheme} {token}"}) is None


async def test_the_published_header_takes_precedence(client: httpx.AsyncClient, token: str) -> None:
    good, bad = f"Bearer {token}", "Bearer nothing"
    assert await refusal(client, {"AuthorizationJWT": good, "Authorization": bad}) is None
    assert await refusal(client, {"AuthorizationJWT": bad, "Authorization": good}) == INVALID


@pytest.mark.parametrize("headers", [{}, {"AuthorizationJWT": ""}, {"Authorization": "  "}])
async def test_an_absent_or_empty_header_is_a_missing_token(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert await refusal(client, headers) == MISSING


@pytest.mark.parametrize(
    "sent", ["Bearer", "Bearer ", "Basic YWRhOnNlY3JldA==", "Bearer a.b.c", "Bearer é", "{token}"]
)
async def test_any_other_header_is_an_invalid_token(
    client: httpx.AsyncClient, token: str, sent: str
) -> None:
    value = sent.replace("{token}", token).encode()
    for name in (b"AuthorizationJWT", b"Authorization"):
        answer = await client.get("/v1/promotion", headers=[(name, value)])
        assert [(error["error"], error["message"]) for error in answer.json()["errors"]] == [
            INVALID
        ]


async def test_a_token_of_another_key_is_invalid_and_an_old_one_expired(
    client: httpx.AsyncClient, merchant: Caller, tokens: Tokens
) -> None:
    now = read_clock()
    foreign = Tokens(b"another key, and long enough to sign").issue(merchant, now)
    assert await refusal(client, {"Authorization": f"Bearer {foreign}"}) == INVALID
    old = tokens.issue(merchant, now - timedelta(hours=24, seconds=1))
    assert await refusal(client, {"Authorization": f"Bearer {old}"}) == EXPIRED
    aging = tokens.issue(merchant, now - timedelta(hours=23, minutes=59))
    assert await refusal(client, {"Authorization": f"Bearer {aging}"}) is None


async def test_our_own_apis_answer_the_same_as_problems(
    client: httpx.AsyncClient, merchant: Caller, database: Database, bearer: Bearer
) -> None:
    path = "/catalog/v1/products"
    for headers in ({}, {"Authorization": "Bearer nothing"}):
        answer = await client.get(path, headers=headers)
        assert answer.status_code == answer.json()["status"] == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    viewer = await create_caller(database, Role.VIEWER, merchant.merchant_id)
    answer = await client.put(path, headers=bearer(viewer), json={"products": []})
    assert answer.status_code == answer.json()["status"] == 403


@pytest.fixture
def token(merchant: Caller, tokens: Tokens) -> str:
    return tokens.issue(merchant, read_clock())

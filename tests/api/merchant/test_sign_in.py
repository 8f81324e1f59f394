"""POST /v1/login_check: tokens for credentials, and every refusal."""

import json
from collections.abc import AsyncIterator
from itertools import count

import httpx
import pytest
from starlette.applications import Starlette

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.domain.sign_in import limits_of_attempt
from sconto.operations.people import create_merchant, create_user, set_disabled, set_password
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from sconto.store.sign_in import SignInAttempt, confirm_failure, reserve_attempt
from tests.operations.test_people import PASSWORD, a_name, a_user

BAD_CREDENTIALS = {"errors": [{"error": 1001, "message": "Bad credentials."}]}
NOT_JSON = {"errors": [{"error": 110, "message": "JSON is not valid."}]}
WRONG_TYPE = {"errors": [{"error": 111, "message": "Invalid data format (Content-type)."}]}

_addresses = count(1)


@pytest.fixture
def address() -> str:
    """The address of `client`, without failed sign-ins."""
    return f"198.18.0.{next(_addresses)}"


@pytest.fixture
async def client(app: Starlette, address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client at an address of its own."""
    transport = httpx.ASGITransport(app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://sconto") as client:
        yield client


@pytest.fixture
async def username(database: Database, merchant: Caller) -> str:
    """A user who signs in with PASSWORD."""
    return await a_user(database, merchant, Role.MANAGER)


def invalid(*fields: str) -> dict[str, object]:
    return {
        "errors": [{"error": 11010, "message": f"Invalid field value: {field}"} for field in fields]
    }


async def sign_in(client: httpx.AsyncClient, username: str, password: str) -> httpx.Response:
    return await client.post("/v1/login_check", json={"username": username, "password": password})


async def note_ten_failures(database: Database, username: str, address: str) -> None:
    """Count ten failed attempts without checking passwords, which takes long."""
    limits = limits_of_attempt(username, address)
    for _ in range(10):
        async with database.write() as connection:
            attempt = await reserve_attempt(connection, limits, read_clock())
            assert isinstance(attempt, SignInAttempt)
            await confirm_failure(connection, attempt)


async def test_correct_credentials_get_a_token_for_the_merchant_api(
    client: httpx.AsyncClient, username: str
) -> None:
    answer = await sign_in(client, username, PASSWORD)
    assert answer.status_code == 200
    assert sorted(answer.json()) == ["refresh_token", "token"]
    assert answer.headers["cache-control"] == "no-store"
    opened = await client.get(
        "/v1/promotion", headers={"AuthorizationJWT": f"Bearer {answer.json()['token']}"}
    )
    assert (opened.status_code, opened.json()) == (200, {"ids": []})


async def test_a_trailing_slash_and_content_type_parameters_do_not_matter(
    client: httpx.AsyncClient, username: str
) -> None:
    answer = await client.post(
        "/v1/login_check/",
        content=json.dumps({"password": PASSWORD, "username": username}),
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    assert answer.status_code == 200


async def test_a_refresh_token_is_not_accepted(client: httpx.AsyncClient, username: str) -> None:
    refresh_token = (await sign_in(client, username, PASSWORD)).json()["refresh_token"]
    refused = await client.get(
        "/v1/promotion", headers={"AuthorizationJWT": f"Bearer {refresh_token}"}
    )
    assert refused.status_code == 401
    assert refused.json() == {"errors": [{"error": 1007, "message": "Your token is invalid."}]}


async def test_wrong_password_unknown_and_disabled_users_get_one_answer(
    client: httpx.AsyncClient, database: Database, username: str, merchant: Caller
) -> None:
    disabled = await a_user(database, merchant)
    await set_disabled(database, disabled, disabled=True)
    answers = [
        await sign_in(client, username, "wrong-password"),
        await sign_in(client, a_name(), PASSWORD),
        await sign_in(client, disabled, PASSWORD),
        await sign_in(client, "", ""),
        await sign_in(client, "\x00" * 300, "\x00" * 300),
    ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (401, BAD_CREDENTIALS)
    ] * 5


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["username", "password"]),
        ({"password": "x"}, ["username"]),
        ({"username": "x"}, ["password"]),
        ({"password": None, "username": None}, ["username", "password"]),
        ({"username": 1, "password": ["x"]}, ["username", "password"]),
        ({"username": "x", "password": True}, ["password"]),
        ({"username": "x", "password": "x", "stay": True}, ["stay"]),
        ({"z": 1, "password": 1.5, "a": 2}, ["username", "password", "z", "a"]),
        ({"Username": "x", "password": "x"}, ["username", "Username"]),
    ],
)
async def test_missing_mistyped_and_unknown_fields_are_named_in_order(
    client: httpx.AsyncClient, body: dict[str, object], fields: list[str]
) -> None:
    answer = await client.post("/v1/login_check", json=body)
    assert (answer.status_code, answer.json()) == (400, invalid(*fields))


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '"x"', "null", '{"username": NaN}', '{"username": "\\ud800"}']
)
async def test_a_body_that_is_not_an_object_is_refused_before_its_fields(
    client: httpx.AsyncClient, body: str
) -> None:
    answer = await client.post(
        "/v1/login_check", content=body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()) == (400, NOT_JSON)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
async def test_another_content_type_is_refused_before_the_body_is_read(
    client: httpx.AsyncClient, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = await client.post("/v1/login_check", content="{", headers=headers)
    assert (answer.status_code, answer.json()) == (400, WRONG_TYPE)


async def test_after_ten_failures_the_answer_has_retry_after(
    client: httpx.AsyncClient, username: str
) -> None:
    for _ in range(10):
        assert (await sign_in(client, username, "wrong-password")).status_code == 401
    refused = await client.post(
        "/v1/login_check",
        json={"username": username, "password": PASSWORD},
        headers={"X-Forwarded-For": "203.0.113.1"},
    )
    assert refused.status_code == 429
    assert [error["error"] for error in refused.json()["errors"]] == [429]
    assert 890 <= int(refused.headers["retry-after"]) <= 900


async def test_with_a_valid_token_the_user_can_sign_in_after_ten_failures(
    client: httpx.AsyncClient, database: Database, app: Starlette, username: str, address: str
) -> None:
    elsewhere = httpx.ASGITransport(app, client=(f"198.19.0.{next(_addresses)}", 1))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://sconto") as other:
        token = (await sign_in(other, username, PASSWORD)).json()["token"]
    await note_ten_failures(database, username, address)
    assert (await sign_in(client, username, PASSWORD)).status_code == 429
    for header in ("Authorization", "AuthorizationJWT"):
        client.headers[header] = f"Bearer {token}"
        assert (await sign_in(client, username, PASSWORD)).status_code == 200
        client.headers[header] = "Bearer nonsense"
        assert (await sign_in(client, a_name(), PASSWORD)).status_code == 401
        del client.headers[header]


async def test_a_user_can_sign_in_from_a_known_address_after_ten_failures(
    client: httpx.AsyncClient, database: Database, username: str, address: str
) -> None:
    assert (await sign_in(client, username, PASSWORD)).status_code == 200
    await note_ten_failures(database, username, address)
    assert (await sign_in(client, username, "wrong-password")).status_code == 429
    assert (await sign_in(client, username, PASSWORD)).status_code == 200


async def test_a_user_of_two_merchants_signs_in_with_the_merchants_name(
    client: httpx.AsyncClient, database: Database
) -> None:
    name, shops = a_name(), [a_name(), a_name()]
    for shop in shops:
        await create_merchant(database, shop)
        await create_user(database, shop, name, PASSWORD, Role.MANAGER)
    ambiguous = await sign_in(client, name, PASSWORD)
    assert (ambiguous.status_code, ambiguous.json()) == (401, BAD_CREDENTIALS)
    tokens = {(await sign_in(client, f"{shop}/{name}", PASSWORD)).json()["token"] for shop in shops}
    assert len(tokens) == 2


async def test_a_new_password_makes_older_tokens_invalid_within_seconds(
    client: httpx.AsyncClient, database: Database, tokens: Tokens, username: str
) -> None:
    token = (await sign_in(client, username, PASSWORD)).json()["token"]
    headers = {"AuthorizationJWT": f"Bearer {token}"}
    assert (await client.get("/v1/promotion", headers=headers)).status_code == 200
    await set_password(database, username, "another password")
    await tokens.refresh(database)
    refused = await client.get("/v1/promotion", headers=headers)
    assert refused.status_code == 401
    assert refused.json() == {"errors": [{"error": 1007, "message": "Your token is invalid."}]}

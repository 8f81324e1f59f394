"""The audit log over HTTP, and how an admin manages other users' sign-ins."""

from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations import two_factor
from sconto.operations.tokens import Purpose, Tokens
from sconto.store import second_factors
from sconto.store.database import Database
from tests.conftest import create_caller

Bearer = Callable[[Caller], dict[str, str]]

AUDIT = "/people/v1/audit"
USERS = "/people/v1/users"


async def give_second_factor(database: Database, tokens: Tokens, user: Caller) -> None:
    sealed = two_factor._sealed(tokens.keyring, user.merchant_id, user.user_id, b"x" * 20)
    async with database.write() as connection:
        await second_factors.insert_factor(connection, sealed, read_clock(), 0)


async def test_an_admin_resets_a_second_factor_and_signs_a_user_out(
    client: httpx.AsyncClient,
    database: Database,
    tokens: Tokens,
    merchant: Caller,
    bearer: Bearer,
) -> None:
    colleague = await create_caller(database, Role.VIEWER, merchant.merchant_id)
    headers, path = bearer(merchant), f"{USERS}/{colleague.user_id}"
    plain = (await client.get(USERS, headers=headers)).json()["users"]
    assert all("two_factor" not in user for user in plain)
    await give_second_factor(database, tokens, colleague)
    listed = (await client.get(USERS, headers=headers)).json()["users"]
    assert [user.get("two_factor") for user in listed] == [None, True]
    session = tokens.issue(colleague, read_clock(), purpose=Purpose.SESSION)
    for _ in range(2):
        assert (await client.delete(f"{path}/two-factor", headers=headers)).status_code == 204
    cookie = {"Cookie": f"sconto_session=YWRh~{session}"}
    assert (await client.get("/portal/account", headers=cookie)).status_code == 303
    assert (await client.delete(f"{path}/sessions", headers=headers)).status_code == 204
    own = f"{USERS}/{merchant.user_id}/two-factor"
    assert (await client.delete(own, headers=bearer(merchant))).status_code == 409
    other_merchant = bearer(await create_caller(database))
    for part in ("two-factor", "sessions"):
        assert (await client.delete(f"{path}/{part}", headers=other_merchant)).status_code == 404
        assert (await client.delete(f"{USERS}/0/{part}", headers=other_merchant)).status_code == 404


async def test_the_audit_log_is_read_by_pages_and_filters(
    client: httpx.AsyncClient, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    headers = bearer(merchant)
    for name in ("one", "two", "three"):
        body = {"name": name, "role": "viewer"}
        assert (await client.post("/people/v1/keys", json=body, headers=headers)).is_success
    await client.put("/events/v1/recording", json={"recording": True}, headers=headers)

    async def read(**query: object) -> dict[str, object]:
        answer = await client.get(AUDIT, params=query, headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        body: dict[str, object] = answer.json()
        return body

    whole = await read()
    entries = whole["entries"]
    assert isinstance(entries, list)
    assert [(one["kind"], one["action"], one["name"]) for one in entries] == [
        ("settings", "recording of events set", None),
        ("API key", "created", "three"),
        ("API key", "created", "two"),
        ("API key", "created", "one"),
    ]
    assert (entries[0]["id"], entries[0]["before"]) == (None, None)
    assert entries[0]["after"] == {"recording": True}
    first = await read(limit=3)
    assert first["entries"] == entries[:3]
    assert await read(limit=3, cursor=first["next_cursor"]) == {
        "entries": entries[3:],
        "next_cursor": None,
    }
    assert (await read(kind="API key"))["entries"] == entries[1:]
    name = entries[0]["username"]
    assert (await read(username=name))["entries"] == entries
    assert (await read(username="nobody"))["entries"] == []
    at = datetime.fromisoformat(str(entries[0]["recorded_at"]))
    assert (await read(since=(at + timedelta(days=1)).isoformat()))["entries"] == []
    assert (await read(until=(at + timedelta(days=1)).isoformat()))["entries"] == entries
    assert (await client.get(AUDIT, headers=bearer(await create_caller(database)))).json() == {
        "entries": [],
        "next_cursor": None,
    }


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "1001"},
        {"cursor": "x"},
        {"cursor": "MjAyNn4x"},
        {"kind": "orders"},
        {"username": " "},
        {"since": "yesterday"},
        {"until": "2026-01-01"},
        {"page": "2"},
    ],
)
async def test_parameters_that_are_not_valid_are_named(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer, query: dict[str, str]
) -> None:
    answer = await client.get(AUDIT, params=query, headers=bearer(merchant))
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert fault["pointer"] == f"/{next(iter(query))}"

"""Sessions and tokens end in both processes of a service."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import httpx
import pytest

from sconto.domain.people import Caller, Role
from sconto.operations.people import set_password, set_role, sign_out_everywhere
from sconto.portal.csrf import FIELD, VISITOR_COOKIE, token_for
from sconto.portal.session import COOKIE
from sconto.store.database import Database
from tests.conftest import SECRET_KEY, create_caller
from tests.operations.test_people import PASSWORD, a_user
from tests.services import Service

WITHIN = 10
"""Seconds, as documented."""

ENDS: dict[str, Callable[[Database, str], Awaitable[object]]] = {
    "password": lambda database, name: set_password(database, name, "another password"),
    "role": lambda database, name: set_role(database, name, Role.VIEWER),
    "everywhere": sign_out_everywhere,
}


async def sign_in_to_portal(client: httpx.AsyncClient, name: str) -> str:
    """The cookie of a new session."""
    visitor = "a visitor of the tests"
    answer = await client.post(
        "/portal/sign-in",
        headers={"Cookie": f"{VISITOR_COOKIE}={visitor}"},
        data={FIELD: token_for(visitor), "username": name, "password": PASSWORD},
    )
    assert answer.status_code == 303, answer.text
    return str(answer.cookies[COOKIE]).strip('"')


async def status_of_page(client: httpx.AsyncClient, cookie: str) -> int:
    headers = {"Cookie": f"{COOKIE}={cookie}", "Connection": "close"}
    return (await client.get("/portal/promotions", headers=headers)).status_code


async def status_of_api(client: httpx.AsyncClient, token: str) -> int:
    headers = {"AuthorizationJWT": f"Bearer {token}", "Connection": "close"}
    return (await client.get("/v1/promotion", headers=headers)).status_code


async def until_always(ask: Callable[[], Awaitable[int]], status: int) -> None:
    """Ask until ten answers in a row have the status, for WITHIN seconds at most."""
    began = time.monotonic()
    in_a_row = 0
    while in_a_row < 10:
        in_a_row = in_a_row + 1 if await ask() == status else 0
        assert in_a_row or time.monotonic() - began < WITHIN
        if not in_a_row:
            await asyncio.sleep(0.1)


async def test_sign_out_and_changes_of_a_user_end_sessions_in_all_processes(
    server: str, database: Database, merchant: Caller
) -> None:
    async with httpx.AsyncClient(base_url=server, timeout=30) as client:
        name = await a_user(database, merchant)
        cookie = await sign_in_to_portal(client, name)
        await until_always(partial(status_of_page, client, cookie), 200)
        out = await client.post(
            "/portal/sign-out",
            headers={"Cookie": f"{COOKIE}={cookie}"},
            data={FIELD: token_for(cookie)},
        )
        assert out.status_code == 303
        await until_always(partial(status_of_page, client, cookie), 303)

        async def end_all_of_a_user(end: Callable[[Database, str], Awaitable[object]]) -> None:
            name = await a_user(database, merchant)
            cookie = await sign_in_to_portal(client, name)
            person = {"username": name, "password": PASSWORD}
            token = (await client.post("/v1/login_check", json=person)).json()["token"]
            await until_always(partial(status_of_api, client, token), 200)
            await end(database, name)
            await until_always(partial(status_of_api, client, token), 401)
            await until_always(partial(status_of_page, client, cookie), 303)

        await asyncio.gather(*map(end_all_of_a_user, ENDS.values()))


async def fail_and_sign_in_from_elsewhere(url: str, name: str) -> int:
    """The status for the right password, after ten wrong ones from another address."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:

        async def sign_in(password: str, address: str) -> int:
            answer = await client.post(
                "/v1/login_check",
                json={"username": name, "password": password},
                headers={"X-Forwarded-For": address},
            )
            return answer.status_code

        for _ in range(10):
            assert await sign_in("wrong password", "203.0.113.5") == 401
        assert await sign_in("wrong password", "203.0.113.5") == 429
        return await sign_in(PASSWORD, "203.0.113.6")


@pytest.mark.parametrize(
    ("named", "status"),
    [("127.0.0.1", 200), (None, 429), pytest.param("192.0.2.0/24", 429, marks=pytest.mark.soak)],
)
async def test_only_a_trusted_proxy_says_where_requests_come_from(
    create_database: Callable[[], str], tmp_path: Path, named: str | None, status: int
) -> None:
    # On another database, because these failures count against the address of all tests.
    url = create_database()
    settings = {"SCONTO_DATABASE_URL": url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}
    if named is not None:
        settings["FORWARDED_ALLOW_IPS"] = named
    database = await Database.open(url)
    name = await a_user(database, await create_caller(database))
    await database.close()
    with Service.running(tmp_path, settings) as service:
        assert await fail_and_sign_in_from_elsewhere(service.url, name) == status
        warnings = [
            line for line in service.log.splitlines() if "X-Forwarded-For is not trusted" in line
        ]
    assert len(warnings) == (0 if status == 200 else 1)
    for warning in warnings:
        assert json.loads(warning)["level"] == "warning"
        assert "203.0.113" not in warning

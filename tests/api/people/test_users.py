"""Users over HTTP: listed, invited, and given links that set a password."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from sconto.domain.people import Caller, Role
from sconto.operations.mail import Server
from sconto.operations.tokens import Tokens
from sconto.portal.csrf import FIELD, VISITOR_COOKIE, token_for
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.operations.test_people import PASSWORD, a_name
from tests.post_office import post_office, text_of
from tests.serving import serving

Bearer = Callable[[Caller], dict[str, str]]

USERS = "/people/v1/users"
INVITATIONS = "/people/v1/invitations"


def sending(
    database: Database, tokens: Tokens, mail: Server | None
) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    """A client of an application with a mail server and a public address."""
    return serving(database, tokens, mail=mail, public_url="https://sconto.example.com/shop")


async def set_password(client: httpx.AsyncClient, link: str, password: str) -> httpx.Response:
    """Send the form behind a link."""
    visitor = "a visitor of the tests"
    return await client.post(
        httpx.URL(link).path,
        headers={"Cookie": f"{VISITOR_COOKIE}={visitor}"},
        data={FIELD: token_for(visitor), "password": password},
    )


async def test_an_invited_user_sets_a_password_and_gets_a_token(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer
) -> None:
    name = a_name()
    body = {"username": name, "role": "viewer"}
    made = await client.post(INVITATIONS, json=body, headers=bearer(merchant))
    assert made.status_code == 201, made.text
    invited = made.json()
    assert (invited["username"], invited["email"], invited["sent"]) == (name, None, False)
    assert invited["link"].startswith("http://sconto/portal/password/")
    users = (await client.get(USERS, headers=bearer(merchant))).json()["users"]
    assert users[-1] == {
        "user_id": invited["user_id"],
        "username": name,
        "role": "viewer",
        "email": None,
        "disabled": False,
        "invited": True,
    }
    assert (await set_password(client, invited["link"], PASSWORD)).status_code == 303
    person = {"username": name, "password": PASSWORD}
    assert (await client.post("/v1/login_check", json=person)).status_code == 200

    place = f"{USERS}/{invited['user_id']}/password-link"
    reset = (await client.post(place, headers=bearer(merchant))).json()
    assert reset["purpose"] == "reset"
    assert (await set_password(client, reset["link"], "another password")).status_code == 303
    assert (await client.post("/v1/login_check", json=person)).status_code == 401
    assert (await set_password(client, reset["link"], "a third password")).status_code == 410


async def test_a_link_is_sent_by_mail_to_the_public_address(
    database: Database, tokens: Tokens, merchant: Caller, bearer: Bearer
) -> None:
    email = f"user-{merchant.user_id}@example.com"
    body = {"username": a_name(), "role": "viewer", "email": email}
    with post_office() as office:
        async with sending(database, tokens, office.server) as client:
            made = (await client.post(INVITATIONS, json=body, headers=bearer(merchant))).json()
            place = f"{USERS}/{made['user_id']}/password-link"
            again = (await client.post(place, headers=bearer(merchant))).json()
    assert made["sent"]
    assert made["link"].startswith("https://sconto.example.com/shop/portal/password/")
    assert office.recipients == [[email], [email]]
    for mail, link in zip(office.mails, (made, again), strict=True):
        assert link["link"] in text_of(mail)
        assert body["username"] in text_of(mail)
    # The server is gone: the link is made all the same.
    async with sending(database, tokens, office.server) as client:
        answer = await client.post(place, headers=bearer(merchant))
    assert (answer.status_code, answer.json()["sent"]) == (201, False)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/username", "/role"]),
        ({"username": "a/b", "role": "admin"}, ["/username"]),
        ({"username": "ada", "role": "admin", "email": "ada"}, ["/email"]),
        ({"username": "ada", "role": "admin", "password": "x"}, ["/password"]),
    ],
)
async def test_all_faults_of_an_invitation_are_told(
    client: httpx.AsyncClient,
    merchant: Caller,
    bearer: Bearer,
    body: dict[str, Any],
    pointers: list[str],
) -> None:
    refused = await client.post(INVITATIONS, json=body, headers=bearer(merchant))
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == pointers
    users = (await client.get(USERS, headers=bearer(merchant))).json()["users"]
    assert len(users) == 1


async def test_users_are_listed_page_by_page(
    client: httpx.AsyncClient, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    others = [await create_caller(database, Role.VIEWER, merchant.merchant_id) for _ in range(2)]
    seen: list[int] = []
    query: dict[str, str | None] = {"limit": "2"}
    for _ in range(2):
        page = (await client.get(USERS, params=query, headers=bearer(merchant))).json()
        seen += [user["user_id"] for user in page["users"]]
        query["cursor"] = page["next_cursor"]
    assert seen == [merchant.user_id, *(other.user_id for other in others)]
    assert query["cursor"] is None
    for wrong in ("limit=0", "limit=1001", "cursor=x", "name=ada"):
        answer = await client.get(f"{USERS}?{wrong}", headers=bearer(merchant))
        assert answer.status_code == 422


async def test_a_link_of_no_or_a_disabled_user_is_refused(
    client: httpx.AsyncClient, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    colleague = await create_caller(database, Role.VIEWER, merchant.merchant_id)
    async with database.write() as connection:
        await connection.execute(
            "UPDATE users SET disabled = true WHERE user_id = $1", colleague.user_id
        )
    for user_id, status in ((colleague.user_id, 409), (999_999_999, 404), ("x", 404)):
        place = f"{USERS}/{user_id}/password-link"
        assert (await client.post(place, headers=bearer(merchant))).status_code == status

"""Sessions: what they open and what ends them, also for a copied cookie."""

from collections.abc import Callable

import httpx
import pytest

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from sconto.portal.csrf import FIELD, token_for
from sconto.portal.pages import ADDRESS
from sconto.portal.session import COOKIE
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.portal.forms import fill, follow
from tests.portal.sessions import PortalClient

HOME = "/portal/promotions"


async def opens(client: httpx.AsyncClient, cookie: str) -> bool:
    """Whether the cookie opens a page."""
    answer = await client.get(HOME, headers={"Cookie": f"{COOKIE}={cookie}"})
    assert answer.status_code in (200, 303)
    return answer.status_code == 200


async def post(client: httpx.AsyncClient, path: str, cookie: str) -> httpx.Response:
    """Send a form with the cookie."""
    headers = {"Cookie": f"{COOKIE}={cookie}"}
    return await client.post(f"{ADDRESS}{path}", headers=headers, data={FIELD: token_for(cookie)})


async def test_signing_out_ends_copies_of_the_cookie_too(
    client: httpx.AsyncClient,
    merchant: Caller,
    session_cookie: Callable[[Caller], str],
    database: Database,
    tokens: Tokens,
) -> None:
    cookie, other = session_cookie(merchant), session_cookie(merchant)
    assert await opens(client, cookie)
    assert (await post(client, "/sign-out", cookie)).status_code == 303
    assert not await opens(client, cookie)
    assert await opens(client, other)
    await tokens.refresh(database)
    assert not await opens(client, cookie)


async def test_signing_out_everywhere_ends_all_sessions_and_tokens_of_one_user(
    client: httpx.AsyncClient,
    merchant: Caller,
    session_cookie: Callable[[Caller], str],
    bearer: Callable[[Caller], dict[str, str]],
    database: Database,
) -> None:
    colleague = await create_caller(database, Role.VIEWER, merchant.merchant_id)
    here, elsewhere, theirs = map(session_cookie, (merchant, merchant, colleague))
    program = bearer(merchant)
    assert (await post(client, "/own/sign-out", here)).status_code == 303
    assert not await opens(client, here)
    assert not await opens(client, elsewhere)
    assert (await client.get("/v1/promotion", headers=program)).status_code == 401
    assert await opens(client, theirs)


async def test_cookies_and_tokens_are_not_interchangeable(
    client: httpx.AsyncClient,
    merchant: Caller,
    session_cookie: Callable[[Caller], str],
    tokens: Tokens,
) -> None:
    cookie = session_cookie(merchant)
    name, _, session = cookie.partition("~")
    for header in ("Authorization", "AuthorizationJWT"):
        refused = await client.get("/v1/promotion", headers={header: f"Bearer {session}"})
        assert refused.status_code == 401
        assert refused.json()["errors"][0]["error"] == 1007
    assert await opens(client, cookie)
    assert not await opens(client, f"{name}~{tokens.issue(merchant, read_clock())}")


@pytest.mark.parametrize("path", ["/account/sign-out", "/sign-out"])
async def test_forms_of_other_sites_cannot_sign_a_user_out(
    client: httpx.AsyncClient,
    merchant: Caller,
    session_cookie: Callable[[Caller], str],
    path: str,
) -> None:
    cookie = session_cookie(merchant)
    answer = await client.post(f"{ADDRESS}{path}", headers={"Cookie": f"{COOKIE}={cookie}"})
    assert answer.status_code == 403
    assert await opens(client, cookie)


@pytest.mark.parametrize("role", Role)
async def test_every_role_can_sign_out_everywhere(
    portal_of: Callable[[Caller], PortalClient], database: Database, role: Role
) -> None:
    portal = portal_of(await create_caller(database, role))
    home = await portal.get("/")
    page = await portal.get(home.headers["location"].removeprefix(ADDRESS))
    assert f'<a href="{ADDRESS}/account"' in page.text
    assert "Sign out everywhere" in (await portal.get("/account")).text
    done = await fill(portal, "/account", "/account/sign-out")
    assert "You are signed out everywhere." in await follow(portal, done)
    assert (await portal.get("/account")).headers["location"].startswith(f"{ADDRESS}/sign-in")

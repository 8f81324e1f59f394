"""Sessions: what they open, and what ends them, for whoever has a copy of the cookie too."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from playwright.async_api import Page, expect

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from sconto.portal.csrf import FIELD, token_for
from sconto.portal.pages import ADDRESS
from sconto.portal.session import COOKIE
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.portal.browser import show

HOME = "/portal/promotions"


async def opens(client: httpx.AsyncClient, cookie: str) -> bool:
    """Whether a page is shown to whoever sends the cookie."""
    answer = await client.get(HOME, headers={"Cookie": f"{COOKIE}={cookie}"})
    assert answer.status_code in (200, 303)
    return answer.status_code == 200


async def post(client: httpx.AsyncClient, path: str, cookie: str) -> httpx.Response:
    """The answer to a form that whoever has the cookie sends."""
    headers = {"Cookie": f"{COOKIE}={cookie}"}
    return await client.post(f"{ADDRESS}{path}", headers=headers, data={FIELD: token_for(cookie)})


async def test_a_copy_of_the_cookie_opens_nothing_after_signing_out(
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


async def test_signing_out_everywhere_ends_all_sessions_and_tokens_of_a_user_and_no_others(
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


async def test_the_cookie_is_no_token_and_a_token_no_cookie(
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


@pytest.mark.parametrize("path", ["/own/sign-out", "/sign-out"])
async def test_nobody_is_signed_out_by_a_form_of_another_site(
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
async def test_everybody_can_sign_out_everywhere_from_a_page_of_their_own(
    stranger: Page,
    portal_url: str,
    sign_in: Callable[[Caller], Awaitable[None]],
    database: Database,
    role: Role,
) -> None:
    await sign_in(await create_caller(database, role))
    await stranger.goto(f"{portal_url}/")
    await stranger.get_by_role("link", name="ada").click()
    await expect(stranger).to_have_url(f"{portal_url}/own")
    if role is Role.CHECKOUT:
        await show(stranger, "own")
    await stranger.get_by_role("button", name="Sign out everywhere").click()
    await expect(stranger.get_by_role("status")).to_have_text("You are signed out everywhere.")
    await stranger.goto(f"{portal_url}/own")
    await expect(stranger).to_have_title("Sign in · Sconto")

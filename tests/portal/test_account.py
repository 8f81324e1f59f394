"""One's own account: password, sessions, language and two-factor sign-in."""

import re
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from playwright.async_api import Page, expect

from sconto.api.clock import read_clock
from sconto.domain.merchant_settings import MerchantSettings
from sconto.domain.people import Caller, Role
from sconto.domain.sessions import Way
from sconto.operations import people
from sconto.operations.sessions import list_sessions
from sconto.operations.settings import change_settings
from sconto.operations.tokens import Purpose, Tokens
from sconto.portal.csrf import FIELD, token_for
from sconto.portal.session import COOKIE, cookie_text
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.operations.cheap_passwords import CHEAP
from tests.operations.codes_by_time import code_at
from tests.operations.test_people import PASSWORD, a_name
from tests.portal.browser import show
from tests.portal.sessions import PortalClient

FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@pytest.fixture
async def name(database: Database) -> str:
    """An admin of a new merchant, who signs in with PASSWORD."""
    shop, name = a_name(), a_name()
    await people.create_merchant(database, shop)
    await people.create_user(database, shop, name, PASSWORD, Role.ADMIN, passwords=CHEAP)
    return name


async def sign_in(client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    """Sign in by the form, like a browser; then the client has the cookies."""
    client.cookies.clear()
    page = await client.get("/portal/sign-in")
    form = {"username": name, "password": password, FIELD: form_token(page)}
    return await client.post("/portal/sign-in", data=form, headers=FIREFOX)


def form_token(page: httpx.Response) -> str:
    found = re.search(f'name="{FIELD}" value="([0-9a-f]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def portal_of(client: httpx.AsyncClient) -> PortalClient:
    """The portal with the client's current session, for as long as it lasts."""
    value = client.cookies[COOKIE].strip('"')
    return PortalClient(client, f"{COOKIE}={value}")


async def test_a_new_password_needs_the_present_one_and_ends_other_sessions(
    client: httpx.AsyncClient, name: str, database: Database, tokens: Tokens
) -> None:
    await sign_in(client, name)
    other = portal_of(client)
    await sign_in(client, name)
    here = portal_of(client)
    client.cookies.clear()
    wrong = await here.post("/account/password", {"present": "wrong", "password": "another one"})
    assert (wrong.status_code, "not your present password" in wrong.text) == (422, True)
    short = await here.post("/account/password", {"present": PASSWORD, "password": "short"})
    assert (short.status_code, "8 to 1024 characters" in short.text) == (422, True)
    client.cookies.clear()
    done = await here.post("/account/password", {"present": PASSWORD, "password": "another one"})
    assert done.status_code == 303
    renewed = portal_of(client)
    client.cookies.clear()
    assert (await renewed.get("/promotions")).status_code == 200
    for ended in (here, other):
        assert (await ended.get("/promotions")).status_code == 303
    await tokens.refresh(database)
    assert (await renewed.get("/promotions")).status_code == 200
    assert (await sign_in(client, name)).status_code == 401
    assert (await sign_in(client, name, "another one")).status_code == 303


async def test_guessing_the_present_password_is_throttled(
    client: httpx.AsyncClient, name: str
) -> None:
    await sign_in(client, name)
    here = portal_of(client)
    statuses = [
        (await here.post("/account/password", {"present": "x", "password": "y" * 8})).status_code
        for _ in range(11)
    ]
    assert statuses == [*[422] * 10, 429]
    last = await here.post("/account/password", {"present": PASSWORD, "password": "y" * 8})
    assert int(last.headers["Retry-After"]) > 800


async def test_sessions_are_listed_and_ended_one_by_one_or_all_others(
    client: httpx.AsyncClient, name: str, tokens: Tokens
) -> None:
    portals = []
    for _ in range(4):
        await sign_in(client, name)
        portals.append(portal_of(client))
    client.cookies.clear()
    page = (await portals[0].get("/account")).text
    assert page.count("Firefox on Linux") == 4
    assert page.count("This browser") == 1
    assert page.count('name="session"') == 3
    second = tokens.claims(
        portals[1].cookie.partition("~")[2], read_clock(), Purpose.SESSION
    ).token_id
    assert (await portals[0].post("/account/sessions/end", {"session": second})).status_code == 303
    assert (await portals[1].get("/account")).status_code == 303
    assert (await portals[0].get("/account")).text.count('name="session"') == 2
    client.cookies.clear()
    assert (await portals[0].post("/account/sessions/end-others")).status_code == 303
    here = portal_of(client)
    client.cookies.clear()
    for ended in portals:
        assert (await ended.get("/account")).status_code == 303
    assert (await here.get("/account")).text.count("Firefox on Linux") == 0
    assert "This browser" in (await here.get("/account")).text


async def test_nobody_ends_the_session_of_somebody_else(
    client: httpx.AsyncClient, name: str, portal: PortalClient, database: Database, tokens: Tokens
) -> None:
    await sign_in(client, name)
    theirs = portal_of(client)
    client.cookies.clear()
    claims = tokens.claims(theirs.cookie.partition("~")[2], read_clock(), Purpose.SESSION)
    assert (
        await portal.post("/account/sessions/end", {"session": claims.token_id})
    ).status_code == 303
    assert (await theirs.get("/account")).status_code == 200
    assert len(await list_sessions(database, claims.caller, read_clock())) == 1


async def test_times_of_sessions_are_stored_at_intervals_and_delay_no_request(
    client: httpx.AsyncClient, name: str, database: Database, tokens: Tokens
) -> None:
    await sign_in(client, name)
    here = portal_of(client)
    claims = tokens.claims(here.cookie.partition("~")[2], read_clock(), Purpose.SESSION)
    [before] = await list_sessions(database, claims.caller, read_clock())
    context = client._transport.app.context  # type: ignore[attr-defined]
    await here.get("/account")
    await context.seen_sessions.write(database)
    [after] = await list_sessions(database, claims.caller, read_clock())
    assert after.seen_at > before.seen_at
    await here.get("/account")
    await context.seen_sessions.write(database)
    assert await list_sessions(database, claims.caller, read_clock()) == [after]


async def test_a_chosen_language_wins_over_the_browsers(portal: PortalClient) -> None:
    assert (await portal.post("/account/language", {"language": "de"})).status_code == 303
    for wished in ("en-GB", "fr", ""):
        answer = await replace(portal, language=wished).get("/account")
        assert '<html lang="de">' in answer.text
    austrian = await replace(portal, language="en, de-AT;q=0.5").get("/account")
    assert '<html lang="de-AT">' in austrian.text
    assert (await portal.post("/account/language", {"language": ""})).status_code == 303
    assert '<html lang="en-GB">' in (await portal.get("/account")).text


async def test_the_old_address_leads_to_the_account(portal: PortalClient) -> None:
    answer = await portal.get("/own")
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal/account")


async def test_two_factor_sign_in_is_set_up_and_asked_for(
    anonymous: Page, portal_url: str, name: str
) -> None:
    async def sign_in_with(password: str) -> None:
        await anonymous.get_by_label("Username").fill(name)
        await anonymous.get_by_label("Password").fill(password)
        await anonymous.keyboard.press("Enter")

    await anonymous.goto(f"{portal_url}/account/two-factor")
    await sign_in_with(PASSWORD)
    await anonymous.get_by_label("Present password").fill(PASSWORD)
    await anonymous.get_by_role("button", name="Continue").click()
    secret = (await anonymous.locator("code.secret").inner_text()).replace(" ", "")
    await anonymous.get_by_label("Code that the app shows now").fill("0")
    await anonymous.keyboard.press("Enter")
    await expect(anonymous.get_by_role("alert")).to_contain_text("not the code that the app shows")
    await show(anonymous, "two-factor-set-up")
    await anonymous.get_by_label("Code that the app shows now").fill(code_at(secret, read_clock()))
    await anonymous.keyboard.press("Enter")
    await expect(anonymous.locator(".recovery-codes li")).to_have_count(10)
    await anonymous.get_by_role("button", name="I have saved them").click()
    await expect(anonymous.get_by_text("10 recovery codes are left.")).to_be_visible()
    await show(anonymous, "account-with-two-factor")

    await anonymous.context.clear_cookies()
    await anonymous.goto(f"{portal_url}/promotions?state=running")
    await sign_in_with(PASSWORD)
    await expect(anonymous.get_by_text(f"Hello {name}.")).to_be_visible()
    await show(anonymous, "sign-in-code")
    await anonymous.get_by_label("Code").fill("123")
    await anonymous.keyboard.press("Enter")
    await expect(anonymous.get_by_role("alert")).to_contain_text("wrong, too old, or was used")
    await anonymous.get_by_label("Code").fill(code_at(secret, read_clock(), 1))
    await anonymous.keyboard.press("Enter")
    await expect(anonymous).to_have_url(f"{portal_url}/promotions?state=running")
    for path in ("audit", "settings"):
        await anonymous.goto(f"{portal_url}/{path}")
        await show(anonymous, path)


async def test_a_required_second_factor_closes_the_portal_until_it_is_set_up(
    portal_of: Callable[[Caller], PortalClient],
    portal: PortalClient,
    database: Database,
    merchant: Caller,
    client: httpx.AsyncClient,
    tokens: Tokens,
) -> None:
    colleague = portal_of(await create_caller(database, Role.MANAGER, merchant.merchant_id))
    required = MerchantSettings(requires_two_factor=True)
    await change_settings(database, merchant, required)
    client._transport.app.context.profiles.invalidate()  # type: ignore[attr-defined]
    for one in (portal, colleague):
        for path in ("/promotions", "/orders/export?kind=orders&format=csv", "/"):
            answer = await one.get(path)
            assert answer.headers["location"] == "/portal/account/two-factor"
        assert (await one.post("/promotions/new", {})).headers["location"].endswith("/two-factor")
        assert (await one.get("/account")).status_code == 200
        page = await one.get("/account/two-factor")
        assert "Set it up to go on." in page.text
    assert (await portal.post("/settings", {})).headers["location"].endswith("/two-factor")
    for way in (Way.TWO_FACTOR, Way.PROVIDER):
        token = tokens.issue(merchant, read_clock(), purpose=Purpose.SESSION, way=way)
        strong = PortalClient(client, f"{COOKIE}={cookie_text('ada', token)}")
        assert (await strong.get("/settings")).status_code == 200


async def test_forms_of_other_sites_change_nothing_of_an_account(
    client: httpx.AsyncClient, name: str
) -> None:
    await sign_in(client, name)
    for path in (
        "/account/password",
        "/account/language",
        "/account/sessions/end",
        "/account/sessions/end-others",
        "/account/two-factor/start",
        "/account/two-factor/confirm",
        "/account/two-factor/off",
        "/account/two-factor/recovery-codes",
    ):
        for token in ("", token_for("another session")):
            answer = await client.post(f"/portal{path}", data={FIELD: token})
            assert answer.status_code == 403

"""Single sign-on with a real OpenID Connect provider, honest and not."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest
from joserfc.jwk import OctKey

from sconto.api.clock import read_clock
from sconto.app import make_provider
from sconto.domain.people import Caller, Role
from sconto.domain.single_sign_on import SignOnRules
from sconto.operations.sign_in_provider import ClientCredentials, SignInProvider
from sconto.operations.tokens import Purpose, Tokens
from sconto.operations.users import get_user, list_users, set_disabled, set_email
from sconto.portal.session import COOKIE
from sconto.portal.single_sign_on import COOKIE as SIGN_ON_COOKIE
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.portal.openid import (
    CLIENT_ID,
    Claims,
    Lies,
    Provider,
    new_key,
    openid_provider,
    query_of,
)
from tests.serving import serving

# The provider's thread runs under the filters of these tests, and uses what its library will drop.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")

START: Final = "/portal/sign-in/provider"

ROLES: Final = {"staff": Role.VIEWER, "bosses": Role.ADMIN, "planners": Role.MANAGER}


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with openid_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    """A provider that is honest until the test says otherwise."""
    running.lies = Lies()
    return running


@pytest.fixture
async def rules(database: Database, merchant: Caller) -> SignOnRules:
    """Everybody belongs to the merchant, and `groups` has their roles."""
    user = await get_user(database, merchant, merchant.user_id)
    return SignOnRules(user.merchant, "", "groups", ROLES, None)


@asynccontextmanager
async def a_browser(
    database: Database, tokens: Tokens, provider: Provider, rules: SignOnRules
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with cookies, at a portal that knows the provider."""
    client = ClientCredentials(provider.issuer, CLIENT_ID, "a secret", "openid email profile")
    sign_in = SignInProvider("Shop login", rules, client, make_provider)
    async with serving(
        database, tokens, public_url="http://sconto", sign_in_provider=sign_in
    ) as browser:
        yield browser


@pytest.fixture
async def browser(
    database: Database, tokens: Tokens, provider: Provider, rules: SignOnRules
) -> AsyncIterator[httpx.AsyncClient]:
    async with a_browser(database, tokens, provider, rules) as browser:
        yield browser


async def sign_on(
    browser: httpx.AsyncClient, provider: Provider, subject: str, **claims: Any
) -> httpx.Response:
    """Go through the whole sign-in, and return the portal's last answer."""
    provider.describe(subject, **claims)
    started = await browser.get(START)
    assert started.status_code == 303, started.text
    return await browser.get(provider.approve(started.headers["location"], subject))


def session_of(answer: httpx.Response, tokens: Tokens) -> Caller:
    """The user who is signed in by the answer."""
    assert answer.status_code == 303, answer.text
    cookie = str(answer.cookies[COOKIE]).strip('"')
    return tokens.caller(cookie.partition("~")[2], read_clock(), Purpose.SESSION)


async def test_a_new_user_is_created_with_the_role_of_the_claim_and_found_again(
    browser: httpx.AsyncClient,
    database: Database,
    tokens: Tokens,
    provider: Provider,
    merchant: Caller,
) -> None:
    page = (await browser.get("/portal/sign-in?next=/carts")).text
    assert "Sign in with Shop login" in page
    answer = await sign_on(
        browser,
        provider,
        "subject-1",
        preferred_username="ada",
        email="Ada@example.com",
        email_verified=True,
        groups=["others", "staff", "planners"],
    )
    caller = session_of(answer, tokens)
    user = await get_user(database, merchant, caller.user_id)
    assert (user.name, user.email, user.role) == ("ada", "ada@example.com", Role.MANAGER)
    assert (await browser.get("/portal/promotions")).status_code == 200

    # Another name and group: the same user, with the other role.
    again = await sign_on(browser, provider, "subject-1", preferred_username="x", groups="bosses")
    assert session_of(again, tokens) == replace(caller, role=Role.ADMIN)
    assert len((await list_users(database, merchant, limit=9)).users) == 2


async def test_signing_in_continues_at_the_page_that_was_asked_for(
    browser: httpx.AsyncClient, provider: Provider
) -> None:
    provider.describe("subject-2", groups=["staff"])
    for asked, shown in (("/carts", "/portal/carts"), ("https://evil.example", "/portal/")):
        started = await browser.get(START, params={"next": asked})
        answer = await browser.get(provider.approve(started.headers["location"], "subject-2"))
        assert answer.headers["location"] == shown


async def test_an_address_that_the_provider_has_verified_finds_the_invited_user(
    browser: httpx.AsyncClient,
    database: Database,
    tokens: Tokens,
    provider: Provider,
    merchant: Caller,
) -> None:
    colleague = await create_caller(database, Role.VIEWER, merchant.merchant_id)
    await set_email(database, merchant, colleague.user_id, "lin@example.com")
    claims: Claims = {"email": "LIN@example.com", "groups": ["staff"], "preferred_username": "lin"}
    stranger = await sign_on(browser, provider, "subject-3", **claims, email_verified=False)
    assert session_of(stranger, tokens).user_id != colleague.user_id
    known = await sign_on(browser, provider, "subject-4", **claims, email_verified=True)
    assert session_of(known, tokens) == colleague


async def test_a_sign_in_with_a_taken_name_does_not_get_its_user(
    browser: httpx.AsyncClient,
    database: Database,
    tokens: Tokens,
    provider: Provider,
    merchant: Caller,
) -> None:
    admin = await get_user(database, merchant, merchant.user_id)
    answer = await sign_on(
        browser, provider, "subject-5", preferred_username=admin.name, groups=["staff"]
    )
    caller = session_of(answer, tokens)
    assert caller.user_id != merchant.user_id
    assert (await get_user(database, merchant, caller.user_id)).name == "subject-5"


async def test_a_disabled_user_stays_out(
    browser: httpx.AsyncClient,
    database: Database,
    tokens: Tokens,
    provider: Provider,
    merchant: Caller,
) -> None:
    caller = session_of(await sign_on(browser, provider, "subject-6", groups=["staff"]), tokens)
    await set_disabled(database, merchant, caller.user_id, disabled=True)
    browser.cookies.clear()
    answer = await sign_on(browser, provider, "subject-6", groups=["staff"])
    assert answer.status_code == 403
    assert "Your account is deactivated." in answer.text
    assert COOKIE not in answer.cookies


@pytest.mark.parametrize("groups", [["others"], None, {"staff": True}])
async def test_nobody_without_a_role_is_let_in_or_created(
    browser: httpx.AsyncClient,
    database: Database,
    provider: Provider,
    merchant: Caller,
    groups: object,
) -> None:
    answer = await sign_on(browser, provider, "subject-7", groups=groups)
    assert answer.status_code == 403
    assert "You have no role here yet." in answer.text
    assert len((await list_users(database, merchant, limit=9)).users) == 1


async def test_a_claim_may_name_the_merchant(
    database: Database,
    tokens: Tokens,
    provider: Provider,
    rules: SignOnRules,
    merchant: Caller,
) -> None:
    by_claim = replace(rules, merchant=None, merchant_claim="shop.name")
    async with a_browser(database, tokens, provider, by_claim) as browser:
        mine = {"shop": {"name": rules.merchant}, "groups": ["staff"]}
        caller = session_of(await sign_on(browser, provider, "subject-8", **mine), tokens)
        assert caller.merchant_id == merchant.merchant_id
        for shop in ({"name": "no such merchant"}, "x"):
            answer = await sign_on(browser, provider, "subject-8", shop=shop, groups=["staff"])
            assert answer.status_code == 403
            assert "for which merchant" in answer.text


async def test_without_a_claim_for_roles_they_are_sconto_s_own(
    database: Database, tokens: Tokens, provider: Provider, rules: SignOnRules, merchant: Caller
) -> None:
    own = replace(rules, role_claim="", roles={})
    colleague = await create_caller(database, Role.MANAGER, merchant.merchant_id)
    await set_email(database, merchant, colleague.user_id, "own@example.com")
    known: Claims = {"email": "own@example.com", "email_verified": True}
    async with a_browser(database, tokens, provider, own) as browser:
        assert (
            session_of(await sign_on(browser, provider, "subject-9", **known), tokens) == colleague
        )
        stranger = await sign_on(browser, provider, "subject-10")
        assert (stranger.status_code, "no role" in stranger.text) == (403, True)
    default = replace(own, default_role=Role.VIEWER)
    async with a_browser(database, tokens, provider, default) as browser:
        new = session_of(await sign_on(browser, provider, "subject-10"), tokens)
        assert new.role is Role.VIEWER
        assert session_of(await sign_on(browser, provider, "subject-9"), tokens) == colleague


def without(name: str) -> Callable[[Claims], None]:
    return lambda claims: claims.pop(name, None)


def with_claim(name: str, value: object) -> Callable[[Claims], None]:
    return lambda claims: claims.update({name: value})


LIES: Final = {
    "another nonce": Lies(with_claim("nonce", "x")),
    "no nonce": Lies(without("nonce")),
    "another audience": Lies(with_claim("aud", "another client")),
    "no audience": Lies(without("aud")),
    "another party": Lies(with_claim("azp", "another client")),
    "another issuer": Lies(with_claim("iss", "https://evil.example")),
    "no issuer": Lies(without("iss")),
    "expired": Lies(with_claim("exp", 1_600_000_000)),
    "no expiry": Lies(without("exp")),
    "no subject": Lies(without("sub")),
    "another key": Lies(key=new_key()),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_token_that_is_not_for_this_sign_in_opens_nothing(
    browser: httpx.AsyncClient, database: Database, provider: Provider, merchant: Caller, lie: str
) -> None:
    provider.lies = LIES[lie]
    answer = await sign_on(browser, provider, "subject-11", groups=["bosses"])
    assert answer.status_code == 502
    assert "Your provider does not answer as it should." in answer.text
    assert COOKIE not in answer.cookies
    assert len((await list_users(database, merchant, limit=9)).users) == 1


async def test_a_signature_that_the_client_could_make_opens_nothing(
    browser: httpx.AsyncClient, provider: Provider
) -> None:
    provider.lies = Lies(
        key=OctKey.import_key("a secret that is long enough for it"), algorithm="HS256"
    )
    answer = await sign_on(browser, provider, "subject-11", groups=["bosses"])
    assert answer.status_code == 502


async def test_new_keys_of_the_provider_are_read(
    browser: httpx.AsyncClient, tokens: Tokens, provider: Provider
) -> None:
    first = await sign_on(browser, provider, "subject-12", groups=["staff"])
    asked = provider.asked.count("/jwks")
    await sign_on(browser, provider, "subject-12", groups=["staff"])
    assert provider.asked.count("/jwks") == asked
    old, provider.own_key = provider.own_key, new_key()
    try:
        again = await sign_on(browser, provider, "subject-12", groups=["staff"])
        assert session_of(again, tokens) == session_of(first, tokens)
    finally:
        provider.own_key = old


async def test_another_browser_cannot_finish_a_sign_in(
    browser: httpx.AsyncClient, provider: Provider
) -> None:
    provider.describe("subject-13", groups=["staff"])
    started = await browser.get(START)
    back = provider.approve(started.headers["location"], "subject-13")
    cookie = browser.cookies[SIGN_ON_COOKIE]
    browser.cookies.clear()
    assert (await browser.get(back)).status_code == 400
    # With a cookie of its own the state differs.
    await browser.get(START)
    answer = await browser.get(back)
    assert (answer.status_code, COOKIE in answer.cookies) == (400, False)
    browser.cookies.clear()
    browser.cookies.set(SIGN_ON_COOKIE, cookie.strip('"'))
    assert (await browser.get(f"{back}&iss=https://evil.example")).status_code == 400


async def test_a_sign_in_finishes_once(browser: httpx.AsyncClient, provider: Provider) -> None:
    provider.describe("subject-14", groups=["staff"])
    started = await browser.get(START)
    back = provider.approve(started.headers["location"], "subject-14")
    cookie = browser.cookies[SIGN_ON_COOKIE].strip('"')
    assert (await browser.get(back)).status_code == 303
    assert SIGN_ON_COOKIE not in browser.cookies
    browser.cookies.clear()
    browser.cookies.set(SIGN_ON_COOKIE, cookie)
    assert (await browser.get(back)).status_code == 502


async def test_the_browser_is_sent_with_state_nonce_and_pkce(
    browser: httpx.AsyncClient, provider: Provider
) -> None:
    first, second = [query_of((await browser.get(START)).headers["location"]) for _ in range(2)]
    assert first["redirect_uri"] == "http://sconto/portal/sign-in/provider/callback"
    assert (first["client_id"], first["response_type"]) == (CLIENT_ID, "code")
    assert (first["scope"], first["code_challenge_method"]) == ("openid email profile", "S256")
    for secret in ("state", "nonce", "code_challenge"):
        assert len(first[secret]) >= 32
        assert first[secret] != second[secret]


@pytest.mark.parametrize("query", ["code=x", "error=access_denied", f"code={'a' * 5000}"])
async def test_an_invalid_answer_is_refused(
    browser: httpx.AsyncClient, provider: Provider, query: str
) -> None:
    assert (await browser.get(f"{START}/callback?{query}")).status_code == 400
    await browser.get(START)
    browser_state = query_of((await browser.get(START)).headers["location"])["state"]
    answer = await browser.get(f"{START}/callback?{query}&state={browser_state}")
    assert answer.status_code in (400, 502)
    assert COOKIE not in answer.cookies


async def test_somebody_who_refuses_at_the_provider_is_told(
    browser: httpx.AsyncClient, provider: Provider
) -> None:
    started = await browser.get(START)
    answer = await browser.get(provider.deny(started.headers["location"]))
    assert answer.status_code == 400
    assert "Shop login did not sign you in." in answer.text


@pytest.mark.parametrize("metadata", [{"issuer": "https://evil.example"}, {"jwks_uri": None}])
async def test_a_provider_that_describes_itself_wrongly_is_not_used(
    database: Database,
    tokens: Tokens,
    provider: Provider,
    rules: SignOnRules,
    metadata: Claims,
) -> None:
    provider.lies = Lies(metadata=metadata)
    async with a_browser(database, tokens, provider, rules) as browser:
        before = len(provider.asked)
        for _ in range(3):
            assert (await browser.get(START)).status_code == 502
        # A provider that fails is not asked again for a moment.
        assert len(provider.asked) - before == 1


async def test_without_a_provider_the_page_offers_none(client: httpx.AsyncClient) -> None:
    assert "/sign-in/provider" not in (await client.get("/portal/sign-in")).text
    assert (await client.get(START)).headers["location"] == "/portal/sign-in"
    answer = await client.get(f"{START}/callback?code=x&state=y")
    assert answer.headers["location"] == "/portal/sign-in"

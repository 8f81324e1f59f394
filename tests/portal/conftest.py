"""The application on a real port, a real browser, and clients that need no browser."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from playwright.async_api import Browser, Page
from starlette.applications import Starlette

from sconto.domain.people import Caller
from sconto.operations.tokens import Tokens
from sconto.portal.session import COOKIE
from tests.portal import browser as chromium
from tests.portal.sessions import PortalClient, cookie_of


@pytest.fixture(scope="session")
async def portal_url(app: Starlette) -> AsyncIterator[str]:
    """The address of the portal on a real port, without a slash at the end."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, lifespan="off", log_level="warning")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/portal"
        server.should_exit = True
        await serving


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests of this process."""
    async with chromium.started() as started:
        yield started


@pytest.fixture(scope="session")
async def shared_page(browser: Browser) -> AsyncIterator[tuple[Page, chromium.Complaints]]:
    """One page for all tests of this process; English, 1280 pixels wide."""
    context = await browser.new_context(
        locale="en-GB",
        viewport={"width": chromium.WIDE, "height": 800},
        reduced_motion="reduce",
    )
    context.set_default_timeout(10_000)
    page = await context.new_page()
    yield page, chromium.Complaints(page)
    await context.close()


@pytest.fixture
async def anonymous(
    shared_page: tuple[Page, chromium.Complaints],
    portal_url: str,
) -> AsyncIterator[Page]:
    """A page in which nobody is signed in; errors in the browser fail the test."""
    page, complaints = shared_page
    yield page
    found = complaints.take()
    # No script of this test may still run in the next test. A page of the portal's own address,
    # even one without scripts, keeps Chromium's process for the address; about:blank ends it.
    await page.goto(f"{portal_url}/static/icon.svg")
    await page.context.clear_cookies()
    complaints.take()
    assert found == []


@pytest.fixture
def session_cookie(tokens: Tokens) -> Callable[[Caller], str]:
    """The value of a user's session cookie: `session_cookie(caller)`."""
    return lambda caller: cookie_of(caller, tokens).partition("=")[2]


@pytest.fixture
def portal_of(client: httpx.AsyncClient, tokens: Tokens) -> Callable[[Caller], PortalClient]:
    """The portal for a user, without a browser: `portal_of(caller)`."""
    return lambda caller: PortalClient(client, cookie_of(caller, tokens))


@pytest.fixture
def portal(portal_of: Callable[[Caller], PortalClient], merchant: Caller) -> PortalClient:
    """The portal for the admin of `merchant`, without a browser."""
    return portal_of(merchant)


@pytest.fixture
def sign_in(
    anonymous: Page, portal_url: str, session_cookie: Callable[[Caller], str]
) -> Callable[[Caller], Awaitable[None]]:
    """Sign a user in without the form: `await sign_in(caller)`."""

    async def sign_in(caller: Caller) -> None:
        value = session_cookie(caller)
        # The path is the service's; another path would create a second cookie of this name.
        where = urlsplit(portal_url)
        await anonymous.context.add_cookies(
            [{"name": COOKIE, "value": value, "domain": where.hostname, "path": where.path}]
        )

    return sign_in


@pytest.fixture
async def page(
    anonymous: Page, sign_in: Callable[[Caller], Awaitable[None]], merchant: Caller
) -> Page:
    """A page in which the admin of `merchant` is signed in."""
    await sign_in(merchant)
    return anonymous

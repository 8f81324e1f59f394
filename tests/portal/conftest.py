"""The real application on a real port, and a real browser in which somebody is signed in."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.async_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from sconto.api.clock import read_clock
from sconto.domain.people import Caller
from sconto.operations.tokens import Purpose, Tokens
from sconto.portal.session import COOKIE, open_session
from tests.portal import browser as chromium


@pytest.fixture(scope="session")
async def portal_url(app: Starlette) -> AsyncIterator[str]:
    """The address of the portal of the tests' application, without a slash at its end."""
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
async def stranger(
    shared_page: tuple[Page, chromium.Complaints],
) -> AsyncIterator[Page]:
    """A page in which nobody is signed in; the browser must have nothing to complain about."""
    page, complaints = shared_page
    yield page
    found = complaints.take()
    # Nothing of this test may still run in the next.
    await page.goto("about:blank")
    await page.context.clear_cookies()
    complaints.take()
    assert found == []


@pytest.fixture
def session_cookie(tokens: Tokens) -> Callable[[Caller], str]:
    """The value of a session's cookie: `session_cookie(caller)`."""

    def session_cookie(caller: Caller) -> str:
        request = Request(_ON_THE_PORTAL)
        response = Response()
        token = tokens.issue(caller, read_clock(), purpose=Purpose.SESSION)
        open_session(request, response, "ada", token)
        value = response.headers["set-cookie"].partition(";")[0].removeprefix(f"{COOKIE}=")
        return value.strip('"')

    return session_cookie


@pytest.fixture
def sign_in(
    stranger: Page, portal_url: str, session_cookie: Callable[[Caller], str]
) -> Callable[[Caller], Awaitable[None]]:
    """Sign a user in without the form: `await sign_in(caller)`."""

    async def sign_in(caller: Caller) -> None:
        value = session_cookie(caller)
        # As the service sets it; another path would leave two cookies of one name.
        where = urlsplit(portal_url)
        await stranger.context.add_cookies(
            [{"name": COOKIE, "value": value, "domain": where.hostname, "path": where.path}]
        )

    return sign_in


_ON_THE_PORTAL = {
    "type": "http",
    "scheme": "http",
    "server": ("127.0.0.1", 80),
    "root_path": "/portal",
    "path": "/portal",
    "query_string": b"",
    "headers": [],
}


@pytest.fixture
async def visitor(
    stranger: Page, sign_in: Callable[[Caller], Awaitable[None]], merchant: Caller
) -> Page:
    """A page in which the admin of `merchant` is signed in."""
    await sign_in(merchant)
    return stranger

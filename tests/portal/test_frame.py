"""The frame of every page: the menu, the account menu, the theme."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from sconto.domain.people import Caller, Role
from sconto.portal.csrf import FIELD, token_for
from sconto.portal.icons import icon
from sconto.portal.navigation import ACCOUNT_MENU, MENU
from sconto.portal.pages import ADDRESS
from sconto.portal.site import PAGES
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.portal.browser import axe_findings, show
from tests.portal.sessions import PortalClient


def test_every_entry_has_a_page_and_an_icon() -> None:
    pages = {page.path for page in PAGES if "GET" in (page.methods or ())}
    for entry in (*MENU, *ACCOUNT_MENU):
        assert entry.path in pages
        assert "<path" in icon(entry.icon)


def test_an_entry_has_only_the_pages_below_it() -> None:
    [entry] = [entry for entry in MENU if entry.path == "/promotions"]
    assert entry.has("/promotions")
    assert entry.has("/promotions/7/codes")
    assert entry.has("/cart-promotions/7")
    assert not entry.has("/promotions-of-old")


@pytest.mark.parametrize(
    ("role", "labels"),
    [
        (
            Role.VIEWER,
            [
                "Home",
                "Promotions",
                "Subscriptions",
                "Orders",
                "Reports",
                "Try a cart",
                "Developers",
            ],
        ),
        (Role.CHECKOUT, ["Orders"]),
    ],
)
async def test_the_menu_has_the_pages_of_the_role(
    portal_of: Callable[[Caller], PortalClient],
    database: Database,
    role: Role,
    labels: list[str],
) -> None:
    page = (await portal_of(await create_caller(database, role)).get("/orders")).text
    rail = page[page.index('<nav class="rail"') : page.index("</nav>")]
    assert re.findall(r"<span>([^<]+)</span></a>", rail) == labels
    assert re.findall(r'href="/portal(\S+)" aria-current="page"', rail) == ["/orders"]


async def test_a_theme_is_kept_in_the_browser(portal: PortalClient) -> None:
    assert "data-theme" not in (await portal.get("/developers")).text
    chosen = await portal.post("/theme", {"theme": "dark"})
    assert "sconto_theme=dark" in chosen.headers["set-cookie"]
    assert "HttpOnly" in chosen.headers["set-cookie"]
    for wrong in ("purple", "", "system"):
        reset = await portal.post("/theme", {"theme": wrong})
        assert 'sconto_theme=""' in reset.headers["set-cookie"]


@pytest.mark.parametrize(
    ("before", "next_page"),
    [
        ("http://sconto/portal/orders?status=paid", "/portal/orders?status=paid"),
        ("http://sconto/portal//evil.example", "/portal//evil.example"),
        ("https://evil.example/", "/portal/"),
        ("http://[broken", "/portal/"),
        ("", "/portal/"),
    ],
)
async def test_choosing_a_theme_leads_back_to_the_page(
    portal: PortalClient, before: str, next_page: str
) -> None:
    headers = {"Cookie": portal.cookie, "Referer": before}
    form = {"theme": "light", FIELD: token_for(portal.cookie.partition("=")[2])}
    answer = await portal.client.post(f"{ADDRESS}/theme", data=form, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, next_page)


async def test_the_menu_works_at_every_width(page: Page, portal_url: str) -> None:
    await page.goto(f"{portal_url}/")
    await page.get_by_role("link", name="Developers").click()
    await expect(page.get_by_role("link", name="API reference")).to_have_attribute("href", "/docs")
    await show(page, "developers", frame=True)
    await page.get_by_title("ada").click()
    await page.get_by_role("button", name="Dark").click()
    await expect(page.get_by_role("heading", name="Developers")).to_be_visible()
    dark = "getComputedStyle(document.documentElement).backgroundColor"
    assert await page.evaluate(dark) == "rgb(18, 22, 26)"
    await page.set_viewport_size({"width": 360, "height": 740})
    more = page.get_by_text("More", exact=True)
    await more.click()
    await page.get_by_role("link", name="Team").click()
    small = await page.evaluate(
        """[...document.querySelectorAll("header a, header summary, .bottom a, .bottom summary")]
        .filter((one) => one.checkVisibility())
        .map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
        .filter(([, box]) => box.width < 44 || box.height < 44).map(([name]) => name)"""
    )
    assert small == []
    # `show` lets axe look at a wide page with all rules, and this part is for narrow ones.
    assert await axe_findings(page) == []
    await page.set_viewport_size({"width": 1280, "height": 800})


def test_the_icons_keep_their_licence() -> None:
    folder = Path(__file__).parents[2] / "src/sconto/portal/static/vendor/lucide"
    assert "ISC License" in (folder / "LICENSE").read_text()

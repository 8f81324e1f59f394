"""The search field of every page: with the keyboard, without a connection, without scripts."""

import re
from collections.abc import Callable

from playwright.async_api import Page, expect

from sconto.domain.people import Caller, Role
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.sessions import PortalClient
from tests.portal.shop import open_shop


async def test_the_field_of_every_page_finds_things_while_typing(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    ids = await open_shop(database, merchant)
    await page.goto(f"{portal_url}/subscriptions")
    field = page.get_by_role("combobox", name="Find anything")
    await page.keyboard.press("/")
    await expect(field).to_be_focused()
    await field.press_sequentially("tea")
    found = page.get_by_role("listbox", name="Found")
    await expect(found.get_by_role("group", name="Codes").get_by_role("option")).to_have_count(3)
    await expect(page.locator("#search-live .said")).to_have_text(re.compile("Arrow keys"))
    await show(page, "search-live", frame=True)

    await field.press("Escape")
    await expect(found).to_be_hidden()
    await expect(field).to_have_value("tea")
    await field.press("ArrowDown")
    await field.press("ArrowDown")
    chosen = found.get_by_role("option", selected=True)
    await expect(chosen).to_contain_text("Tea lovers")
    await expect(field).to_have_attribute(
        "aria-activedescendant", await chosen.get_attribute("id") or ""
    )
    await field.press("Enter")
    await expect(page).to_have_url(f"{portal_url}/promotions/{ids['Tea lovers']}")

    await page.keyboard.press("Control+k")
    await field.fill("ea-2")
    await expect(found.get_by_role("option")).to_have_text([re.compile("TEA-2")])
    await field.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Found for “ea-2”")
    await expect(field).to_have_value("ea-2")
    await show(page, "search")

    await page.context.set_offline(True)
    await field.press_sequentially("x")
    await expect(page.get_by_role("alert")).to_contain_text("Sconto cannot be reached.")
    await page.context.set_offline(False)


async def test_the_page_needs_no_scripts_and_names_what_it_searched(
    portal_of: Callable[[Caller], PortalClient], database: Database, merchant: Caller
) -> None:
    ids = await open_shop(database, merchant)
    page = (await portal_of(merchant).get("/search", q=" tea ")).text
    for place in (
        f'/portal/promotions/{ids["Tea lovers"]}"',
        f"/portal/promotions/{ids['Tea lovers']}/codes?search=TEA-2",
        "/portal/carts?product=4&amp;quantity=1",
    ):
        assert place in page
    assert "Searched: names of promotions, codes, order ids, names and ids of products." in page
    order = (await portal_of(merchant).get("/search", q=" sorry\u200b")).text
    assert "/portal/orders?id=sorry" in order

    till = await create_caller(database, Role.CHECKOUT, merchant.merchant_id)
    page = (await portal_of(till).get("/search", q="te")).text
    assert "Tea lovers" not in page
    assert "Teapot" in page
    assert "fewer than 3 characters" in page
    assert "Searched: order ids, names and ids of products." in page


async def test_strange_texts_find_nothing(portal: PortalClient) -> None:
    for text in ("", "  ", "\0", "%", "\\", "'", "\u202e", "é" * 300, "a " * 200):
        for path in ("/search", "/search/live"):
            answer = await portal.get(path, q=text)
            assert (answer.status_code, 'class="hit"' in answer.text) == (200, False)

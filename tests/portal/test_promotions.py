"""The list of promotions in a browser: search, pages, switching off, deleting."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

from playwright.async_api import Page, expect

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations import promotions
from sconto.portal.pages import ADDRESS
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.forms import fill, follow, forms_of, words_of
from tests.portal.sessions import PortalClient
from tests.portal.shop import open_shop


async def expect_names(page: Page, *names: str) -> None:
    await expect(page.locator("#results tbody th a")).to_have_text(names)


async def test_the_list_shows_the_state_and_uses_of_each_promotion(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await open_shop(database, merchant)
    await page.goto(f"{portal_url}/promotions")
    await show(page, "promotions")

    shown = await page.locator("#results tbody tr").all_inner_texts()
    for name, texts in {
        "Winter sale": ["Automatic", "Active", "10% to 25% off 3 products", "12"],
        "Tea lovers": ["With a code", "TEA-1, TEA-2 and 1 more", "12.5% off 2 products", "6"],
        "An apology": ["SORRY-7KQ2", "All codes used", "20% off all products", "1"],
        "Spring cleaning": ["Scheduled"],
        "Summer 2025": ["Expired"],
        "Friends": ["Off"],
    }.items():
        [row] = [row for row in shown if name in row]
        for text in texts:
            assert text in row


async def test_the_list_is_searched_while_typing(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await open_shop(database, merchant)
    await page.goto(f"{portal_url}/promotions")
    await page.get_by_label("Search").press_sequentially("WIN")
    await expect_names(page, "Winter sale")
    await expect(page).to_have_url(
        f"{portal_url}/promotions?search=WIN&kind=&state=&order=edited&rows=25"
    )
    assert await page.evaluate("document.activeElement.id") == "search"

    await page.get_by_label("Search").fill("")
    # The search is sent after a pause in typing, and only then kept in the browser's history.
    await expect(page).to_have_url(re.compile(r"[?&]search=(&|$)"))
    await page.get_by_label("Status").select_option("All codes used")
    await expect_names(page, "An apology for late parcels")
    await expect(page).to_have_url(re.compile(r"[?&]state=\w"))

    await page.get_by_label("Kind").select_option("Product promotions, automatic")
    await expect(page.get_by_text("No promotions match.")).to_be_visible()
    # The list changes a moment before the address does.
    await expect(page).to_have_url(re.compile(r"[?&]kind=\w"))
    await page.go_back()
    await expect_names(page, "An apology for late parcels")


async def test_a_long_list_is_paged(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    for number in range(27):
        new = a_promotion(name=f"Promotion {number:02}")
        await promotions.create_promotion(database, merchant, new, NOON)

    async def names_of(address: str, link: str = "") -> tuple[list[str], str]:
        """The names on a page, and where a link of it leads."""
        page = (await portal.get(address)).text
        found = re.search(f'href="/portal(/promotions[?][^"]*)"[^>]*>{link}<', page)
        return re.findall(">(Promotion [0-9]+)</a>", page), unescape(found[1]) if found else ""

    every = [f"Promotion {number:02}" for number in range(27)]
    first, next_page = await names_of("/promotions?order=name", "Next page")
    assert first == every[:25]
    rest, previous = await names_of(next_page, "Previous page")
    assert rest == every[25:]
    shown, turned = await names_of(previous, "Name")
    assert shown == first
    page = (await portal.get(turned)).text
    assert 'aria-sort="descending"' in page
    assert '<option value="name-turned" selected>' in page
    shown, _ = await names_of(f"{turned}&rows=50")
    assert shown == every[::-1]
    assert "27 promotions" in words_of(page)


async def test_the_number_of_rows_is_kept(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await open_shop(database, merchant)
    await page.goto(f"{portal_url}/promotions")
    await page.get_by_label("Rows").select_option("50")
    await expect(page).to_have_url(re.compile("rows=50"))
    await page.goto(f"{portal_url}/promotions")
    await expect(page.get_by_label("Rows")).to_have_value("50")


async def test_a_promotion_is_switched_off_and_on_with_the_keyboard(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await promotions.create_promotion(database, merchant, a_promotion(name="Sale"), NOON)
    await page.goto(f"{portal_url}/promotions")
    await page.get_by_label("What to do with Sale").focus()
    await page.keyboard.press("Enter")
    await show(page, "promotions-menu", like="promotions")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Switch off")).to_be_hidden()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Switch off").press("Enter")
    await expect(page.get_by_role("status")).to_have_text("“Sale” is switched off.")
    await expect(page.locator("#results")).to_contain_text("Off")
    await page.get_by_label("What to do with Sale").click()
    await page.get_by_role("button", name="Switch on").click()
    await expect(page.locator("#results")).to_contain_text("Active")


async def test_a_deletion_is_confirmed_and_can_be_undone(
    page: Page, portal: PortalClient, portal_url: str, database: Database, merchant: Caller
) -> None:
    made = await promotions.create_promotion(database, merchant, a_promotion(name="Sale"), NOON)
    await page.goto(f"{portal_url}/promotions/{made}/delete")
    await show(page, "promotion-delete")
    done = await fill(portal, f"/promotions/{made}/delete")
    answer = await follow(portal, done)
    assert "“Sale” is deleted. Undo" in answer
    assert "There are no promotions yet." in answer
    back = await portal.post(f"/promotions/{made}/restore")
    assert "The promotion is restored." in await follow(portal, back)


async def test_a_promotion_can_be_restored_within_an_hour(
    page: Page, portal: PortalClient, portal_url: str, database: Database, merchant: Caller
) -> None:
    now = read_clock()
    for name, ago in (("Lately", timedelta(minutes=59)), ("Long ago", timedelta(minutes=61))):
        new = a_promotion(name=name)
        promotion_id = await promotions.create_promotion(database, merchant, new, NOON)
        await promotions.delete_promotion(database, merchant, promotion_id, now - ago)
    await page.goto(f"{portal_url}/promotions/deleted")
    await show(page, "promotions-deleted", like="promotions")
    await expect(page.get_by_role("rowheader")).to_have_text(["Lately"])
    [form] = [form for form in forms_of(await page.content()) if "restore" in form.action]
    restored = await portal.post(form.action.removeprefix(ADDRESS), form.fields)
    assert "Lately" in await follow(portal, restored)


async def test_a_viewer_sees_promotions_without_buttons(
    portal_of: Callable[[Caller], PortalClient], database: Database, merchant: Caller
) -> None:
    await promotions.create_promotion(database, merchant, a_promotion(name="Sale"), NOON)
    viewer = await create_caller(database, Role.VIEWER, merchant.merchant_id)
    for caller, buttons in ((merchant, True), (viewer, False)):
        page = (await portal_of(caller).get("/promotions")).text
        assert ">Sale</a>" in page
        assert ("What to do with Sale" in page) is buttons
        assert ("New promotion" in page) is buttons

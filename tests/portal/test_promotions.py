"""The list of promotions in a browser: search, pages, switching off, deleting."""

import re
from collections.abc import Callable
from datetime import timedelta

from playwright.async_api import Page, expect

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations import promotions
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller
from tests.portal.browser import show
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

    def row(name: str) -> str:
        return f"tr:has(th:has-text('{name}'))"

    for name, texts in {
        "Winter sale": ["Automatic", "Active", "10% to 25% off 3 products", "12"],
        "Tea lovers": ["With a code", "TEA-1, TEA-2 and 1 more", "12.5% off 2 products", "6"],
        "An apology": ["SORRY-7KQ2", "All codes used", "20% off all products", "1"],
        "Spring cleaning": ["Scheduled"],
        "Summer 2025": ["Expired"],
        "Friends": ["Off"],
    }.items():
        for text in texts:
            await expect(page.locator(row(name))).to_contain_text(text)


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
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    for number in range(27):
        new = a_promotion(name=f"Promotion {number:02}")
        await promotions.create_promotion(database, merchant, new, NOON)
    await page.goto(f"{portal_url}/promotions?order=name")
    await expect(page.locator("#results tbody tr")).to_have_count(25)
    await page.get_by_role("button", name="Next page").click()
    await expect_names(page, "Promotion 25", "Promotion 26")
    await expect(page.locator("#results .count")).to_have_text("27 promotions")
    await page.get_by_role("button", name="Previous page").click()
    await expect(page.locator("#results tbody tr")).to_have_count(25)
    await page.get_by_label("Rows").select_option("50")
    await expect(page.locator("#results tbody tr")).to_have_count(27)
    await page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    heading = page.get_by_role("columnheader", name="Name")
    await expect(heading).to_have_attribute("aria-sort", "descending")
    await expect(page.locator("#results tbody th a").first).to_have_text("Promotion 26")
    await expect(page.get_by_label("Sort by")).to_have_value("name-turned")
    # The number of rows is kept.
    await page.goto(f"{portal_url}/promotions")
    await expect(page.locator("#results tbody tr")).to_have_count(27)
    await show(page, "promotions-many", like="promotions")


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
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await promotions.create_promotion(database, merchant, a_promotion(name="Sale"), NOON)
    await page.goto(f"{portal_url}/promotions")
    await page.get_by_label("What to do with Sale").click()
    await page.get_by_role("link", name="Delete …").click()
    await show(page, "promotion-delete")
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("status")).to_contain_text("“Sale” is deleted.")
    await expect(page.get_by_text("There are no promotions yet.")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("status")).to_have_text("The promotion is restored.")


async def test_a_promotion_can_be_restored_within_an_hour(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    now = read_clock()
    for name, ago in (("Lately", timedelta(minutes=59)), ("Long ago", timedelta(minutes=61))):
        new = a_promotion(name=name)
        promotion_id = await promotions.create_promotion(database, merchant, new, NOON)
        await promotions.delete_promotion(database, merchant, promotion_id, now - ago)
    await page.goto(f"{portal_url}/promotions")
    await page.get_by_role("link", name="Recently deleted").click()
    await show(page, "promotions-deleted", like="promotions")
    await expect(page.get_by_role("rowheader")).to_have_text(["Lately"])
    await page.get_by_role("button", name="Restore Lately").click()
    await expect(page.get_by_role("heading", name="Lately")).to_be_visible()


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

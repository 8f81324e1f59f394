"""Actions return to the place in the list, or to the page, where they were done."""

import re

from playwright.async_api import Page, expect

from sconto.domain.people import Caller
from sconto.store.database import Database
from tests.portal.shop import open_shop


async def test_actions_keep_the_filter_of_the_list(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    ids = await open_shop(database, merchant)
    tea = ids["Tea lovers"]
    await page.goto(f"{portal_url}/promotions?search=tea&kind=coupon")
    await page.get_by_label("What to do with Tea lovers").click()
    await page.get_by_role("button", name="Switch off").click()
    filtered = re.compile(rf"promotions\?search=tea&kind=coupon#promotion-{tea}$")
    await expect(page).to_have_url(filtered)
    await expect(page.locator("tbody th a")).to_have_text(["Tea lovers"])

    await page.get_by_role("link", name="Tea lovers").click()
    await page.get_by_role("button", name="Switch on").click()
    await expect(page).to_have_url(f"{portal_url}/promotions/{tea}")
    await expect(page.get_by_role("status")).to_have_text("“Tea lovers” is switched on.")
    await page.get_by_role("button", name="Delete …").click()
    await page.get_by_role("button", name="Delete", exact=True).click()
    await expect(page).to_have_url(f"{portal_url}/promotions?search=tea&kind=coupon")
    await page.get_by_role("button", name="Undo").click()
    await expect(page).to_have_url(filtered)
    await page.get_by_role("link", name="Tea lovers").click()
    await page.get_by_role("main").get_by_role("link", name="Promotions").click()
    await expect(page).to_have_url(f"{portal_url}/promotions?search=tea&kind=coupon")
    await page.goto(f"{portal_url}/promotions")
    await page.goto(f"{portal_url}/promotions/{tea}")
    await page.get_by_role("main").get_by_role("link", name="Promotions").click()
    await expect(page).to_have_url(f"{portal_url}/promotions")

"""The Webhooks pages: create one, test it, see its deliveries, send one again."""

import re
from collections.abc import Callable

from playwright.async_api import Page, expect

from sconto.domain.order import NewOrder
from sconto.domain.people import Caller, Role
from sconto.operations import checkout, events
from sconto.store.database import Database
from tests.builders import NOON, a_cart
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.sessions import PortalClient

URL = "https://nothing.invalid/hook"


async def test_an_admin_creates_tests_and_replays_a_webhook(
    page: Page, portal_url: str, merchant: Caller, database: Database
) -> None:
    await page.goto(f"{portal_url}/promotions")
    await page.get_by_role("link", name="Developers").click()
    await page.get_by_role("link", name="Webhooks").click()
    await page.get_by_label("Address").fill("https://10.0.0.1/")
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_text("The address is in a private network.")).to_be_visible()
    await page.get_by_label("Address").fill(URL)
    await page.get_by_label("Description").fill("The order system")
    await page.get_by_role("button", name="Create").click()
    await expect(page.locator(".secret")).to_have_text(re.compile("^whsec_.{44}$"))
    await show(page, "webhook-secret")
    await page.get_by_role("button", name="I have copied it").click()

    new = NewOrder("A-1", a_cart())
    await checkout.place_order(database, merchant, new, NOON, NOON.date())
    await events.append_all(database, merchant.merchant_id, NOON)
    await page.get_by_role("button", name="Send a test").click()
    await expect(page.locator("article")).to_contain_text("could not be resolved")
    await expect(page.locator("pre")).to_contain_text('"type": "webhook.test"')
    await page.get_by_role("link", name="Webhook", exact=False).last.click()
    await expect(page.locator("tbody tr")).to_have_count(2)
    await show(page, "webhook")
    await page.get_by_role("link", name="order.placed").click()
    await expect(page.locator("pre").first).to_contain_text('"order_id": "A-1"')
    await show(page, "delivery")
    await page.get_by_role("button", name="Send again").click()
    await expect(page.get_by_role("status")).to_contain_text("sent again")

    await page.get_by_role("link", name="Webhook", exact=False).last.click()
    await page.get_by_text("Only some events").click()
    await page.get_by_label("order.placed").check()
    await page.get_by_label("Active").uncheck()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".heading .mark")).to_have_text("Off")
    await page.get_by_label("Send all events again since").fill("2026-01-01T00:00:00")
    await page.get_by_role("button", name="Send again").click()
    await expect(page.get_by_role("status")).to_have_text("Events that are sent again: 1.")
    await page.get_by_role("button", name="Delete the webhook").click()
    await expect(page.get_by_role("status")).to_have_text("The webhook is deleted.")
    await expect(page.get_by_text("There are no webhooks yet.")).to_be_visible()


async def test_a_viewer_sees_webhooks_and_changes_nothing(
    portal_of: Callable[[Caller], PortalClient], merchant: Caller, database: Database
) -> None:
    portal = portal_of(await create_caller(database, Role.VIEWER, merchant.merchant_id))
    page = await portal.get("/webhooks")
    assert "There are no webhooks yet." in page.text
    assert "Create a webhook" not in page.text
    assert (await portal.post("/webhooks", {"url": URL})).status_code == 403
    assert (await portal.get("/webhooks/999999")).status_code == 404

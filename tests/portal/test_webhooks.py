"""The Webhooks pages: create one, test it, see its deliveries, send one again."""

import re
from collections.abc import Callable

from playwright.async_api import Page, expect

from sconto.domain.order import NewOrder
from sconto.domain.people import Caller, Role
from sconto.domain.webhooks import NewWebhook
from sconto.operations import checkout, events
from sconto.operations.webhooks import create_webhook
from sconto.portal.pages import ADDRESS
from sconto.store.database import Database
from tests.builders import NOON, a_cart
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.forms import fill, follow, forms_of
from tests.portal.sessions import PortalClient

URL = "https://nothing.invalid/hook"


async def test_an_admin_creates_tests_and_replays_a_webhook(
    page: Page, portal_url: str, merchant: Caller, database: Database
) -> None:
    await page.goto(f"{portal_url}/webhooks")
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


async def test_a_webhook_is_changed_replayed_and_deleted(
    portal: PortalClient, merchant: Caller, database: Database
) -> None:
    refused = await fill(portal, "/webhooks", url="https://10.0.0.1/")
    assert "The address is in a private network." in refused.text
    made = await create_webhook(database, merchant, NewWebhook(URL), NOON)
    own = f"/webhooks/{made.webhook.id}"
    new = NewOrder("A-1", a_cart())
    await checkout.place_order(database, merchant, new, NOON, NOON.date())
    await events.append_all(database, merchant.merchant_id, NOON)
    page = await portal.get(own)
    [form] = [form for form in forms_of(page.text) if form.action == f"{ADDRESS}{own}"]
    del form.fields["enabled"]
    changed = await portal.post(own, {**form.fields, "types": "order.placed"})
    saved = await follow(portal, changed)
    assert "Off" in saved
    assert 'value="order.placed" checked' in (await portal.get(own)).text
    replayed = await fill(portal, own, f"{own}/replay", since="2026-01-01T00:00:00")
    assert "Events that are sent again: 1." in await follow(portal, replayed)
    deleted = await follow(portal, await fill(portal, own, f"{own}/delete"))
    assert "The webhook is deleted." in deleted
    assert "There are no webhooks yet." in deleted


async def test_a_viewer_sees_webhooks_and_changes_nothing(
    portal_of: Callable[[Caller], PortalClient], merchant: Caller, database: Database
) -> None:
    portal = portal_of(await create_caller(database, Role.VIEWER, merchant.merchant_id))
    page = await portal.get("/webhooks")
    assert "There are no webhooks yet." in page.text
    assert "Create a webhook" not in page.text
    assert (await portal.post("/webhooks", {"url": URL})).status_code == 403
    assert (await portal.get("/webhooks/999999")).status_code == 404

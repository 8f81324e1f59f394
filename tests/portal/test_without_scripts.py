"""The portal in a browser that runs no scripts."""

from collections.abc import AsyncIterator, Callable

import pytest
from playwright.async_api import Browser, Page, expect

from sconto.domain.people import Caller
from sconto.portal.session import COOKIE
from sconto.store.database import Database
from tests.portal.forms import fill, follow, send
from tests.portal.sessions import PortalClient
from tests.portal.shop import open_shop


@pytest.fixture(scope="session")
async def shared_plain_page(browser: Browser) -> AsyncIterator[Page]:
    """A page without scripts for all tests of this process."""
    context = await browser.new_context(locale="en-GB", java_script_enabled=False)
    context.set_default_timeout(10_000)
    yield await context.new_page()
    await context.close()


@pytest.fixture
async def plain(
    shared_plain_page: Page,
    portal_url: str,
    session_cookie: Callable[[Caller], str],
    merchant: Caller,
) -> Page:
    """A page without scripts in which the admin of `merchant` is signed in."""
    context = shared_plain_page.context
    await context.clear_cookies()
    value = session_cookie(merchant)
    await context.add_cookies([{"name": COOKIE, "value": value, "url": portal_url}])
    return shared_plain_page


async def test_a_cart_can_be_tried(
    plain: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await open_shop(database, merchant)
    await plain.goto(f"{portal_url}/carts")
    await plain.get_by_label("Find a product").fill("4711")
    await plain.get_by_role("button", name="Search").click()
    await plain.get_by_role("button", name="Add").click()
    await expect(plain.get_by_text("type a price")).to_be_visible()
    await plain.get_by_label("Unit price").fill("10")
    await plain.get_by_label("Codes, in the order").fill("WELCOME15")
    await plain.keyboard.press("Enter")
    await expect(plain.locator("#quote")).to_contain_text("€8.50")


async def test_a_promotion_is_checked_created_switched_off_and_deleted(
    plain: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await open_shop(database, merchant)
    await plain.goto(f"{portal_url}/promotions/new?as=code")
    await plain.get_by_label("Name", exact=True).fill("By hand")
    await plain.get_by_label("Percent", exact=True).fill("7,5")
    await plain.get_by_label("Codes with").fill("HAND")
    await plain.get_by_role("button", name="Update the impact").click()
    await expect(plain.locator("#preview")).to_contain_text("cheaper3")
    await plain.get_by_role("button", name="Publish").click()
    await expect(plain.get_by_role("status")).to_have_text("“By hand” is published.")
    await plain.get_by_role("button", name="Switch off").click()
    await expect(plain.get_by_role("status")).to_have_text("“By hand” is switched off.")
    await plain.get_by_role("button", name="Delete").click()
    await plain.get_by_role("button", name="Delete").click()
    await plain.get_by_role("button", name="Undo").click()
    await expect(plain.get_by_role("link", name="By hand")).to_be_visible()
    await plain.get_by_label("Search", exact=True).fill("hand")
    await plain.get_by_role("button", name="Search", exact=True).click()
    await expect(plain.locator("#results tbody th a")).to_have_text(["By hand"])


async def test_adding_a_rule_keeps_what_was_typed(portal: PortalClient) -> None:
    form = "/subscriptions/new"
    typed = {"name": "By hand", "code": "HAND"}
    longer = await fill(portal, form, **typed, step="add")
    assert "Rule 3" in longer.text
    saved = await send(portal, longer, form, amount=["", "", "5"], step="save")
    told = await follow(portal, saved)
    assert "“By hand” is saved." in told
    assert "5% off every order" in told


async def test_a_table_replaces_a_chart(
    plain: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    ids = await open_shop(database, merchant)
    await plain.goto(f"{portal_url}/promotions/{ids['Winter sale']}/statistics")
    await expect(plain.locator(".chart")).to_be_hidden()
    await expect(plain.get_by_role("table").first).to_contain_text("€12.38")

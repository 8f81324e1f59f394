"""Signing in and out in a browser."""

from playwright.async_api import Page, expect

from sconto.domain.people import Role
from sconto.operations import people
from sconto.store.database import Database
from tests.portal.browser import show

PASSWORD = "correct horse battery"


async def test_signing_in_leads_to_the_requested_page(
    stranger: Page, portal_url: str, database: Database
) -> None:
    await people.create_merchant(database, "Portal shop")
    await people.create_user(database, "Portal shop", "grace", PASSWORD, Role.MANAGER)
    await stranger.goto(f"{portal_url}/promotions?state=running")
    await expect(stranger).to_have_title("Sign in · Sconto")
    await show(stranger, "sign-in")

    await stranger.get_by_label("Username").fill("grace")
    await stranger.get_by_label("Password").fill("wrong")
    await stranger.get_by_role("button", name="Sign in").click()
    await expect(stranger.get_by_role("alert")).to_have_text("No user has this name and password.")
    assert await stranger.get_by_label("Username").input_value() == "grace"

    await stranger.get_by_label("Password").fill(PASSWORD)
    await stranger.keyboard.press("Enter")
    await expect(stranger).to_have_url(f"{portal_url}/promotions?state=running")
    await expect(stranger.get_by_title("grace")).to_be_visible()

    await stranger.get_by_title("grace").click()
    await stranger.get_by_role("button", name="Sign out", exact=True).click()
    await expect(stranger.get_by_role("status")).to_have_text("You are signed out.")
    await stranger.goto(f"{portal_url}/promotions")
    await expect(stranger).to_have_title("Sign in · Sconto")

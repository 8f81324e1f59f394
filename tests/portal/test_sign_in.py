"""Signing in and out in a browser."""

from playwright.async_api import Page, expect

from sconto.domain.people import Role
from sconto.operations import people
from sconto.store.database import Database
from tests.operations.cheap_passwords import CHEAP
from tests.portal.browser import show

PASSWORD = "correct horse battery"


async def test_signing_in_leads_to_the_requested_page(
    anonymous: Page, portal_url: str, database: Database
) -> None:
    await people.create_merchant(database, "Portal shop")
    await people.create_user(
        database, "Portal shop", "grace", PASSWORD, Role.MANAGER, passwords=CHEAP
    )
    await anonymous.goto(f"{portal_url}/promotions?state=running")
    await expect(anonymous).to_have_title("Sign in · Sconto")
    await show(anonymous, "sign-in")

    await anonymous.get_by_label("Username").fill("grace")
    await anonymous.get_by_label("Password").fill("wrong")
    await anonymous.get_by_role("button", name="Sign in").click()
    await expect(anonymous.get_by_role("alert")).to_have_text("No user has this name and password.")
    assert await anonymous.get_by_label("Username").input_value() == "grace"

    await anonymous.get_by_label("Password").fill(PASSWORD)
    await anonymous.keyboard.press("Enter")
    await expect(anonymous).to_have_url(f"{portal_url}/promotions?state=running")
    await expect(anonymous.get_by_title("grace")).to_be_visible()

    await anonymous.get_by_title("grace").click()
    account = anonymous.get_by_role("link", name="Your account")
    await expect(account).to_have_attribute("href", "/portal/account")
    await anonymous.get_by_role("button", name="Sign out", exact=True).click()
    await expect(anonymous.get_by_role("status")).to_have_text("You are signed out.")
    await expect(anonymous).to_have_title("Sign in · Sconto")

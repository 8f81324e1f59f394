"""The People pages: an admin adds users, changes their roles and resets passwords."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from sconto.domain.people import Caller, Role
from sconto.operations import users
from sconto.operations.tokens import Tokens
from sconto.portal.session import COOKIE
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.sessions import PortalClient

PASSWORD = "correct horse battery"


async def test_an_admin_adds_a_user_who_can_then_sign_in(
    visitor: Page, portal_url: str, merchant: Caller
) -> None:
    name = f"lin-{merchant.merchant_id}"
    await visitor.goto(f"{portal_url}/promotions")
    await visitor.get_by_role("link", name="People").click()
    await visitor.get_by_label("Username").fill(name)
    await visitor.get_by_label("Password").fill(PASSWORD)
    await visitor.get_by_label("Viewer").check()
    await visitor.get_by_role("button", name="Add").click()
    await expect(visitor.get_by_role("status")).to_have_text(f"{name} is added.")
    await expect(visitor.locator("tr", has_text=name)).to_contain_text("Viewer")

    await visitor.get_by_role("link", name=name).click()
    await show(visitor, "person")
    await visitor.get_by_label("Manager").check()
    await visitor.get_by_role("button", name="Change the role").click()
    await expect(visitor.locator("tr", has_text=name)).to_contain_text("Manager")
    await visitor.get_by_role("link", name=name).click()
    await visitor.get_by_label("New password").fill("another password")
    await visitor.get_by_role("button", name="Set the password").click()
    await visitor.get_by_role("link", name=name).click()
    await visitor.get_by_role("button", name="Keep them out").click()
    await expect(visitor.locator("tr", has_text=name)).to_contain_text("Kept out")
    await visitor.get_by_role("link", name=name).click()
    await visitor.get_by_role("button", name="Let them in again").click()
    await expect(visitor.locator(".entries li")).to_have_count(5)
    await visitor.get_by_role("link", name=name).click()
    await visitor.get_by_role("button", name="Sign out everywhere").click()
    await expect(visitor.get_by_role("status")).to_contain_text("is signed out everywhere")
    await expect(visitor.locator(".entries")).to_contain_text("was signed out everywhere")
    for words in ("may sign in again", "is kept out", "got a new password", "was Viewer, is Mana"):
        await expect(visitor.locator(".entries")).to_contain_text(words)
    await show(visitor, "people")

    await visitor.context.clear_cookies()
    await visitor.goto(f"{portal_url}/promotions")
    await visitor.get_by_label("Username").fill(name)
    await visitor.get_by_label("Password").fill("another password")
    await visitor.keyboard.press("Enter")
    await expect(visitor).to_have_url(f"{portal_url}/promotions")


async def test_all_faults_of_a_new_user_are_shown_together(
    visitor: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await visitor.goto(f"{portal_url}/people")
    # Without this the browser itself would refuse the form.
    await visitor.evaluate("document.querySelector('form.card').noValidate = true")
    await visitor.get_by_role("button", name="Add").click()
    for fault in (
        "A name has 1 to 255 characters.",
        "A password has at least 8 characters.",
        "Choose a role.",
    ):
        await expect(visitor.get_by_text(fault)).to_be_visible()
    await show(visitor, "people-faults")
    me = await users.get_user(database, merchant, merchant.user_id)
    await visitor.get_by_label("Username").fill(me.name)
    await visitor.get_by_label("Password").fill(PASSWORD)
    await visitor.get_by_label("Checkout").check()
    await visitor.get_by_role("button", name="Add").click()
    await expect(visitor.get_by_text("Somebody else has this name.")).to_be_visible()
    assert await visitor.get_by_label("Checkout").is_checked()
    assert len((await users.list_users(database, merchant, limit=9)).users) == 1


async def test_an_admin_who_sets_their_own_password_stays_signed_in_here(
    visitor: Page, portal_url: str, tokens: Tokens, database: Database, merchant: Caller
) -> None:
    await visitor.goto(f"{portal_url}/people/{merchant.user_id}")
    (before,) = [one["value"] for one in await visitor.context.cookies() if one["name"] == COOKIE]
    await visitor.get_by_label("New password").fill(PASSWORD)
    await visitor.get_by_role("button", name="Set the password").click()
    await expect(visitor.get_by_role("status")).to_have_text("You have a new password.")
    await tokens.refresh(database)
    await visitor.goto(f"{portal_url}/promotions")
    await expect(visitor).to_have_url(f"{portal_url}/promotions")
    address = urlsplit(portal_url)
    await visitor.context.add_cookies(
        [{"name": COOKIE, "value": before, "domain": address.hostname, "path": address.path}]
    )
    await visitor.goto(f"{portal_url}/promotions")
    await expect(visitor).to_have_title("Sign in · Sconto")


async def test_two_merchants_can_use_the_same_username(
    portal: PortalClient, database: Database
) -> None:
    stranger = await create_caller(database)
    theirs = await users.get_user(database, stranger, stranger.user_id)
    fields = {"username": theirs.name, "password": PASSWORD, "role": "viewer"}
    assert (await portal.post("/people", fields)).status_code == 303
    assert f'">{theirs.name}</a>' in (await portal.get("/people")).text


async def test_admins_cannot_change_their_own_role(portal: PortalClient, merchant: Caller) -> None:
    page = (await portal.get(f"/people/{merchant.user_id}")).text
    assert "Only another admin" in page
    assert "Keep them out" not in page


@pytest.mark.parametrize("role", [Role.MANAGER, Role.VIEWER, Role.CHECKOUT])
async def test_only_admins_see_people(
    role: Role, portal_of: Callable[[Caller], PortalClient], database: Database
) -> None:
    answer = await portal_of(await create_caller(database, role)).get("/people")
    assert answer.status_code == 403
    assert "Not for you" in answer.text
    assert ">People</a>" not in answer.text


async def test_another_merchants_user_is_not_found(
    portal: PortalClient, database: Database
) -> None:
    theirs = await create_caller(database, Role.VIEWER)
    assert (await portal.get(f"/people/{theirs.user_id}")).status_code == 404

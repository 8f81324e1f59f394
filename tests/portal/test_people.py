"""People in the browser: an admin adds them, changes their roles and resets passwords."""

from collections.abc import Awaitable, Callable
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

PASSWORD = "correct horse battery"


async def test_an_admin_adds_somebody_who_can_then_sign_in(
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


async def test_everything_wrong_with_a_new_user_is_said_at_once(
    visitor: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await visitor.goto(f"{portal_url}/people")
    # The browser would refuse it itself; what the server says is for those that do not.
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


async def test_a_name_of_another_merchants_user_is_nobody_elses(
    visitor: Page, portal_url: str, database: Database
) -> None:
    stranger = await create_caller(database)
    theirs = await users.get_user(database, stranger, stranger.user_id)
    await visitor.goto(f"{portal_url}/people")
    await visitor.get_by_label("Username").fill(theirs.name)
    await visitor.get_by_label("Password").fill(PASSWORD)
    await visitor.get_by_label("Viewer").check()
    await visitor.get_by_role("button", name="Add").click()
    await expect(visitor.get_by_role("status")).to_have_text(f"{theirs.name} is added.")


async def test_nobody_changes_their_own_role(
    visitor: Page, portal_url: str, merchant: Caller
) -> None:
    await visitor.goto(f"{portal_url}/people/{merchant.user_id}")
    await expect(visitor.get_by_text("Only another admin")).to_be_visible()
    await expect(visitor.get_by_role("button", name="Keep them out")).to_have_count(0)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.VIEWER, Role.CHECKOUT])
async def test_others_than_admins_are_told_that_it_is_not_for_them(
    role: Role,
    stranger: Page,
    sign_in: Callable[[Caller], Awaitable[None]],
    portal_url: str,
    database: Database,
) -> None:
    await sign_in(await create_caller(database, role))
    answer = await stranger.goto(f"{portal_url}/people")
    assert answer is not None
    assert answer.status == 403
    await expect(stranger.get_by_role("heading", name="Not for you")).to_be_visible()
    await expect(stranger.get_by_role("link", name="People")).to_have_count(0)


async def test_another_merchants_user_is_not_there(
    visitor: Page, portal_url: str, database: Database
) -> None:
    theirs = await create_caller(database, Role.VIEWER)
    answer = await visitor.goto(f"{portal_url}/people/{theirs.user_id}")
    assert answer is not None
    assert answer.status == 404

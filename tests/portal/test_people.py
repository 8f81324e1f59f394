"""The People pages: an admin adds users, changes their roles and resets passwords."""

import base64
import json
import re
from collections.abc import Callable

import httpx
import pytest
from playwright.async_api import Page, expect

from sconto.domain.people import Caller, Role
from sconto.operations import users
from sconto.operations.tokens import Tokens
from sconto.store import people
from sconto.store.database import Database
from tests.api.people.test_audit import give_second_factor
from tests.api.people.test_users import sending, set_password
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.forms import fill, follow, send, words_of
from tests.portal.sessions import PortalClient, cookie_of
from tests.post_office import post_office, text_of

PASSWORD = "correct horse battery"


async def test_an_admin_adds_a_user_who_can_then_sign_in(
    page: Page, portal_url: str, merchant: Caller
) -> None:
    name = f"lin-{merchant.merchant_id}"
    await page.goto(f"{portal_url}/promotions")
    await page.get_by_role("link", name="Team").click()
    await page.get_by_label("Username").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("Viewer").check()
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("status")).to_have_text(f"{name} is added.")
    await expect(page.locator("tr", has_text=name)).to_contain_text("Viewer")

    await page.get_by_role("link", name=name).click()
    await show(page, "person")
    await page.get_by_label("Manager").check()
    await page.get_by_role("button", name="Change the role").click()
    await expect(page.locator("tr", has_text=name)).to_contain_text("Manager")
    await show(page, "people")

    await page.context.clear_cookies()
    await page.goto(f"{portal_url}/promotions")
    await page.get_by_label("Username").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{portal_url}/promotions")


async def test_what_an_admin_does_to_a_user_is_listed(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    colleague = await create_caller(database, Role.VIEWER, merchant.merchant_id)
    own = f"/people/{colleague.user_id}"
    said = ""
    for action, typed in (
        ("role", {"role": "manager"}),
        ("password", {"password": "another password"}),
        ("switch", {"disabled": "yes"}),
        ("switch", {"disabled": "no"}),
        ("sign-out", {}),
    ):
        said = await follow(portal, await fill(portal, own, f"{own}/{action}", **typed))
    assert "is signed out everywhere" in said
    for words in (
        "was Viewer, is Manager",
        "got a new password",
        "is deactivated",
        "is active again",
        "was signed out everywhere",
    ):
        assert words in said


async def test_all_faults_of_a_new_user_are_shown_together(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    answer = await fill(portal, "/people", password="short", email="ada")
    assert answer.status_code == 422
    for fault in (
        "This is not an e-mail address.",
        "A name has 1 to 255 characters.",
        "A password has 8 to 1024 characters.",
        "Choose a role.",
    ):
        assert fault in words_of(answer.text)
    me = await users.get_user(database, merchant, merchant.user_id)
    typed = {"username": me.name, "password": PASSWORD, "email": "", "role": "checkout"}
    answer = await send(portal, answer, "/people", **typed)
    assert "Somebody else has this name." in answer.text
    assert re.search('value="checkout"[^>]* checked', answer.text)
    assert len((await users.list_users(database, merchant, limit=9)).users) == 1


async def test_admins_change_their_own_password_in_their_account_alone(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    own = f"/people/{merchant.user_id}"
    assert "New password" not in (await portal.get(own)).text
    for path in ("password", "password-link"):
        answer = await portal.post(f"{own}/{path}", {"password": PASSWORD})
        assert answer.headers["location"] == "/portal/account"
    async with database.read() as connection:
        stored = await people.find_password_hash(connection, merchant.merchant_id, merchant.user_id)
    assert stored == "!"


async def test_a_deactivation_can_be_undone(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    colleague = await create_caller(database, Role.VIEWER, merchant.merchant_id)
    page = f"/people/{colleague.user_id}"
    answer = await portal.post(f"{page}/switch", {"disabled": "yes"})
    assert (await users.get_user(database, merchant, colleague.user_id)).disabled
    left = httpx.Cookies()
    left.extract_cookies(answer)
    listed = await portal.get("/people")
    assert "Deactivated" in listed.text
    [value] = [one.value for one in left.jar if one.name == "sconto_notice"]
    [text, undo] = json.loads(base64.urlsafe_b64decode(value or ""))
    assert text.endswith("is deactivated, within 10 seconds everywhere.")
    assert (await portal.post(undo)).status_code == 303
    assert not (await users.get_user(database, merchant, colleague.user_id)).disabled
    own = await portal.post(f"/people/{merchant.user_id}/switch", {"disabled": "yes"})
    assert own.status_code == 403


async def test_an_admin_resets_the_second_factor_of_a_colleague(
    portal: PortalClient, database: Database, tokens: Tokens, merchant: Caller
) -> None:
    colleague = await create_caller(database, Role.VIEWER, merchant.merchant_id)
    page = f"/people/{colleague.user_id}"
    assert "Reset two-factor sign-in" not in (await portal.get(page)).text
    for user in (colleague, merchant):
        await give_second_factor(database, tokens, user)
    assert "Reset two-factor sign-in" in (await portal.get(page)).text
    for _ in range(2):
        assert (await portal.post(f"{page}/two-factor/reset")).status_code == 303
    assert not (await users.get_user(database, merchant, colleague.user_id)).two_factor
    own = f"/people/{merchant.user_id}/two-factor/reset"
    assert (await portal.post(own)).status_code == 403
    assert (await users.get_user(database, merchant, merchant.user_id)).two_factor


async def test_two_merchants_can_use_the_same_username(
    portal: PortalClient, database: Database
) -> None:
    anonymous = await create_caller(database)
    theirs = await users.get_user(database, anonymous, anonymous.user_id)
    fields = {"username": theirs.name, "password": PASSWORD, "role": "viewer"}
    assert (await portal.post("/people", fields)).status_code == 303
    assert f'">{theirs.name}</a>' in (await portal.get("/people")).text


async def test_admins_cannot_change_their_own_role(portal: PortalClient, merchant: Caller) -> None:
    page = (await portal.get(f"/people/{merchant.user_id}")).text
    assert "Only another admin" in page
    assert "Deactivate" not in page


@pytest.mark.parametrize("role", [Role.MANAGER, Role.VIEWER, Role.CHECKOUT])
async def test_only_admins_see_people(
    role: Role, portal_of: Callable[[Caller], PortalClient], database: Database
) -> None:
    answer = await portal_of(await create_caller(database, role)).get("/people")
    assert answer.status_code == 403
    assert "Not for you" in answer.text
    assert "<span>Team</span>" not in answer.text


async def test_another_merchants_user_is_not_found(
    portal: PortalClient, database: Database
) -> None:
    theirs = await create_caller(database, Role.VIEWER)
    assert (await portal.get(f"/people/{theirs.user_id}")).status_code == 404


async def test_an_invited_user_sets_a_password_with_the_link_once(
    page: Page, portal_url: str, merchant: Caller
) -> None:
    name = f"ivo-{merchant.merchant_id}"
    await page.goto(f"{portal_url}/people")
    await page.get_by_label("Username").fill(name)
    await page.get_by_label("E-mail").fill("ivo@example.com")
    await page.get_by_label("Viewer").check()
    await page.get_by_role("button", name="Add").click()
    link = await page.locator("code.secret").inner_text()
    await show(page, "invitation", like="people")
    await page.get_by_role("button", name="Done").click()
    await expect(page.locator("tr", has_text=name)).to_contain_text("Invited")

    await page.context.clear_cookies()
    await page.goto(link)
    await expect(page.get_by_label("Username")).to_have_value(name)
    await show(page, "set-password")
    await page.get_by_label("New password").fill(PASSWORD)
    await page.get_by_role("button", name="Set the password").click()
    await expect(page.get_by_role("status")).to_contain_text(f"/{name}.")
    await page.get_by_label("Username").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{portal_url}/home")

    await page.goto(link)
    await expect(page).to_have_title("This link no longer works · Sconto")
    await show(page, "link-over")


async def test_an_admin_makes_a_link_and_sets_an_address(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    colleague = await create_caller(database, Role.VIEWER, merchant.merchant_id)
    page = f"/people/{colleague.user_id}"
    assert (await portal.post(f"{page}/email", {"email": "ada"})).status_code == 422
    assert (await portal.post(f"{page}/email", {"email": "Ada@example.com"})).status_code == 303
    assert 'value="ada@example.com"' in (await portal.get(page)).text
    own = f"/people/{merchant.user_id}"
    taken = await portal.post(f"{own}/email", {"email": "ada@example.com"})
    assert "Somebody else has this e-mail address." in taken.text
    made = await portal.post(f"{page}/password-link")
    assert made.status_code == 200
    assert "/portal/password/" in made.text
    assert made.headers["Cache-Control"] == "no-store"
    changes = (await portal.get("/people")).text
    assert "got a link to set a password" in changes
    assert "has another e-mail address" in changes
    await users.set_disabled(database, merchant, colleague.user_id, disabled=True)
    refused = await portal.post(f"{page}/password-link")
    assert (refused.status_code, "Reactivate them first" in refused.text) == (422, True)


async def test_a_link_is_sent_in_the_language_of_the_admin(
    database: Database, tokens: Tokens, merchant: Caller
) -> None:
    colleague = await create_caller(database, Role.VIEWER, merchant.merchant_id)
    await users.set_email(database, merchant, colleague.user_id, "ada@example.com")
    with post_office() as office:
        async with sending(database, tokens, office.server) as client:
            german = PortalClient(client, cookie_of(merchant, tokens), "de")
            made = await german.post(f"/people/{colleague.user_id}/password-link")
    assert "wurde an ada@example.com geschickt" in made.text
    text = text_of(office.mails[0])
    assert "Setzen Sie hier Ihr Passwort." in text
    assert "https://sconto.example.com/shop/portal/password/" in text
    assert office.recipients == [["ada@example.com"]]


@pytest.mark.parametrize("token", ["x", "1-1-x", f"1-999999999-{'a' * 43}", "%00", "..%2f.."])
async def test_an_unknown_link_no_longer_works(client: httpx.AsyncClient, token: str) -> None:
    answer = await client.get(f"/portal/password/{token}")
    assert answer.status_code in (404, 410)
    assert "There is nothing here" in answer.text or "This link no longer works" in answer.text


async def test_a_password_that_is_too_short_leaves_the_link_open(
    portal: PortalClient, client: httpx.AsyncClient, merchant: Caller
) -> None:
    form = {"username": f"eve-{merchant.merchant_id}", "role": "viewer", "password": ""}
    page = (await portal.post("/people", form)).text
    path = "/portal/password/" + page.partition("/portal/password/")[2].partition("<")[0]
    assert (await set_password(client, path, "short")).status_code == 422
    assert (await set_password(client, path, PASSWORD)).status_code == 303

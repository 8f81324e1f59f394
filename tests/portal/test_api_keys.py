"""The API keys page: an admin creates a key, sees it once, and revokes it."""

from collections.abc import Callable

import httpx
import pytest
from playwright.async_api import Page, expect

from sconto.domain.api_keys import is_key
from sconto.domain.people import Caller, Role
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.sessions import PortalClient


async def test_an_admin_creates_a_key_that_works_and_revokes_it(
    page: Page, portal_url: str, client: httpx.AsyncClient
) -> None:
    await page.goto(f"{portal_url}/developers")
    await page.get_by_role("link", name="API keys").click()
    await page.get_by_label("Name").fill("Web shop")
    await page.get_by_label("Viewer").check()
    await page.get_by_label("Expires").select_option("In 90 days")
    await page.get_by_role("button", name="Create").click()
    key = await page.locator("code.secret").inner_text()
    assert is_key(key)
    await show(page, "api-key-created")
    sent = {"Authorization": f"Bearer {key}"}
    assert (await client.get("/cart/v1/promotions", headers=sent)).status_code == 200

    await page.get_by_role("button", name="I have copied it").click()
    await expect(page.locator("tr", has_text="Web shop")).to_contain_text("Viewer")
    assert key not in await page.content()
    await show(page, "api-keys")
    await page.get_by_role("link", name="Web shop").click()
    await expect(page.locator("dd", has_text="by test-")).to_be_visible()
    await show(page, "api-key")
    await page.get_by_role("button", name="Revoke").click()
    await expect(page.get_by_role("status")).to_contain_text("Web shop is revoked")
    await expect(page.locator(".entries li")).to_have_count(2)
    assert (await client.get("/cart/v1/promotions", headers=sent)).status_code == 401


async def test_faults_are_shown_at_their_fields_and_create_nothing(portal: PortalClient) -> None:
    answer = await portal.post("/keys", {"name": " ", "role": "owner", "expires": "7"})
    assert answer.status_code == 422
    for fault in ("A name has 1 to 255", "Choose a role", "Choose when it expires"):
        assert fault in answer.text
    good = {"name": "till", "role": "checkout", "expires": ""}
    assert (await portal.post("/keys", good)).status_code == 200
    taken = await portal.post("/keys", good)
    assert taken.status_code == 422
    assert "Another key has this name" in taken.text


@pytest.mark.parametrize("role", [Role.MANAGER, Role.VIEWER, Role.CHECKOUT])
async def test_only_admins_see_keys(
    role: Role, portal_of: Callable[[Caller], PortalClient], database: Database
) -> None:
    page = portal_of(await create_caller(database, role))
    assert (await page.get("/keys")).status_code == 403
    assert (await page.post("/keys", {"name": "x", "role": "admin"})).status_code == 403


async def test_another_merchants_key_is_not_found(
    portal: PortalClient, portal_of: Callable[[Caller], PortalClient], database: Database
) -> None:
    theirs = portal_of(await create_caller(database))
    made = await theirs.post("/keys", {"name": "till", "role": "checkout", "expires": ""})
    assert made.status_code == 200
    place = (await theirs.get("/keys")).text.partition("/portal/keys/")[2].partition('"')[0]
    assert (await theirs.get(f"/keys/{place}")).status_code == 200
    assert (await portal.get(f"/keys/{place}")).status_code == 404
    assert (await portal.post(f"/keys/{place}/revoke")).status_code == 404
    assert (await portal.get("/keys/none")).status_code == 404

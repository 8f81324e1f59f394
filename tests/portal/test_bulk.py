"""Promotions of the list that are chosen and changed together, with and without scripts."""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import unquote

import pytest
from playwright.async_api import Page, expect

from sconto.domain.people import Caller, Role
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.sessions import PortalClient
from tests.portal.shop import open_shop

Form: TypeAlias = Mapping[str, str | list[str]]


async def test_chosen_promotions_are_switched_off_and_on_again(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await open_shop(database, merchant)
    address = f"{portal_url}/promotions?kind=coupon&state=running"
    await page.goto(address)
    rows = page.locator("#results tbody tr")
    await expect(page.get_by_role("button", name="Switch off")).to_have_count(0)
    number = await rows.count()
    assert number > 1
    await page.get_by_label("All on this page").check()
    await expect(page.locator(".chosen-count")).to_have_text(f"{number} chosen")
    await show(page, "promotions-chosen")
    await page.locator("#bulk").get_by_role("button", name="Switch off").click()
    notice = page.get_by_role("status").filter(has_text="switched off")
    await expect(notice).to_have_text(re.compile(f"{number} promotions are switched off."))
    await expect(page).to_have_url(address)
    await expect(rows).to_have_count(0)
    await notice.get_by_role("button", name="Undo").click()
    await expect(page).to_have_url(address)
    await expect(rows).to_have_count(number)

    await page.get_by_label("Choose Tea lovers").check()
    await page.get_by_label("Choose Newsletter welcome").check()
    await page.get_by_role("button", name="New end …").click()
    await page.get_by_label("New end").fill("2000-01-01T00:00")
    await show(page, "promotions-new-end")
    await page.get_by_role("button", name="Set the end").click()
    await expect(page.get_by_role("alert")).to_contain_text("The end is before the start.")
    await show(page, "promotions-changed", like="promotions-chosen")
    await page.get_by_role("link", name="Back to the list").click()
    await expect(page).to_have_url(address)


@pytest.fixture
async def ids(database: Database, merchant: Caller) -> Mapping[str, int]:
    return await open_shop(database, merchant)


async def test_promotions_are_deleted_together_after_a_question(
    portal: PortalClient, ids: Mapping[str, int]
) -> None:
    chosen = [str(ids["Friends"]), str(ids["Summer 2025"])]
    asked = (await portal.post("/promotions/bulk", {"action": "delete", "chosen": chosen})).text
    assert "You can restore them within one hour." in asked
    assert "Friends" in (await portal.get("/promotions")).text
    form: Form = {"action": "delete", "chosen": chosen, "step": "sure"}
    answer = await portal.post("/promotions/bulk", form)
    assert answer.headers["location"] == "/portal/promotions"
    assert "Friends" not in (await portal.get("/promotions")).text
    undone = await portal.post(f"/promotions/undo/restore/{'-'.join(chosen)}")
    assert undone.status_code == 303
    assert "Friends" in (await portal.get("/promotions")).text


async def test_a_new_end_is_checked_set_and_undone(
    portal: PortalClient, ids: Mapping[str, int]
) -> None:
    form = {"action": "end", "chosen": str(ids["Tea lovers"]), "step": "sure"}
    answer = await portal.post("/promotions/bulk", {**form, "ends_at": "tomorrow"})
    assert (answer.status_code, "Write a day and a time." in answer.text) == (422, True)
    page = f"/promotions/{ids['Tea lovers']}"
    before = (await portal.get(page)).text
    answer = await portal.post("/promotions/bulk", {**form, "ends_at": "2031-03-04T05:06"})
    assert answer.status_code == 303
    assert "4 Mar 2031" in (await portal.get(page)).text
    undo = f"/promotions/undo/end/{ids['Tea lovers']}-none"
    await portal.post(undo)
    after = (await portal.get(page)).text
    assert "4 Mar 2031" not in before + after


async def test_a_switch_that_raises_prices_names_them_and_asks(
    portal: PortalClient, ids: Mapping[str, int]
) -> None:
    # Until now the winter sale gives a quarter off the teapot.
    new = {
        "type": "discount", "name": "Small", "starts_at": "2026-01-01T00:00", "coverage": "listed",
        "percent": "5", "products": "3", "step": "save",
    }  # fmt: skip
    created = await portal.post("/promotions/new", new)
    small = re.findall(r"/promotions/(\d+)", unquote(created.headers["location"]))[0]
    both: Form = {"action": "on", "chosen": [small, str(ids["Friends"])]}
    answer = await portal.post("/promotions/bulk", both)
    assert answer.status_code == 200
    assert "1 promotion is switched on." in answer.text
    assert "Teapot" in answer.text
    assert "Switch on anyway" in answer.text
    form = {"action": "on", "chosen": small, "step": "anyway"}
    assert (await portal.post("/promotions/bulk", form)).status_code == 303


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/promotions/bulk", {"action": "on"}, 303),
        ("/promotions/bulk", {"action": "fly", "chosen": "1"}, 400),
        ("/promotions/bulk", {"action": "on", "chosen": "x"}, 303),
        ("/promotions/undo/fly/1", {}, 404),
        ("/promotions/undo/on/x", {}, 404),
        ("/promotions/undo/end/1-9999999999999999999", {}, 404),
        ("/promotions/undo/end/1-9000000000000000000", {}, 404),
    ],
)
async def test_invalid_requests_change_nothing(
    path: str, form: dict[str, str], status: int, portal: PortalClient
) -> None:
    assert (await portal.post(path, form)).status_code == status


async def test_a_viewer_can_change_nothing(
    portal_of: Callable[[Caller], PortalClient],
    database: Database,
    merchant: Caller,
    ids: Mapping[str, int],
) -> None:
    viewer = portal_of(await create_caller(database, Role.VIEWER, merchant.merchant_id))
    assert 'name="chosen"' not in (await viewer.get("/promotions")).text
    form = {"action": "off", "chosen": str(ids["Tea lovers"])}
    for path in ("/promotions/bulk", f"/promotions/undo/off/{ids['Tea lovers']}"):
        assert (await viewer.post(path, form)).status_code == 403

"""The settings page: what an admin sets for the merchant, and where it shows."""

from collections.abc import Callable

import httpx
import pytest

from sconto.domain.merchant_settings import MerchantSettings
from sconto.domain.people import Caller, Role
from sconto.operations.settings import change_settings, merchant_settings
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.portal.sessions import PortalClient

NEW = {
    "shop_name": "Tea & more",
    "time_zone": "Asia/Tokyo",
    "currency": "jpy",
    "code_link": "https://tea.example/?code={code}",
}


async def test_settings_are_saved_and_show_on_all_pages(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    assert 'placeholder="EUR"' in (await portal.get("/settings")).text
    assert (await portal.post("/settings", NEW)).status_code == 303
    assert await merchant_settings(database, merchant) == MerchantSettings(
        "Tea & more", "Asia/Tokyo", "JPY", "https://tea.example/?code={code}"
    )
    page = (await portal.get("/settings")).text
    assert "https://tea.example/?code=SUMMER10" in page
    assert "All times are in the time zone Asia/Tokyo." in page
    assert 'placeholder="JPY"' in (await portal.get("/carts")).text


async def test_all_faults_of_the_settings_are_shown_together(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    wrong = {"shop_name": "x" * 256, "time_zone": "Mars", "currency": "EURO", "code_link": "tea"}
    answer = await portal.post("/settings", wrong)
    assert answer.status_code == 422
    for words in (
        "Fix 4 fields.",
        "1 to 255 characters",
        "This is not a time zone",
        "has three letters",
        "This is not a link with {code} once, such as https://shop.example/?code={code}",
    ):
        assert words in answer.text
    assert 'value="Mars"' in answer.text
    assert await merchant_settings(database, merchant) == MerchantSettings()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.VIEWER, Role.CHECKOUT])
async def test_only_admins_open_and_change_settings(
    role: Role,
    portal_of: Callable[[Caller], PortalClient],
    database: Database,
) -> None:
    caller = await create_caller(database, role)
    portal = portal_of(caller)
    assert (await portal.get("/settings")).status_code == 403
    assert (await portal.post("/settings", NEW)).status_code == 403
    assert await merchant_settings(database, caller) == MerchantSettings()


async def test_settings_belong_to_one_merchant(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    other = await create_caller(database)
    await change_settings(database, other, MerchantSettings("Other shop"))
    assert "Other shop" not in (await portal.get("/settings")).text
    assert await merchant_settings(database, merchant) == MerchantSettings()


async def test_a_form_without_its_token_changes_no_settings(
    client: httpx.AsyncClient, portal: PortalClient, database: Database, merchant: Caller
) -> None:
    headers = {"Cookie": portal.cookie}
    answer = await client.post("/portal/settings", data=NEW, headers=headers)
    assert answer.status_code == 403
    assert await merchant_settings(database, merchant) == MerchantSettings()

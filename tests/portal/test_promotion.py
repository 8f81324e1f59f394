"""One promotion: its terms, prices and history."""

import re

from playwright.async_api import Page, expect

from sconto.domain.people import Caller
from sconto.domain.promotion import PromotionChange, PromotionType
from sconto.operations import promotions
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.sessions import PortalClient
from tests.portal.shop import open_shop


async def test_the_terms_are_shown_in_words_with_example_prices(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    ids = await open_shop(database, merchant)
    await page.goto(f"{portal_url}/promotions")
    await page.get_by_role("link", name="Tea lovers").click()
    await show(page, "promotion")
    main = page.get_by_role("main")
    await expect(main).to_contain_text("12.5% off 2 products, with one of 3 codes, from")
    await expect(main).to_contain_text("Tea, green, 100 g")
    await expect(main).to_contain_text("12.5% off by this promotion")
    await expect(main).to_contain_text("€6.91")

    await page.goto(f"{portal_url}/promotions/{ids['An apology for late parcels']}")
    await expect(main).to_contain_text(
        "20% off all products, with code SORRY-7KQ2, once each, from"
    )
    await expect(main).to_contain_text("All codes used")


async def test_the_history_shows_who_changed_what(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    new = a_promotion(name="Before", codes=("A",))
    promotion_id = await promotions.create_promotion(database, merchant, new, NOON)
    await page.goto(f"{portal_url}/promotions/{promotion_id}/edit")
    await page.get_by_label("Name", exact=True).fill("After")
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.get_by_role("link", name="History").click()
    await show(page, "promotion-history")
    rows = page.locator("tbody tr")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(0)).to_contain_text("Changed")
    await expect(rows.nth(0)).to_contain_text("Before → After")
    await expect(rows.nth(1)).to_contain_text("Created")


async def test_a_long_history_is_paged(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    promotion_id = await promotions.create_promotion(database, merchant, a_promotion(), NOON)
    for number in range(26):
        change = PromotionChange(PromotionType.DISCOUNT, name=f"Name {number}")
        await promotions.change_promotion(database, merchant, promotion_id, change, NOON)
    first = (await portal.get(f"/promotions/{promotion_id}/history")).text
    assert first.count('<th scope="row"') == 25
    older = re.search(r'href="/portal(/[^"]*/history\?before=\d+)"', first)
    assert older
    rest = (await portal.get(older[1])).text
    assert rest.count('<th scope="row"') == 2
    assert "/history?before=" not in rest


async def test_another_merchants_promotion_is_not_found(
    portal: PortalClient, database: Database
) -> None:
    anonymous = await create_caller(database)
    theirs = await promotions.create_promotion(database, anonymous, a_promotion(), NOON)
    for address in (theirs, 2**63, "x", f"{theirs}/edit", f"{theirs}/codes", f"{theirs}/history"):
        answer = await portal.get(f"/promotions/{address}")
        assert answer.status_code == 404, address
        assert "<h1>There is nothing here</h1>" in answer.text


async def test_the_not_found_page_can_be_read(page: Page, portal_url: str) -> None:
    await page.goto(f"{portal_url}/promotions/1/edit")
    await expect(page.get_by_role("heading")).to_have_text("There is nothing here")
    await show(page, "not-found")

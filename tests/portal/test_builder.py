"""The builder: each kind, the keyboard, drafts, and the table of products."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from sconto.api.clock import read_clock
from sconto.domain.cart_promotion import (
    AmountOff,
    BuyAndGet,
    CartPromotionQuery,
    FixedPrice,
    PercentOff,
    ProductSelection,
    Target,
)
from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.money import FULL_PERCENT, PERCENT
from sconto.domain.people import Caller
from sconto.domain.product import Product
from sconto.operations import cart_promotions, products, promotions
from sconto.store.database import Database
from tests.builders import a_product, a_promotion
from tests.portal.browser import show
from tests.portal.sessions import PortalClient
from tests.portal.shop import newest, open_shop

NOW = "2026-11-01T00:00"
COMMON = {"name": "New", "starts_at": NOW, "code_type": "reusable", "who": "everybody"}

KINDS = {
    "sale": ({"coverage": "all", "percent": "10"}, AllProducts(10 * PERCENT)),
    "code": (
        {"coverage": "listed", "percent": "10", "row": "1", "codes": "TEN"},
        ListedProducts(10 * PERCENT, (1,)),
    ),
    "amount": ({"amounts": "10 EUR"}, (Target.ORDER, AmountOff({"EUR": 1000}))),
    "percent": ({"percent": "5", "target": "lines"}, (Target.LINES, PercentOff(5 * PERCENT))),
    "units": ({"buy": "2", "get": "1"}, (Target.LINES, BuyAndGet(2, 1, FULL_PERCENT))),
    "shipping": ({}, (Target.SHIPPING, PercentOff(FULL_PERCENT))),
    "gift": (
        {"gift_products": "1", "gift_units": "1", "gift_buy": "1"},
        (Target.LINES, BuyAndGet(1, 1, FULL_PERCENT, ProductSelection(frozenset({1})))),
    ),
    "first-order": ({"percent": "20"}, (Target.ORDER, PercentOff(20 * PERCENT))),
    "price": ({"prices": "15 EUR"}, (Target.LINES, FixedPrice({"EUR": 1500}))),
}


@pytest.mark.parametrize("step", ["publish", "draft"])
@pytest.mark.parametrize("what", KINDS)
async def test_each_kind_is_published_or_saved_as_a_draft(
    portal: PortalClient, database: Database, merchant: Caller, what: str, step: str
) -> None:
    await products.put_products(database, merchant, [a_product(1)], read_clock())
    typed, expected = KINDS[what]
    answer = await portal.post("/promotions/new", {**COMMON, "what": what, **typed, "step": step})
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"].removeprefix("/portal")
    page = await portal.get(f"{address}/edit")
    assert re.search(rf'name="what" value="{what}" checked', page.text)
    assert ("Publish" in page.text) == (step == "draft")
    if what in ("sale", "code"):
        saved = await newest(database, merchant)
        assert (saved.summary.active, saved.terms.coverage) == (step == "publish", expected)
        return
    query = CartPromotionQuery(limit=2)
    found, _ = await cart_promotions.list_promotions(database, merchant, query, read_clock())
    [promotion] = found
    assert promotion.active == (step == "publish")
    assert (promotion.terms.target, promotion.terms.benefit) == expected
    assert promotion.terms.conditions.first_order == (what == "first-order")


async def test_a_draft_with_faults_is_not_saved(portal: PortalClient, database: Database) -> None:
    typed = {**COMMON, "what": "tiers", "start": "50 EUR", "step": "draft", "name": ""}
    answer = await portal.post("/promotions/new", typed)
    assert answer.status_code == 422
    assert 'value="50 EUR"' in answer.text
    assert "Not saved. Fix 2 fields." in answer.text


async def test_a_form_of_a_deleted_promotion_becomes_a_new_one(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    made = await promotions.create_promotion(database, merchant, a_promotion(), read_clock())
    await promotions.delete_promotion(database, merchant, made, read_clock())
    typed = {**COMMON, "what": "sale", "coverage": "all", "percent": "7", "step": "save"}
    answer = await portal.post(f"/promotions/{made}/edit", typed)
    assert "Somebody deleted this promotion" in answer.text
    assert 'action="/portal/promotions/new"' in answer.text
    assert re.search(r'name="percent"[^>]*value="7"', answer.text)


async def test_the_small_buttons_keep_what_was_typed(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    tagged = [a_product(1, name="Mug"), a_product(2, name="Pot")]
    tea = [Product(number, f"Tea {number}", 500, "EUR", ("Green Tea",)) for number in (3, 4)]
    await products.put_products(database, merchant, [*tagged, *tea], read_clock())
    typed = {
        **COMMON,
        "what": "sale",
        "coverage": "own",
        "row": "1",
        "row_percent": "9",
        "name": "",
    }

    async def rows_after(**pressed: str) -> tuple[str, list[tuple[str, str]]]:
        page = (await portal.post("/promotions/new", {**typed, **pressed})).text
        assert "Not saved" not in page
        ids = re.findall(r'name="row" value="([0-9]+)"', page)
        percents = re.findall(r'name="row_percent" value="([^"]*)"', page)
        return page, list(zip(ids, percents, strict=True))

    page, rows = await rows_after(step="search", product_search="green tea")
    assert rows == [("1", "9")]
    assert "Tea 3" in page
    assert "Pot" not in page
    assert (await rows_after(add="2"))[1] == [("1", "9"), ("2", "")]
    found = await rows_after(step="add-found", product_search="green tea")
    assert found[1] == [("1", "9"), ("3", ""), ("4", "")]
    assert (await rows_after(remove="1"))[1] == []
    assert (await rows_after(step="rows", products="2 5\n99 1"))[1] == [
        ("1", "9"),
        ("2", "5"),
        ("99", "1"),
    ]
    page, _ = await rows_after(preset="no-end", ends_at="2026-12-01T00:00")
    assert 'name="ends_at" value=""' in page
    page, _ = await rows_after(preset="week")
    assert f'name="starts_at" value="{NOW}"' in page
    assert 'name="ends_at" value="2026-11-07T23:59:59"' in page


async def test_a_late_price_of_a_removed_row_is_dropped(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await products.put_products(database, merchant, [a_product(1), a_product(2)], read_clock())
    listed = a_promotion(coverage=ListedProducts(10 * PERCENT, (1, 2)))
    made = await promotions.create_promotion(database, merchant, listed, read_clock())
    loaded, removed, passed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        impact = await route.fetch()
        loaded.set()
        await removed.wait()
        await route.fulfill(response=impact)
        passed.set()

    await page.route("**/promotions/impact", hold, times=1)
    await page.goto(f"{portal_url}/promotions/{made}/edit")
    await asyncio.wait_for(loaded.wait(), 10)
    async with page.expect_response("**/promotions/impact"):
        await page.locator("button[name=remove]").nth(1).click()
        await expect(page.locator("#new-price-2")).to_have_count(0)
        removed.set()
    await asyncio.wait_for(passed.wait(), 10)
    await expect(page.locator("#new-price-1")).to_be_visible()


async def test_a_gift_and_a_code_are_made_with_the_keyboard(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await open_shop(database, merchant)
    await page.goto(f"{portal_url}/promotions/choose")
    await page.get_by_role("link", name="Gift").press("Enter")
    name = page.get_by_label("Name", exact=True)
    await name.focus()
    await page.keyboard.type("A pot for you")
    await page.keyboard.press("Enter")
    # Enter only shows the impact and saves nothing; the first fault has the focus.
    gift = page.get_by_label("Gift product")
    await expect(gift).to_be_focused()
    await expect(page.get_by_role("alert")).to_have_text("Not saved. Fix one field.")
    await page.keyboard.type("3")
    await page.get_by_label("Minimum order value").focus()
    await page.keyboard.type("60 EUR")
    await expect(page.locator("#preview")).to_contain_text("A sample cart")
    await page.get_by_role("button", name="Save draft").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("is saved as a draft")
    await expect(page.locator(".heading .mark")).to_have_text("Off")

    await page.goto(f"{portal_url}/promotions/new")
    await page.get_by_role("radio", name="Percent off products").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("radio", name="Percent with a code")).to_be_checked()
    await name.focus()
    await page.keyboard.type("Mugs for friends")
    await page.get_by_label("Percent off all products").focus()
    await page.keyboard.press("ArrowDown")
    await page.get_by_label("Percent", exact=True).focus()
    await page.keyboard.type("10")
    await page.get_by_label("Search the catalogue").focus()
    await page.keyboard.type("mug")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Mug, white").press("Enter")
    await page.get_by_role("button", name="Mug, blue").press("Enter")
    await expect(page.locator("#rows tbody tr")).to_have_count(2)
    await page.get_by_role("button", name="Remove Mug, blue").press("Enter")
    await expect(page.locator("#rows tbody tr")).to_have_count(1)
    await page.get_by_label("Codes with").focus()
    await page.keyboard.type("MUGS friend?")
    await expect(page.locator(".chips .wrong")).to_have_text(re.compile("friend"))
    await page.get_by_role("button", name="Remove friend?").press("Enter")
    await page.get_by_role("button", name="This weekend").press("Enter")
    await expect(page.get_by_label("End, included")).to_have_value(re.compile("T23:59:59$"))
    await expect(page.locator("#new-price-1")).to_have_text("€17.99")
    await show(page, "promotion-form")
    await page.get_by_role("button", name="Publish").press("Enter")
    await expect(page.get_by_role("status")).to_have_text("“Mugs for friends” is published.")
    saved = await newest(database, merchant)
    assert saved.summary.active
    assert saved.terms.coverage == ListedProducts(10 * PERCENT, (1,))
    assert saved.terms.codes == ("MUGS",)

"""Creating and editing cart promotions in the portal."""

import re

import pytest
from playwright.async_api import Page, expect

from sconto.api.clock import read_clock
from sconto.domain.cart_promotion import (
    AmountOff,
    CartPromotion,
    CartPromotionQuery,
    CartTerms,
    Conditions,
    Limits,
    Measure,
    NewCartPromotion,
    PercentOff,
    Target,
    Tiers,
)
from sconto.domain.codes import CodeType
from sconto.domain.people import Caller
from sconto.domain.schedule import Period
from sconto.operations import cart_promotions as operations
from sconto.store.database import Database
from tests.builders import NOON
from tests.portal.browser import show
from tests.portal.forms import fill, follow
from tests.portal.sessions import PortalClient
from tests.portal.shop import open_shop


async def stored(database: Database, caller: Caller) -> list[CartPromotion]:
    query = CartPromotionQuery(limit=100)
    return (await operations.list_promotions(database, caller, query, read_clock()))[0]


async def test_an_amount_off_from_a_minimum_is_created_with_a_sample_cart(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await open_shop(database, merchant)
    await page.goto(f"{portal_url}/promotions")
    await page.get_by_role("button", name="New promotion").click()
    await show(page, "promotion-choose")
    await page.get_by_role("link", name="Amount off").click()
    await page.get_by_label("Name", exact=True).fill("Ten off from fifty")
    await page.get_by_label("Amount with").fill("10 EUR")
    await page.get_by_label("Minimum order value").fill("50 EUR")
    preview = page.locator("#preview")
    await expect(preview).to_contain_text("Applied -€10.00")
    await page.get_by_label("Minimum order value").fill("5000")
    await page.get_by_label("Minimum order value").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Not saved. Fix one field.")
    await show(page, "cart-promotion-form-fault", like="cart-promotion-form")
    await page.get_by_label("Minimum order value").fill("500 EUR")
    await expect(preview).to_contain_text("are missing: it needs €500.00.")
    await page.get_by_label("Minimum order value").fill("50 EUR")
    await page.get_by_role("radio", name="Code", exact=True).check()
    await page.get_by_label("Codes with").fill("TEN ten Ten-2")
    await page.get_by_label("Orders of a customer").fill("1")
    await expect(preview).to_contain_text("Applied -€10.00")
    await show(page, "cart-promotion-form")
    assert await stored(database, merchant) == []
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_role("status")).to_have_text("“Ten off from fifty” is published.")

    [created] = await stored(database, merchant)
    assert created.terms == CartTerms(
        Target.ORDER,
        AmountOff({"EUR": 1000}),
        conditions=Conditions(minimum_subtotal={"EUR": 5000}),
        limits=Limits(per_customer=1),
    )
    assert created.code_type is CodeType.REUSABLE
    assert await operations.list_codes(database, merchant, created) == ("TEN", "Ten-2")


async def test_tiers_are_added_and_edited(
    page: Page, portal: PortalClient, portal_url: str, database: Database, merchant: Caller
) -> None:
    form = "/cart-promotions/new?like=tiers"
    await page.goto(portal_url + form)
    await page.get_by_label("Off 2", exact=True).fill("10 %")
    await page.get_by_role("button", name="Add a tier").click()
    await expect(page.get_by_label("Off 3", exact=True)).to_have_value("")
    await expect(page.get_by_label("Off 2", exact=True)).to_have_value("10 %")
    await show(page, "cart-promotion-form-tiers", like="cart-promotion-form")

    starts, offs = ["50 EUR", "100 EUR", "200 EUR"], ["5 %", "10 %", "25 EUR"]
    made = await fill(
        portal,
        form,
        "/promotions/new",
        name="More for more",
        start=starts,
        off=offs,
        step="publish",
    )
    assert "is published" in await follow(portal, made)
    [promotion] = await stored(database, merchant)
    own = f"/cart-promotions/{promotion.id}/edit"
    saved = await fill(portal, own, off=["5 %", "12.5 %", "25 EUR"], step="save")
    assert "is saved" in await follow(portal, saved)
    [promotion] = await stored(database, merchant)
    benefit = promotion.terms.benefit
    assert isinstance(benefit, Tiers)
    assert benefit.by is Measure.SUBTOTAL
    assert [(tier.reached_at, tier.benefit) for tier in benefit.tiers] == [
        ({"EUR": 5000}, PercentOff(5_000_000)),
        ({"EUR": 10_000}, PercentOff(12_500_000)),
        ({"EUR": 20_000}, AmountOff({"EUR": 2500})),
    ]


async def test_a_copy_starts_switched_off_and_without_codes(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    terms = CartTerms(Target.SHIPPING, PercentOff(50_000_000))
    period = Period(NOON, NOON)
    new = NewCartPromotion("Half", True, period, terms, CodeType.ONE_TIME, ("HALF-1",))
    created = await operations.create_promotion(database, merchant, new, NOON)
    page = (await portal.get("/cart-promotions/new", of=str(created.id))).text
    assert 'value="Copy of Half"' in page
    assert 'name="active"' not in page
    assert "HALF-1" not in page
    assert 'name="ends_at" value=""' in page


async def test_the_form_says_that_no_more_automatic_promotions_may_be_active(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    terms = CartTerms(Target.ORDER, PercentOff(1))
    for number in range(100):
        new = NewCartPromotion(f"Number {number}", True, Period(NOON), terms)
        await operations.create_promotion(database, merchant, new, read_clock())
    form = {
        "name": "One too many",
        "active": "on",
        "who": "everybody",
        "starts_at": "2026-01-01T00:00",
        "kind": "percent",
        "percent": "5",
        "target": "order",
    }
    answer = await portal.post("/cart-promotions/new", {**form, "step": "save"})
    assert answer.status_code == 422
    assert "100 automatic promotions for carts are already active" in answer.text
    del form["active"]
    answer = await portal.post("/cart-promotions/new", {**form, "step": "save"})
    assert answer.status_code == 303


async def test_an_edit_keeps_more_codes_than_the_form_shows(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    codes = tuple(f"C{number}" for number in range(501))
    terms = CartTerms(Target.ORDER, PercentOff(1_000_000))
    new = NewCartPromotion("Many", True, Period(NOON), terms, CodeType.ONE_TIME, codes)
    created = await operations.create_promotion(database, merchant, new, NOON)
    page = (await portal.get(f"/cart-promotions/{created.id}/edit")).text
    assert "There are too many codes to show here." in page
    form = {
        "name": "Fewer",
        "who": "code",
        "code_type": "one-time",
        "keep_codes": "on",
        "starts_at": "2026-01-01T00:00",
        "kind": "percent",
        "percent": "2",
        "target": "order",
        "step": "save",
    }
    assert (await portal.post(f"/cart-promotions/{created.id}/edit", form)).status_code == 303
    [changed] = await stored(database, merchant)
    assert (changed.name, changed.terms.benefit) == ("Fewer", PercentOff(2_000_000))
    assert await operations.list_codes(database, merchant, changed) == codes


@pytest.mark.parametrize(
    ("kind", "typed", "wrong"),
    [
        ("gift", {"gift_units": "x"}, ["name", "gift_products", "gift_units"]),
        ("units", {"buy": "0", "get": "x"}, ["name", "buy", "get"]),
        ("amount", {"ends_at": "x", "total": "0"}, ["name", "amounts", "total", "ends_at"]),
    ],
)
async def test_the_first_wrong_field_of_the_page_has_the_focus(
    portal: PortalClient, kind: str, typed: dict[str, str], wrong: list[str]
) -> None:
    form = f"/promotions/new?as={kind}"
    refused = await fill(portal, form, "/promotions/new", **typed, step="publish")
    assert refused.status_code == 422
    marked = re.findall(r'<\w+ [^>]*?name="(\w+)"[^>]*aria-invalid[^>]*>', refused.text)
    assert marked == wrong
    assert re.findall(r'name="(\w+)"[^>]* autofocus', refused.text) == ["name"]
    assert len(re.findall('id="fault-', refused.text)) == len(wrong)

"""Creating and editing promotions."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import Page, expect

from sconto.api.clock import read_clock
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.promotion import PromotionType, Terms
from sconto.domain.schedule import Period
from sconto.operations import checkout, products, promotions
from sconto.store.database import Database
from tests.builders import a_cart, a_period, a_product, a_promotion
from tests.portal.browser import show
from tests.portal.forms import fill, follow, send, words_of
from tests.portal.sessions import PortalClient
from tests.portal.shop import newest, open_shop

NAME = "Name"
WEEK = timedelta(weeks=1)


async def test_a_coupon_is_created_for_some_products(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    await open_shop(database, merchant)
    typed = {
        "name": "Mugs for friends",
        "starts_at": "2026-11-01T00:00",
        "ends_at": "2030-12-31T23:59:59",
        "coverage": "listed",
        "percent": "33.5",
        "products": "1 2",
        "codes": "MUGS-1, mugs-2\nMugs-1",
        "code_type": "one-time",
    }
    looked = await fill(portal, "/promotions/new?as=code", **typed, step="check")
    assert re.search("Mug, white.*€13.29", words_of(looked.text))
    done = await send(portal, looked, "/promotions/new", step="publish")
    assert "“Mugs for friends” is published." in await follow(portal, done)

    saved = await newest(database, merchant)
    assert saved.summary.type is PromotionType.COUPON
    assert saved.summary.active
    assert saved.summary.period == Period(
        datetime(2026, 11, 1, tzinfo=UTC), datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC)
    )
    assert saved.terms == Terms(
        ListedProducts(33_500_000, (1, 2)), CodeType.ONE_TIME, ("MUGS-1", "mugs-2")
    )


async def test_all_faults_are_shown_at_their_fields(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await page.goto(f"{portal_url}/promotions/new?as=code")
    await page.get_by_label("Start").fill("2026-11-01T00:00")
    await page.get_by_label("End, included").fill("2026-10-01T00:00")
    await page.get_by_label("Percent off some products").check()
    await page.get_by_label("Percent", exact=True).fill("120")
    await page.get_by_label("Paste products").fill("1 two 3")
    await page.get_by_label("Codes with").fill("GOOD what?")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_role("alert")).to_have_text("Not saved. Fix 5 fields.")
    await show(page, "promotion-form-faults", like="promotion-form")
    await expect(page.locator("small.fault")).to_have_text(
        [
            "Write a name of 1 to 255 characters.",
            "Write a percent above 0 and at most 100, such as 12.5.",
            "These are not product ids: two.",
            "A code has 1 to 30 letters, digits, dashes, underscores and dots; wrong: what?.",
            "The end is before the start.",
        ]
    )
    assert await page.get_by_label("Percent", exact=True).input_value() == "120"
    assert await page.get_by_label("Percent", exact=True).get_attribute("aria-invalid") == "true"
    await expect(page.get_by_label(NAME, exact=True)).to_be_focused()


async def test_products_and_codes_are_read_from_files(
    page: Page, portal_url: str, database: Database, merchant: Caller, tmp_path: Path
) -> None:
    await products.put_products(database, merchant, [a_product(1), a_product(2)], read_clock())
    product_file, code_file = tmp_path / "products.csv", tmp_path / "codes.csv"
    product_file.write_text("product_id,percent\n1,10\n2,12.5\n99,1\n")
    code_file.write_text("coupon_code,state\nFROM-1,free\nFROM-2,used\n?,free\n")
    await page.goto(f"{portal_url}/promotions/new?as=code")
    await page.get_by_label(NAME, exact=True).fill("From files")
    await page.get_by_label("Different percentages per product").check()
    await page.get_by_label("From a file (CSV, Excel)").first.set_input_files(product_file)
    # A chosen file is read immediately.
    await expect(page.locator("#rows tbody tr")).to_have_count(3)
    await page.get_by_label("From a file (CSV, Excel)").last.set_input_files(code_file)
    await expect(page.locator("small.fault")).to_have_text(
        [
            "Lines of the file cannot be taken: "
            "A4 is not a code: 1 to 30 letters, digits, dashes, underscores and dots."
        ]
    )
    corrected = tmp_path / "corrected.csv"
    corrected.write_text("coupon_code,state\nFROM-1,free\nFROM-2,used\n")
    await page.get_by_label("From a file (CSV, Excel)").last.set_input_files(corrected)
    await expect(page.locator(".chips li")).to_have_count(2)
    await page.get_by_role("button", name="Remove 99").click()
    await expect(page.locator("#rows tbody tr")).to_have_count(2)
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_role("status")).to_contain_text("is published")
    assert (await newest(database, merchant)).terms == Terms(
        OwnPercents({1: 10 * PERCENT, 2: 12_500_000}), CodeType.REUSABLE, ("FROM-1", "FROM-2")
    )


async def test_a_product_that_the_catalogue_does_not_have_is_named(portal: PortalClient) -> None:
    typed = {"name": "Unknown", "coverage": "listed", "percent": "5", "products": "99"}
    refused = await fill(portal, "/promotions/new", **typed, step="publish")
    assert "The catalogue does not have these products: 99." in refused.text


async def test_a_promotion_with_warnings_is_saved_after_confirmation(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    await open_shop(database, merchant)
    typed = {
        "name": "Everything for nothing",
        "coverage": "all",
        "percent": "100",
        "codes": "welcome15",
    }
    asked = await fill(portal, "/promotions/new?as=code", **typed, step="publish")
    words = words_of(asked.text)
    assert "gives every product away for nothing" in words
    assert "of the same time has the code WELCOME15 too" in words
    done = await send(portal, asked, "/promotions/new", step="anyway")
    assert "is published" in await follow(portal, done)
    assert (await newest(database, merchant)).terms.codes == ("welcome15",)


async def test_a_better_promotion_is_named_in_the_preview(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await products.put_products(database, merchant, [a_product(1)], read_clock())
    rival = await promotions.create_promotion(
        database,
        merchant,
        a_promotion(name="A third off", coverage=AllProducts(30 * PERCENT)),
        read_clock(),
    )
    await page.goto(f"{portal_url}/promotions/new")
    await page.get_by_label(NAME, exact=True).fill("Too little")
    await page.get_by_label("Percent off some products").check()
    await page.get_by_label("Paste products").fill("1")
    await page.get_by_label("Percent", exact=True).fill("29.99")
    preview = page.locator("#preview")
    await expect(preview).to_contain_text("this one never applies: A third off.")
    link = preview.get_by_role("link", name="A third off").first
    await expect(link).to_have_attribute("href", f"/portal/promotions/{rival}")
    await expect(preview.locator(".counts")).to_have_text(re.compile("cheaper0.*unchanged1", re.S))
    await page.get_by_label("Percent", exact=True).fill("31")
    await expect(preview).to_contain_text("€13.99 → €13.79")
    await expect(preview).not_to_contain_text("never applies")


async def test_an_edit_keeps_other_fields_and_warns_of_used_codes(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    start = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    new = a_promotion(name="Old", codes=("USED", "FREE"), period=a_period(start))
    promotion_id = await promotions.create_promotion(database, merchant, new, read_clock())
    now = read_clock()
    order = NewOrder("1", a_cart(codes=("used",)))
    await checkout.place_order(database, merchant, order, now, now.date())
    form = f"/promotions/{promotion_id}/edit"
    done = await fill(portal, form, name="New", step="save")
    assert "“New” is saved." in await follow(portal, done)
    after = await promotions.get_promotion(database, merchant, promotion_id)
    assert (after.summary.name, after.summary.period) == ("New", new.period)
    assert after.terms == new.terms

    asked = await fill(portal, form, codes="FREE", step="save")
    assert "1 code that was used would be removed: USED." in words_of(asked.text)
    done = await send(portal, asked, form, step="anyway")
    assert "is saved" in await follow(portal, done)


async def test_a_copy_keeps_everything_but_the_codes(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    now = read_clock()
    later = now + timedelta(days=30)
    new = a_promotion(name="First", codes=("A",), period=a_period(now - WEEK, later))
    promotion_id = await promotions.create_promotion(database, merchant, new, read_clock())
    page = (await portal.get("/promotions/new", of=str(promotion_id))).text
    assert re.search(r' name="name" value="Copy of First"', page)
    assert re.search(r' name="percent" [^>]*value="10"', page)
    assert re.search(r'<textarea name="codes"[^>]*>\s*</textarea>', page)


async def test_a_copy_starts_now_and_switched_off(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    now = read_clock()
    periods = {"Over": (now - 2 * WEEK, now - WEEK), "Longer": (now - WEEK, now + WEEK)}
    for name, (starts_at, ends_at) in periods.items():
        new = a_promotion(name=name, period=a_period(starts_at, ends_at))
        promotion_id = await promotions.create_promotion(database, merchant, new, now)
        page = (await portal.get("/promotions/new", of=str(promotion_id))).text
        assert 'name="active"' not in page
        times = dict(re.findall(r'name="(starts_at|ends_at)" value="([^"]*)"', page))
        assert times["starts_at"][:10] == str(now.date())
        assert times["ends_at"][:10] == ("" if name == "Over" else str(ends_at.date()))


async def test_more_codes_than_the_form_shows_are_kept(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    new = a_promotion(name="Many", codes=tuple(f"C{number}" for number in range(501)))
    promotion_id = await promotions.create_promotion(database, merchant, new, read_clock())
    form = await portal.get(f"/promotions/{promotion_id}/edit")
    assert "There are too many codes to show here" in form.text
    done = await send(portal, form, f"/promotions/{promotion_id}/edit", percent="20", step="save")
    assert "“Many” is saved." in await follow(portal, done)
    after = await promotions.get_promotion(database, merchant, promotion_id)
    assert after.terms == Terms(AllProducts(20 * PERCENT), None, new.terms.codes)


async def test_a_promotion_that_raises_prices_is_saved_after_confirmation(
    page: Page, portal: PortalClient, portal_url: str, database: Database, merchant: Caller
) -> None:
    await products.put_products(database, merchant, [a_product(1, name="Green tea")], read_clock())
    older = a_promotion(name="Tea of the month", coverage=ListedProducts(20 * PERCENT, (1,)))
    await promotions.create_promotion(database, merchant, older, read_clock())
    typed = {"name": "Smaller", "coverage": "listed", "percent": "7.5", "products": "1"}
    asked = await fill(portal, "/promotions/new", **typed, step="publish")
    words = words_of(asked.text)
    assert "One product gets dearer:" in words
    assert "Green tea €15.99 → €18.49 (until now “Tea of the month”)" in words
    assert (await newest(database, merchant)).summary.name == "Tea of the month"
    done = await send(portal, asked, "/promotions/new", step="draft")
    assert "“Smaller” is saved as a draft." in await follow(portal, done)

    await page.goto(portal_url.removesuffix("/portal") + done.headers["location"])
    await page.get_by_role("button", name="Switch on").click()
    await expect(page.get_by_role("alert")).to_contain_text("One product gets dearer:")
    await show(page, "promotion-switch-on-dearer")
    await page.get_by_role("button", name="Switch on anyway").click()
    await expect(page.get_by_role("status")).to_contain_text("switched on")
    assert (await newest(database, merchant)).summary.active

"""The codes of a promotion in a browser: search, add, remove, generate, download."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

from playwright.async_api import Page, expect

from sconto.api.clock import read_clock
from sconto.domain.code_list import CodeQuery
from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.promotion import PromotionType
from sconto.operations import checkout, code_generation, codes, promotions
from sconto.portal.pages import ADDRESS
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_promotion
from tests.portal.browser import show
from tests.portal.forms import fill, follow
from tests.portal.sessions import PortalClient


async def a_coupon(database: Database, caller: Caller, *written: str) -> int:
    coupon, once = PromotionType.COUPON, CodeType.ONE_TIME
    new = a_promotion(type_=coupon, name="Coupon", codes=written, code_type=once)
    return await promotions.create_promotion(database, caller, new, NOON)


async def test_codes_are_searched_added_removed_and_downloaded(
    page: Page, portal_url: str, database: Database, merchant: Caller, tmp_path: Path
) -> None:
    promotion_id = await a_coupon(database, merchant, "SPRING-1", "SPRING-2", "AUTUMN-1")
    order = NewOrder("A-17", a_cart(codes=("spring-1",)))
    await checkout.place_order(database, merchant, order, NOON, NOON.date())
    await page.goto(f"{portal_url}/promotions/{promotion_id}/codes")
    await show(page, "codes")
    rows = page.locator("#results tbody tr")
    used = re.compile(r"SPRING-1\s+Used\s+1\s+A-17")
    await expect(rows.filter(has_text="SPRING-1")).to_have_text(used)
    order_link = rows.get_by_role("link", name="A-17")
    await expect(order_link).to_have_attribute("href", "/portal/orders?id=A-17")

    await expect(page.locator("#totals")).to_have_text(re.compile(r"3 codes:\s+1 used, 2 free"))
    await page.get_by_role("button", name="Copy SPRING-2").click()
    await expect(page.get_by_role("status")).to_have_text("Copied")
    search = page.get_by_label("Part of the code")
    await search.press("Control+V")
    await expect(search).to_have_value("SPRING-2")
    await expect(rows).to_have_count(1)
    await search.fill("")

    await page.get_by_label("Part of the code").press_sequentially("spr")
    await expect(rows).to_have_count(2)
    await page.get_by_label("Status").select_option("Free")
    await expect(rows.get_by_role("rowheader")).to_have_text(["SPRING-2"])

    await page.get_by_label("What to do with SPRING-2").click()
    await page.get_by_role("button", name="Remove this code").click()
    await page.get_by_role("button", name="Remove", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("The code SPRING-2 is removed.")

    file = tmp_path / "codes.csv"
    file.write_text("FILE-1\nAUTUMN-1\nno code!\n")
    await page.get_by_label("Or a file").set_input_files(file)
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("1 row cannot be taken")
    await expect(page.locator("tbody tr").nth(2)).to_contain_text("is not a code")
    await show(page, "codes-of-a-file")
    await page.get_by_role("button", name="Cancel").click()

    async with page.expect_download() as starting:
        await page.get_by_role("button", name="Download all codes").click()
    lines = (await (await starting.value).path()).read_text("utf-8-sig").splitlines()
    cells = [line.split(",") for line in lines]
    assert [[line[0], *line[2:5]] for line in cells] == [
        ["coupon_code", "state", "coupon_uses", "used_by"],
        ["SPRING-1", "used", "1", "A-17"],
        ["AUTUMN-1", "free", "0", ""],
    ]


async def test_codes_are_pasted_and_questions_about_a_file_answered(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    own = f"/promotions/{promotion_id}/codes"
    pasted = await portal.post(own, {"codes": "winter-1, WINTER-2"})
    assert "2 codes added." in await follow(portal, pasted)
    sent = await portal.post(own, {}, code_file=b"Wert;Aktion\n5;SUMMER SALE\n7;FILE-2\n")
    here = sent.headers["location"].removeprefix(ADDRESS)
    for answer in ("B: Aktion", "One code: SUMMER-SALE", "A heading"):
        page = (await portal.get(here)).text
        link = re.search(f'<a role="button"[^>]* href="{ADDRESS}([^"]*)">{answer}</a>', page)
        assert link, answer
        here = unescape(link[1])
    added = await fill(portal, here)
    assert "2 codes added." in await follow(portal, added)
    listed = await codes.list_codes(database, merchant, promotion_id, CodeQuery(limit=9))
    names = {one.code for one in listed.codes}
    assert names == {"winter-1", "WINTER-2", "SUMMER-SALE", "FILE-2"}


async def test_the_page_follows_the_generation_of_codes(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    await page.goto(f"{portal_url}/promotions/{promotion_id}/codes")
    await page.get_by_label("How many").fill("25000")
    await page.get_by_label("They begin with").fill("SUN-")
    await page.get_by_label("Letters in a group").fill("4")
    await page.get_by_role("button", name="Generate").click()
    await expect(page.locator("#generations")).to_contain_text("0 of 25,000 codes, in progress")
    await show(page, "codes-generating", like="codes")
    await code_generation.generate_all(database, read_clock)
    await expect(page.locator("#generations")).to_contain_text("25,000 of 25,000 codes, complete")
    listed = await codes.list_codes(database, merchant, promotion_id, CodeQuery(limit=1))
    assert listed.codes[0].code.startswith("SUN-")


async def test_a_refused_pattern_is_explained_in_german(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    promotion_id = await a_coupon(database, merchant)
    fields = {"count": "1000000", "groups": "2", "length": "1"}
    german = replace(portal, language="de")
    answer = await german.post(f"/promotions/{promotion_id}/codes/generate", fields)
    assert answer.status_code == 422
    assert "zu leicht zu erraten" in answer.text

"""The page with a promotion's products, and the totals of its codes."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from sconto.domain.merchant_settings import MerchantSettings
from sconto.domain.people import Caller, Role
from sconto.operations import products, promotions
from sconto.operations.codes import remove_codes
from sconto.operations.settings import change_settings
from sconto.portal import codes
from sconto.portal.pages import ADDRESS
from sconto.store.database import Database
from tests.builders import NOON, a_product, a_promotion
from tests.portal.browser import show
from tests.portal.forms import fill, follow, send
from tests.portal.sessions import PortalClient
from tests.portal.shop import open_shop


async def test_a_viewer_reads_and_downloads_all_products(
    portal_of: Callable[[Caller], PortalClient], database: Database, merchant: Caller
) -> None:
    ids = await open_shop(database, merchant)
    await products.put_products(database, merchant, [a_product(5, name="=1+1")], NOON)
    viewer = portal_of(replace(merchant, role=Role.VIEWER))
    here = f"/promotions/{ids['Tea lovers']}/products"
    page = await viewer.get(here)
    assert page.status_code == 200
    for text in ("2 products", "Tea, green, 100 g", "12.5%", "€7.90", "€6.91"):
        assert text in page.text
    searched = await viewer.get(here, search="GREEN")
    assert "Tea, green" in searched.text
    assert "=1+1" not in searched.text
    assert "No products match." in (await viewer.get(here, search="mug")).text
    file = await viewer.get(f"{here}.csv")
    assert file.content.decode("utf-8-sig").splitlines() == [
        "product_id,name,percent,price,price_with_promotion,currency",
        '4,"Tea, green, 100 g",12.5,7.90,6.91,EUR',
        "5,'=1+1,12.5,19.99,17.49,EUR",
    ]


async def test_long_lists_of_codes_are_counted_when_asked(
    portal: PortalClient, database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "MAX_CODES_COUNTED", 2)
    new = a_promotion(codes=("A", "B", "C"))
    promotion_id = await promotions.create_promotion(database, merchant, new, NOON)
    page = await portal.get(f"/promotions/{promotion_id}/codes")
    assert "More than 2 codes" in page.text
    counted = await portal.get(f"/promotions/{promotion_id}/codes", count="all")
    assert "3 codes" in counted.text
    await remove_codes(database, merchant, promotion_id, ["A"], NOON)
    assert "2 codes" in (await portal.get(f"/promotions/{promotion_id}/codes")).text


async def test_codes_are_copied_with_the_shops_link(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    new = a_promotion(codes=("Ёж-1", "B"))
    promotion_id = await promotions.create_promotion(database, merchant, new, NOON)
    link = "https://shop.example/?code={code}"
    await change_settings(database, merchant, MerchantSettings(code_link=link))
    page = (await portal.get(f"/promotions/{promotion_id}/codes")).text
    assert 'data-copy="Ёж-1\nB"' in page
    assert 'data-copy="https://shop.example/?code=%D0%81%D0%B6-1"' in page


async def test_a_pasted_table_becomes_the_products_of_a_promotion(
    page: Page, portal: PortalClient, portal_url: str, database: Database, merchant: Caller
) -> None:
    ids = await open_shop(database, merchant)
    own = f"/promotions/{ids['Winter sale']}/products"
    await page.goto(portal_url + own)
    await page.get_by_text("Products from a file").click()
    pasted = page.get_by_label("Or pasted from a spreadsheet")
    await pasted.fill("Artikel\tRabatt\n4\t7,5 %\n5\t12 %\nXY-1\t10 %")
    await page.get_by_role("button", name="Show what is in it").click()
    await expect(page.get_by_role("status")).to_contain_text("1 row cannot be taken")
    await show(page, "products-of-a-file")

    sent = await fill(portal, own, products="Artikel\tRabatt\n4\t7,5 %\n5\t12 %")
    here = sent.headers["location"].removeprefix(ADDRESS)
    asked = await fill(portal, here)
    assert "get dearer" in asked.text
    done = await send(portal, asked, here.partition("?")[0], step="anyway")
    told = await follow(portal, done)
    assert "2 products were taken from the file." in told
    assert "€7.31" in told

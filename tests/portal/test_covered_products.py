"""The page with a promotion's products, and the totals of its codes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sconto.domain.people import Caller, Role
from sconto.operations import products, promotions
from sconto.operations.codes import remove_codes
from sconto.portal import codes
from sconto.store.database import Database
from tests.builders import NOON, a_product, a_promotion
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
    monkeypatch.setattr(codes, "MOST_CODES_COUNTED", 2)
    new = a_promotion(codes=("A", "B", "C"))
    promotion_id = await promotions.create_promotion(database, merchant, new, NOON)
    page = await portal.get(f"/promotions/{promotion_id}/codes")
    assert "More than 2 codes" in page.text
    counted = await portal.get(f"/promotions/{promotion_id}/codes", count="all")
    assert "3 codes" in counted.text
    await remove_codes(database, merchant, promotion_id, ["A"], NOON)
    assert "2 codes" in (await portal.get(f"/promotions/{promotion_id}/codes")).text

"""The products of a promotion, page by page."""

from collections.abc import Sequence

import pytest

from sconto.domain.coverage import AllProducts, Coverage, ListedProducts, OwnPercents
from sconto.domain.covered_products import CoveredPage, CoveredProduct, CoveredQuery
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.operations import products, promotions
from sconto.operations.covered_products import export_covered, list_covered
from sconto.store import covered_products as store
from sconto.store.database import Database
from tests.builders import NOON, a_product, a_promotion


@pytest.fixture
async def catalogue(database: Database, merchant: Caller) -> None:
    """Products 1 to 6; the even ones are teas, and 6 is deleted."""
    names = ("Mug", "Tea, green", "Teapot", "Tea, black", "Cup 11", "Tea, old")
    wanted = [a_product(n, name=name, price=999) for n, name in enumerate(names, 1)]
    await products.put_products(database, merchant, wanted, NOON)


async def create(database: Database, caller: Caller, coverage: Coverage) -> int:
    return await promotions.create_promotion(database, caller, a_promotion(coverage=coverage), NOON)


def ids(covered: Sequence[CoveredProduct]) -> list[int]:
    return [one.product_id for one in covered]


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        (ListedProducts(10 * PERCENT, (6, 4, 1)), {1: 899, 4: 899, 6: 899}),
        (OwnPercents({2: 50 * PERCENT, 6: 7_500_000}), {2: 499, 6: 924}),
        (AllProducts(100 * PERCENT), dict.fromkeys((1, 2, 3, 4, 5), 0)),
    ],
)
async def test_products_have_their_percent_and_both_prices(
    database: Database, merchant: Caller, coverage: Coverage, expected: dict[int, int]
) -> None:
    promotion_id = await create(database, merchant, coverage)
    await products.delete_product(database, merchant, 6, NOON)
    page = await list_covered(database, merchant, promotion_id, CoveredQuery())
    assert {one.product_id: one.price_after for one in page.products} == expected
    assert [one.is_deleted for one in page.products] == [n == 6 for n in expected]
    assert (page.next, page.total) == (None, len(expected))
    # The price is the one that a cart gets.
    assert all(one.product is not None and one.product.price == 999 for one in page.products)


@pytest.mark.usefixtures("catalogue")
async def test_pages_and_searches_find_each_product_once(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = await create(database, merchant, AllProducts(PERCENT))
    listed = await create(database, merchant, ListedProducts(PERCENT, (1, 2, 3, 4, 6)))

    async def find(promotion_id: int, search: str | None, after: int = 0) -> CoveredPage:
        query = CoveredQuery(2, after, search)
        return await list_covered(database, merchant, promotion_id, query)

    first = await find(listed, None)
    assert (ids(first.products), first.next, first.total) == ([1, 2], 2, 5)
    assert ids((await find(listed, None, 4)).products) == [6]
    assert ids((await find(listed, "TEA,")).products) == [2, 4]
    assert ids((await find(listed, "tea,", 4)).products) == [6]
    assert ids((await find(listed, "4")).products) == [4]
    assert ids((await find(listed, "5")).products) == []
    assert ids((await find(everything, "11")).products) == [5]
    assert ids((await find(everything, "%")).products) == []
    assert (await find(999_999_999, None)).total == 0

    monkeypatch.setattr(store, "SEARCHED_PER_PAGE", 3)
    walked = await find(listed, "tea, black")
    assert (ids(walked.products), walked.next) == ([], 3)
    files = [part async for part in export_covered(database, merchant, listed, "tea, o")]
    assert [ids(part) for part in files] == [[], [6]]

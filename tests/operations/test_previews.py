"""Previews of a promotion that is not saved, among stored promotions, products and codes."""

from datetime import timedelta

import pytest

from sconto.domain.cart_promotion import (
    BuyAndGet,
    CartTerms,
    NewCartPromotion,
    ProductSelection,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.preview import PromotionWarning, WarningKind
from sconto.domain.promotion import NewPromotion
from sconto.operations import checkout, products, promotions
from sconto.operations.cart_previews import preview_cart_promotion
from sconto.operations.previews import preview_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line, a_period, a_product, a_promotion

DAY = timedelta(days=1)


@pytest.fixture
async def shop(database: Database, merchant: Caller) -> Caller:
    """A merchant with products 1 to 8."""
    catalogue = [a_product(number, price=1000) for number in range(1, 9)]
    await products.put_products(database, merchant, catalogue, NOON)
    return merchant


async def create(database: Database, caller: Caller, new: NewPromotion) -> int:
    return await promotions.create_promotion(database, caller, new, NOON)


async def test_the_first_products_are_the_samples_for_all(database: Database, shop: Caller) -> None:
    preview = await preview_promotion(database, shop, a_promotion(), NOON)
    assert [sample.product.product_id for sample in preview.prices] == [1, 2, 3, 4, 5, 6]
    assert {sample.line.total for sample in preview.prices} == {900}
    assert (preview.at, preview.warnings, preview.unknown) == (NOON, (), ())


async def test_named_products_keep_their_order_and_unknown_ones_are_reported(
    database: Database, shop: Caller
) -> None:
    await products.delete_product(database, shop, 3, NOON)
    covered = ListedProducts(10 * PERCENT, (99, 5, 3, 1, 99))
    preview = await preview_promotion(database, shop, a_promotion(coverage=covered), NOON)
    assert [sample.product.product_id for sample in preview.prices] == [5, 1]
    assert preview.unknown == (99, 3)


async def test_unknown_products_are_reported_beyond_the_samples(
    database: Database, shop: Caller
) -> None:
    covered = ListedProducts(10 * PERCENT, (*range(1, 9), *range(1000, 1300)))
    preview = await preview_promotion(database, shop, a_promotion(coverage=covered), NOON)
    assert len(preview.prices) == 6
    assert preview.unknown == tuple(range(1000, 1300))


async def test_a_promotion_that_never_wins_gets_a_warning_with_its_rival(
    database: Database, shop: Caller
) -> None:
    first = a_promotion(coverage=AllProducts(20 * PERCENT), period=a_period(None, NOON + DAY))
    await create(database, shop, first)
    second = a_promotion(coverage=ListedProducts(30 * PERCENT, (1, 2)), period=a_period(NOON + DAY))
    rival = await create(database, shop, second)
    never = PromotionWarning(WarningKind.NEVER_WINS, rival)
    for percent, warnings in ((10, (never,)), (25, ())):
        covered = ListedProducts(percent * PERCENT, (1, 2))
        draft = a_promotion(coverage=covered, codes=("A",))
        assert (await preview_promotion(database, shop, draft, NOON)).warnings == warnings


async def test_too_many_products_get_no_warning_about_never_winning(
    database: Database, merchant: Caller
) -> None:
    catalogue = [a_product(number) for number in range(1, 202)]
    await products.put_products(database, merchant, catalogue, NOON)
    rival = await create(database, merchant, a_promotion(coverage=AllProducts(90 * PERCENT)))
    for count, warned in ((200, True), (201, False)):
        covered = ListedProducts(10 * PERCENT, tuple(range(1, count + 1)))
        draft = a_promotion(coverage=covered, codes=("A",))
        preview = await preview_promotion(database, merchant, draft, NOON)
        never = PromotionWarning(WarningKind.NEVER_WINS, rival)
        assert preview.warnings == ((never,) if warned else ())


async def test_a_code_of_another_running_promotion_gets_a_warning(
    database: Database, shop: Caller
) -> None:
    rival = await create(database, shop, a_promotion(codes=("SAME", "Other", "more")))
    await create(database, shop, a_promotion(codes=("same",), active=False))
    await create(database, shop, a_promotion(codes=("same",), period=a_period(None, NOON - DAY)))
    draft = a_promotion(codes=("same", "OTHER", "free"))
    elsewhere = PromotionWarning(WarningKind.CODE_ELSEWHERE, rival, ("SAME", "Other"), 2)
    assert (await preview_promotion(database, shop, draft, NOON)).warnings == (elsewhere,)
    own = await preview_promotion(database, shop, draft, NOON, rival)
    assert own.warnings == ()
    off = a_promotion(codes=("same",), active=False)
    assert (await preview_promotion(database, shop, off, NOON)).warnings == ()


async def test_a_warning_counts_used_codes_that_would_be_removed(
    database: Database, shop: Caller
) -> None:
    codes = tuple(f"C{number}" for number in range(8))
    stored = a_promotion(codes=codes, code_type=CodeType.ONE_TIME)
    promotion_id = await create(database, shop, stored)
    for code in codes[:7]:
        order = NewOrder(code, a_cart(a_line(1, unit_price=1000), codes=(code,)))
        await checkout.place_order(database, shop, order, NOON, NOON.date())
    draft = a_promotion(codes=("c0", "NEW"))
    preview = await preview_promotion(database, shop, draft, NOON, promotion_id)
    assert preview.warnings == (
        PromotionWarning(WarningKind.REMOVES_USED, promotion_id, ("C1", "C2", "C3", "C4", "C5"), 6),
    )
    kept = await preview_promotion(database, shop, draft, NOON, promotion_id, keep_codes=True)
    assert kept.warnings == ()


async def test_the_sample_cart_of_a_gift_has_the_gift(database: Database, shop: Caller) -> None:
    gift = BuyAndGet(1, 1, get_products=ProductSelection(ids=frozenset({8})))
    terms = CartTerms(Target.LINES, gift)
    new = NewCartPromotion("Gift", True, a_period(), terms)
    preview = await preview_cart_promotion(database, shop, new, NOON)
    assert preview is not None
    assert preview.outcome is not None
    assert preview.outcome.applied
    assert list(preview.products) == [1, 2, 3, 8]
    assert preview.priced.discount == 1000

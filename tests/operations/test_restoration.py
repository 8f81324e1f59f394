"""A deleted promotion can be restored for a while; an edit can keep the codes."""

from datetime import timedelta

import pytest

from sconto.domain.coverage import AllProducts
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.problems import PromotionNotFound
from sconto.domain.promotion import RESTORABLE_FOR, PromotionChange, PromotionType, Terms
from sconto.operations import checkout, promotions
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_promotion
from tests.conftest import create_caller

LATER = NOON + timedelta(minutes=1)


async def total(database: Database, caller: Caller, *codes: str) -> int:
    return (await checkout.quote(database, caller, a_cart(codes=codes), LATER)).total


async def test_a_restored_promotion_gives_the_same_discount(
    database: Database, merchant: Caller
) -> None:
    automatic = await promotions.create_promotion(database, merchant, a_promotion(), NOON)
    new = a_promotion(codes=("FIFTH",), coverage=AllProducts(20 * PERCENT))
    coupon = await promotions.create_promotion(database, merchant, new, NOON)
    before = await promotions.get_promotion(database, merchant, coupon)
    for promotion_id in (automatic, coupon):
        await promotions.delete_promotion(database, merchant, promotion_id, NOON)
    assert await total(database, merchant, "FIFTH") == 1000

    await promotions.restore_promotion(database, merchant, automatic, LATER)
    assert await total(database, merchant, "FIFTH") == 900
    await promotions.restore_promotion(database, merchant, coupon, LATER)
    assert await total(database, merchant, "FIFTH") == 800
    assert (await promotions.get_promotion(database, merchant, coupon)).terms == before.terms


async def test_codes_that_were_removed_before_the_deletion_stay_removed(
    database: Database, merchant: Caller
) -> None:
    new = a_promotion(codes=("KEPT", "GONE"))
    coupon = await promotions.create_promotion(database, merchant, new, NOON)
    terms = Terms(new.terms.coverage, codes=("KEPT",))
    change = PromotionChange(PromotionType.COUPON, terms=terms)
    await promotions.change_promotion(database, merchant, coupon, change, NOON)
    await promotions.delete_promotion(database, merchant, coupon, LATER)
    await promotions.restore_promotion(database, merchant, coupon, LATER)
    assert (await promotions.get_promotion(database, merchant, coupon)).terms.codes == ("KEPT",)


async def test_only_recently_deleted_promotions_of_the_merchant_can_be_restored(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await promotions.create_promotion(database, merchant, a_promotion(), NOON)
    with pytest.raises(PromotionNotFound):
        await promotions.restore_promotion(database, merchant, promotion_id, NOON)
    await promotions.delete_promotion(database, merchant, promotion_id, NOON)
    too_late = NOON + RESTORABLE_FOR + timedelta(microseconds=1)
    for caller, now in ((merchant, too_late), (await create_caller(database), NOON)):
        with pytest.raises(PromotionNotFound):
            await promotions.restore_promotion(database, caller, promotion_id, now)


async def test_terms_can_change_and_keep_the_codes(database: Database, merchant: Caller) -> None:
    new = a_promotion(codes=("A", "B"))
    coupon = await promotions.create_promotion(database, merchant, new, NOON)
    terms = Terms(AllProducts(50 * PERCENT))
    change = PromotionChange(PromotionType.COUPON, terms=terms, keep_codes=True)
    await promotions.change_promotion(database, merchant, coupon, change, NOON)
    after = await promotions.get_promotion(database, merchant, coupon)
    assert after.terms == Terms(AllProducts(50 * PERCENT), codes=("A", "B"))

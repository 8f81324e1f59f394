"""The cached cart promotions of all merchants together are bounded by what they name."""

from typing import Final

import pytest

from sconto.domain.cart_offers import CartOffer
from sconto.domain.cart_promotion import (
    AmountOff,
    BuyAndGet,
    CartTerms,
    PercentOff,
    ProductSelection,
    Target,
)
from sconto.domain.listing import NO_OFFERS
from sconto.domain.money import PERCENT
from sconto.domain.offers import Offer
from sconto.store.cart_offers import CachedCartPromotions, CartPromotionCache
from tests.builders import NOON, a_period

LARGE: Final = 10_000
"""Products that one promotion may name."""


def naming(products: int) -> CartTerms:
    chosen = ProductSelection(ids=frozenset(range(1, products + 1)))
    return CartTerms(Target.LINES, PercentOff(10 * PERCENT), products=chosen)


def cached(*terms: CartTerms) -> CachedCartPromotions:
    offers = [
        CartOffer(Offer(promotion_id=number, active=True, period=a_period(NOON)), one)
        for number, one in enumerate(terms, 1)
    ]
    return CachedCartPromotions.of(1, NOON, offers, NO_OFFERS, any_with_codes=False)


def kept(cache: CartPromotionCache, merchants: range) -> list[int]:
    return [one for one in merchants if cache.get(one) is not None]


def test_promotions_that_name_many_products_displace_those_of_other_merchants() -> None:
    cache = CartPromotionCache()
    large = cached(*(naming(LARGE) for _ in range(5)))
    for merchant_id in range(1, 21):
        cache.put(merchant_id, large)
    assert kept(cache, range(1, 21)) == [18, 19, 20]

    cache.put(21, cached(*(naming(LARGE) for _ in range(100))))
    assert kept(cache, range(1, 22)) == [21]


def test_many_merchants_with_a_small_promotion_are_cached_together() -> None:
    cache = CartPromotionCache()
    small = cached(CartTerms(Target.ORDER, AmountOff({"EUR": 100})))
    for merchant_id in range(1, 12_001):
        cache.put(merchant_id, small)
    assert len(kept(cache, range(1, 12_001))) == pytest.approx(200_000 / 30, abs=1)


def test_replacing_the_promotions_of_a_merchant_counts_them_once() -> None:
    cache = CartPromotionCache()
    large = cached(*(naming(LARGE) for _ in range(19)))
    cache.put(1, cached(naming(1)))
    for _ in range(5):
        cache.put(2, large)
    assert kept(cache, range(1, 3)) == [1, 2]


def test_what_a_benefit_names_counts_too() -> None:
    few = ProductSelection(ids=frozenset({1}), tags=frozenset({"tea"}))
    terms = CartTerms(
        Target.LINES,
        BuyAndGet(2, 1, get_products=few),
        products=ProductSelection(except_ids=few.ids),
    )
    assert terms.named == 3

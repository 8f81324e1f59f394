"""Cached offers of codes are valid for one version, while they run, and their number is limited."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import pytest
from msgspec.structs import replace

from sconto.domain.codes import CodeType
from sconto.domain.offers import Offer
from sconto.store.code_offer_cache import CodeOfferCache
from tests.builders import NOON, a_period

MUG, CUP, PAN = 11, 22, 33
SHOP, OTHER_SHOP = 1, 2


def offer(
    promotion_id: int = 7, key: str = "ten", percents: Mapping[int, int] | None = None
) -> Offer:
    """That of a reusable code; without percents it is on all products."""
    return Offer(
        key=key,
        code_id=promotion_id,
        promotion_id=promotion_id,
        code_type=CodeType.REUSABLE,
        active=True,
        period=a_period(),
        percent=10 if percents is None else None,
        percents=percents or {},
    )


ON_MUG: Final = offer(percents={MUG: 20})


def test_a_code_is_cached_for_its_merchant_and_version() -> None:
    cache = CodeOfferCache()
    cache.put(SHOP, 5, NOON, [MUG], [offer()])
    assert cache.find(SHOP, 5, ["ten"], [CUP, PAN]) == [offer()]
    assert cache.find(SHOP, 5, [], [CUP]) == []
    assert cache.find(SHOP, 6, ["ten"], [MUG]) is None
    assert cache.find(OTHER_SHOP, 5, ["ten"], [MUG]) is None
    assert cache.find(SHOP, 5, ["ten", "other"], [MUG]) is None
    cache.put(SHOP, 6, NOON, [MUG], [ON_MUG])
    assert cache.find(SHOP, 6, ["ten"], [MUG]) == [ON_MUG]


def test_percents_are_known_for_the_products_that_were_looked_up() -> None:
    cache = CodeOfferCache()
    cache.put(SHOP, 5, NOON, [MUG, CUP], [ON_MUG, offer(8, percents={})])
    cache.put(SHOP, 5, NOON, [PAN], [replace(ON_MUG, percents={}), offer(8, percents={PAN: 30})])
    assert cache.find(SHOP, 5, ["ten"], [PAN, MUG]) == [ON_MUG, offer(8, percents={PAN: 30})]
    assert cache.find(SHOP, 5, ["ten"], [CUP]) == [offer(7, percents={}), offer(8, percents={})]
    assert cache.find(SHOP, 5, ["ten"], [CUP, 44]) is None


@pytest.mark.parametrize(
    "passing",
    [
        replace(offer(), code_type=CodeType.ONE_TIME),
        replace(offer(), used_at=NOON),
        replace(offer(), held_until=NOON),
        replace(offer(), active=False),
        replace(offer(), period=a_period(NOON + timedelta(seconds=1))),
        replace(offer(), period=a_period(NOON - timedelta(2), NOON - timedelta(1))),
        None,
    ],
)
def test_what_may_change_without_a_version_is_not_cached(passing: Offer | None) -> None:
    cache = CodeOfferCache()
    cache.put(SHOP, 5, NOON, [MUG], [offer(8), passing])
    assert cache.find(SHOP, 5, ["ten"], [MUG]) is None


def test_percents_read_for_a_time_at_which_the_code_does_not_run_are_not_added() -> None:
    cache = CodeOfferCache()
    ending = replace(ON_MUG, period=a_period(NOON, NOON + timedelta(hours=1)))
    cache.put(SHOP, 5, NOON, [MUG], [ending])
    cache.put(SHOP, 5, NOON + timedelta(hours=2), [CUP], [replace(ending, percents={})])
    assert cache.find(SHOP, 5, ["ten"], [CUP]) is None
    assert cache.find(SHOP, 5, ["ten"], [MUG]) == [ending]


def test_codes_that_were_not_used_for_longest_go_first() -> None:
    cache = CodeOfferCache()
    for number in range(1, 4):
        products = range(number * 100_000, number * 100_000 + 9_000)
        key = f"c{number}"
        cache.put(SHOP, 5, NOON, products, [offer(number, key, percents={})])
    for number in range(6_000):
        cache.put(SHOP, 5, NOON, [], [offer(number, f"d{number}")])
    assert cache.find(SHOP, 5, ["c1"], [100_000]) is None
    assert cache.find(SHOP, 5, ["d5999"], [1]) == [offer(5_999, "d5999")]
    kept = sum(cache.find(SHOP, 5, [f"d{one}"], []) is not None for one in range(6_000))
    assert kept == 40_000 // 8


def test_a_code_with_very_many_products_is_cached_again_from_the_start() -> None:
    cache = CodeOfferCache()
    for first in range(0, 16_000, 4_000):
        products = range(first, first + 4_000)
        cache.put(SHOP, 5, NOON, products, [offer(percents={first: 5})])
    assert cache.find(SHOP, 5, ["ten"], [1]) is None
    assert cache.find(SHOP, 5, ["ten"], [12_000]) == [offer(percents={12_000: 5})]

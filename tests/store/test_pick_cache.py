"""Cached picks are valid for one version and one span of time, and their number is limited."""

import gc
import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sconto.domain.candidates import AutomaticPick
from sconto.domain.money import PERCENT
from sconto.domain.schedule import ALL_PRODUCTS_ID, INSTANT
from sconto.store.pick_cache import PickCache, PickSpan
from sconto.store.pick_changes import PickChange, PickChanges
from tests.builders import NOON

MUG, CUP, PAN = 11, 22, 33
HOUR: Final = timedelta(hours=1)
SHOP, OTHER_SHOP = 1, 2
TEN: Final = AutomaticPick(7, 10 * PERCENT)


def span(
    product_id: int,
    pick: AutomaticPick | None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> PickSpan:
    return PickSpan(product_id, pick, since, until)


def changed(version: int, *product_ids: int) -> PickChange:
    return PickChange(version, product_ids)


def test_the_cache_is_empty_at_first() -> None:
    cache = PickCache()
    assert cache.version(SHOP) is None
    assert cache.find(SHOP, [ALL_PRODUCTS_ID, MUG], NOON) == ({}, [ALL_PRODUCTS_ID, MUG])


def test_a_product_without_a_pick_is_cached_too() -> None:
    cache = PickCache()
    cache.put(SHOP, 5, [span(MUG, TEN), span(CUP, None)])
    assert cache.find(SHOP, [PAN, CUP, MUG], NOON) == ({MUG: TEN}, [PAN])


def test_a_pick_is_cached_from_the_start_of_its_span_until_before_the_end() -> None:
    cache = PickCache()
    cache.put(SHOP, 5, [span(MUG, TEN, NOON, NOON + HOUR)])
    for at, known in (
        (NOON - INSTANT, False),
        (NOON, True),
        (NOON + HOUR - INSTANT, True),
        (NOON + HOUR, False),
    ):
        assert cache.find(SHOP, [MUG], at) == (({MUG: TEN}, []) if known else ({}, [MUG]))


def test_a_span_may_have_no_start_or_no_end() -> None:
    cache = PickCache()
    cache.put(SHOP, 5, [span(MUG, None, None, NOON), span(CUP, TEN, NOON, None)])
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC) - INSTANT
    assert cache.find(SHOP, [MUG, CUP], first) == ({}, [CUP])
    assert cache.find(SHOP, [MUG, CUP], last) == ({CUP: TEN}, [MUG])


def test_picks_of_another_version_are_dropped() -> None:
    cache = PickCache()
    cache.put(SHOP, None, [span(PAN, None)])
    cache.put(SHOP, 5, [span(MUG, TEN), span(CUP, TEN)])
    cache.put(SHOP, 4, [span(CUP, None)])
    assert cache.version(SHOP) == 4
    assert cache.find(SHOP, [MUG, CUP, PAN], NOON) == ({}, [MUG, PAN])


def test_changes_end_only_the_picks_of_their_products() -> None:
    cache = PickCache()
    cache.put(SHOP, 4, [span(MUG, TEN), span(CUP, TEN)])
    cache.follow(SHOP, PickChanges(6, [changed(4, PAN), changed(5, MUG), changed(6, PAN)]))
    assert cache.version(SHOP) == 6
    assert cache.find(SHOP, [MUG, CUP], NOON) == ({CUP: TEN}, [MUG])
    for unknown in (PickChanges(9, [changed(9, PAN)]), PickChanges(8, [changed(6, PAN)])):
        cache.follow(SHOP, unknown)
        assert cache.version(SHOP) == 6
    cache.follow(OTHER_SHOP, PickChanges(6, [changed(6, MUG)]))
    assert cache.version(OTHER_SHOP) is None


def test_a_pick_that_a_change_ended_makes_room_for_another() -> None:
    cache = PickCache()
    cache.put(OTHER_SHOP, 5, [span(1, TEN)])
    for version in range(3):
        cache.put(SHOP, version, [span(number, TEN) for number in range(20_000)])
        products = [*range(20_000)]
        cache.follow(
            SHOP, PickChanges(version + 1, [changed(version), changed(version + 1, *products)])
        )
    assert cache.find(OTHER_SHOP, [1], NOON) == ({1: TEN}, [])
    assert cache.find(SHOP, [1], NOON) == ({}, [1])


def test_an_edit_makes_room_for_other_merchants() -> None:
    cache = PickCache()
    cache.put(OTHER_SHOP, 5, [span(1, TEN)])
    for version in range(3):
        cache.put(SHOP, version, [span(number, TEN) for number in range(20_000)])
    assert cache.find(OTHER_SHOP, [1], NOON) == ({1: TEN}, [])


def test_the_number_of_cached_picks_is_limited_however_many_merchants_there_are() -> None:
    cache = PickCache()
    products = range(1, 10_001)
    for turn in range(12):
        cache.put(SHOP + turn % 4, turn // 2, [span(number, TEN) for number in products])
        kept = [len(cache.find(SHOP + number, products, NOON)[0]) for number in range(4)]
        assert 10_000 <= sum(kept) <= 25_000
    assert sum(kept) == 20_000


def test_a_merchant_never_gets_the_picks_of_another() -> None:
    cache = PickCache()
    cache.put(SHOP, 5, [span(MUG, TEN)])
    cache.put(OTHER_SHOP, 5, [span(CUP, TEN)])
    assert cache.find(OTHER_SHOP, [MUG, CUP], NOON) == ({CUP: TEN}, [MUG])
    cache.put(OTHER_SHOP, 6, [])
    assert cache.find(SHOP, [MUG], NOON) == ({MUG: TEN}, [])


def test_the_least_recently_used_picks_and_merchants_are_dropped() -> None:
    cache = PickCache()
    cache.put(SHOP, 5, [span(number, TEN) for number in range(1, 30_001)])
    picks, missing = cache.find(SHOP, range(1, 30_001), NOON)
    assert missing == list(range(1, 5_001))
    assert list(picks) == list(range(5_001, 30_001))

    cache.put(OTHER_SHOP, 5, [span(1, TEN)])
    assert cache.find(SHOP, [30_000], NOON) == ({}, [30_000])
    assert cache.find(OTHER_SHOP, [1], NOON) == ({1: TEN}, [])

    cache.put(SHOP, 5, [span(30_000, TEN)])
    for number in range(10_000):
        cache.put(OTHER_SHOP + number, 5, [])
    assert cache.version(SHOP) is None
    assert cache.find(SHOP, [30_000], NOON) == ({}, [30_000])


def test_memory_stays_bounded_while_merchants_displace_each_other() -> None:
    cache = PickCache()

    def read_lists(rounds: int) -> int:
        """Cache 1,000 other products in each round; returns the process's resident bytes."""
        for number in range(rounds):
            products = range(number * 1000 + 1, number * 1000 + 1001)
            cache.put(number % 5, 1, [span(product, TEN) for product in products])
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    full = read_lists(100)
    # If displaced spans were kept, 300,000 would take 30 MB.
    assert read_lists(300) - full < 12_000_000

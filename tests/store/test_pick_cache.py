"""What is remembered of automatic picks counts for a version and a stretch of time; bounded."""

import gc
import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sconto.domain.candidates import AutomaticPick
from sconto.domain.money import PERCENT
from sconto.domain.schedule import ALL_PRODUCTS_ID, INSTANT
from sconto.store.pick_cache import PickCache, PickSpan
from tests.builders import NOON

MUG, CUP, PAN = 11, 22, 33
HOUR: Final = timedelta(hours=1)
SHOP, OTHER_SHOP = 1, 2
TEN: Final = AutomaticPick(7, 10 * PERCENT)


def shown(
    product_id: int,
    pick: AutomaticPick | None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> PickSpan:
    return PickSpan(product_id, pick, since, until)


def test_nothing_is_remembered_at_first() -> None:
    memory = PickCache()
    assert memory.version(SHOP) is None
    assert memory.find(SHOP, [ALL_PRODUCTS_ID, MUG], NOON) == ({}, [ALL_PRODUCTS_ID, MUG])


def test_that_a_product_has_no_pick_is_remembered_too() -> None:
    memory = PickCache()
    memory.put(SHOP, 5, [shown(MUG, TEN), shown(CUP, None)])
    assert memory.find(SHOP, [PAN, CUP, MUG], NOON) == ({MUG: TEN}, [PAN])


def test_a_pick_is_remembered_from_the_start_of_its_stretch_until_before_the_end() -> None:
    memory = PickCache()
    memory.put(SHOP, 5, [shown(MUG, TEN, NOON, NOON + HOUR)])
    for at, known in (
        (NOON - INSTANT, False),
        (NOON, True),
        (NOON + HOUR - INSTANT, True),
        (NOON + HOUR, False),
    ):
        assert memory.find(SHOP, [MUG], at) == (({MUG: TEN}, []) if known else ({}, [MUG]))


def test_a_stretch_may_have_no_start_or_no_end() -> None:
    memory = PickCache()
    memory.put(SHOP, 5, [shown(MUG, None, None, NOON), shown(CUP, TEN, NOON, None)])
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC) - INSTANT
    assert memory.find(SHOP, [MUG, CUP], first) == ({}, [CUP])
    assert memory.find(SHOP, [MUG, CUP], last) == ({CUP: TEN}, [MUG])


def test_what_was_read_at_another_version_counts_as_not_remembered() -> None:
    memory = PickCache()
    memory.put(SHOP, None, [shown(PAN, None)])
    memory.put(SHOP, 5, [shown(MUG, TEN), shown(CUP, TEN)])
    memory.put(SHOP, 4, [shown(CUP, None)])
    assert memory.version(SHOP) == 4
    assert memory.find(SHOP, [MUG, CUP, PAN], NOON) == ({}, [MUG, PAN])


def test_an_edit_makes_room_for_other_merchants() -> None:
    memory = PickCache()
    memory.put(OTHER_SHOP, 5, [shown(1, TEN)])
    for version in range(3):
        memory.put(SHOP, version, [shown(number, TEN) for number in range(40_000)])
    assert memory.find(OTHER_SHOP, [1], NOON) == ({1: TEN}, [])


def test_however_many_merchants_are_edited_no_more_than_so_many_picks_are_kept() -> None:
    memory = PickCache()
    products = range(1, 20_001)
    for turn in range(12):
        memory.put(SHOP + turn % 4, turn // 2, [shown(number, TEN) for number in products])
        kept = [len(memory.find(SHOP + number, products, NOON)[0]) for number in range(4)]
        assert 20_000 <= sum(kept) <= 50_000
    assert sum(kept) == 40_000


def test_a_merchant_is_not_told_what_another_ones_products_have() -> None:
    memory = PickCache()
    memory.put(SHOP, 5, [shown(MUG, TEN)])
    memory.put(OTHER_SHOP, 5, [shown(CUP, TEN)])
    assert memory.find(OTHER_SHOP, [MUG, CUP], NOON) == ({CUP: TEN}, [MUG])
    memory.put(OTHER_SHOP, 6, [])
    assert memory.find(SHOP, [MUG], NOON) == ({MUG: TEN}, [])


def test_the_picks_and_the_merchants_that_were_used_least_lately_are_forgotten() -> None:
    memory = PickCache()
    memory.put(SHOP, 5, [shown(number, TEN) for number in range(1, 60_001)])
    picks, missing = memory.find(SHOP, range(1, 60_001), NOON)
    assert missing == list(range(1, 10_001))
    assert list(picks) == list(range(10_001, 60_001))

    memory.put(OTHER_SHOP, 5, [shown(1, TEN)])
    assert memory.find(SHOP, [60_000], NOON) == ({}, [60_000])
    assert memory.find(OTHER_SHOP, [1], NOON) == ({1: TEN}, [])

    memory.put(SHOP, 5, [shown(60_000, TEN)])
    for number in range(10_000):
        memory.put(OTHER_SHOP + number, 5, [])
    assert memory.version(SHOP) is None
    assert memory.find(SHOP, [60_000], NOON) == ({}, [60_000])


def test_memory_stays_bounded_while_merchants_displace_one_another() -> None:
    memory = PickCache()

    def read_lists(rounds: int) -> int:
        """Remember 1,000 other products in each round; answers the process's resident bytes."""
        for number in range(rounds):
            products = range(number * 1000 + 1, number * 1000 + 1001)
            memory.put(number % 5, 1, [shown(product, TEN) for product in products])
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    full = read_lists(100)
    # Without room for what is displaced, 600,000 stretches would take some 60 MB.
    assert read_lists(600) - full < 20_000_000

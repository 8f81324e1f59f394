"""Listing prices with cart promotions: one statement, and never an old price."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from asyncpg.connection import LoggedQuery
from msgspec import structs

from sconto.domain.cart_promotion import (
    AmountOff,
    CartTerms,
    Conditions,
    NewCartPromotion,
    ProductSelection,
    Target,
)
from sconto.domain.hours import Hours
from sconto.domain.listing import ListedPrice, price_listing
from sconto.domain.people import Caller
from sconto.operations import cart_promotions, checkout
from sconto.operations.checkout import list_prices
from sconto.operations.products import put_products
from sconto.store.candidate_statements import READ_PICKS, READ_VERSIONS
from sconto.store.database import Database
from tests.builders import NOON, a_period, a_product

pytestmark = pytest.mark.oldest

MUG, CUP = 11, 22
ONE_OFF = CartTerms(Target.LINES, AmountOff({"EUR": 100}))


class ListingProcess:
    """A process that lists the prices of a mug and a cup, each at 10.00, and its statements."""

    def __init__(self, database: Database, caller: Caller) -> None:
        self._database = database
        self._caller = caller
        self._sent: list[str] = []

    async def watch(self) -> None:
        async with self._database.read(pool="checkout") as connection:
            connection.add_query_logger(self._note)

    async def prices(self, hours: int = 0) -> list[int]:
        """The prices this many hours after noon."""
        at = NOON + timedelta(hours=hours)
        products = [(MUG, 1000), (CUP, 1000)]
        listed = await list_prices(self._database, self._caller, products, "EUR", at)
        return [one.price for one in listed]

    async def sent(self) -> list[str]:
        """The statements since the last call."""
        await asyncio.sleep(0)  # the logger is called a moment after the end of a statement
        sent = self._sent.copy()
        self._sent.clear()
        return sent

    def _note(self, record: LoggedQuery) -> None:
        self._sent.append(record.query)


@pytest.fixture
async def listing(database_url: str, merchant: Caller) -> AsyncIterator[ListingProcess]:
    database = await Database.open(database_url, connections=1)
    listing = ListingProcess(database, merchant)
    await listing.watch()
    yield listing
    await database.close()


async def create(database: Database, caller: Caller, terms: CartTerms) -> int:
    new = NewCartPromotion("One off", True, a_period(), terms)
    return (await cart_promotions.create_promotion(database, caller, new, NOON)).id


async def change(database: Database, caller: Caller, promotion_id: int, terms: CartTerms) -> None:
    new = NewCartPromotion("One off", True, a_period(), terms)
    await cart_promotions.change_promotion(database, caller, promotion_id, lambda _: new, NOON)


async def test_a_merchant_without_cart_promotions_sends_the_same_statements_as_before(
    listing: ListingProcess,
) -> None:
    for _ in range(2):
        assert await listing.prices() == [1000, 1000]
    assert await listing.sent() == [READ_PICKS, READ_VERSIONS]


async def test_each_edit_of_another_process_shows_immediately_and_is_read_once(
    database: Database, listing: ListingProcess, merchant: Caller
) -> None:
    promotion_id = await create(database, merchant, ONE_OFF)

    async def expect(*prices: int) -> None:
        assert await listing.prices() == list(prices)
        await listing.sent()
        assert await listing.prices() == list(prices)
        assert len(await listing.sent()) == 1

    await expect(900, 900)
    only_the_mug = ProductSelection(ids=frozenset([MUG]))
    await change(database, merchant, promotion_id, structs.replace(ONE_OFF, products=only_the_mug))
    await expect(900, 1000)
    conditions = Conditions(minimum_quantity=1)
    await change(database, merchant, promotion_id, structs.replace(ONE_OFF, conditions=conditions))
    await expect(1000, 1000)
    await change(database, merchant, promotion_id, ONE_OFF)
    await expect(900, 900)
    await cart_promotions.delete_promotion(database, merchant, promotion_id, NOON)
    await expect(1000, 1000)
    await cart_promotions.restore_promotion(database, merchant, promotion_id, NOON)
    await expect(900, 900)


async def test_hours_begin_and_end_while_the_promotion_is_cached(
    database: Database, listing: ListingProcess, merchant: Caller
) -> None:
    happy = Hours(time(13), time(15), "UTC")
    await create(database, merchant, structs.replace(ONE_OFF, hours=happy))
    assert [await listing.prices(hour) for hour in range(4)] == [
        [1000, 1000],
        [900, 900],
        [900, 900],
        [1000, 1000],
    ]
    # The clock of another process may be behind.
    assert await listing.prices(-1) == [1000, 1000]


async def test_tags_are_never_stale(
    database: Database, listing: ListingProcess, merchant: Caller
) -> None:
    tagged = ProductSelection(tags=frozenset(["tea"]))
    await create(database, merchant, structs.replace(ONE_OFF, products=tagged))
    assert await listing.prices() == [1000, 1000]
    for tags, price in ((("tea",), 900), ((), 1000), (("tea", "sale"), 900)):
        mug = replace(a_product(MUG), tags=tags)
        await put_products(database, merchant, [mug], NOON)
        await listing.sent()
        assert await listing.prices() == [price, 1000]
        assert len(await listing.sent()) == 1


async def test_other_requests_are_served_while_a_long_listing_is_priced(
    database: Database,
    listing: ListingProcess,
    merchant: Caller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checkout, "_LONGEST_STRETCH", 0)
    await create(database, merchant, ONE_OFF)
    await listing.prices()
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def watched(*asked: Any) -> Iterator[ListedPrice]:
        for price in price_listing(*asked):
            turns_before.add(turns)
            yield price

    turns_before: set[int] = set()
    monkeypatch.setattr(checkout, "price_listing", watched)
    other = asyncio.create_task(take_turns())
    products = [(number, 1000) for number in range(1, 1001)]
    await list_prices(database, merchant, products, "EUR", NOON)
    other.cancel()
    assert len(turns_before) == len(products) / checkout._STRETCH

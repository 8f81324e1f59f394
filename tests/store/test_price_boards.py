"""Written listing prices are used again while they are the same, and never an old one."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

import pytest

from sconto.domain.cart_promotion import AmountOff, CartTerms, NewCartPromotion, Target
from sconto.domain.coverage import AllProducts, Coverage, ListedProducts
from sconto.domain.listing import ListedPrice
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.promotion import PromotionChange, PromotionType, Terms
from sconto.operations import cart_promotions
from sconto.operations.checkout import list_prices, write_prices
from sconto.operations.promotions import change_promotion, create_promotion
from sconto.store.database import Database
from sconto.store.pick_cache import PickCache
from sconto.store.price_boards import _MAX_PRICES, PriceBoard, PriceBoards, ValidTime
from tests.builders import NOON, a_period, a_promotion
from tests.operations.stock import stock

pytestmark = pytest.mark.oldest

PRODUCTS: Final = range(1, 9)
HOUR: Final = timedelta(hours=1)


def write(product_id: int, price: ListedPrice, currency: str) -> str:
    return f"{product_id}: {price.price} {currency}"


class Lister:
    """A process that lists prices with its cache, and counts those that it writes."""

    def __init__(self, database: Database, caller: Caller) -> None:
        self._database = database
        self._caller = caller
        self.written = 0

    async def list(self, page: Sequence[tuple[int, int]], at: datetime = NOON) -> Sequence[str]:
        return await write_prices(self._database, self._caller, page, "EUR", at, self._write)

    def _write(self, product_id: int, price: ListedPrice, currency: str) -> str:
        self.written += 1
        return write(product_id, price, currency)


@pytest.fixture
async def lister(database_url: str, merchant: Caller) -> AsyncIterator[Lister]:
    database = await Database.open(database_url, connections=1)
    yield Lister(database, merchant)
    await database.close()


class Editor:
    """Edits of another process."""

    def __init__(self, database: Database, caller: Caller, random: Random) -> None:
        self._database = database
        self._caller = caller
        self._random = random
        self._sale = self._off = 0

    async def begin(self) -> None:
        await stock(self._database, self._caller, PRODUCTS)
        new = a_promotion(coverage=ListedProducts(10 * PERCENT, (1, 2)))
        self._sale = await create_promotion(self._database, self._caller, new, NOON)
        created = await cart_promotions.create_promotion(
            self._database, self._caller, self._amount_off(), NOON
        )
        self._off = created.id

    async def edit(self) -> None:
        """A random edit."""
        percent = self._random.randrange(1, 99) * PERCENT
        covered: Coverage = ListedProducts(percent, tuple(self._random.sample(PRODUCTS, 3)))
        if self._random.random() < 0.2:
            covered = AllProducts(percent)
        match self._random.randrange(3):
            case 0:
                starts = NOON + self._random.randrange(4) * HOUR
                new = a_promotion(coverage=covered, period=a_period(starts, starts + HOUR))
                await create_promotion(self._database, self._caller, new, NOON)
            case 1:
                change = PromotionChange(PromotionType.DISCOUNT, terms=Terms(covered, None, ()))
                await change_promotion(self._database, self._caller, self._sale, change, NOON)
            case _:
                new_off = self._amount_off()
                await cart_promotions.change_promotion(
                    self._database, self._caller, self._off, lambda _: new_off, NOON
                )

    def _amount_off(self) -> NewCartPromotion:
        benefit = AmountOff({"EUR": self._random.randrange(1, 400)})
        return NewCartPromotion("Off", True, a_period(), CartTerms(Target.LINES, benefit))


async def test_random_pages_cost_what_they_cost_without_a_cache_whatever_is_edited(
    database: Database, lister: Lister, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random("pages")
    editor = Editor(database, merchant, random)
    await editor.begin()
    at, listed = NOON, 0
    for _ in range(40):
        if random.random() < 0.2:
            await editor.edit()
        if random.random() < 0.2:
            at = NOON + random.randrange(5) * HOUR
        # A product may be on a page twice, at two prices.
        page = [(random.choice(PRODUCTS), random.choice((500, 500, 999))) for _ in range(6)]
        monkeypatch.setattr(database, "pick_cache", PickCache())
        prices = await list_prices(database, merchant, page, "EUR", at)
        expected = [
            write(product_id, price, "EUR")
            for (product_id, _), price in zip(page, prices, strict=True)
        ]
        assert await lister.list(page, at) == expected
        listed += len(page)
    assert lister.written < listed


async def test_prices_are_written_once_until_an_edit_or_a_start(
    database: Database, lister: Lister, merchant: Caller
) -> None:
    await stock(database, merchant, PRODUCTS)
    page = [(product_id, 1000) for product_id in PRODUCTS]
    starting = a_promotion(coverage=AllProducts(PERCENT), period=a_period(NOON + HOUR))
    await create_promotion(database, merchant, starting, NOON)

    async def written(page: Sequence[tuple[int, int]], hours: int = 0) -> int:
        before = lister.written
        await lister.list(page, NOON + hours * HOUR)
        return lister.written - before

    assert [await written(page) for _ in range(2)] == [8, 0]
    assert await written([*page[:4], (9, 1000), (5, 999)]) == 2
    assert [await written(page, 1), await written(page, 1)] == [8, 0]
    sale = a_promotion(coverage=ListedProducts(50 * PERCENT, (3,)))
    await create_promotion(database, merchant, sale, NOON)
    assert [await written(page, 1), await written(page, 1)] == [8, 0]


async def test_prices_are_written_once_after_the_pick_of_a_product_has_ended_by_itself(
    database: Database, lister: Lister, merchant: Caller
) -> None:
    await stock(database, merchant, PRODUCTS)
    of_an_hour = a_period(NOON, NOON + HOUR)
    sale = a_promotion(coverage=ListedProducts(PERCENT, (1,)), period=of_an_hour)
    await create_promotion(database, merchant, sale, NOON)
    page = [(product_id, 1000) for product_id in PRODUCTS]
    for hours in (0, 2, 2, 2):
        await lister.list(page, NOON + hours * HOUR)
    assert lister.written == 2 * len(page)


def test_a_board_is_silent_outside_its_window_and_at_other_prices() -> None:
    boards, board = PriceBoards(), PriceBoard("state")
    key = (1, "EUR", write)
    boards.put(key, board, ValidTime(NOON, NOON + 3 * HOUR), [((1, 500), "a")])
    boards.put(key, board, ValidTime(NOON - HOUR, NOON + HOUR), [((2, 500), "b")])
    page = [(1, 500), (2, 501), (2, 500), (3, 500)]
    assert boards.of(key).find(page, NOON) == ["a", None, "b", None]
    for at in (NOON - HOUR, NOON + HOUR):
        assert boards.of(key).find(page, at) == [None] * 4
    assert boards.of((2, "EUR", write)).find(page, NOON) == [None] * 4
    assert boards.of((1, "USD", write)).find(page, NOON) == [None] * 4


def test_the_number_of_prices_is_bounded_whatever_replaces_what() -> None:
    boards = PriceBoards()
    for number in range(40):
        key = (number % 3, "EUR", write)
        board = boards.of(key) if number % 4 else PriceBoard(number)
        first = number * 1_000
        page = [((product_id, 500), "x") for product_id in range(first, first + 700)]
        boards.put(key, board, ValidTime(), page)
        kept = [boards.of((merchant_id, "EUR", write)) for merchant_id in range(3)]
        assert boards._prices == sum(len(one.prices) for one in kept) <= _MAX_PRICES

"""Orders that are priced from the cache: one statement, and never an old price."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import pytest
from asyncpg.connection import LoggedQuery

from sconto.domain.cart import Cart
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.code_pattern import CodePattern
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.holds import NewHold
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder, Placed
from sconto.domain.people import Caller
from sconto.domain.problems import OrderConflict, TotalDiffers
from sconto.domain.promotion import NewPromotion, PromotionChange, PromotionType, Terms
from sconto.operations import cart_promotions, code_generation
from sconto.operations.checkout import place_order, quote
from sconto.operations.code_generation import generate_some, start_generation
from sconto.operations.events import list_events, start_recording, stop_recording
from sconto.operations.holds import hold_order
from sconto.operations.products import delete_product
from sconto.operations.promotions import change_promotion, create_promotion, delete_promotion
from sconto.store import candidate_statements
from sconto.store.database import Database
from sconto.store.order_statements import STATEMENTS
from tests.builders import NOON, a_cart, a_line, a_period, a_promotion, ten_off
from tests.operations.stock import stock
from tests.statistics import get_statistics

MUG, CUP = 11, 22
CART: Final = a_cart(a_line(MUG, line_id="1"), a_line(CUP, line_id="2"), codes=("TEN",))
DAY: Final = date(2026, 6, 1)

_OF_ORDERS: Final = {*candidate_statements.ON_NODES, *STATEMENTS.values()}


@dataclass
class OrderingProcess:
    """A process with its own pool and cache that places orders, while another one edits."""

    database: Database
    caller: Caller
    _sent: list[str] = field(default_factory=list)

    async def watch(self) -> None:
        async with self.database.read() as connection:
            connection.add_query_logger(self._note)

    async def place(
        self, order_id: str, cart: Cart = CART, expected_total: int | None = None
    ) -> Placed:
        order = NewOrder(order_id, cart, expected_total)
        return await place_order(self.database, self.caller, order, NOON, DAY)

    async def total(self, order_id: str, cart: Cart = CART) -> int:
        return (await self.place(order_id, cart)).order.outcome.total

    async def statements(self) -> int:
        """How many it sent for carts and orders since the last call."""
        await asyncio.sleep(0)  # the logger is called a moment after the end of a statement
        sent = len(self._sent)
        self._sent.clear()
        return sent

    def _note(self, record: LoggedQuery) -> None:
        # On a distributed database they are functions.
        if record.query in _OF_ORDERS or record.query.startswith("SELECT * FROM sconto_"):
            self._sent.append(record.query)


@pytest.fixture
async def ordering(
    database: Database, database_url: str, merchant: Caller
) -> AsyncIterator[OrderingProcess]:
    own = await Database.open(database_url, connections=1)
    ordering = OrderingProcess(own, merchant)
    await ordering.watch()
    await stock(database, merchant, [MUG, CUP])
    yield ordering
    await own.close()


def ten_percent(*products: int, code_type: CodeType = CodeType.REUSABLE) -> NewPromotion:
    """10 % with the code TEN; on all products if none is named."""
    percent = 10 * PERCENT
    coverage = ListedProducts(percent, products) if products else AllProducts(percent)
    return a_promotion(coverage=coverage, codes=("Ten",), code_type=code_type)


def twenty_percent() -> PromotionChange:
    terms = Terms(AllProducts(20 * PERCENT), CodeType.REUSABLE, ("Ten",))
    return PromotionChange(PromotionType.COUPON, terms=terms)


async def test_an_order_whose_prices_are_cached_is_one_statement_and_counts(
    database: Database, ordering: OrderingProcess
) -> None:
    promotion_id = await create_promotion(database, ordering.caller, ten_percent(), NOON)
    first = await ordering.place("A-1")
    assert await ordering.statements() == 2
    second = await ordering.place("A-2")
    assert await ordering.statements() == 1
    assert second.created
    assert second.order.outcome == first.order.outcome
    assert (await get_statistics(database, ordering.caller, promotion_id)).uses == 4


async def test_a_quote_caches_what_an_order_of_the_same_products_needs(
    database: Database, ordering: OrderingProcess
) -> None:
    await create_promotion(database, ordering.caller, ten_percent(MUG), NOON)
    await quote(ordering.database, ordering.caller, CART, NOON)
    await ordering.statements()
    assert await ordering.total("A-1") == 1900
    assert await ordering.statements() == 1
    assert await ordering.total("A-2", a_cart(a_line(CUP), codes=("TEN",))) == 1000
    assert await ordering.statements() == 1


async def test_a_percent_that_was_not_looked_up_is_read(
    database: Database, ordering: OrderingProcess
) -> None:
    await create_promotion(database, ordering.caller, ten_percent(MUG), NOON)
    assert await ordering.total("A-1", a_cart(a_line(CUP), codes=("TEN",))) == 1000
    await quote(ordering.database, ordering.caller, a_cart(a_line(MUG)), NOON)
    assert await ordering.total("A-2", a_cart(a_line(MUG), codes=("TEN",))) == 900


async def test_every_edit_is_in_the_price_of_the_next_order(
    database: Database, ordering: OrderingProcess
) -> None:
    caller = ordering.caller
    promotion_id = await create_promotion(database, caller, ten_percent(), NOON)
    assert [await ordering.total("A-1"), await ordering.total("A-2")] == [1800, 1800]
    await change_promotion(database, caller, promotion_id, twenty_percent(), NOON)
    assert [await ordering.total("B-1"), await ordering.total("B-2")] == [1600, 1600]
    everywhere = a_promotion(coverage=AllProducts(50 * PERCENT))
    automatic = await create_promotion(database, caller, everywhere, NOON)
    assert [await ordering.total("C-1"), await ordering.total("C-2")] == [1000, 1000]
    await cart_promotions.create_promotion(database, caller, ten_off(), NOON)
    assert [await ordering.total("D-1"), await ordering.total("D-2")] == [0, 0]
    await ordering.statements()
    assert await ordering.total("D-3") == 0
    assert await ordering.statements() == 1
    await delete_promotion(database, caller, automatic, NOON)
    await delete_promotion(database, caller, promotion_id, NOON)
    assert [await ordering.total("E-1"), await ordering.total("E-2")] == [1000, 1000]


async def test_a_product_that_left_the_catalogue_is_unknown_to_the_next_order(
    database: Database, ordering: OrderingProcess
) -> None:
    await create_promotion(database, ordering.caller, ten_percent(), NOON)
    await ordering.place("A-1")
    await delete_product(database, ordering.caller, CUP, NOON)
    priced = (await ordering.place("A-2")).order.outcome
    assert [line.known for line in priced.lines] == [True, False]
    assert priced == await quote(database, ordering.caller, CART, NOON)


async def test_a_code_starts_and_ends_while_it_is_cached(
    database: Database, ordering: OrderingProcess
) -> None:
    caller, minute = ordering.caller, timedelta(minutes=1)
    of_a_minute = a_period(NOON, NOON + minute)
    coupon = a_promotion(period=of_a_minute, codes=("ten",))
    await create_promotion(database, caller, coupon, NOON)
    totals = []
    for number, at in enumerate((NOON - minute, NOON, NOON + minute / 2, NOON + 2 * minute)):
        order = NewOrder(f"A-{number}", CART, None)
        placed = await place_order(ordering.database, caller, order, at, DAY)
        totals.append(placed.order.outcome.total)
    assert totals == [2000, 1800, 1800, 2000]


async def test_a_repeated_order_gets_the_stored_answer_and_another_cart_is_refused(
    database: Database, ordering: OrderingProcess
) -> None:
    promotion_id = await create_promotion(database, ordering.caller, ten_percent(), NOON)
    await ordering.place("A-1")
    second = await ordering.place("A-2")
    assert await ordering.place("A-2") == Placed(second.order, created=False)
    with pytest.raises(OrderConflict):
        await ordering.place("A-2", a_cart(a_line(MUG), codes=("TEN",)))
    assert (await get_statistics(database, ordering.caller, promotion_id)).uses == 4


async def test_a_total_is_refused_only_after_a_look_at_what_is_stored(
    database: Database, ordering: OrderingProcess
) -> None:
    promotion_id = await create_promotion(database, ordering.caller, ten_percent(), NOON)
    await ordering.place("A-1")
    await change_promotion(database, ordering.caller, promotion_id, twenty_percent(), NOON)
    assert (await ordering.place("A-2", expected_total=1600)).created
    with pytest.raises(TotalDiffers) as refused:
        await ordering.place("A-3", expected_total=1800)
    assert refused.value.quote.total == 1600


async def test_one_time_codes_and_unknown_codes_are_never_cached(
    database: Database, ordering: OrderingProcess
) -> None:
    caller = ordering.caller
    one_time = ten_percent(code_type=CodeType.ONE_TIME)
    assert await ordering.total("A-1") == 2000
    await create_promotion(database, caller, one_time, NOON)
    assert await ordering.total("A-2") == 1800
    priced = await quote(ordering.database, caller, CART, NOON)
    assert priced.codes[0].status is CodeStatus.USED


async def test_orders_of_a_merchant_with_holds_are_not_priced_from_the_cache(
    database: Database, ordering: OrderingProcess
) -> None:
    caller = ordering.caller
    await create_promotion(database, caller, ten_percent(), NOON)
    await ordering.place("A-1")
    await hold_order(database, caller, NewHold(NewOrder("A-2", CART)), NOON)
    assert (await ordering.place("A-2")).created
    await ordering.statements()
    await ordering.place("A-3")
    assert await ordering.statements() == 2


async def test_orders_at_cached_prices_are_recorded_while_events_are(
    database: Database, ordering: OrderingProcess
) -> None:
    caller = ordering.caller
    await create_promotion(database, caller, ten_percent(), NOON)
    for number in range(2):
        await ordering.place(f"A-{number}")
    await start_recording(database, caller, NOON)
    for number in range(2):
        await ordering.place(f"B-{number}")
    await stop_recording(database, caller)
    for number in range(2):
        await ordering.place(f"C-{number}")
    page = await list_events(database, caller, None, None, ["order.placed"], 10, NOON)
    assert [event.object for event in page.events] == ["order B-0", "order B-1"]


async def test_a_generated_code_that_another_promotion_has_counts_from_the_first_transaction_on(
    database: Database, ordering: OrderingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = ordering.caller
    await create_promotion(database, caller, ten_percent(), NOON)
    half = a_promotion(
        coverage=AllProducts(50 * PERCENT), code_type=CodeType.REUSABLE, codes=("Other",)
    )
    promotion_id = await create_promotion(database, caller, half, NOON)
    assert [await ordering.total("A-1"), await ordering.total("A-2")] == [1800, 1800]
    monkeypatch.setattr(code_generation, "draw_codes", lambda *_: ["TEN"])
    job = await start_generation(database, caller, promotion_id, CodePattern(), 2, NOON)
    running = await generate_some(database, caller.merchant_id, job.id, NOON)
    assert running is not None
    assert running.ending is None
    assert (await quote(database, caller, CART, NOON)).total == 1000
    assert [await ordering.total("B-1"), await ordering.total("B-2")] == [1000, 1000]

"""Carts that are read concurrently share statements, and each gets its own candidates."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Final

import asyncpg
import pytest

from sconto.domain.cart import Cart
from sconto.domain.codes import CodeType
from sconto.domain.coverage import ListedProducts
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.subscription import Subscription, SubscriptionCode
from sconto.operations.checkout import place_order, quote
from sconto.operations.promotions import create_promotion
from sconto.store.candidates import CartAt, StoredCandidates, read_candidates_of_carts
from sconto.store.cart_reads import CartReads
from sconto.store.database import Connection, Database, DatabaseUnavailable
from sconto.store.pick_cache import PickCache
from tests.builders import NOON, a_cart, a_line, a_period, a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock

pytestmark = pytest.mark.oldest

PRODUCTS: Final = range(1, 13)
NO_PRODUCT: Final = 2**63
"""An id above bigint, so that PostgreSQL refuses the whole statement."""


@dataclass
class GatedReads:
    """Reads whose connections are counted, and whose statements wait until the gate is open."""

    database: Database
    caller: Caller
    lent: int = 0
    lost: bool = False
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()
        self.reads = CartReads(self._connect, PickCache())

    def ask(self, cart: Cart, caller: Caller | None = None) -> asyncio.Task[StoredCandidates]:
        """Start reading the candidates of the cart at noon."""
        merchant_id = (caller or self.caller).merchant_id
        return asyncio.create_task(self.reads.read(merchant_id, CartAt(cart, NOON)))

    def _connect(self, _merchant_id: int) -> AbstractAsyncContextManager[Connection]:
        return self._lend()

    @asynccontextmanager
    async def _lend(self) -> AsyncIterator[Connection]:
        self.lent += 1
        await self.open.wait()
        if self.lost:
            raise DatabaseUnavailable("gone")
        async with self.database.read() as connection:
            yield connection


@pytest.fixture
def gated(database: Database, merchant: Caller) -> GatedReads:
    return GatedReads(database, merchant)


async def wait_briefly() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_carts_that_wait_for_two_statements_are_read_together(gated: GatedReads) -> None:
    gated.open.clear()
    asked = []
    for product_id in PRODUCTS:
        asked.append(gated.ask(a_cart(a_line(product_id))))
        await wait_briefly()
    assert gated.lent == 2
    gated.open.set()
    await asyncio.gather(*asked)
    assert gated.lent == 3


async def test_a_single_request_does_not_wait_and_leaves_no_queue(gated: GatedReads) -> None:
    for number in (1, 2):
        await gated.ask(a_cart())
        assert gated.lent == number
    await wait_briefly()
    assert gated.reads._queues == {}
    assert gated.reads._tasks == set()


async def test_two_merchants_share_no_statement(gated: GatedReads, database: Database) -> None:
    gated.open.clear()
    other = await create_caller(database)
    asked = [gated.ask(a_cart(), caller) for caller in (gated.caller, other)]
    await wait_briefly()
    assert gated.lent == 2
    gated.open.set()
    await asyncio.gather(*asked)
    assert gated.lent == 2


async def test_large_carts_are_read_one_by_one(gated: GatedReads) -> None:
    large = a_cart(*(a_line(number, line_id=str(number)) for number in range(1, 401)))
    await asyncio.gather(*(gated.ask(large) for _ in range(3)), gated.ask(a_cart()))
    assert gated.lent == 3


async def test_cancelling_one_caller_leaves_the_others(gated: GatedReads) -> None:
    gated.open.clear()
    asked = [gated.ask(a_cart(a_line(product_id))) for product_id in PRODUCTS]
    await wait_briefly()
    for one in asked[::2]:
        one.cancel()
    await wait_briefly()
    gated.open.set()
    staying = await asyncio.gather(*asked[1::2])
    assert all(found.known == frozenset() for found in staying)
    for one in asked[::2]:
        with pytest.raises(asyncio.CancelledError):
            await one


async def test_all_callers_learn_that_the_database_is_unavailable_and_later_ones_are_answered(
    gated: GatedReads,
) -> None:
    gated.lost = True
    for results in await asyncio.gather(
        *(gated.ask(a_cart()) for _ in PRODUCTS), return_exceptions=True
    ):
        assert isinstance(results, DatabaseUnavailable)
    assert gated.lent == 1
    gated.lost = False
    await gated.ask(a_cart())


async def test_a_cart_that_cannot_be_read_fails_alone(gated: GatedReads) -> None:
    carts = [a_cart(a_line(product_id)) for product_id in (1, NO_PRODUCT, 2)]
    results = await asyncio.gather(*map(gated.ask, carts), return_exceptions=True)
    assert isinstance(results[1], asyncpg.DataError)
    assert all(isinstance(one, StoredCandidates) for one in (results[0], results[2]))


async def test_stopped_readers_leave_no_caller_waiting(gated: GatedReads) -> None:
    gated.open.clear()
    asked = gated.ask(a_cart())
    await wait_briefly()
    (reader,) = gated.reads._tasks
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    gated.open.set()
    await gated.ask(a_cart())


async def test_carts_read_together_get_what_each_gets_alone(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, PRODUCTS)
    random = Random("carts together")
    later = NOON + timedelta(hours=1)
    for number in range(12):
        covered = tuple(random.sample(PRODUCTS, 3))
        promotion = a_promotion(
            coverage=ListedProducts((number + 1) * PERCENT, covered),
            codes=(f"c{number // 2}",) if number % 3 else (),
            period=a_period(random.choice((NOON, later)), random.choice((None, later))),
        )
        await create_promotion(database, merchant, promotion, NOON)

    def a_random_cart() -> CartAt:
        lines = (
            a_line(product_id, line_id=str(product_id))
            for product_id in random.sample(range(1, 15), random.randint(1, 8))
        )
        codes = tuple(f"C{random.randrange(8)}" for _ in range(random.randrange(4)))
        cart = a_cart(*lines, codes=codes)
        if random.random() < 0.2:
            carried = (SubscriptionCode("TRY", 1),)
            cart = Cart(cart.currency, cart.lines, codes, Subscription(None, "m", 1, carried))
        return CartAt(cart, random.choice((NOON, later)))

    for _ in range(30):
        carts = [a_random_cart() for _ in range(random.randint(1, 9))]
        together = await asyncio.gather(
            *(database.carts.read(merchant.merchant_id, one) for one in carts)
        )
        for one, found in zip(carts, together, strict=True):
            async with database.read() as connection:
                alone = await read_candidates_of_carts(
                    connection, PickCache(), merchant.merchant_id, [one]
                )
            assert [found] == alone


async def test_a_read_that_deadlocks_with_a_schema_change_is_repeated(
    database: Database, merchant: Caller
) -> None:
    async with database.write() as connection:
        await connection.execute("LOCK orders IN ACCESS EXCLUSIVE MODE")
        quoting = asyncio.create_task(quote(database, merchant, a_cart(), NOON))
        await asyncio.sleep(0.2)
        # Now each waits for the other. PostgreSQL cancels the one that waited first.
        await connection.execute(
            "LOCK products, codes, promotions, promotion_products, automatic_picks,"
            " timeline_versions IN ACCESS EXCLUSIVE MODE"
        )
        assert not quoting.done()
    assert (await quoting).total == 1000


async def test_a_used_code_is_free_only_for_the_order_that_replaces_its_order(
    database: Database, merchant: Caller
) -> None:
    coupon = a_promotion(codes=("once",), code_type=CodeType.ONE_TIME)
    await create_promotion(database, merchant, coupon, NOON)
    cart = a_cart(codes=("once",))
    await place_order(database, merchant, NewOrder("A-1", cart), NOON, NOON.date())
    replacing = NewOrder("A-2", cart, replaces="A-1")
    quoted, placed = await asyncio.gather(
        quote(database, merchant, cart, NOON),
        place_order(database, merchant, replacing, NOON, NOON.date()),
    )
    assert [code.status for code in quoted.codes] == ["used"]
    assert [code.status for code in placed.order.outcome.codes] == ["applied"]


async def test_a_cart_cancelled_midway_disturbs_no_later_statement(
    database: Database, merchant: Caller
) -> None:
    for _ in range(20):
        crowd = [asyncio.create_task(quote(database, merchant, a_cart(), NOON)) for _ in range(8)]
        await asyncio.sleep(0)
        crowd[0].cancel()
        for one in crowd:
            with suppress(asyncio.CancelledError):
                assert (await one).total == 1000

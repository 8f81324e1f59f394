"""Workers with warm caches: each answers as one that has cached nothing, after every edit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any, Final

import pytest

from sconto.api.checkout.writing import write_price
from sconto.domain.cart import Cart, Customer, Line
from sconto.domain.holds import NewHold
from sconto.domain.order import NewOrder
from sconto.domain.pricing import price
from sconto.domain.problems import CodesUsedUp, OrderBusy, Problem
from sconto.operations import checkout, code_generation
from sconto.operations.checkout import place_order, quote, write_prices
from sconto.operations.explanations import explain_order, explain_quote
from sconto.operations.holds import hold_order
from sconto.store import code_timelines, orders
from sconto.store.candidates import CartAt
from sconto.store.database import Busy, Database
from tests.conftest import create_caller
from tests.model.random_edits import CUSTOMERS, PRODUCTS, TEXTS, RandomShop
from tests.operations.stock import stock
from tests.promises import violations

START: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY: Final = date(2026, 6, 1)
WORKERS: Final = 3

_STEPS: Final = (0, 0, 0, 0, 0.000001, 0.5, 1, 2, 30, 400)
"""Seconds between two edits."""

KINDS: Final = ("none", "cart", "any")


class Workers:
    """Processes that serve one database, each with caches of its own."""

    def __init__(self, databases: list[Database], url: str) -> None:
        self.databases = databases
        self.url = url

    def cold(self) -> Database:
        """A worker that has just started; it borrows the connections of another one."""
        pools = self.databases[0]._pools
        return Database(pools["main"], pools["checkout"], pools["readiness"])


@pytest.fixture(scope="module")
async def workers(create_database: Callable[[], str]) -> AsyncIterator[Workers]:
    url = create_database()
    databases = [await Database.open(url, connections=4) for _ in range(WORKERS)]
    yield Workers(databases, url)
    for one in databases:
        await one.close()


@pytest.fixture(autouse=True)
def few_of_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Generated codes are those that promotions have; two promotions are many for a code."""
    numbers = count()

    def draw(_: object, wanted: int) -> list[str]:
        return [TEXTS[next(numbers) % len(TEXTS)] for _ in range(wanted)][:1]

    monkeypatch.setattr(code_generation, "draw_codes", draw)
    monkeypatch.setattr(code_timelines, "FEW_PROMOTIONS", 1)


class Campaign:
    """A shop, and workers that answer the same questions."""

    def __init__(self, workers: Workers, shop: RandomShop, *, with_holds: bool) -> None:
        self.workers = workers
        self.shop = shop
        self.random = shop.random
        self.with_holds = with_holds
        self.made: list[str] = []
        self._numbers = count()
        self._usual = [self.cart(is_common=True) for _ in range(4)]
        self._between: list[str] | None = None
        """The edits to be made when the next order is written; None for no edit."""

    def worker(self) -> Database:
        """Any of them."""
        return self.random.choice(self.workers.databases)

    def some(self) -> list[tuple[int, Database]]:
        """Some of them, with their numbers."""
        numbered = list(enumerate(self.workers.databases))
        return self.random.sample(numbered, self.random.randint(1, WORKERS))

    def cart(self, *, is_common: bool = False) -> Cart:
        """A random cart; most have no customer. A common one has nothing unknown."""
        random = self.random
        known, texts = PRODUCTS, TEXTS
        if not is_common:
            known, texts = (*PRODUCTS, 9), (*TEXTS, "nothing")
        some = random.sample(known, random.randint(1, 3))
        lines = [
            Line(str(n), product, random.randint(1, 3), random.choice((999, 1001, 7)))
            for n, product in enumerate(some)
        ]
        codes = random.sample(texts, random.choice((0, 1, 1, 2)))
        customer = Customer()
        if random.random() < 0.3:
            segments = frozenset(random.choice(([], ["vip"])))
            customer = Customer(random.choice((None, *CUSTOMERS)), segments)
        shipping = random.choice((None, 500))
        currency = random.choice(("EUR", "EUR", "EUR", "JPY"))
        return Cart(currency, tuple(lines), tuple(codes), customer=customer, shipping=shipping)

    async def run(self, steps: int) -> None:
        """Edit, or let time pass, and ask the workers after that."""
        for _ in range(steps):
            self.shop.now += timedelta(seconds=self.random.choice(_STEPS))
            # Without an edit, promotions start and end by themselves.
            if self.random.random() < 0.6:
                with suppress(Problem, IndexError):
                    self.made.append(await self.shop.edit(self.worker()))
            try:
                await self.compare()
            except AssertionError as error:
                raise AssertionError(f"{error}\nafter {self.made[-12:]}") from error

    async def run_concurrently(self, steps: int) -> None:
        """Edit and ask concurrently, and compare the workers when everything has ended."""
        for _ in range(steps):
            self.shop.now += timedelta(seconds=self.random.choice(_STEPS))
            asking = (self._order, self._quote, self._list)
            tasks = [self._edit() for _ in range(6)]
            tasks += [self.random.choice(asking)(self.worker(), self.cart()) for _ in range(8)]
            await asyncio.gather(*tasks)
            await self.compare()

    async def _edit(self) -> None:
        with suppress(Problem, IndexError, Busy):
            await self.shop.edit(self.worker())

    async def _order(self, worker: Database, cart: Cart) -> None:
        order = NewOrder(f"c{next(self._numbers)}", cart)
        with suppress(CodesUsedUp, OrderBusy):
            await place_order(worker, self.shop.caller, order, self.shop.now, DAY)
            self.shop.order_ids.append(order.order_id)

    async def _quote(self, worker: Database, cart: Cart) -> None:
        await quote(worker, self.shop.caller, cart, self.shop.now)

    async def _list(self, worker: Database, cart: Cart) -> None:
        products = [(line.product_id, line.unit_price) for line in cart.lines]
        caller, now = self.shop.caller, self.shop.now
        await write_prices(worker, caller, products, cart.currency, now, write_price)

    async def compare(self) -> None:
        """Ask all workers the same, and one that has cached nothing."""
        random = self.random
        parts = [self.compare_quotes, self.compare_prices, self.compare_orders, self.hold]
        # Of what a worker has cached, another part is old each time.
        for part in random.sample(parts, random.randint(1, len(parts))):
            await part()

    async def compare_orders(self) -> None:
        """Orders of a cart that the worker perhaps has cached."""
        worker, cart = self.worker(), self.cart()
        if self.random.random() < 0.7:
            cart = self.random.choice(self._usual)
        for _ in range(self.random.choice((1, 1, 2))):
            await self.compare_order(worker, cart)
        if self.random.random() < 0.5:
            await self.compare_order_after_edit(worker, cart)

    async def hold(self) -> None:
        """Hold an order, if the shop is one with holds."""
        if self.with_holds and self.random.random() < 0.3:
            new = NewHold(NewOrder(f"h{next(self._numbers)}", self.cart()), 30)
            with suppress(CodesUsedUp):
                await hold_order(self.worker(), self.shop.caller, new, self.shop.now)

    async def compare_quotes(self) -> None:
        """Quotes and their explanations, from some of the workers."""
        caller, now, cart = self.shop.caller, self.shop.now, self.cart()
        at = now + self.random.choice((0, 0, 0, -30, -5, 1, 60)) * timedelta(seconds=1)
        expected = await quote(self.workers.cold(), caller, cart, at, now=now)
        explained = await explain_quote(self.workers.cold(), caller, cart, at, now=now)
        assert explained.priced == expected
        for number, worker in self.some():
            priced = await quote(worker, caller, cart, at, now=now)
            _require_equal(f"quote of worker {number} of {cart} at {at}", priced, expected)
            if self.random.random() < 0.3:
                found = await explain_quote(worker, caller, cart, at, now=now)
                _require_equal(f"explanation of worker {number} of {cart}", found, explained)

    async def compare_prices(self) -> None:
        """Listing prices, from some of the workers."""
        caller, now = self.shop.caller, self.shop.now
        some = self.random.sample((*PRODUCTS, 9), self.random.randint(1, 5))
        products = [(one, self.random.choice((1001, 1001, 1001, 7))) for one in some]
        currency = self.random.choice(("EUR", "EUR", "JPY"))
        cold = self.workers.cold()
        expected = await write_prices(cold, caller, products, currency, now, write_price)
        for number, worker in self.some():
            written = await write_prices(worker, caller, products, currency, now, write_price)
            what = f"prices of worker {number} of {products} in {currency} at {now}"
            _require_equal(what, [bytes(one) for one in written], [bytes(one) for one in expected])
        if self.shop.cart_promotions != "none":
            return
        listed = await checkout.list_prices(cold, caller, products, currency, now)
        for (product, unit_price), one in zip(products, listed, strict=True):
            cart = Cart(currency, (Line("1", product, 1, unit_price),))
            priced = await quote(cold, caller, cart, now)
            assert one.price == priced.total, f"{product} {one} {priced}"

    async def compare_order_after_edit(self, worker: Database, cart: Cart) -> None:
        """An edit that is made between the two parts of an order is in its price."""
        caller, now = self.shop.caller, self.shop.now
        self._between = between = []
        order = NewOrder(f"e{next(self._numbers)}", cart)
        with suppress(CodesUsedUp):
            placed = await place_order(worker, caller, order, now, DAY)
            found = await checkout.get_order(self.workers.cold(), caller, order.order_id)
            # As a replay is priced: what the order took is free for it.
            again = CartAt(cart, now, (order.order_id, order.order_id))
            expected = price(
                cart, await self.workers.cold().carts.read(caller.merchant_id, again), now
            )
            assert placed.order.outcome == found.outcome
            if _OF_PRODUCTS.intersection(between):
                assert found.outcome.total == expected.total, f"{cart} at {now} after {between}"
            elif not _NOT_IN_THE_PRICE.intersection(between):
                what = f"order of {cart} at {now} after {between}"
                _require_equal(what, found.outcome, expected)
            self.shop.order_ids.append(order.order_id)
        self._between = None

    async def edit_between(self) -> None:
        """Make an edit, if one is wanted now."""
        if self._between is not None and not self._between:
            self._between.append("nothing")
            with suppress(Problem, IndexError):
                self._between.append(await self.shop.edit(self.worker()))

    async def compare_order(self, worker: Database, cart: Cart) -> None:
        """An order costs what a quote says that is made immediately before."""
        caller, now = self.shop.caller, self.shop.now
        order_id = f"o{next(self._numbers)}"
        expected = await quote(self.workers.cold(), caller, cart, now)
        try:
            placed = await place_order(worker, caller, NewOrder(order_id, cart), now, DAY)
        except CodesUsedUp as refused:
            _require_equal(f"refused order of {cart} at {now}", refused.quote, expected)
            return
        _require_equal(f"order of {cart} at {now}", placed.order.outcome, expected)
        self.shop.order_ids.append(order_id)
        stored = await checkout.get_order(self.worker(), caller, order_id)
        assert replace(stored, created_at=now) == placed.order
        if self.random.random() < 0.2:
            explained = await explain_order(self.workers.cold(), caller, order_id, now)
            _require_equal(
                f"explanation of {order_id}",
                await explain_order(worker, caller, order_id, now),
                explained,
            )


def _after(edit: Callable[[], Awaitable[None]], write: Callable[..., Any]) -> Callable[..., Any]:
    """The function, preceded by an edit."""

    async def write_after_edit(*arguments: Any) -> Any:
        await edit()
        return await write(*arguments)

    return write_after_edit


def _require_equal(what: str, found: Any, expected: Any) -> None:
    assert found == expected, f"{what}\n found    {found}\n expected {expected}"


_NOT_IN_THE_PRICE: Final = {"_delete_order", "_erase_customer"}
"""What an order may come before, although it is written later."""

_OF_PRODUCTS: Final = {"_put_products", "_delete_product"}
"""Edits that change prices by tags. Whether a product is known is as of the read."""


async def run_campaign(
    workers: Workers, seed: int, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One shop, edited this many times."""
    random = Random(seed)
    caller = await create_caller(workers.databases[0])
    await stock(workers.databases[0], caller, PRODUCTS)
    shop = RandomShop(caller, random, START, KINDS[seed % 3])
    await shop.open(workers.databases[0])
    campaign = Campaign(workers, shop, with_holds=seed % 6 == 5)
    for name in ("insert_order", "insert_order_at_cached_prices"):
        monkeypatch.setattr(checkout, name, _after(campaign.edit_between, getattr(orders, name)))
    await campaign.run(steps)
    await campaign.run_concurrently(steps // 6)
    assert not await violations(workers.databases[0], caller)


@pytest.mark.parametrize("seed", range(3))
async def test_every_worker_answers_as_a_cold_one(
    workers: Workers, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run_campaign(workers, seed, 8, monkeypatch)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_every_worker_answers_as_a_cold_one_for_long(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(100, 400):
        await run_campaign(workers, seed, 60, monkeypatch)

"""Orders of two workers at the end of limits, while promotions and orders change."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import count
from random import Random
from typing import Final

import pytest

from sconto.domain import allowances
from sconto.domain.cart import Cart, Customer
from sconto.domain.cart_promotion import (
    NO_LIMITS,
    AmountOff,
    CartTerms,
    Conditions,
    Limits,
    NewCartPromotion,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts
from sconto.domain.holds import NewHold
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder, OrderStatus, StoredOrder
from sconto.domain.people import Caller
from sconto.domain.problems import CodesUsedUp, HoldNotFound, OrderBusy, Problem
from sconto.operations import cart_promotions, promotions
from sconto.operations.checkout import change_order_status, get_order, place_order, quote
from sconto.operations.holds import hold_order, release_hold
from sconto.store.database import Database, DatabaseUnavailable
from tests.builders import NOON, a_cart, a_line, a_period, a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock
from tests.promises import violations

DAY: Final = date(2026, 6, 1)
MUG: Final = 11
CUSTOMERS: Final = (None, None, "ann", "bob")

AMPLE: Final = 3
"""Uses that count as ample here, so that few orders pass the end of what is ample."""


@dataclass(frozen=True)
class Rivals:
    """Two workers with caches and connections of their own."""

    first: Database
    second: Database

    def cold(self) -> Database:
        """A worker that has just started."""
        pools = self.first._pools
        return Database(pools["main"], pools["checkout"], pools["readiness"])


@pytest.fixture(scope="module")
async def rivals(create_database: Callable[[], str]) -> AsyncIterator[Rivals]:
    url = create_database()
    first, second = [await Database.open(url, connections=12, checkout=8) for _ in range(2)]
    yield Rivals(first, second)
    await first.close()
    await second.close()


@pytest.fixture(autouse=True)
def small_amples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowances, "AMPLE_ORDERS", AMPLE)


_KILL: Final = """
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
LIMIT 2
"""


class Race:
    """A shop with limited promotions, and what is done to it concurrently."""

    def __init__(self, rivals: Rivals, caller: Caller, seed: int, *, kills: bool = False) -> None:
        random = Random(seed)
        self.holds = seed % 3 == 0
        self.begins_with_limits = seed % 3 != 1
        self.kills = kills
        self.rivals = rivals
        self.caller = caller
        self.random = random
        self.placed: list[StoredOrder] = []
        self.limits: dict[int, Limits] = {}
        """By cart promotion, until the limits are changed."""
        self.ids: list[int] = []
        self.cart_ids: list[int] = []
        self.codes: list[str] = []
        self._numbers = count()

    def worker(self) -> Database:
        """One of the two."""
        return self.random.choice((self.rivals.first, self.rivals.second))

    def cart(self) -> Cart:
        """A cart, perhaps of a customer, and perhaps with a one-time code."""
        codes = tuple(self.random.sample(self.codes, min(len(self.codes), 1)))
        cart = a_cart(a_line(MUG, unit_price=10_000), codes=codes)
        return Cart(cart.currency, cart.lines, codes, customer=Customer(self.customer()))

    def customer(self) -> str | None:
        """One of a few, or nobody."""
        return self.random.choice(CUSTOMERS)

    async def open(self) -> None:
        """Product promotions, and cart promotions with limits that apply together."""
        random = self.random
        await stock(self.rivals.first, self.caller, [MUG])
        automatic = a_promotion(coverage=AllProducts(10 * PERCENT))
        self.ids.append(await promotions.create_promotion(self._any, self.caller, automatic, NOON))
        if random.random() < 0.5:
            self.codes = ["one", "two", "three"]
            one_time = a_promotion(codes=tuple(self.codes), code_type=CodeType.ONE_TIME)
            await promotions.create_promotion(self._any, self.caller, one_time, NOON)
        for _ in range(random.choice((1, 2, 2))):
            new = self.promotion(limits=self.begins_with_limits)
            made = await cart_promotions.create_promotion(self._any, self.caller, new, NOON)
            self.limits[made.id] = made.terms.limits
        self.cart_ids = list(self.limits)
        for worker in (self.rivals.first, self.rivals.second):
            await quote(worker, self.caller, self.cart(), NOON)

    def promotion(self, *, limits: bool = True) -> NewCartPromotion:
        """A cart promotion of a euro. Without limits, carts alone decide."""
        random = self.random
        most = Limits(
            random.choice((None, 1, 5, 9)),
            random.choice((None, None, None, 1, 2)),
            random.choice((None, None, {"EUR": random.choice((100, 450, 900))})),
        )
        conditions = Conditions(first_order=limits and random.random() < 0.15)
        terms = CartTerms(
            random.choice((Target.LINES, Target.ORDER)),
            AmountOff({"EUR": 100}),
            conditions=conditions,
            limits=most if limits else NO_LIMITS,
        )
        return NewCartPromotion("off", True, a_period(), terms)

    async def order(self) -> None:
        """Place an order."""
        order = NewOrder(f"o{next(self._numbers)}", self.cart())
        with suppress(CodesUsedUp):
            self.placed.append(await self._place(order))

    async def _place(self, order: NewOrder) -> StoredOrder:
        """As a shop does: an order that got no answer is sent again."""
        while True:
            try:
                placed = await place_order(self.worker(), self.caller, order, NOON, DAY)
            except DatabaseUnavailable:
                await asyncio.sleep(0.02)
            else:
                return placed.order

    async def kill(self) -> None:
        """End the connections of some requests."""
        async with self.rivals.cold().read(pool="readiness") as connection:
            await connection.execute(_KILL)

    async def give_back(self) -> None:
        """Delete an order, which refills limits."""
        if self.placed:
            chosen = self.random.choice(self.placed).order_id
            await change_order_status(self.worker(), self.caller, chosen, OrderStatus.DELETED, NOON)

    async def replace(self) -> None:
        """Replace an order."""
        if self.placed:
            chosen = self.random.choice(self.placed).order_id
            order = NewOrder(f"r{next(self._numbers)}", self.cart(), replaces=chosen)
            with suppress(Problem):
                self.placed.append(await self._place(order))

    async def hold(self) -> None:
        """Hold an order, and order or release it."""
        order = NewOrder(f"h{next(self._numbers)}", self.cart())
        with suppress(CodesUsedUp, HoldNotFound):
            await hold_order(self.worker(), self.caller, NewHold(order, 30), NOON)
            if self.random.random() < 0.5:
                await release_hold(self.worker(), self.caller, order.order_id, NOON)
            else:
                self.placed.append(await self._place(order))

    async def edit(self) -> None:
        """Change prices."""
        if self.random.random() < 0.5:
            active = self.random.random() < 0.5
            target = self.random.choice(self.ids)
            await promotions.switch_promotion(
                self.worker(), self.caller, target, NOON, active=active
            )
        else:
            percent = self.random.randint(1, 20) * PERCENT
            new = a_promotion(coverage=AllProducts(percent))
            self.ids.append(
                await promotions.create_promotion(self.worker(), self.caller, new, NOON)
            )

    async def change_limits(self) -> None:
        """Give a cart promotion other limits."""
        target, new = self.random.choice(self.cart_ids), self.promotion()
        await cart_promotions.change_promotion(
            self.worker(), self.caller, target, lambda _: new, NOON
        )
        self.limits.pop(target, None)

    async def run(self, tasks: int) -> None:
        """Do this many things concurrently, and look that everything was counted exactly."""
        others: list[Callable[[], Awaitable[None]]] = []
        if self.random.random() < 0.7:
            others = [self.give_back, self.replace, self.edit]
            if not self.begins_with_limits or self.random.random() < 0.4:
                others.append(self.change_limits)
            others += [self.hold] * 2 if self.holds else []
        others += [self.kill] if self.kills else []
        some = [self.random.choice([self.order] * 6 + others) for _ in range(tasks)]
        waits = [self.random.random() * 0.05 for _ in some]
        await asyncio.gather(*(self._later(*one) for one in zip(some, waits, strict=True)))
        assert not await violations(self._any, self.caller)
        await self.require_limits()
        await self.require_equal_answers()

    async def require_limits(self) -> None:
        """No limit that was not changed is passed."""
        stored = [await get_order(self._any, self.caller, one.order_id) for one in self.placed]
        for promotion_id, limits in self.limits.items():
            counting = [one for one in stored if not one.gave_back]
            uses = [
                (one.customer_id, outcome.discount)
                for one in counting
                for outcome in one.outcome.cart_promotions
                if outcome.promotion_id == promotion_id and outcome.applied
            ]
            assert limits.total is None or len(uses) <= limits.total
            for customer in {one for one, _ in uses}:
                taken = [one for one, _ in uses if one == customer]
                most = limits.per_customer
                assert most is None or (customer is not None and len(taken) <= most)
            budget = None if limits.budget is None else limits.budget["EUR"]
            assert budget is None or sum(amount for _, amount in uses) <= budget

    async def require_equal_answers(self) -> None:
        """Both workers answer as one that has just started."""
        for _ in range(3):
            cart = self.cart()
            expected = await quote(self.rivals.cold(), self.caller, cart, NOON)
            for worker in (self.rivals.first, self.rivals.second):
                assert await quote(worker, self.caller, cart, NOON) == expected
            order = NewOrder(f"q{next(self._numbers)}", cart)
            with suppress(CodesUsedUp):
                placed = await place_order(self.worker(), self.caller, order, NOON, DAY)
                assert placed.order.outcome == expected

    async def _later(self, one: Callable[[], Awaitable[None]], seconds: float) -> None:
        await asyncio.sleep(seconds)
        # On a busy machine somebody may be told to try again.
        with suppress(OrderBusy, DatabaseUnavailable):
            await one()

    @property
    def _any(self) -> Database:
        return self.rivals.first


async def run_race(rivals: Rivals, seed: int, tasks: int, *, kills: bool = False) -> None:
    race = Race(rivals, await create_caller(rivals.first), seed, kills=kills)
    await race.open()
    await race.run(tasks)


@pytest.mark.parametrize("seed", [3])
async def test_limits_are_exact_whatever_two_workers_do(rivals: Rivals, seed: int) -> None:
    await run_race(rivals, seed, 16)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_limits_are_exact_whatever_two_workers_do_for_long(rivals: Rivals) -> None:
    for seed in range(100, 500):
        await run_race(rivals, seed, 40, kills=seed % 2 == 0)

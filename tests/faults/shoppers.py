"""Shoppers who place orders while things break, and checks of the answers that they got."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from typing import Any, Final

import httpx

from sconto.api.clock import read_clock
from sconto.domain.cart_promotion import (
    AmountOff,
    CartTerms,
    Conditions,
    Limits,
    NewCartPromotion,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.people import Caller
from sconto.domain.schedule import Period
from sconto.operations.cart_promotions import create_promotion as create_cart_promotion
from sconto.operations.check import check
from sconto.operations.promotions import create_promotion
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import SECRET_KEY, create_caller
from tests.statistics import get_statistics
from tests.stories.shoppers import an_order

CLIENTS: Final = 8
CODES: Final = 1_000
CUSTOMERS: Final = 8
PAUSE: Final = 0.1
"""Seconds between two orders of a shopper: faults should meet orders, not a busy machine."""
RETRY_AFTER: Final = 0.1
"""Seconds until a shopper asks again."""

_log = logging.getLogger(__name__)


@dataclass
class Answers:
    """The answers that the shoppers got: statuses, orders by number, and times."""

    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    placed: dict[int, Any] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)
    slowest: float = 0.0
    silence: float = 0.0
    last: float = field(default_factory=time.monotonic)

    def __str__(self) -> str:
        return (
            f"{len(self.placed)} placed, {len(self.refused)} refused (code used), "
            f"answers {dict(sorted(self.statuses.items()))}, {self.broken} connections broken, "
            f"{self.silence:.2f} s without an order, slowest answer {self.slowest:.2f} s"
        )


class Shop:
    """A merchant whose one-time codes are each wanted by two orders.

    With `limited` promotions, orders take from the limits of cart promotions too, and a third of
    them are deleted and give back what they took. With `holding`, two of three are held first.
    """

    def __init__(
        self, url: str, caller: Caller, once: int, always: int, limited: Sequence[int]
    ) -> None:
        self.holding = False
        self._url = url
        self._caller = caller
        self._once = once
        self._always = always
        self._limited = limited
        self._numbers = count()
        self._is_over = False
        self.outcomes = Answers()
        token = Tokens(SECRET_KEY).issue(caller, read_clock())
        self.headers = {"Authorization": f"Bearer {token}"}

    @classmethod
    async def open(cls, url: str, *, with_limits: bool = False) -> "Shop":
        """A new merchant in a migrated database; `with_limits` it has cart promotions."""
        database = await Database.open(url)
        caller = await create_caller(database)
        codes = tuple(f"c{number}" for number in range(CODES))
        new = a_promotion(codes=codes, code_type=CodeType.ONE_TIME)
        once = await create_promotion(database, caller, new, NOON)
        always = await create_promotion(database, caller, a_promotion(), NOON)
        limited = await create_limited(database, caller) if with_limits else []
        await database.close()
        return cls(url, caller, once, always, limited)

    @asynccontextmanager
    async def ordering(
        self, find_service: Callable[[], str], pause: float = PAUSE
    ) -> AsyncIterator[Answers]:
        """Let shoppers order during the block; then each finishes its order.

        `find_service` returns the URL of the current service; every request calls it again. Between
        two orders a shopper waits `pause` seconds.
        """
        self._is_over = False
        self.outcomes.last = time.monotonic()
        shoppers = [asyncio.create_task(self._shop(find_service, pause)) for _ in range(CLIENTS)]
        try:
            yield self.outcomes
            self._is_over = True
            async with asyncio.timeout(60):
                await asyncio.gather(*shoppers)
        finally:
            for shopper in shoppers:
                shopper.cancel()
        _log.warning("%s", self.outcomes)

    async def wait_until_placed(self, more: int, within: float = 30) -> None:
        """Wait until this many more orders are placed."""
        wanted = len(self.outcomes.placed) + more
        deadline = time.monotonic() + within
        while len(self.outcomes.placed) < wanted:
            assert time.monotonic() < deadline, f"{wanted} orders wanted: {self.outcomes}"
            await asyncio.sleep(0.01)

    async def check_orders(self, url: str | None = None) -> None:
        """Assert that every acknowledged order is stored and counted once, and no other."""
        outcomes = self.outcomes
        for number in outcomes.refused | set(outcomes.placed):
            twin = number ^ 1
            if twin in outcomes.placed or twin in outcomes.refused:
                assert (number in outcomes.placed) != (twin in outcomes.placed), number
        database = await Database.open(url or self._url)
        try:
            async with database.read() as connection:
                rows = await connection.fetch(
                    "SELECT order_id FROM orders WHERE merchant_id = $1", self._caller.merchant_id
                )
            assert {row["order_id"] for row in rows} == {f"A-{n}" for n in outcomes.placed}
            for promotion_id in (self._once, self._always):
                statistics = await get_statistics(database, self._caller, promotion_id)
                assert statistics.uses == 2 * len(outcomes.placed)
            if self._limited:
                async with database.read() as connection:
                    rows = await connection.fetch(_ALLOWANCES, self._caller.merchant_id)
                kept = {(row["promotion_id"], row["key"]): row["taken"] for row in rows}
                assert kept == taken_by(outcomes.placed.values(), self._limited)
            async for checked in check(database):
                assert not checked.violations, checked
        finally:
            await database.close()

    async def find_again(self, service: str, most: int = 60) -> None:
        """Assert that a service returns orders as their shoppers got them, some by repeating them.

        It asks for about `most` of the orders, in equal distances.
        """
        placed = list(self.outcomes.placed.items())
        async with httpx.AsyncClient(base_url=service, headers=self.headers, timeout=30) as client:
            for place, (number, outcomes) in enumerate(placed[:: ceil(len(placed) / most)]):
                answer = await client.get(f"/checkout/v1/orders/A-{number}")
                assert answer.json() == outcomes
                if place % 10 == 0:
                    again = await client.post("/checkout/v1/orders", json=self._body(number))
                    assert (again.status_code, again.json()) == (200, outcomes)

    async def count_kept_orders(self, service: str) -> int:
        """The number of acknowledged orders that a restored service has, unchanged."""
        kept = 0
        async with httpx.AsyncClient(base_url=service, headers=self.headers, timeout=30) as client:
            for number, outcomes in self.outcomes.placed.items():
                answer = await client.get(f"/checkout/v1/orders/A-{number}")
                if answer.status_code == 200:
                    assert answer.json() == outcomes
                    kept += 1
        return kept

    async def _shop(self, find_service: Callable[[], str], pause: float) -> None:
        async with httpx.AsyncClient(headers=self.headers, timeout=30) as client:
            while not self._is_over:
                await self._order(client, next(self._numbers), find_service)
                await asyncio.sleep(pause)

    async def _order(
        self, client: httpx.AsyncClient, number: int, find_service: Callable[[], str]
    ) -> None:
        """Place one order, and perhaps delete it."""
        outcomes = self.outcomes
        path = "/checkout/v1/orders"
        held: dict[str, Any] = {}
        paths = ("/checkout/v1/holds", path) if self.holding and number % 3 else (path,)
        for one in paths:
            answer = await self._ask(client, find_service, "POST", one, self._body(number))
            if answer.status_code == 409:
                assert not held, answer.text
                assert "quote" in answer.json()
                outcomes.refused.add(number)
                return
            if one != path:
                held = answer.json()
        promised = {name: value for name, value in held.items() if name != "expires_at"}
        assert {**answer.json(), **promised} == answer.json()
        outcomes.placed[number] = answer.json()
        now = time.monotonic()
        outcomes.silence = max(outcomes.silence, now - outcomes.last)
        outcomes.last = now
        if self._limited and number % 3 == 0:
            gone = {"status": "deleted"}
            answer = await self._ask(client, find_service, "PATCH", f"{path}/A-{number}", gone)
            assert answer.status_code == 200, answer.text
            outcomes.placed[number] = answer.json()

    async def _ask(
        self,
        client: httpx.AsyncClient,
        find_service: Callable[[], str],
        method: str,
        path: str,
        body: object,
    ) -> httpx.Response:
        """The answer to a request, retried like a shop until it is clear."""
        outcomes = self.outcomes
        while True:
            started = time.monotonic()
            try:
                answer = await client.request(method, f"{find_service()}{path}", json=body)
            except httpx.TransportError:
                outcomes.broken += 1
                await asyncio.sleep(RETRY_AFTER)
                continue
            outcomes.statuses[answer.status_code] += 1
            outcomes.slowest = max(outcomes.slowest, time.monotonic() - started)
            if answer.status_code in (200, 201, 409):
                return answer
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["Retry-After"]) > 0
            await asyncio.sleep(RETRY_AFTER)

    def _body(self, number: int) -> dict[str, object]:
        wanted = number // 2 % CODES
        body = an_order(f"A-{number}", f"c{wanted}")
        if self._limited:
            customer = {"id": f"customer-{number // 2 % CUSTOMERS}"}
            codes = [f"c{wanted}", f"cart-{wanted}"]
            body |= {"codes": codes, "customer": customer, "shipping": "4.90"}
        return body


_ALLOWANCES: Final = """
SELECT promotion_id, key, taken::bigint FROM allowances WHERE merchant_id = $1 AND taken <> 0
"""


async def create_limited(database: Database, caller: Caller) -> list[int]:
    """A promotion with one-time codes, and one for each limit; all but one are soon reached."""
    one_off, first = AmountOff({"EUR": 100}), Conditions(first_order=True)
    codes = tuple(f"cart-{number}" for number in range(CODES))
    created = []
    for target, limits, conditions, texts in (
        (Target.ORDER, Limits(total=CODES), Conditions(), codes),
        (Target.ORDER, Limits(total=20), Conditions(), ()),
        (Target.ORDER, Limits(total=1_000_000), Conditions(), ()),
        (Target.LINES, Limits(per_customer=2), Conditions(), ()),
        (Target.LINES, Limits(budget={"EUR": 3000}), Conditions(), ()),
        (Target.SHIPPING, Limits(total=CODES), first, ()),
    ):
        terms = CartTerms(target, one_off, limits=limits, conditions=conditions)
        code_type = CodeType.ONE_TIME if texts else None
        new = NewCartPromotion("Limited", True, Period(NOON), terms, code_type, texts)
        created.append((await create_cart_promotion(database, caller, new, NOON)).id)
    return created


def taken_by(orders: Iterable[Any], limited: Sequence[int]) -> dict[tuple[int, str], int]:
    """What the orders that count took of each limit; asserts that no limit is exceeded."""
    _, total, _, of_customer, budget, first = limited
    taken: Counter[tuple[int, str]] = Counter()
    for order in orders:
        if order["status"] == "deleted":
            continue
        customer = f"customer-{int(order['order_id'][2:]) // 2 % CUSTOMERS}"
        for one in order["cart_promotions"]:
            if one["applied"]:
                promotion_id = one["promotion_id"]
                key = {of_customer: customer, budget: "EUR"}.get(promotion_id, "")
                cents = int(one["discount"].replace(".", ""))
                taken[promotion_id, key] += cents if promotion_id == budget else 1
    assert taken[total, ""] <= 20
    assert taken[budget, "EUR"] <= 3000
    assert taken[first, ""] <= CUSTOMERS
    assert all(uses <= 2 for (id_, _), uses in taken.items() if id_ == of_customer)
    return {limit: uses for limit, uses in taken.items() if uses}

"""Shoppers who place orders while things break, and checks of what they were told."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import httpx

from sconto.api.clock import read_clock
from sconto.domain.codes import CodeType
from sconto.domain.people import Caller
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
PAUSE: Final = 0.1
"""Seconds between two orders of a shopper: faults should meet orders, not a busy machine."""

_log = logging.getLogger(__name__)


@dataclass
class Told:
    """What the shoppers were told: statuses, orders by number, and times."""

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
    """A merchant whose one-time codes are each wanted by two orders."""

    def __init__(self, url: str, caller: Caller, once: int, always: int) -> None:
        self._url = url
        self._caller = caller
        self._once = once
        self._always = always
        self._numbers = count()
        self._enough = False
        self.told = Told()
        token = Tokens(SECRET_KEY).issue(caller, read_clock())
        self.headers = {"Authorization": f"Bearer {token}"}

    @classmethod
    async def open(cls, url: str) -> "Shop":
        """A new merchant in a migrated database."""
        database = await Database.open(url)
        caller = await create_caller(database)
        codes = tuple(f"c{number}" for number in range(CODES))
        new = a_promotion(codes=codes, code_type=CodeType.ONE_TIME)
        once = await create_promotion(database, caller, new, NOON)
        always = await create_promotion(database, caller, a_promotion(), NOON)
        await database.close()
        return cls(url, caller, once, always)

    @asynccontextmanager
    async def busy(self, find_service: Callable[[], str]) -> AsyncIterator[Told]:
        """Let shoppers order during the block; then each finishes its order.

        `find_service` returns the URL of the current service; every request asks for it again.
        """
        self._enough = False
        self.told.last = time.monotonic()
        shoppers = [asyncio.create_task(self._shop(find_service)) for _ in range(CLIENTS)]
        try:
            yield self.told
            self._enough = True
            async with asyncio.timeout(60):
                await asyncio.gather(*shoppers)
        finally:
            for shopper in shoppers:
                shopper.cancel()
        _log.warning("%s", self.told)

    async def until_placed(self, more: int, within: float = 30) -> None:
        """Wait until this many more orders are placed."""
        wanted = len(self.told.placed) + more
        deadline = time.monotonic() + within
        while len(self.told.placed) < wanted:
            assert time.monotonic() < deadline, f"{wanted} orders wanted: {self.told}"
            await asyncio.sleep(0.01)

    async def reckon(self, url: str | None = None) -> None:
        """Assert that every acknowledged order is stored and counted once, and no other."""
        told = self.told
        for number in told.refused | set(told.placed):
            twin = number ^ 1
            if twin in told.placed or twin in told.refused:
                assert (number in told.placed) != (twin in told.placed), number
        database = await Database.open(url or self._url)
        try:
            async with database.read() as connection:
                rows = await connection.fetch(
                    "SELECT order_id FROM orders WHERE merchant_id = $1", self._caller.merchant_id
                )
            assert {row["order_id"] for row in rows} == {f"A-{n}" for n in told.placed}
            for promotion_id in (self._once, self._always):
                statistics = await get_statistics(database, self._caller, promotion_id)
                assert statistics.uses == 2 * len(told.placed)
            async for checked in check(database):
                assert not checked.violations, checked
        finally:
            await database.close()

    async def find_all_again(self, service: str) -> None:
        """Assert that a service returns each order as its shopper got it."""
        async with httpx.AsyncClient(base_url=service, headers=self.headers, timeout=30) as client:
            for number, told in self.told.placed.items():
                answer = await client.get(f"/checkout/v1/orders/A-{number}")
                assert answer.json() == told

    async def find_those_kept(self, service: str) -> int:
        """The number of acknowledged orders that a restored service has, unchanged."""
        kept = 0
        async with httpx.AsyncClient(base_url=service, headers=self.headers, timeout=30) as client:
            for number, told in self.told.placed.items():
                answer = await client.get(f"/checkout/v1/orders/A-{number}")
                if answer.status_code == 200:
                    assert answer.json() == told
                    kept += 1
        return kept

    async def _shop(self, find_service: Callable[[], str]) -> None:
        async with httpx.AsyncClient(headers=self.headers, timeout=30) as client:
            while not self._enough:
                await self._order(client, next(self._numbers), find_service)
                await asyncio.sleep(PAUSE)

    async def _order(
        self, client: httpx.AsyncClient, number: int, find_service: Callable[[], str]
    ) -> None:
        """Place one order as shops do: retry until the answer is clear."""
        told = self.told
        while True:
            started = time.monotonic()
            try:
                url = f"{find_service()}/checkout/v1/orders"
                answer = await client.post(url, json=_body(number))
            except httpx.TransportError:
                told.broken += 1
                await asyncio.sleep(0.05)
                continue
            now = time.monotonic()
            told.statuses[answer.status_code] += 1
            told.slowest = max(told.slowest, now - started)
            if answer.status_code in (200, 201):
                told.placed[number] = answer.json()
                told.silence = max(told.silence, now - told.last)
                told.last = now
                return
            if answer.status_code == 409:
                assert "quote" in answer.json()
                told.refused.add(number)
                return
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["Retry-After"]) > 0
            await asyncio.sleep(0.05)


def _body(number: int) -> dict[str, object]:
    return an_order(f"A-{number}", f"c{number // 2 % CODES}")

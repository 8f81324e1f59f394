"""`python -m bench --compare REV`: the processor time of requests in two versions.

Each version has its own database, filled by its own commands and API, so their schemas may differ.
Both serve one client each, at the same time and on the same core: the system gives each slices of
milliseconds, so other programs disturb both alike. With more clients the requests of a version
would share statements, and how many do depends on what else is running.

Even two processes of one version differ, by the layout of their memory. So both versions are
restarted several times, and each start gives one pair of values.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from bench.carts import Basket, ask_quotes, fill_baskets, place_orders, write_cart
from bench.changes import Change, find_change
from bench.load import Load, LoadRequest, Unanswered, ask, write_request
from bench.machine import Cores, divide_cores, pinned
from bench.measures.growth import ask_pages
from bench.processor_time import processor_seconds
from bench.promotion_bodies import write_promotions
from bench.servers import Server, find_postmaster
from bench.shop import PRODUCTS, Shop, Size, make_shop
from bench.stage import SEED
from bench.versions import Version, checked_out, this_version
from sconto.store.embedded import hold_server

_STARTS: Final = 12
"""Of each version. With twelve, the interval is that of the second lowest and second highest."""

_WARM_UP: Final = 1.0
_SECONDS: Final = 3.0
"""Of each kind of request, after each start."""

_WARM_UP_REQUESTS: Final = 200
_REQUESTS: Final = 500
"""At least so many, however busy the machine is: each new connection to PostgreSQL plans its
statements once, which takes as long as dozens of quotes."""

_PASSWORD: Final = "a password of the benchmark"
_CARTS: Final = 3_000
_LARGE_CARTS: Final = 200


def _small_carts(shop: Shop) -> list[Basket]:
    return fill_baskets(shop, SEED, _CARTS)


def _large_carts(shop: Shop) -> list[Basket]:
    random = Random(f"{SEED} large")
    codes = [coupon.only_code for coupon in shop.coupons]
    products = range(1, PRODUCTS + 1)
    return [
        Basket(write_cart(random.sample(products, 100), random.sample(codes, 10), random))
        for _ in range(_LARGE_CARTS)
    ]


COMPARED: Final[Mapping[str, Callable[[Shop, str, str], Iterator[LoadRequest]]]] = {
    "quotes": lambda shop, token, _: ask_quotes(_small_carts(shop), token),
    "orders": lambda shop, token, start: place_orders(_small_carts(shop), token, start),
    "large": lambda shop, token, _: ask_quotes(_large_carts(shop), token),
    "prices": lambda _, token, __: cycle(ask_pages(token)),
}
"""Quotes and orders of five lines and a code, quotes of 100 lines and ten codes, and listing prices
of 1,000 products."""

USUALLY: Final = ("quotes", "orders")
"""What is compared unless something else is asked for."""


@dataclass(slots=True)
class _Contestant:
    """A version with its filled database, and its values by kind of request."""

    version: Version
    database_url: str
    postmaster: int
    token: str = ""
    worker: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Microseconds a request, one of each start."""
    postgresql: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def serve_client(self, server: Server, kind: str, shop: Shop, start: int) -> None:
        """Serve one client for some seconds, and note what a request took."""
        requests = COMPARED[kind](shop, self.token, f"start-{start}")
        await Load(server.port).saturate(requests, 1, _WARM_UP, _WARM_UP_REQUESTS)
        before = self._read(server)
        run = await Load(server.port).saturate(requests, 1, _SECONDS, _REQUESTS)
        after = self._read(server)
        taken = (self.worker[kind], self.postgresql[kind])
        for values, earlier, later in zip(taken, before, after, strict=True):
            values.append(1e6 * (later - earlier) / len(run.latencies))

    def _read(self, server: Server) -> tuple[float, float]:
        return processor_seconds(server.pid), processor_seconds(self.postmaster)


async def compare(revision: str, kinds: Sequence[str]) -> list[Change]:
    """What changed from the revision to this folder. Raises NoVersion."""
    cores = divide_cores()
    shop = make_shop(1, Size("100 promotions", 100, 100), 1, SEED, datetime.now(UTC))
    with checked_out(revision) as old, pinned(cores.load):
        async with AsyncExitStack() as stack:
            contestants = [
                await stack.enter_async_context(_open(version, shop, cores))
                for version in (old, this_version())
            ]
            for start in range(_STARTS):
                await _measure_once(contestants, shop, kinds, start, cores)
                print(f"start {start + 1} of {_STARTS}: measured", flush=True)
    before, now = contestants
    return [change for kind in kinds for change in _changes_of(kind, before, now)]


@asynccontextmanager
async def _open(version: Version, shop: Shop, cores: Cores) -> AsyncIterator[_Contestant]:
    """The version with a database that has the shop."""
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="sconto-compare-"))
        with pinned(cores.database):
            url = stack.enter_context(hold_server(Path(folder)))
        contestant = _Contestant(version, url, await find_postmaster(url))
        await version.run(url, "migrate")
        await version.run(url, "merchant", "create", "bench")
        user = ["user", "create", "bench", "--merchant", "bench", "--password-stdin"]
        await version.run(url, *user, sent=f"{_PASSWORD}\n")
        file = _write_products(Path(folder))
        await version.run(url, "product", "import", str(file), "--merchant", "bench")
        async with version.serve(url, cores.service) as server:
            contestant.token = await _sign_in(server)
            for body in write_promotions(shop):
                await _send(server, "/v1/promotion", contestant.token, body)
        yield contestant


def _write_products(folder: Path) -> Path:
    file = folder / "products.csv"
    products = (f"{number},Product {number},19.99,EUR\n" for number in range(1, PRODUCTS + 1))
    file.write_text("".join(("product_id,name,price,currency\n", *products)))
    return file


async def _measure_once(
    contestants: Sequence[_Contestant], shop: Shop, kinds: Sequence[str], start: int, cores: Cores
) -> None:
    """Restart all, and let them serve one kind of request after the other, side by side."""
    # The one that is started first may have an advantage.
    ordered = contestants if start % 2 else contestants[::-1]
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(one.version.serve(one.database_url, cores.service))
            for one in ordered
        ]
        for kind in kinds:
            await asyncio.gather(
                *(
                    one.serve_client(server, kind, shop, start)
                    for one, server in zip(ordered, servers, strict=True)
                )
            )


def _changes_of(kind: str, before: _Contestant, now: _Contestant) -> Iterator[Change]:
    yield find_change(kind, "worker", before.worker[kind], now.worker[kind])
    yield find_change(kind, "PostgreSQL", before.postgresql[kind], now.postgresql[kind])


async def _sign_in(server: Server) -> str:
    body = json.dumps({"username": "bench", "password": _PASSWORD}).encode()
    answer = await _send(server, "/v1/login_check", "", body)
    token: str = json.loads(answer)["token"]
    return token


async def _send(server: Server, path: str, token: str, body: bytes) -> bytes:
    status, answer = await ask(server.port, write_request("POST", path, token, body))
    if status != 200:
        raise Unanswered(answer[:600].decode())
    return answer

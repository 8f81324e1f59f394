"""The bundled server under load: its postmaster or one of its services is killed."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import httpx
import psycopg
import pytest

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from sconto.store.embedded import hold_server
from tests.services import Service
from tests.store.embedded.holders import find_postmaster, kill
from tests.stories.shoppers import an_order, clients, share_out

CLIENTS: Final = 8
CODES: Final = 18
ORDERS: Final = 3 * CODES
"""Three orders want each code, and one gets it."""


@dataclass
class Shop:
    """A merchant with an automatic promotion and one with one-time codes."""

    headers: dict[str, str]
    promotions: tuple[int, int]
    acknowledged: dict[int, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, service: Service, settings: dict[str, str]) -> Self:
        data_dir = Path(settings["SCONTO_DATA_DIR"])
        with hold_server(data_dir) as url, psycopg.connect(url) as connection:
            created = "INSERT INTO merchants (name) VALUES ('shop') RETURNING merchant_id"
            row = connection.execute(created).fetchone()
        assert row is not None
        tokens = Tokens((data_dir / "secret-key").read_bytes().strip())
        token = tokens.issue(Caller(row[0], 1, Role.ADMIN), read_clock())
        headers = {"Authorization": f"Bearer {token}"}
        codes = {"coupon_type": "one-time", "coupon_code": [f"c{n}" for n in range(CODES)]}
        once = {"coupons": {**codes, "discount_percent": "10"}}
        always = {"discounts": {"discount_percent": "5"}}

        def create(kind: str, terms: dict[str, Any]) -> int:
            body = {"promotion_type": kind, "promotion_name": "Ten percent", **terms}
            answer = httpx.post(f"{service.url}/v1/promotion", json=body, headers=headers)
            promotion_id: int = answer.json()["id"]
            return promotion_id

        return cls(headers, (create("coupon", once), create("discount", always)))

    async def order(self, url: str, break_something: Callable[[], None]) -> None:
        """Place all orders, each until placed or refused; call `break_something` in the middle."""
        is_broken = False

        async def place(client: httpx.AsyncClient, number: int) -> None:
            nonlocal is_broken
            if len(self.acknowledged) >= CODES // 3 and not is_broken:
                is_broken = True
                break_something()
            while True:
                try:
                    answer = await client.post("/orders", json=body_of(number))
                except httpx.TransportError:
                    return
                if answer.status_code != 503:
                    break
                await asyncio.sleep(0.1)
            assert answer.status_code in {200, 201, 409}
            if answer.status_code != 409:
                self.acknowledged[number] = answer.json()

        async with clients(url, self.headers, CLIENTS) as shoppers:
            await share_out(range(ORDERS), shoppers, place)
        assert is_broken

    async def check(self, url: str) -> None:
        """Assert that every acknowledged order is stored once, and that the counters fit."""
        stored: dict[int, Any] = {}

        async def find(client: httpx.AsyncClient, number: int) -> None:
            answer = await answered(lambda: client.get(f"/orders/A-{number}"))
            if answer.status_code == 200:
                stored[number] = answer.json()
                again = await answered(lambda: client.post("/orders", json=body_of(number)))
                assert (again.status_code, again.json()) == (200, stored[number])

        async with clients(url, self.headers, CLIENTS) as shoppers:
            await share_out(range(ORDERS), shoppers, find)
            found = [await find_statistics(shoppers[0], url, number) for number in self.promotions]
        uses = [statistics["promotion_uses"] for statistics in found]
        by_code = [code["coupon_uses"] for code in found[0]["coupons"]]
        codes_taken = {number % CODES for number in stored}
        assert {number: stored.get(number) for number in self.acknowledged} == self.acknowledged
        assert set(Counter(number % CODES for number in stored).values()) == {1}
        picks = Counter(
            pick["promotion_id"]
            for order in stored.values()
            for line in order["lines"]
            for pick in line["picks"]
        )
        assert uses == [picks[number] for number in self.promotions] == [2 * len(stored)] * 2
        assert by_code == [2 * (number in codes_taken) for number in range(CODES)]


@pytest.fixture
def settings(prepared_data_dir: Path) -> dict[str, str]:
    """A bundled server that no other test uses."""
    return {"SCONTO_DATA_DIR": str(prepared_data_dir)}


@pytest.fixture
def service(settings: dict[str, str], tmp_path: Path) -> Iterator[Service]:
    """A service of two processes on it."""
    with Service.running(tmp_path / "service", settings, "--workers", "2") as service:
        yield service


async def test_a_postmaster_killed_under_load_loses_no_acknowledged_order(
    service: Service, settings: dict[str, str]
) -> None:
    data_dir = Path(settings["SCONTO_DATA_DIR"])
    postmaster = find_postmaster(data_dir)
    shop = Shop.open(service, settings)
    await shop.order(service.url, break_something=lambda: kill(postmaster))
    assert find_postmaster(data_dir) != postmaster
    # Requests that were running when the server died were repeated.
    assert len(shop.acknowledged) == CODES
    await shop.check(service.url)
    assert "Traceback" not in service.log


async def test_a_service_killed_under_load_leaves_another_on_its_folder_working(
    service: Service, settings: dict[str, str], tmp_path: Path
) -> None:
    doomed = Service(tmp_path / "doomed", settings)
    try:
        doomed.wait_until_live()
        shop = Shop.open(service, settings)
        postmaster = find_postmaster(Path(settings["SCONTO_DATA_DIR"]))
        await shop.order(
            doomed.url, break_something=lambda: os.killpg(doomed.process.pid, signal.SIGKILL)
        )
    finally:
        doomed.kill_all()
    assert CODES // 3 <= len(shop.acknowledged) < CODES
    await shop.check(service.url)
    await shop.order(service.url, break_something=lambda: None)
    assert len(shop.acknowledged) == CODES
    await shop.check(service.url)
    assert find_postmaster(Path(settings["SCONTO_DATA_DIR"])) == postmaster


def body_of(number: int) -> dict[str, object]:
    """The order with this number. It wants a code that others want too."""
    return an_order(f"A-{number}", f"c{number % CODES}")


async def find_statistics(client: httpx.AsyncClient, url: str, promotion_id: int) -> Any:
    """The statistics of a promotion."""
    path = f"{url}/v1/promotion/statistics"
    return (await answered(lambda: client.post(path, json={"id": promotion_id}))).json()


async def answered(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The first answer that is not 503: a process may still have a connection to the old server."""
    for _ in range(100):
        answer = await ask()
        if answer.status_code != 503:
            break
        await asyncio.sleep(0.1)
    return answer

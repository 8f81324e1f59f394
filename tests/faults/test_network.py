"""The network to the database: cut, stalled, and broken between a commit and its answer."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.faults.conftest import Settings
from tests.faults.shoppers import Shop
from tests.services import Service, wait_until
from tests.stories.database_proxy import DatabaseProxy


@pytest.fixture
def proxy(create_database: Callable[[], str], folder: Path) -> Iterator[DatabaseProxy]:
    """A network between a service and a database that no other test uses."""
    with DatabaseProxy.between(create_database(), folder) as proxy:
        yield proxy


@pytest.fixture
def service(proxy: DatabaseProxy, folder: Path, settings_for: Settings) -> Iterator[Service]:
    """A service that reaches the database through the proxy."""
    with Service.running(folder / "service", settings_for(proxy.url)) as service:
        yield service


@pytest.mark.parametrize("times", [2, pytest.param(50, marks=pytest.mark.soak)])
async def test_a_network_cut_under_load_costs_answers_but_no_order(
    proxy: DatabaseProxy, service: Service, times: int
) -> None:
    shop = await Shop.open(proxy.url)
    async with shop.ordering(lambda: service.url) as outcomes:
        for _ in range(times):
            await shop.wait_until_placed(15)
            await asyncio.to_thread(proxy.cut)
            await asyncio.sleep(0.2)
            await asyncio.to_thread(proxy.connect)
        await shop.wait_until_placed(15)
    assert outcomes.statuses[503] > 0
    assert outcomes.broken == 0
    await shop.check_orders()
    await shop.find_again(service.url)
    assert "Traceback" not in service.log


async def test_a_retry_finds_an_order_whose_commit_was_not_answered(
    proxy: DatabaseProxy, service: Service
) -> None:
    shop = await Shop.open(proxy.url)
    async with shop.ordering(lambda: service.url) as outcomes:
        await shop.wait_until_placed(15)
        # An order is stored by a statement with its outcome, or by the commit after it.
        proxy.lose_answers(20, b'"currency"', b"COMMIT;")
        await asyncio.to_thread(wait_until, lambda: proxy.losses_left == 0)
        await shop.wait_until_placed(15)
    # An order committed without an answer is placed: the retry gets 200.
    assert outcomes.statuses[200] > 0
    assert outcomes.statuses[503] >= outcomes.statuses[200]
    await shop.check_orders()
    await shop.find_again(service.url)


async def test_a_silent_network_delays_callers_by_seconds_only(
    proxy: DatabaseProxy, service: Service
) -> None:
    shop = await Shop.open(proxy.url)
    async with shop.ordering(lambda: service.url):
        await shop.wait_until_placed(15)
    proxy.stall()
    began = time.monotonic()
    async with httpx.AsyncClient(headers=shop.headers, timeout=60) as client:
        quote = {"currency": "EUR", "lines": [a_line()]}
        asked = (
            client.get(f"{service.url}/health/ready"),
            client.post(f"{service.url}/checkout/v1/quotes", json=quote),
            client.get(f"{service.url}/checkout/v1/orders/A-0"),
        )
        answers = await asyncio.gather(*asked)
    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert time.monotonic() - began < 15
    assert (await asyncio.to_thread(service.get, "/health/live")).status_code == 200
    await asyncio.to_thread(proxy.cut)
    await asyncio.to_thread(proxy.connect)
    await asyncio.to_thread(wait_until, lambda: service.get("/health/ready").status_code == 200)
    async with shop.ordering(lambda: service.url):
        await shop.wait_until_placed(15)
    await shop.check_orders()


def a_line() -> dict[str, object]:
    return {"line_id": "1", "product_id": 1, "quantity": 1, "unit_price": "10.00"}

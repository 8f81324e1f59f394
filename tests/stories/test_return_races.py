"""Thirty-two clients return the same goods on two processes."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Final

import httpx
import pytest

from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import SECRET_KEY
from tests.promises import violations
from tests.services import Service
from tests.stories.shoppers import an_order, clients, share_out

UNITS: Final = 7
Bearer = Callable[[Caller], dict[str, str]]


def a_return(return_id: str, quantity: int = 1) -> dict[str, object]:
    return {"return_id": return_id, "lines": [{"line_id": "1", "quantity": quantity}]}


async def place(client: httpx.AsyncClient, order_id: str) -> Decimal:
    """Place an order of some units of one product; what they cost."""
    line = {"line_id": "1", "product_id": 1, "quantity": UNITS, "unit_price": "9.99"}
    answer = await client.post("/orders", json=an_order(order_id) | {"lines": [line]})
    assert answer.status_code == 201, answer.text
    return Decimal(answer.json()["total"])


async def test_the_last_units_are_paid_back_once_and_to_the_cent(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    await create_promotion(database, merchant, a_promotion(), NOON)
    answers: Counter[tuple[int, int]] = Counter()
    paid: Counter[int] = Counter()

    async def send(client: httpx.AsyncClient, task: tuple[int, int]) -> None:
        order, number = task
        # Every return is sent twice, by two clients.
        answer = await client.post(f"/orders/{order}/returns", json=a_return(f"R-{number // 2}"))
        answers[order, answer.status_code] += 1
        if answer.status_code == 201:
            paid[order] += round(100 * Decimal(answer.json()["total"]))

    async with clients(server, bearer(merchant)) as shoppers:
        costs = [100 * await place(shoppers[0], str(order)) for order in range(3)]
        tasks = [(order, number) for number in range(24) for order in range(3)]
        await share_out(tasks, shoppers, send)
        for order, cost in enumerate(costs):
            assert answers[order, 201] == UNITS
            assert answers[order, 200] + answers[order, 201] + answers[order, 409] == 24
            assert paid[order] == cost
            listed = (await shoppers[0].get(f"/orders/{order}/returns")).json()
            assert len(listed["returns"]) == UNITS
            assert listed["left"] == {
                "lines": [{"line_id": "1", "quantity": 0}],
                "shipping": False,
            }
    assert await violations(database, merchant) == []


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_killed_services_pay_back_nothing_twice(
    database_url: str,
    database: Database,
    merchant: Caller,
    bearer: Bearer,
    tmp_path: Path,
) -> None:
    settings = {"SCONTO_DATABASE_URL": database_url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}
    running = [await asyncio.to_thread(Service, tmp_path / "0", settings)]
    found: dict[str, object] = {}

    async def return_all(client: httpx.AsyncClient, number: int) -> None:
        while True:
            try:
                url = f"{running[-1].url}/checkout/v1/orders/A-{number % 20}/returns"
                answer = await client.post(url, json=a_return(f"R-{number}"))
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code != 503:
                break
        assert answer.status_code in (200, 201, 409)
        if answer.status_code != 409:
            found[answer.json()["return_id"]] = answer.json()

    async def kill() -> None:
        for number in range(1, 11):
            await asyncio.sleep(random.uniform(0.2, 0.6))
            os.killpg(running[-1].process.pid, signal.SIGKILL)
            running.append(await asyncio.to_thread(Service, tmp_path / f"{number}", settings))

    try:
        async with clients(running[0].url, bearer(merchant), 8) as shoppers:
            for number in range(20):
                await place(shoppers[0], f"A-{number}")
            await asyncio.gather(share_out(range(400), shoppers, return_all), kill())
            for number, answer in enumerate(found.values()):
                assert isinstance(answer, dict)
                url = f"{running[-1].url}/checkout/v1/orders/{answer['order_id']}/returns"
                stored = await shoppers[number % 8].get(f"{url}/{answer['return_id']}")
                assert stored.json() == answer
    finally:
        for service in running:
            service.kill_all()
    assert len(found) == 20 * UNITS
    assert await violations(database, merchant) == []

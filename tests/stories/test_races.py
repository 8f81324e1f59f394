"""Thirty-two clients and two server processes at once: nothing counts twice, nothing is lost."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from sconto.domain.codes import CodeType
from sconto.domain.order import OrderStatus, StoredOrder
from sconto.domain.people import Caller
from sconto.domain.pricing import price
from sconto.operations.promotions import create_promotion
from sconto.operations.statistics import promotion_statistics
from sconto.store.candidates import read_candidates
from sconto.store.database import Database
from sconto.store.orders import insert_order
from tests.builders import NOON, a_cart, a_promotion
from tests.conftest import SECRET_KEY
from tests.services import Service
from tests.stories.shoppers import an_order, clients, share_out

CLIENTS: Final = 32
Bearer = Callable[[Caller], dict[str, str]]


async def one_time_promotion(database: Database, merchant: Caller, codes: int) -> int:
    new = a_promotion(codes=tuple(f"c{i}" for i in range(codes)), code_type=CodeType.ONE_TIME)
    return await create_promotion(database, merchant, new, NOON)


async def test_a_one_time_code_serves_exactly_one_order(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    promotion_id = await one_time_promotion(database, merchant, codes=10)
    answers: Counter[tuple[int, int]] = Counter()

    async def order(client: httpx.AsyncClient, task: tuple[int, int]) -> None:
        code, number = task
        body = an_order(f"{code}-{number}", f"C{code}")
        answer = await client.post("/orders", json=body)
        answers[code, answer.status_code] += 1
        if answer.status_code == 409:
            assert answer.json()["quote"]["total"] == "20.00"

    async with clients(server, bearer(merchant)) as shoppers:
        tasks = [(code, number) for code in range(10) for number in range(CLIENTS)]
        await share_out(tasks, shoppers, order)
    assert answers == Counter(
        {(code, 201): 1 for code in range(10)} | {(code, 409): CLIENTS - 1 for code in range(10)}
    )
    statistics = await promotion_statistics(database, merchant, promotion_id)
    assert statistics.uses == 20
    assert statistics.codes is not None
    assert [code.uses for code in statistics.codes] == [2] * 10


async def test_400_requests_for_40_order_ids_make_40_orders(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    once = await one_time_promotion(database, merchant, codes=40)
    always = await create_promotion(database, merchant, a_promotion(), NOON)
    answers: Counter[int] = Counter()
    bodies: dict[str, set[str]] = {}

    async def order(client: httpx.AsyncClient, number: int) -> None:
        answer = await client.post("/orders", json=an_order(f"A-{number}", f"c{number}"))
        answers[answer.status_code] += 1
        bodies.setdefault(f"A-{number}", set()).add(answer.text)

    async with clients(server, bearer(merchant)) as shoppers:
        await share_out((n for n in range(40) for _ in range(10)), shoppers, order)
    assert answers == {201: 40, 200: 360}
    assert [len(texts) for texts in bodies.values()] == [1] * 40
    for promotion_id in (once, always):
        assert (await promotion_statistics(database, merchant, promotion_id)).uses == 80


async def test_an_order_that_is_held_open_keeps_no_other_from_being_placed(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    await one_time_promotion(database, merchant, codes=40)
    shared = await create_promotion(database, merchant, a_promotion(codes=("shared",)), NOON)
    automatic = await create_promotion(database, merchant, a_promotion(), NOON)

    async def order(client: httpx.AsyncClient, number: int) -> None:
        body = an_order(f"A-{number}", f"c{number}" if number % 2 else "shared")
        assert (await client.post("/orders", json=body)).status_code == 201

    async with (
        database.write() as connection,
        clients(server, bearer(merchant)) as shoppers,
        asyncio.timeout(20),
    ):
        cart = a_cart(codes=("c0", "shared"))
        found = await read_candidates(connection, merchant.merchant_id, cart, NOON)
        outcome = price(cart, found.candidates, NOON)
        held = StoredOrder("held", OrderStatus.NOT_PAID, NOON, outcome)
        await insert_order(connection, merchant.merchant_id, held, NOON.date())
        await share_out(range(1, 40), shoppers, order)
    assert (await promotion_statistics(database, merchant, shared)).uses == 39
    assert (await promotion_statistics(database, merchant, automatic)).uses == 79


@pytest.fixture
def two_services(database_url: str, tmp_path: Path) -> Iterator[tuple[Service, Service]]:
    """Two services on one database; the first is there to be killed."""
    settings = {"SCONTO_DATABASE_URL": database_url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}
    doomed = Service(tmp_path / "doomed", settings)
    try:
        doomed.wait_until_live()
        with Service.running(tmp_path / "survivor", settings) as survivor:
            yield doomed, survivor
    finally:
        doomed.kill_all()


async def test_a_process_killed_under_load_loses_no_order_that_was_acknowledged(
    two_services: tuple[Service, Service], database: Database, merchant: Caller, bearer: Bearer
) -> None:
    doomed, survivor = two_services
    once = await one_time_promotion(database, merchant, codes=100)
    always = await create_promotion(database, merchant, a_promotion(), NOON)
    acknowledged: dict[int, Any] = {}
    broken: set[int] = set()

    async def order(client: httpx.AsyncClient, number: int) -> None:
        if len(acknowledged) >= 40 and doomed.is_anything_left():
            os.killpg(doomed.process.pid, signal.SIGKILL)
        try:
            answer = await client.post("/orders", json=body_of(number))
        except httpx.TransportError:
            broken.add(number)
            return
        if answer.status_code == 201:
            acknowledged[number] = answer.json()

    def body_of(number: int) -> dict[str, object]:
        return an_order(f"A-{number}", f"c{number % 100}")

    async with clients(doomed.url, bearer(merchant)) as shoppers:
        await share_out(range(400), shoppers, order)
    assert 40 <= len(acknowledged) < 100
    assert broken
    stored: list[Any] = []

    async def find(client: httpx.AsyncClient, number: int) -> None:
        answer = await client.get(f"/orders/A-{number}")
        if number in acknowledged:
            assert answer.json() == acknowledged[number]
        if answer.status_code == 200:
            stored.append(answer.json())
            again = await client.post("/orders", json=body_of(number))
            assert (again.status_code, again.json()) == (200, answer.json())

    async with clients(survivor.url, bearer(merchant)) as shoppers:
        await share_out(range(400), shoppers, find)
        picks = Counter(
            pick["promotion_id"]
            for order in stored
            for line in order["lines"]
            for pick in line["picks"]
        )
        for promotion_id in (once, always):
            statistics = await promotion_statistics(database, merchant, promotion_id)
            assert statistics.uses == picks[promotion_id]
        codes = [order["codes"][0]["code"] for order in stored]
        assert len(codes) == len(set(codes))

        # What was not acknowledged can be sent again, and is placed or refused as ever.
        statuses: Counter[int] = Counter()

        async def retry(client: httpx.AsyncClient, number: int) -> None:
            statuses[(await client.post("/orders", json=body_of(number))).status_code] += 1

        await share_out(range(400), shoppers, retry)
    assert statuses[200] == len(stored)
    assert statuses[200] + statuses[201] == 100
    assert (await promotion_statistics(database, merchant, once)).uses == 200

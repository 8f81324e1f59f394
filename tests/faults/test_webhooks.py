"""The service and the database are killed while events go to a receiver that fails on purpose."""

import asyncio
import os
import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from sconto.api.clock import read_clock
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.webhooks import NewWebhook
from sconto.operations import checkout, promotions, webhooks
from sconto.store.database import Database
from tests.builders import a_cart, a_period, a_promotion
from tests.conftest import create_caller
from tests.faults.cluster import Cluster
from tests.faults.conftest import Settings
from tests.operations.event_source import EventSource
from tests.receiver import Received, Receiver, a_receiver, hang
from tests.services import Service

WEBHOOK_SETTINGS = {"SCONTO_WEBHOOK_NETWORKS": "127.0.0.1", "SCONTO_WEBHOOK_TIMEOUT": "1"}


class Book:
    """What a receiver accepted, in order."""

    def __init__(self, receiver: Receiver) -> None:
        self.taken: list[Received] = []
        receiver.answer = self.take

    def take(self, received: Received) -> web.StreamResponse:
        """Accept it."""
        self.taken.append(received)
        return web.Response(status=204)

    def has(self, objects: int, type_: str) -> bool:
        """Whether events of a type about this number of objects were accepted."""
        return len({one.about for one in self.taken if one.event["type"] == type_}) >= objects

    async def until(self, objects: int, type_: str) -> None:
        """Wait for them: on a busy machine requests time out, and the third waits a minute."""
        async with asyncio.timeout(150):
            while not self.has(objects, type_):  # noqa: ASYNC110  # another process brings them
                await asyncio.sleep(0.05)


SOAK = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.mark.parametrize(
    "times", [pytest.param(1, marks=pytest.mark.timeout(400)), pytest.param(8, marks=SOAK)]
)
async def test_nothing_is_lost_when_the_service_and_the_database_are_killed(
    cluster: Cluster, folder: Path, settings_for: Settings, times: int
) -> None:
    settings = settings_for(cluster.url) | WEBHOOK_SETTINGS
    database = await Database.open(cluster.url)
    source = EventSource(database, await create_caller(database))
    services = [await asyncio.to_thread(Service, folder / "0", settings)]
    try:
        async with a_receiver() as receiver:
            book = Book(receiver)
            new = NewWebhook(receiver.url)
            created = await webhooks.create_webhook(database, source.caller, new, read_clock())
            starts_at = read_clock() + timedelta(seconds=1)
            later = a_promotion(name="Later", period=a_period(starts_at))
            await promotions.create_promotion(database, source.caller, later, read_clock())
            await book.until(1, "promotion.started")
            assert read_clock() - starts_at < timedelta(seconds=10)
            placed = 0
            for number in range(times):
                # Killed while requests are running, and after others have failed.
                receiver.script = [500, 503, hang, hang]
                await place(database, source, range(placed, placed + 8))
                await book.until(placed + 4, "order.placed")
                os.killpg(services[-1].process.pid, signal.SIGKILL)
                folder_of_next = folder / str(number + 1)
                services.append(await asyncio.to_thread(Service, folder_of_next, settings))
                await book.until(placed + 8, "order.paid")

                receiver.script = [500, hang]
                await place(database, source, range(placed + 8, placed + 16))
                await asyncio.to_thread(cluster.kill)
                await asyncio.to_thread(cluster.start)
                placed += 16
                await book.until(placed, "order.paid")
        assert_event(book.taken, created.secret, placed)
        assert "Traceback" not in services[-1].log
    finally:
        await database.close()
        for service in services:
            service.kill_all()


async def place(database: Database, source: EventSource, numbers: range) -> None:
    """Place orders, and pay them."""
    for number in numbers:
        now, order_id = read_clock(), f"A-{number}"
        new = NewOrder(order_id, a_cart())
        await checkout.place_order(database, source.caller, new, now, now.date())
        await checkout.change_order_status(database, source.caller, order_id, OrderStatus.PAID, now)


def assert_event(taken: list[Received], secret: str, orders: int) -> None:
    """Assert that all events came, each under one id, signed, and in order for each order."""
    events = {one.id: (one.event["type"], one.about) for one in taken}
    assert Counter(type_ for type_, _ in events.values()) == {
        "order.placed": orders,
        "order.paid": orders,
        "promotion.created": 1,
        "promotion.started": 1,
    }
    for number in range(orders):
        of_order = [one.event["type"] for one in taken if one.about == f"A-{number}"]
        assert list(dict.fromkeys(of_order)) == ["order.placed", "order.paid"]
    for one in taken:
        one.verify(secret)

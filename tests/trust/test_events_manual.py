"""The examples of docs/events.md, and its receiver, exactly as the page has them."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from typing import Any

import httpx
import pytest

from sconto.api.clock import read_clock
from sconto.api.sending.sender import Sender
from sconto.domain.people import Caller
from sconto.domain.webhooks import DeliveryState, NewWebhook
from sconto.operations import webhooks
from sconto.operations.deliveries import Deliveries, lease_for
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.receiver import LOCAL
from tests.trust.manuals import DOCS, check_examples, read_examples, serve


@pytest.fixture
async def shop(
    create_database: Callable[[], str], tokens: Tokens
) -> AsyncIterator[httpx.AsyncClient]:
    database = await Database.open(create_database())
    caller = await create_caller(database)
    async with serve(database, tokens, read_clock) as client:
        client.headers["Authorization"] = f"Bearer {tokens.issue(caller, read_clock())}"
        yield client


async def test_every_example_is_answered_as_the_page_shows(shop: httpx.AsyncClient) -> None:
    examples = read_examples("events.md")
    assert len(examples) >= 4
    await check_examples(shop, examples)


@contextmanager
def receiver_of_the_page() -> Iterator[tuple[str, dict[str, Any]]]:
    """The address of the page's receiver, and the names of its program."""
    [program] = re.findall(r"^```python\n(.*?)^```$", (DOCS / "events.md").read_text(), re.M | re.S)
    names: dict[str, Any] = {"__name__": "receiver"}
    exec(program, names)
    with HTTPServer(("127.0.0.1", 0), names["Receiver"]) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", names
        server.shutdown()


async def test_the_receiver_takes_what_is_signed_by_its_secret(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = Sender(LOCAL, 5)
    deliveries = Deliveries(database, sender.send, read_clock, lease=lease_for(5))
    new = NewWebhook("https://shop.example/", enabled=False)
    created = await webhooks.create_webhook(database, merchant, new, read_clock())
    webhook_id = created.webhook.id
    monkeypatch.setenv("WEBHOOK_SECRET", created.secret)
    with receiver_of_the_page() as (url, names):

        def change(_: object) -> NewWebhook:
            return NewWebhook(url, enabled=False)

        args = database, merchant, webhook_id
        await webhooks.change_webhook(*args, change, read_clock())
        sent = await deliveries.send_test(merchant, webhook_id)
        assert sent.delivery.state is DeliveryState.DELIVERED
        assert names["seen"] == {sent.delivery.message_id}
        monkeypatch.setenv("WEBHOOK_SECRET", "whsec_" + "A" * 44)
    with receiver_of_the_page() as (url, names):
        await webhooks.change_webhook(*args, change, read_clock())
        refused = await deliveries.send_test(merchant, webhook_id)
        assert refused.attempts[0].status == 400
        assert names["seen"] == set()
    await sender.close()
    await asyncio.sleep(0)

"""Deliveries to a real receiver: signed, in order, again after failures, and given up."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec
import pytest
from aiohttp import web
from standardwebhooks import WebhookVerificationError

from sconto.api.clock import read_clock
from sconto.api.events.writing import write_details
from sconto.api.sending.sender import Sender
from sconto.domain.numbers import MAX_INT64
from sconto.domain.order import OrderStatus
from sconto.domain.people import Caller
from sconto.domain.problems import DeliveryNotFound, RecordingNeeded, WebhookNotFound
from sconto.domain.webhooks import (
    NOT_KEPT,
    PAUSED_FROM,
    RETRY_DELAYS,
    Delivery,
    DeliveryState,
    DisabledBecause,
    NewWebhook,
    Webhook,
)
from sconto.operations import event_removal, events, webhooks
from sconto.operations.deliveries import Deliveries, lease_for
from sconto.store.database import Database
from tests.conftest import create_caller, own_database
from tests.operations.event_source import EventSource
from tests.receiver import LOCAL, Received, Receiver, a_receiver, hang

database = own_database

SECONDS = 0.3
"""How long a receiver may take."""

DAY = timedelta(days=1)


@dataclass
class Post:
    """A merchant with a webhook, and a worker whose clock the test sets."""

    source: EventSource
    receiver: Receiver
    sender: Sender
    webhook: Webhook
    secret: str
    now: datetime

    @property
    def caller(self) -> Caller:
        return self.source.caller

    @property
    def database(self) -> Database:
        return self.source.database

    def worker(self) -> Deliveries:
        lease = lease_for(SECONDS)
        return Deliveries(self.database, self.sender.send, lambda: self.now, lease=lease)

    async def send(self, after: timedelta = timedelta()) -> None:
        """Number the events, and send what is due, after this much time."""
        self.now += after
        await events.append_all(self.database, self.caller.merchant_id, self.now)
        await self.worker().send_all()

    async def add(self, url: str, **fields: object) -> Webhook:
        new = replace(NewWebhook(url), **fields)  # type: ignore[arg-type]
        created = await webhooks.create_webhook(self.database, self.caller, new, self.now)
        return created.webhook

    async def change(self, **fields: object) -> None:
        def change(before: Webhook) -> NewWebhook:
            current = NewWebhook(before.url, before.description, before.types, before.enabled)
            return replace(current, **fields)  # type: ignore[arg-type]

        await webhooks.change_webhook(self.database, self.caller, self.webhook.id, change, self.now)

    async def refreshed(self) -> Webhook:
        return await webhooks.get_webhook(self.database, self.caller, self.webhook.id)

    async def deliveries(self) -> list[Delivery]:
        """All of them, the first one first."""
        found, _ = await webhooks.list_deliveries(
            self.database, self.caller, self.webhook.id, before=MAX_INT64, limit=1000
        )
        return found[::-1]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as receiver:
        yield receiver


@pytest.fixture
async def post(database: Database, receiver: Receiver) -> AsyncIterator[Post]:
    sender = Sender(LOCAL, SECONDS)
    caller = await create_caller(database)
    now = read_clock()
    created = await webhooks.create_webhook(database, caller, NewWebhook(receiver.url), now)
    source = EventSource(database, caller)
    yield Post(source, receiver, sender, created.webhook, created.secret, now)
    # Other tests of this database send what is due of all merchants.
    for webhook in await webhooks.list_webhooks(database, caller):
        await webhooks.delete_webhook(database, caller, webhook.id, now)
    await sender.close()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110  # what is waited for happens elsewhere
            await asyncio.sleep(0.01)


async def test_the_official_library_accepts_the_messages(post: Post, receiver: Receiver) -> None:
    await post.source.order("Ä-1")
    await post.send()
    [message] = receiver.received
    message.verify(post.secret)
    with pytest.raises(WebhookVerificationError):
        message.verify("whsec_" + "A" * 40)
    [event] = await post.source.news()
    assert message.id == event.id == message.event["id"]
    assert message.headers["content-type"] == "application/json"
    assert message.about == "Ä-1"
    [delivery] = await post.deliveries()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 1)


async def test_both_secrets_are_valid_during_the_overlap(post: Post, receiver: Receiver) -> None:
    rotated = await webhooks.rotate_secret(
        post.database, post.caller, post.webhook.id, timedelta(hours=24), post.now
    )
    await post.source.order("A-1")
    await post.send()
    receiver.received[0].verify(post.secret)
    receiver.received[0].verify(rotated.secret)
    await webhooks.rotate_secret(post.database, post.caller, post.webhook.id, timedelta(), post.now)
    await post.source.order("A-2")
    await post.send()
    with pytest.raises(WebhookVerificationError):
        receiver.received[1].verify(rotated.secret)


async def test_a_webhook_gets_only_its_types(post: Post, receiver: Receiver) -> None:
    await post.change(types=("order.paid",))
    await post.source.order("A-1")
    await post.source.set_status("A-1", OrderStatus.PAID)
    await post.send()
    assert receiver.types == ["order.paid"]


async def test_failures_are_retried_later_in_order(post: Post, receiver: Receiver) -> None:
    receiver.script = [500, 302]
    await post.source.order("A-1")
    await post.send()
    await post.source.set_status("A-1", OrderStatus.PAID)
    await post.source.order("A-2")
    # The next event about A-1 waits for the first; the other order does not.
    await post.send(RETRY_DELAYS[0])
    assert [one.about for one in receiver.received] == ["A-1", "A-1", "A-2"]
    await post.send(RETRY_DELAYS[1])
    assert receiver.types == [*["order.placed"] * 4, "order.paid"]
    assert len({one.id for one in receiver.received}) == 3
    first, *_ = await post.deliveries()
    details = await webhooks.get_delivery(post.database, post.caller, post.webhook.id, first.id)
    answers = [(one.status, one.failure, one.answer) for one in details.attempts]
    assert answers == [
        (500, "answered 500", "answer 500"),
        (302, "redirects are not followed", "answer 302"),
        (204, None, ""),
    ]
    assert msgspec.json.encode(details.payload) == receiver.received[0].body


async def test_after_three_days_a_delivery_is_dead_and_the_webhook_disabled(
    post: Post, receiver: Receiver
) -> None:
    receiver.answer = 503
    await post.source.order("A-1")
    await post.send()
    await post.source.set_status("A-1", OrderStatus.PAID)
    for delay in RETRY_DELAYS:
        assert (await post.refreshed()).enabled
        await post.send(delay)
    await post.send(DAY)
    webhook = await post.refreshed()
    assert (webhook.enabled, webhook.disabled_because) == (False, DisabledBecause.FAILING)
    states = [(one.type, one.state) for one in await post.deliveries()]
    assert states == [("order.placed", "dead"), ("order.paid", "dead")]
    # It answers again and gets everything since a given time.
    receiver.answer, receiver.received = 200, []
    await post.change(enabled=True)
    since = post.now - 4 * DAY
    args = post.database, post.caller, post.webhook.id
    assert await webhooks.replay(*args, since, post.now) == 2
    assert await webhooks.replay(*args, post.now + DAY, post.now) == 0
    await post.send()
    assert receiver.types == ["order.placed", "order.paid"]


async def test_a_webhook_that_fails_gets_one_attempt_at_a_time_and_all_when_it_answers(
    post: Post, receiver: Receiver
) -> None:
    receiver.answer = 500
    for number in range(PAUSED_FROM + 10):
        await post.source.order(f"A-{number}")
    await post.send()
    # These were being sent when the tenth failed.
    assert PAUSED_FROM <= len(receiver.received) < PAUSED_FROM + 10
    before = len(receiver.received)
    await post.send(timedelta(seconds=1))
    assert len(receiver.received) == before
    receiver.answer = 200
    await post.send(timedelta(minutes=1))
    assert {one.state for one in await post.deliveries()} == {DeliveryState.DELIVERED}


async def test_a_receiver_that_is_gone_gets_nothing_more(post: Post, receiver: Receiver) -> None:
    receiver.answer = 410
    await post.source.order("A-1")
    await post.send()
    assert (await post.refreshed()).disabled_because is DisabledBecause.GONE
    await post.source.order("A-2")
    await post.send(DAY)
    assert len(receiver.received) == 1


async def test_a_receiver_may_ask_for_more_time(post: Post, receiver: Receiver) -> None:
    receiver.script = [lambda _: web.Response(status=429, headers={"Retry-After": "600"})]
    await post.source.order("A-1")
    await post.send()
    await post.send(timedelta(seconds=599))
    assert len(receiver.received) == 1
    await post.send(timedelta(seconds=1))
    assert len(receiver.received) == 2


async def test_a_delivery_that_hangs_delays_no_other_webhook(
    post: Post, receiver: Receiver
) -> None:
    arrived: list[str] = []

    def note(received: Received) -> web.StreamResponse:
        arrived.append(received.about)
        return web.Response()

    async with a_receiver() as prompt, a_receiver() as hanging:
        prompt.answer, hanging.answer = note, hang
        await post.add(hanging.url)
        await post.add(prompt.url)
        for number in range(30):
            await post.source.order(f"A-{number}")
        await events.append_all(post.database, post.caller.merchant_id, post.now)
        worker = post.worker()
        await worker.start_due()
        await until(lambda: len(arrived) == len(receiver.received) == 30)
        await worker.send_all()
        # Only a few are sent at the same time.
        assert len(hanging.received) < 30


async def test_deliveries_of_a_dead_worker_are_sent_by_others(
    post: Post, receiver: Receiver
) -> None:
    receiver.script = [hang]
    await post.source.order("A-1")
    await post.source.set_status("A-1", OrderStatus.PAID)
    await events.append_all(post.database, post.caller.merchant_id, post.now)
    dying = asyncio.create_task(post.worker().keep_sending(pause=0.01))
    await until(lambda: bool(receiver.received))
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    await post.send(lease_for(SECONDS) - timedelta(seconds=1))
    assert len(receiver.received) == 1
    await post.send(timedelta(seconds=1))
    assert receiver.types == ["order.placed", "order.placed", "order.paid"]


async def test_workers_share_the_deliveries_and_send_each_once(
    post: Post, receiver: Receiver
) -> None:
    for number in range(40):
        await post.source.order(f"A-{number}")
        await post.source.set_status(f"A-{number}", OrderStatus.PAID)
    await events.append_all(post.database, post.caller.merchant_id, post.now)
    await asyncio.gather(*(post.worker().send_all() for _ in range(3)))
    assert len(receiver.received) == len({one.id for one in receiver.received}) == 80
    for number in range(40):
        of_order = [one.event["type"] for one in receiver.received if one.about == f"A-{number}"]
        assert of_order == ["order.placed", "order.paid"]


async def test_a_test_returns_its_result(post: Post, receiver: Receiver) -> None:
    sent = await post.worker().send_test(post.caller, post.webhook.id)
    receiver.received[0].verify(post.secret)
    assert receiver.types == ["webhook.test"]
    assert (sent.delivery.state, sent.attempts[0].status) == (DeliveryState.DELIVERED, 204)
    assert msgspec.json.encode(sent.payload) == receiver.received[0].body
    receiver.answer = 404
    failed = await post.worker().send_test(post.caller, post.webhook.id)
    assert (failed.delivery.state, failed.attempts[0].answer) == ("dead", "answer 404")
    # A test delivery does not count as a failure and is not sent again.
    assert (await post.refreshed()).failing_since is None
    with pytest.raises(DeliveryNotFound):
        await webhooks.resend(
            post.database, post.caller, post.webhook.id, failed.delivery.id, post.now
        )


async def test_an_event_is_sent_again_under_its_id(post: Post, receiver: Receiver) -> None:
    await post.source.order("A-1")
    await post.send()
    [delivery] = await post.deliveries()
    args = post.database, post.caller, post.webhook.id
    await webhooks.resend(*args, delivery.id, post.now)
    await post.send()
    assert [one.id for one in receiver.received] == [receiver.received[0].id] * 2
    await event_removal.remove_old(post.database, post.now)
    with pytest.raises(DeliveryNotFound):
        await webhooks.resend(*args, delivery.id, post.now)


async def test_an_event_that_is_not_kept_is_a_dead_letter(post: Post, receiver: Receiver) -> None:
    receiver.answer = 500
    await post.source.order("A-1")
    await post.send()
    async with post.database.write() as connection:
        await connection.execute(
            "DELETE FROM events WHERE merchant_id = $1", post.caller.merchant_id
        )
    await post.send(DAY)
    [delivery] = await post.deliveries()
    assert (delivery.state, delivery.last_failure) == (DeliveryState.DEAD, NOT_KEPT)
    details = await webhooks.get_delivery(post.database, post.caller, post.webhook.id, delivery.id)
    assert details.payload is None
    written = write_details(details)
    assert written["last_failure"] == "the event is no longer kept"
    assert written["request"]["body"] is None
    assert len(receiver.received) == 1


async def test_a_disabled_or_deleted_webhook_gets_nothing(post: Post, receiver: Receiver) -> None:
    with pytest.raises(RecordingNeeded):
        await events.stop_recording(post.database, post.caller)
    await post.source.order("A-1")
    await events.append_all(post.database, post.caller.merchant_id, post.now)
    await post.change(enabled=False)
    await post.send()
    assert receiver.received == []
    await webhooks.delete_webhook(post.database, post.caller, post.webhook.id, post.now)
    with pytest.raises(WebhookNotFound):
        await post.refreshed()
    await post.send(DAY)
    assert receiver.received == []
    await events.stop_recording(post.database, post.caller)
    await post.source.news()
    await post.source.order("A-2")
    assert await post.source.news() == []

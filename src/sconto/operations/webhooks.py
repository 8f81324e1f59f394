"""Webhooks: create, get, list, change and delete them; their secrets and their deliveries."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sconto.domain.audit import of_webhook, webhook_changed, webhook_created, webhook_deleted
from sconto.domain.events import TEST_TYPE, payload_of
from sconto.domain.history import Verb
from sconto.domain.people import Caller
from sconto.domain.problems import DeliveryNotFound, TooManyWebhooks, WebhookNotFound
from sconto.domain.webhooks import (
    MAX_WEBHOOKS,
    SECRET_BYTES,
    Delivery,
    DeliveryDetails,
    DeliveryState,
    NewWebhook,
    Webhook,
    write_secret,
)
from sconto.operations.events import append_all, record_from_now
from sconto.operations.versions import ChangedMeanwhile
from sconto.store import deliveries, delivery_lists, events, history
from sconto.store import webhooks as store
from sconto.store.database import Connection, Database, retried, retrying

REPLAYED_PER_TRANSACTION: Final = 5_000


@dataclass(frozen=True, slots=True)
class WebhookWithSecret:
    """A webhook with its new secret, which is shown once."""

    webhook: Webhook
    secret: str


async def create_webhook(
    database: Database, caller: Caller, new: NewWebhook, now: datetime
) -> WebhookWithSecret:
    """Create a webhook; from then on the merchant's events are recorded. Raises TooManyWebhooks."""
    secret = _new_secret()

    async def create() -> Webhook:
        async with database.write(caller.merchant_id) as connection:
            await record_from_now(connection, caller.merchant_id, now)
            if await store.count_webhooks(connection, caller.merchant_id) >= MAX_WEBHOOKS:
                raise TooManyWebhooks(MAX_WEBHOOKS)
            webhook = await store.insert_webhook(connection, caller.merchant_id, new, secret, now)
            await history.record(connection, caller, webhook_created(webhook), now)
            return webhook

    return WebhookWithSecret(await retrying(create), secret)


@retried
async def list_webhooks(database: Database, caller: Caller) -> list[Webhook]:
    """All webhooks of the merchant."""
    async with database.read(caller.merchant_id) as connection:
        return await store.list_webhooks(connection, caller.merchant_id)


@retried
async def get_webhook(database: Database, caller: Caller, webhook_id: int) -> Webhook:
    """The merchant's webhook. Raises WebhookNotFound."""
    async with database.read(caller.merchant_id) as connection:
        return await _existing(connection, caller, webhook_id)


async def change_webhook(
    database: Database,
    caller: Caller,
    webhook_id: int,
    change: Callable[[Webhook], NewWebhook],
    now: datetime,
    version: datetime | None = None,
) -> Webhook:
    """Change a webhook to what `change` returns for it. Raises WebhookNotFound.

    `version` is the change that the caller saw last; ChangedMeanwhile is raised if there was a
    later one.

    A webhook that is enabled again starts without failures. What happened while it was disabled is
    not sent automatically (`replay`).
    """

    async def change_it() -> Webhook:
        async with database.write(caller.merchant_id) as connection:
            before = await store.lock_webhook(connection, caller.merchant_id, webhook_id)
            if before is None:
                raise WebhookNotFound(webhook_id)
            after = change(before)
            if after.enabled:
                await record_from_now(connection, caller.merchant_id, now)
            changed = await store.update_webhook(
                connection, caller.merchant_id, webhook_id, after, now, version
            )
            if changed is None:
                raise ChangedMeanwhile
            if (entry := webhook_changed(before, changed)) is not None:
                await history.record(connection, caller, entry, now)
        return changed

    return await retrying(change_it)


async def delete_webhook(
    database: Database, caller: Caller, webhook_id: int, now: datetime
) -> None:
    """Delete a webhook; what waits for it is not sent. Raises WebhookNotFound."""

    async def delete() -> None:
        async with database.write(caller.merchant_id) as connection:
            before = await _existing(connection, caller, webhook_id)
            if not await store.delete_webhook(connection, caller.merchant_id, webhook_id):
                raise WebhookNotFound(webhook_id)
            await history.record(connection, caller, webhook_deleted(before), now)
            await deliveries.end_deliveries(connection, caller.merchant_id, webhook_id, now)

    await retrying(delete)


async def rotate_secret(
    database: Database, caller: Caller, webhook_id: int, overlap: timedelta, now: datetime
) -> WebhookWithSecret:
    """Give a webhook a new secret. Raises WebhookNotFound.

    During the overlap messages have a signature by each of the two, so the receiver may change its
    secret at any moment. Without an overlap the old secret ends immediately.
    """
    secret = _new_secret()
    previous_until = now + overlap if overlap else None

    async def rotate() -> Webhook:
        async with database.write(caller.merchant_id) as connection:
            rotated = await store.rotate_secret(
                connection, caller.merchant_id, webhook_id, secret, previous_until, now
            )
            if rotated is None:
                raise WebhookNotFound(webhook_id)
            entry = of_webhook(webhook_id, Verb.SECRET_RENEWED)
            await history.record(connection, caller, entry, now)
            return rotated

    return WebhookWithSecret(await retrying(rotate), secret)


@retried
async def list_deliveries(
    database: Database,
    caller: Caller,
    webhook_id: int,
    *,
    before: int,
    limit: int,
    state: DeliveryState | None = None,
) -> tuple[list[Delivery], bool]:
    """The latest deliveries with an id below `before`, and whether there are more.

    Raises WebhookNotFound.
    """
    async with database.read(caller.merchant_id) as connection:
        await _existing(connection, caller, webhook_id)
        found = await delivery_lists.list_deliveries(
            connection, caller.merchant_id, webhook_id, before, limit + 1, state
        )
    return [one.delivery for one in found[:limit]], len(found) > limit


@retried
async def get_delivery(
    database: Database, caller: Caller, webhook_id: int, delivery_id: int
) -> DeliveryDetails:
    """A delivery with its body and its attempts. Raises WebhookNotFound, DeliveryNotFound."""
    async with database.read(caller.merchant_id) as connection:
        webhook = await _existing(connection, caller, webhook_id)
        found = await delivery_lists.find_delivery(
            connection, caller.merchant_id, webhook_id, delivery_id
        )
        if found is None:
            raise DeliveryNotFound(delivery_id)
        attempts = await delivery_lists.list_attempts(connection, caller.merchant_id, delivery_id)
    one = found.delivery
    payload = None
    if found.is_test:
        payload = test_payload(one.message_id, webhook_id, one.created_at)
    elif found.occurred_at is not None:
        payload = payload_of(one.message_id, one.type, found.occurred_at, found.data)
    return DeliveryDetails(one, webhook.url, payload, tuple(attempts))


async def resend(
    database: Database, caller: Caller, webhook_id: int, delivery_id: int, now: datetime
) -> int:
    """Send the event of a delivery again, as a new delivery; returns its id.

    Raises WebhookNotFound, and DeliveryNotFound also for a test or an event that is not kept.
    """

    async def send() -> int | None:
        async with database.write(caller.merchant_id) as connection:
            await _existing(connection, caller, webhook_id)
            await events.wait_for_stream(connection, caller.merchant_id)
            return await deliveries.resend(
                connection, caller.merchant_id, webhook_id, delivery_id, now
            )

    if (new_id := await retrying(send)) is None:
        raise DeliveryNotFound(delivery_id)
    return new_id


async def replay(
    database: Database, caller: Caller, webhook_id: int, since: datetime, now: datetime
) -> int:
    """Send all events again that were recorded since a time and that the webhook wants.

    Returns their number. They come after what already waits, in their order. Raises
    WebhookNotFound.
    """
    merchant_id = caller.merchant_id
    database.require_answers_for(merchant_id)
    await append_all(database, merchant_id, now)
    async with database.read(merchant_id) as connection:
        await _existing(connection, caller, webhook_id)
        after = await events.find_position_before(connection, merchant_id, since)
        until = (await events.find_bounds(connection, merchant_id)).last
    replayed = 0

    async def send(behind: int) -> tuple[int | None, int]:
        async with database.write(merchant_id) as connection:
            await events.wait_for_stream(connection, merchant_id)
            return await deliveries.replay(
                connection, merchant_id, webhook_id, behind, until, now, REPLAYED_PER_TRANSACTION
            )

    while after is not None and after < until:
        after, sent = await retrying(partial(send, after))
        replayed += sent
    entry = of_webhook(webhook_id, Verb.REPLAYED, {"since": since.isoformat(), "events": replayed})
    async with database.write() as connection:
        await history.record(connection, caller, entry, now)
    return replayed


def test_payload(message_id: str, webhook_id: int, at: datetime) -> dict[str, Any]:
    """The body of a test."""
    return payload_of(message_id, TEST_TYPE, at, {"webhook_id": webhook_id})


async def _existing(connection: Connection, caller: Caller, webhook_id: int) -> Webhook:
    found = await store.find_webhook(connection, caller.merchant_id, webhook_id)
    if found is None:
        raise WebhookNotFound(webhook_id)
    return found


def _new_secret() -> str:
    return write_secret(secrets.token_bytes(SECRET_BYTES))

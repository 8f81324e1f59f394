"""The answers of the events API, field by field."""

from collections.abc import Sequence
from typing import Any

from sconto.api.cursors import write_cursor
from sconto.api.rfc3339 import write_instant, write_optional_instant
from sconto.domain.events import Event, EventPage, payload_of
from sconto.domain.webhooks import NOT_KEPT, Attempt, Delivery, DeliveryDetails, Webhook

JsonObject = dict[str, Any]


def write_event(event: Event) -> JsonObject:
    """The event exactly as webhooks get it."""
    return payload_of(event.id, event.type, event.occurred_at, event.data)


def write_events(page: EventPage, *, recording: bool) -> JsonObject:
    """A page of events; it has a cursor even if there are no more."""
    return {
        "events": [write_event(event) for event in page.events],
        "next_cursor": write_cursor(page.last_position),
        "has_more": page.more,
        "recording": recording,
    }


def write_webhook(webhook: Webhook, secret: str | None = None) -> JsonObject:
    """A webhook; its secret only when it is new."""
    return {
        "id": webhook.id,
        "url": webhook.url,
        "description": webhook.description,
        "types": list(webhook.types),
        "enabled": webhook.enabled,
        "disabled_because": webhook.disabled_because,
        "failing_since": write_optional_instant(webhook.failing_since),
        "previous_secret_until": write_optional_instant(webhook.previous_until),
        "created_at": write_instant(webhook.created_at),
        "updated_at": write_instant(webhook.updated_at),
        **({} if secret is None else {"secret": secret}),
    }


def write_deliveries(deliveries: Sequence[Delivery], *, more: bool) -> JsonObject:
    """A page of deliveries, the latest first."""
    return {
        "deliveries": [write_delivery(one) for one in deliveries],
        "next_cursor": write_cursor(deliveries[-1].id) if more else None,
    }


def write_delivery(delivery: Delivery) -> JsonObject:
    """A delivery without its request."""
    return {
        "id": delivery.id,
        "webhook_id": delivery.webhook_id,
        "event_id": delivery.message_id,
        "type": delivery.type,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "next_attempt_at": write_optional_instant(delivery.due_at),
        "created_at": write_instant(delivery.created_at),
        "finished_at": write_optional_instant(delivery.finished_at),
        "last_status": delivery.last_status,
        "last_failure": _say_failure(delivery.last_failure),
    }


def write_details(details: DeliveryDetails) -> JsonObject:
    """A delivery with its request, and the result of each attempt."""
    return {
        **write_delivery(details.delivery),
        "request": {"url": details.url, "body": details.payload},
        "answers": [_write_attempt(one) for one in details.attempts],
    }


def _write_attempt(attempt: Attempt) -> JsonObject:
    return {
        "attempt": attempt.number,
        "sent_at": write_instant(attempt.started_at),
        "milliseconds": attempt.milliseconds,
        "status": attempt.status,
        "failure": _say_failure(attempt.failure),
        "body": attempt.answer,
    }


def _say_failure(failure: str | None) -> str | None:
    return "the event is no longer kept" if failure == NOT_KEPT else failure

"""The events API: the stream of events, and webhooks with their deliveries."""

from collections.abc import Sequence

from sconto.client.bodies.events import (
    Delivery,
    DeliveryDetails,
    Event,
    EventPage,
    NewDelivery,
    Recording,
    Replayed,
    StoredWebhook,
    WebhookList,
    WebhookPatch,
    WebhookToCreate,
    WebhookWithSecret,
)
from sconto.client.bodies.words import DeliveryState, EventType
from sconto.client.call import (
    Api,
    Call,
    Listing,
    S,
    listing,
    operation,
    pages_of,
    read_nothing,
)

_EVENTS = "/events/v1/events"
_RECORDING = "/events/v1/recording"
_WEBHOOKS = "/events/v1/webhooks"


class Events(Api[S]):
    """`client.events`."""

    @operation
    def read(
        self,
        *,
        cursor: str | None = None,
        since: str | None = None,
        types: Sequence[EventType] = (),
        limit: int = 100,
    ) -> Call[EventPage]:
        """A part of the stream, the oldest first. Its `next_cursor` gets later events."""
        return _read(cursor, since, types, limit)

    @listing
    def list(
        self,
        *,
        cursor: str | None = None,
        since: str | None = None,
        types: Sequence[EventType] = (),
        page_size: int = 1000,
    ) -> Listing[Event]:
        """The events up to now, the oldest first."""
        return Listing(
            _read(cursor, since, types, page_size),
            lambda page: page["events"],
            lambda page: page["next_cursor"] if page["has_more"] else None,
        )

    @operation
    def get_recording(self) -> Call[Recording]:
        """Whether events are recorded."""
        return Call("GET", _RECORDING)

    @operation
    def set_recording(self, *, recording: bool) -> Call[Recording]:
        """Start or stop recording events."""
        return Call("PUT", _RECORDING, {"recording": recording})

    @operation
    def create_webhook(self, webhook: WebhookToCreate) -> Call[WebhookWithSecret]:
        """Create a webhook; only this answer has its secret. It is not sent again if lost."""
        return Call("POST", _WEBHOOKS, webhook, repeatable=False)

    @operation
    def list_webhooks(self) -> Call[WebhookList]:
        """All webhooks."""
        return Call("GET", _WEBHOOKS)

    @operation
    def get_webhook(self, webhook_id: int) -> Call[StoredWebhook]:
        """The webhook, without its secret."""
        return Call("GET", f"{_WEBHOOKS}/{webhook_id}")

    @operation
    def change_webhook(self, webhook_id: int, patch: WebhookPatch) -> Call[StoredWebhook]:
        """The webhook after a JSON merge patch."""
        return Call("PATCH", f"{_WEBHOOKS}/{webhook_id}", patch)

    @operation
    def delete_webhook(self, webhook_id: int) -> Call[None]:
        """Delete the webhook; what waits for it is not sent."""
        return Call("DELETE", f"{_WEBHOOKS}/{webhook_id}", read=read_nothing)

    @operation
    def rotate_secret(
        self, webhook_id: int, *, overlap_hours: int | None = None
    ) -> Call[WebhookWithSecret]:
        """Give a webhook a new secret. It is not sent again if the answer is lost."""
        body = {} if overlap_hours is None else {"overlap_hours": overlap_hours}
        return Call("POST", f"{_WEBHOOKS}/{webhook_id}/secret", body, repeatable=False)

    @operation
    def send_test(self, webhook_id: int) -> Call[DeliveryDetails]:
        """Send a test; returns its result."""
        return Call("POST", f"{_WEBHOOKS}/{webhook_id}/test", repeatable=False)

    @operation
    def replay(self, webhook_id: int, since: str) -> Call[Replayed]:
        """Send all events again that were recorded since a time."""
        address = f"{_WEBHOOKS}/{webhook_id}/replay"
        return Call("POST", address, {"since": since}, repeatable=False)

    @listing
    def list_deliveries(
        self, webhook_id: int, *, state: DeliveryState | None = None, page_size: int = 1000
    ) -> Listing[Delivery]:
        """The deliveries, the latest first; `dead` ones are given up."""
        query = {"state": state, "limit": page_size}
        call = Call[object]("GET", f"{_WEBHOOKS}/{webhook_id}/deliveries", query=query)
        return pages_of(call, "deliveries")

    @operation
    def get_delivery(self, webhook_id: int, delivery_id: int) -> Call[DeliveryDetails]:
        """The delivery with its request and the answers."""
        return Call("GET", f"{_WEBHOOKS}/{webhook_id}/deliveries/{delivery_id}")

    @operation
    def resend(self, webhook_id: int, delivery_id: int) -> Call[NewDelivery]:
        """Send the event again as a new delivery."""
        address = f"{_WEBHOOKS}/{webhook_id}/deliveries/{delivery_id}/resend"
        return Call("POST", address, repeatable=False)


def _read(
    cursor: str | None, since: str | None, types: Sequence[EventType], limit: int
) -> Call[EventPage]:
    query = {"cursor": cursor, "since": since, "types": ",".join(types) or None, "limit": limit}
    return Call("GET", _EVENTS, query=query)

"""The bodies of `events` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import Any, Literal, NotRequired, TypedDict

from sconto.client.bodies.words import DeliveryState, DisabledBecause, EventType


class AppliedPromotion(TypedDict):
    """A promotion that took something off an order."""

    kind: Literal["product", "cart", "subscription"]
    id: int
    code: str | None
    discount: str


class EventOrder(TypedDict):
    """An order right after the event."""

    order_id: str
    status: Literal["not paid", "paid", "deleted"]
    created_at: str
    customer_id: str | None
    replaces: str | None
    replaced_by: NotRequired[str]
    """Only of an order that was replaced."""
    currency: str
    """An ISO 4217 code."""
    subtotal: str
    discount: str
    total: str
    promotions: list[AppliedPromotion]


class OrderEventData(TypedDict):
    """What an event about an order says."""

    order: EventOrder


class EventHold(TypedDict):
    """A hold as it was made."""

    order_id: str
    created_at: str
    expires_at: str
    customer_id: str | None
    replaces: str | None
    currency: str
    """An ISO 4217 code."""
    subtotal: str
    discount: str
    total: str
    promotions: list[AppliedPromotion]


class HoldEventData(TypedDict):
    """What an event about a hold says."""

    hold: EventHold


class EventReturnedLine(TypedDict):
    """Units of a line that came back, and what is paid back for them."""

    line_id: str
    product_id: int
    quantity: int
    total: str


class EventReturn(TypedDict):
    """A return as it was stored."""

    return_id: str
    order_id: str
    created_at: str
    currency: str
    """An ISO 4217 code."""
    subtotal: str
    discount: str
    total: str
    lines: list[EventReturnedLine]
    shipping: str | None
    """What of `total` is for shipping."""


ReturnEventData = TypedDict("ReturnEventData", {"return": EventReturn})
"""What an event about a return says."""


class EventPromotion(TypedDict):
    """A promotion as it was when the event happened."""

    kind: Literal["product", "cart", "subscription"]
    id: int
    name: str
    active: bool
    starts_at: str | None
    ends_at: str | None


class EventCodes(TypedDict):
    """How many codes were added or removed."""

    added: int
    removed: int


class PromotionEventData(TypedDict):
    """What an event about a promotion says; the type decides which fields it has."""

    promotion: EventPromotion
    before: NotRequired[dict[str, Any]]
    """What differs, or all of a deleted one."""
    after: NotRequired[dict[str, Any]]
    """What differs, or all of a new one."""
    codes: NotRequired[EventCodes]
    limit: NotRequired[str | int]
    """Uses, or money of a budget."""
    taken: NotRequired[str | int]
    currency: NotRequired[str]


class Event(TypedDict):
    """What happened, as webhooks get it too."""

    id: str
    """The same whenever the event is sent: `webhook-id`."""
    type: EventType
    version: int
    """Of the payload. New fields do not change it."""
    timestamp: str
    """When it happened."""
    data: OrderEventData | HoldEventData | ReturnEventData | PromotionEventData


class EventPage(TypedDict):
    """Events, oldest first. `next_cursor` is always there: ask again with it for later events."""

    events: list[Event]
    next_cursor: str
    has_more: bool
    recording: bool


class Recording(TypedDict):
    """Whether events are recorded."""

    recording: bool


class RecordingToSet(Recording):
    """Whether events are to be recorded."""


class StoredWebhook(TypedDict):
    """A webhook, without its secret."""

    id: int
    url: str
    description: str
    types: list[EventType]
    enabled: bool
    disabled_because: DisabledBecause | None
    failing_since: str | None
    previous_secret_until: str | None
    created_at: str
    updated_at: str


class WebhookList(TypedDict):
    """All webhooks of the merchant."""

    webhooks: list[StoredWebhook]


class WebhookToCreate(TypedDict):
    """Where events are sent."""

    url: str
    description: NotRequired[str]
    types: NotRequired[list[EventType]]
    """None: all events."""
    enabled: NotRequired[bool]


class WebhookWithSecret(StoredWebhook):
    """A webhook with its new secret, which no other answer has."""

    secret: str


class WebhookPatch(TypedDict):
    """A JSON merge patch (RFC 7396): absent fields stay, null sets a field to its default."""

    url: NotRequired[str]
    description: NotRequired[str | None]
    types: NotRequired[list[EventType] | None]
    enabled: NotRequired[bool | None]


class SecretToRotate(TypedDict):
    """For how long messages are signed by the old secret too."""

    overlap_hours: NotRequired[int]


class Delivery(TypedDict):
    """An event on its way to a webhook."""

    id: int
    webhook_id: int
    event_id: str
    type: str
    """Of the event, or webhook.test."""
    state: DeliveryState
    attempts: int
    next_attempt_at: str | None
    created_at: str
    finished_at: str | None
    last_status: int | None
    last_failure: str | None


class DeliveryRequest(TypedDict):
    """What is sent; the body is null when the event is no longer kept."""

    url: str
    body: dict[str, Any] | None


class DeliveryAnswer(TypedDict):
    """The result of an attempt; the first 4,096 bytes of the answer's body."""

    attempt: int
    sent_at: str
    milliseconds: int
    status: int | None
    failure: str | None
    body: str


class DeliveryDetails(Delivery):
    """A delivery with its request and all answers."""

    request: DeliveryRequest
    answers: list[DeliveryAnswer]


class Replay(TypedDict):
    """The time from which events are sent again."""

    since: str


class Replayed(TypedDict):
    """How many events are sent again."""

    replayed: int


class DeliveryPage(TypedDict):
    """A page of deliveries, the latest first."""

    deliveries: list[Delivery]
    next_cursor: str | None


class NewDelivery(TypedDict):
    """The delivery by which the event is sent again."""

    id: int

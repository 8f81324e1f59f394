"""The bodies of the events API and of webhooks, with an example of each."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from openapi.event_examples import AT, EVENT_ID, example_of
from openapi.fields import Absent, Currency, Instant, Total, strict
from sconto.domain.events import EventType
from sconto.domain.receiver_address import LONGEST_URL
from sconto.domain.webhooks import LONGEST_OVERLAP, DeliveryState, DisabledBecause

Uses = Annotated[int, Field(ge=0, description="Of a limit.")]


class AppliedPromotion(BaseModel):
    """A promotion that took something off an order."""

    kind: Literal["product", "cart", "subscription"]
    id: int
    code: str | None
    discount: Total


class EventOrder(BaseModel):
    """An order right after the event."""

    order_id: str
    status: Literal["not paid", "paid", "deleted"]
    created_at: Instant
    customer_id: str | None
    replaces: str | None
    replaced_by: Annotated[
        str | Absent, Field(description="Only of an order that was replaced.")
    ] = None
    currency: Currency
    subtotal: Total
    discount: Total
    total: Total
    promotions: list[AppliedPromotion]


class EventHold(BaseModel):
    """A hold as it was made."""

    order_id: str
    created_at: Instant
    expires_at: Instant
    customer_id: str | None
    replaces: str | None
    currency: Currency
    subtotal: Total
    discount: Total
    total: Total
    promotions: list[AppliedPromotion]


class EventPromotion(BaseModel):
    """A promotion as it was when the event happened."""

    kind: Literal["product", "cart", "subscription"]
    id: int
    name: str
    active: bool
    starts_at: Instant | None
    ends_at: Instant | None


class EventCodes(BaseModel):
    """How many codes were added or removed."""

    added: int
    removed: int


class OrderEventData(BaseModel):
    """What an event about an order says."""

    order: EventOrder


class HoldEventData(BaseModel):
    """What an event about a hold says."""

    hold: EventHold


class EventReturnedLine(BaseModel):
    """Units of a line that came back, and what is paid back for them."""

    line_id: str
    product_id: int
    quantity: int
    total: Total


class EventReturn(BaseModel):
    """A return as it was stored."""

    return_id: str
    order_id: str
    created_at: Instant
    currency: Currency
    subtotal: Total
    discount: Total
    total: Total
    lines: list[EventReturnedLine]
    shipping: Annotated[Total | None, Field(description="What of `total` is for shipping.")]


class ReturnEventData(BaseModel):
    """What an event about a return says."""

    return_: Annotated[EventReturn, Field(alias="return")]


class PromotionEventData(BaseModel):
    """What an event about a promotion says; the type decides which fields it has."""

    promotion: EventPromotion
    before: Annotated[
        dict[str, Any] | Absent, Field(description="What differs, or all of a deleted one.")
    ] = None
    after: Annotated[
        dict[str, Any] | Absent, Field(description="What differs, or all of a new one.")
    ] = None
    codes: EventCodes | Absent = None
    limit: Annotated[Total | Uses | Absent, Field(description="Uses, or money of a budget.")] = None
    taken: Total | Uses | Absent = None
    currency: Currency | Absent = None


class Event(BaseModel):
    """What happened, as webhooks get it too."""

    model_config = ConfigDict(json_schema_extra={"example": example_of(EventType.ORDER_PLACED)})

    id: Annotated[str, Field(description="The same whenever the event is sent: `webhook-id`.")]
    type: EventType
    version: Annotated[int, Field(description="Of the payload. New fields do not change it.")]
    timestamp: Annotated[Instant, Field(description="When it happened.")]
    data: OrderEventData | HoldEventData | ReturnEventData | PromotionEventData


class EventPage(BaseModel):
    """Events, oldest first. `next_cursor` is always there: ask again with it for later events."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "events": [example_of(EventType.ORDER_PLACED)],
                "next_cursor": "MQ",
                "has_more": False,
                "recording": True,
            }
        }
    )

    events: list[Event]
    next_cursor: str
    has_more: bool
    recording: bool


class Recording(BaseModel):
    """Whether events are recorded."""

    model_config = strict({"recording": True})

    recording: bool


class RecordingToSet(Recording):
    """Whether events are to be recorded."""

    model_config = strict({"recording": True})


WEBHOOK: Final[JsonDict] = {
    "id": 1,
    "url": "https://shop.example/webhooks/sconto",
    "description": "The order system",
    "types": ["order.placed", "order.paid"],
    "enabled": True,
    "disabled_because": None,
    "failing_since": None,
    "previous_secret_until": None,
    "created_at": AT,
    "updated_at": AT,
}


class WebhookToCreate(BaseModel):
    """Where events are sent."""

    model_config = strict(
        {
            "url": "https://shop.example/webhooks/sconto",
            "description": "The order system",
            "types": ["order.placed", "order.paid"],
        }
    )

    url: Annotated[str, Field(max_length=LONGEST_URL, pattern="^https?://")]
    description: str = ""
    types: Annotated[list[EventType], Field(description="None: all events.")] = []
    enabled: bool = True


class WebhookPatch(BaseModel):
    """A JSON merge patch (RFC 7396): absent fields stay, null sets a field to its default."""

    model_config = strict({"types": []})

    url: Annotated[str | Absent, Field(max_length=LONGEST_URL, pattern="^https?://")] = None
    description: str | None = None
    types: list[EventType] | None = None
    enabled: bool | None = None


class StoredWebhook(BaseModel):
    """A webhook, without its secret."""

    model_config = ConfigDict(json_schema_extra={"example": WEBHOOK})

    id: int
    url: str
    description: str
    types: list[EventType]
    enabled: bool
    disabled_because: DisabledBecause | None
    failing_since: Instant | None
    previous_secret_until: Instant | None
    created_at: Instant
    updated_at: Instant


class WebhookWithSecret(StoredWebhook):
    """A webhook with its new secret, which no other answer has."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {**WEBHOOK, "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}
        }
    )

    secret: str


class WebhookList(BaseModel):
    """All webhooks of the merchant."""

    model_config = ConfigDict(json_schema_extra={"example": {"webhooks": [WEBHOOK]}})

    webhooks: list[StoredWebhook]


class SecretToRotate(BaseModel):
    """For how long messages are signed by the old secret too."""

    model_config = strict({"overlap_hours": 24})

    overlap_hours: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP.days * 24)] = 24


class Replay(BaseModel):
    """The time from which events are sent again."""

    model_config = strict({"since": AT})

    since: Instant


class Replayed(BaseModel):
    """How many events are sent again."""

    model_config = ConfigDict(json_schema_extra={"example": {"replayed": 3}})

    replayed: int


class NewDelivery(BaseModel):
    """The delivery by which the event is sent again."""

    model_config = ConfigDict(json_schema_extra={"example": {"id": 8}})

    id: int


DELIVERY: Final[JsonDict] = {
    "id": 2,
    "webhook_id": 1,
    "event_id": EVENT_ID,
    "type": "order.placed",
    "state": "waiting",
    "attempts": 1,
    "next_attempt_at": "2026-11-28T00:00:05+00:00",
    "created_at": AT,
    "finished_at": None,
    "last_status": 500,
    "last_failure": "answered 500",
}


class Delivery(BaseModel):
    """An event on its way to a webhook."""

    model_config = ConfigDict(json_schema_extra={"example": DELIVERY})

    id: int
    webhook_id: int
    event_id: str
    type: Annotated[str, Field(description="Of the event, or webhook.test.")]
    state: DeliveryState
    attempts: int
    next_attempt_at: Instant | None
    created_at: Instant
    finished_at: Instant | None
    last_status: int | None
    last_failure: str | None


class DeliveryPage(BaseModel):
    """A page of deliveries, the latest first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"deliveries": [DELIVERY], "next_cursor": None}}
    )

    deliveries: list[Delivery]
    next_cursor: str | None


class DeliveryRequest(BaseModel):
    """What is sent; the body is null when the event is no longer kept."""

    url: str
    body: dict[str, Any] | None


class DeliveryAnswer(BaseModel):
    """The result of an attempt; the first 4,096 bytes of the answer's body."""

    attempt: int
    sent_at: Instant
    milliseconds: int
    status: int | None
    failure: str | None
    body: str


class DeliveryDetails(Delivery):
    """A delivery with its request and all answers."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **DELIVERY,
                "request": {
                    "url": "https://shop.example/webhooks/sconto",
                    "body": example_of(EventType.ORDER_PLACED),
                },
                "answers": [
                    {
                        "attempt": 1,
                        "sent_at": AT,
                        "milliseconds": 84,
                        "status": 500,
                        "failure": "answered 500",
                        "body": "out of order",
                    }
                ],
            }
        }
    )

    request: DeliveryRequest
    answers: list[DeliveryAnswer]

"""The operations of the events API, and the requests that webhooks get."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from openapi import events_models as models
from openapi.event_examples import example_of
from openapi.operation import Answer, Operation, Parameter, as_json
from openapi.problems import refusal
from sconto.api.events import routes
from sconto.api.events.reading import MAX_LISTED
from sconto.domain.events import EventType
from sconto.domain.numbers import MAX_INT64
from sconto.domain.webhooks import DeliveryState

_TAG: Final = "Events API"

_PathId = Annotated[int, Field(ge=1, le=MAX_INT64)]
_WEBHOOK: Final = Parameter("webhook_id", "path", _PathId, example=1)
_DELIVERY: Final = Parameter("delivery_id", "path", _PathId, example=2)
_LIMIT: Final = Parameter(
    "limit",
    "query",
    Annotated[int, Field(ge=1, le=MAX_LISTED, json_schema_extra={"default": 100})],
)
_CURSOR: Final = Parameter("cursor", "query", str, "The `next_cursor` of the answer before.")

_ALWAYS: Final[Mapping[int, Answer]] = {
    401: refusal("The token is missing, not valid or expired"),
    403: refusal("The user's role does not allow it"),
    429: refusal("Too many requests; see Retry-After"),
    500: refusal("Something went wrong on our side"),
    503: refusal("The database cannot be reached; see Retry-After"),
}
_OF_BODY: Final[Mapping[int, Answer]] = {
    400: refusal("The body is not a JSON object"),
    413: refusal("The body is too large"),
    415: refusal("The body is not said to be JSON"),
    422: refusal("Fields that are not valid, all of them"),
}
_NO_WEBHOOK: Final = refusal("The merchant has no such webhook")
_NO_DELIVERY: Final = refusal("The webhook has no such delivery, or its event is not kept")
_BAD_QUERY: Final = refusal("Parameters that are not valid, all of them")


def _of_webhook(
    summary: str,
    status: int,
    answer: Answer,
    body: Any = None,
    parameters: tuple[Parameter, ...] = (_WEBHOOK,),
    more: Mapping[int, Answer] | None = None,
) -> Operation:
    answers = {status: answer, **_ALWAYS, 404: _NO_WEBHOOK, **(more or {})}
    if body is None:
        return Operation(_TAG, summary, answers, parameters=parameters)
    return Operation(_TAG, summary, {**answers, **_OF_BODY}, as_json(body), parameters)


OPERATIONS: Final[Mapping[Callable[..., Any], Operation]] = {
    routes.list_events: Operation(
        _TAG,
        "List events",
        {
            200: Answer("A part of the stream", as_json(models.EventPage)),
            **_ALWAYS,
            410: refusal("The next event is no longer kept; see oldest_cursor"),
            422: _BAD_QUERY,
        },
        parameters=(
            _CURSOR,
            Parameter(
                "since",
                "query",
                Annotated[str, Field(json_schema_extra={"format": "date-time"})],
                "In place of a cursor: events that were recorded then or later.",
            ),
            Parameter("types", "query", str, "Types of events, separated by commas."),
            _LIMIT,
        ),
    ),
    routes.read_recording: Operation(
        _TAG,
        "Whether events are recorded",
        {200: Answer("The state", as_json(models.Recording)), **_ALWAYS},
    ),
    routes.set_recording: Operation(
        _TAG,
        "Record events, or stop it",
        {
            200: Answer("The state", as_json(models.Recording)),
            **_ALWAYS,
            **_OF_BODY,
            409: refusal("A webhook is enabled"),
        },
        body=as_json(models.RecordingToSet),
    ),
    routes.list_webhooks: Operation(
        _TAG,
        "List webhooks",
        {200: Answer("All of them", as_json(models.WebhookList)), **_ALWAYS},
    ),
    routes.create_webhook: Operation(
        _TAG,
        "Create a webhook",
        {
            201: Answer("Created, with its secret", as_json(models.WebhookWithSecret)),
            **_ALWAYS,
            **_OF_BODY,
            409: refusal("The merchant has as many webhooks as it may have"),
        },
        body=as_json(models.WebhookToCreate),
    ),
    routes.get_webhook: _of_webhook(
        "Get a webhook", 200, Answer("The webhook", as_json(models.StoredWebhook))
    ),
    routes.change_webhook: _of_webhook(
        "Change a webhook",
        200,
        Answer("As it stands now", as_json(models.StoredWebhook)),
        models.WebhookPatch,
    ),
    routes.delete_webhook: _of_webhook("Delete a webhook", 204, Answer("Deleted")),
    routes.rotate_secret: _of_webhook(
        "Give a webhook a new secret",
        200,
        Answer("The webhook with the secret", as_json(models.WebhookWithSecret)),
        models.SecretToRotate,
    ),
    routes.send_test: _of_webhook(
        "Send a test",
        200,
        Answer("What came of it", as_json(models.DeliveryDetails)),
    ),
    routes.replay: _of_webhook(
        "Send events again from a time on",
        202,
        Answer("They are sent", as_json(models.Replayed)),
        models.Replay,
    ),
    routes.list_deliveries: _of_webhook(
        "List the deliveries of a webhook",
        200,
        Answer("A part of the list", as_json(models.DeliveryPage)),
        parameters=(_WEBHOOK, Parameter("state", "query", DeliveryState), _CURSOR, _LIMIT),
        more={422: _BAD_QUERY},
    ),
    routes.get_delivery: _of_webhook(
        "Get a delivery with its request and answers",
        200,
        Answer("The delivery", as_json(models.DeliveryDetails)),
        parameters=(_WEBHOOK, _DELIVERY),
        more={404: _NO_DELIVERY},
    ),
    routes.resend_delivery: _of_webhook(
        "Send an event again",
        202,
        Answer("The new delivery", as_json(models.NewDelivery)),
        parameters=(_WEBHOOK, _DELIVERY),
        more={404: _NO_DELIVERY},
    ),
}

_HEADERS: Final = (
    Parameter("webhook-id", "header", str, "The event's id; the same for each attempt."),
    Parameter("webhook-timestamp", "header", str, "When it was sent, in seconds since 1970."),
    Parameter("webhook-signature", "header", str, "A signature for each valid secret."),
)

_SUMMARIES: Final[Mapping[EventType, str]] = {
    EventType.ORDER_PLACED: "An order was placed",
    EventType.ORDER_REPLACED: "Another order took an order's place",
    EventType.ORDER_PAID: "An order was paid",
    EventType.ORDER_NOT_PAID: "An order was set to not paid again",
    EventType.ORDER_DELETED: "An order was deleted",
    EventType.HOLD_CREATED: "A cart was held for an order id",
    EventType.HOLD_RELEASED: "The shop released a hold",
    EventType.HOLD_EXPIRED: "A hold ended without an order",
    EventType.RETURN_CREATED: "Goods of an order were returned",
    EventType.PROMOTION_CREATED: "A promotion was created",
    EventType.PROMOTION_CHANGED: "A promotion was changed",
    EventType.PROMOTION_SWITCHED_ON: "A promotion was switched on",
    EventType.PROMOTION_SWITCHED_OFF: "A promotion was switched off",
    EventType.PROMOTION_DELETED: "A promotion was deleted, or archived",
    EventType.PROMOTION_RESTORED: "A deleted promotion was restored",
    EventType.PROMOTION_STARTED: "A promotion began to run",
    EventType.PROMOTION_ENDED: "A promotion stopped running",
    EventType.PROMOTION_CODES_ADDED: "Codes were added to a promotion",
    EventType.PROMOTION_CODES_REMOVED: "Codes were removed from a promotion",
    EventType.PROMOTION_CODES_USED_UP: "All one-time codes of a promotion are used",
    EventType.PROMOTION_LIMIT_REACHED: "A promotion's limit is reached",
    EventType.PROMOTION_BUDGET_REACHED: "A promotion's budget is used up",
}

WEBHOOKS: Final[Mapping[str, Operation]] = {
    type_.value: Operation(
        _TAG,
        _SUMMARIES[type_],
        {204: Answer("Any 2xx within the timeout says that it arrived")},
        body=as_json(models.Event, example_of(type_)),
        parameters=_HEADERS,
    )
    for type_ in EventType
}
"""What is sent to webhooks, by the type of the event."""

"""The routes of the events API."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import require
from sconto.api.bodies import SMALL, read_object
from sconto.api.context import context_of
from sconto.api.events import reading, writing
from sconto.api.ids import id_in_path
from sconto.api.json_answer import answer
from sconto.api.plain_route import PlainRoute
from sconto.domain.people import Action
from sconto.operations import events as operations
from sconto.operations import webhooks

_WEBHOOKS: Final = "/events/v1/webhooks"
_WEBHOOK: Final = f"{_WEBHOOKS}/{{webhook_id}}"
_DELIVERIES: Final = f"{_WEBHOOK}/deliveries"
_DELIVERY: Final = f"{_DELIVERIES}/{{delivery_id}}"


async def list_events(request: Request) -> Response:
    """Oldest first. Ask again with `next_cursor`, also after the last page, for new events."""
    caller = require(request, Action.READ_EVENTS)
    context = context_of(request)
    query = reading.read_events_query(request.query_params.multi_items())
    page = await operations.list_events(
        context.database, caller, query.after, query.since, query.types, query.limit, context.now()
    )
    recording = await operations.is_recording(context.database, caller)
    return answer(writing.write_events(page, recording=recording))


async def read_recording(request: Request) -> Response:
    """Events are recorded from the first webhook on, or after recording was switched on."""
    caller = require(request, Action.READ_EVENTS)
    recording = await operations.is_recording(context_of(request).database, caller)
    return answer({"recording": recording})


async def set_recording(request: Request) -> Response:
    """Events are recorded from then on. Recording can stop only while no webhook is enabled."""
    caller = require(request, Action.MANAGE_WEBHOOKS)
    context = context_of(request)
    recording = reading.read_recording(await read_object(request, SMALL))
    if recording:
        await operations.start_recording(context.database, caller, context.now())
    else:
        await operations.stop_recording(context.database, caller)
    return answer({"recording": recording})


async def create_webhook(request: Request) -> Response:
    """Only this answer has the secret. Events are recorded from then on."""
    caller = require(request, Action.MANAGE_WEBHOOKS)
    context = context_of(request)
    new = reading.read_new_webhook(await read_object(request, SMALL), context.receivers)
    created = await webhooks.create_webhook(context.database, caller, new, context.now())
    headers = {"Location": f"{_WEBHOOKS}/{created.webhook.id}"}
    return answer(writing.write_webhook(created.webhook, created.secret), 201, headers)


async def list_webhooks(request: Request) -> Response:
    """In the order of their creation."""
    caller = require(request, Action.READ_EVENTS)
    found = await webhooks.list_webhooks(context_of(request).database, caller)
    return answer({"webhooks": [writing.write_webhook(one) for one in found]})


async def get_webhook(request: Request) -> Response:
    """The webhook, without its secret."""
    caller = require(request, Action.READ_EVENTS)
    found = await webhooks.get_webhook(
        context_of(request).database, caller, id_in_path(request, "webhook_id")
    )
    return answer(writing.write_webhook(found))


async def change_webhook(request: Request) -> Response:
    """A JSON merge patch. A webhook that is enabled again gets what happens from then on."""
    caller = require(request, Action.MANAGE_WEBHOOKS)
    context = context_of(request)
    webhook_id = id_in_path(request, "webhook_id")
    change = reading.read_change(await read_object(request, SMALL), context.receivers)
    changed = await webhooks.change_webhook(
        context.database, caller, webhook_id, change, context.now()
    )
    return answer(writing.write_webhook(changed))


async def delete_webhook(request: Request) -> Response:
    """Waiting deliveries are not sent."""
    caller = require(request, Action.MANAGE_WEBHOOKS)
    context = context_of(request)
    await webhooks.delete_webhook(
        context.database, caller, id_in_path(request, "webhook_id"), context.now()
    )
    return Response(status_code=204)


async def rotate_secret(request: Request) -> Response:
    """During the overlap each message has a signature by the new secret and one by the old."""
    caller = require(request, Action.MANAGE_WEBHOOKS)
    context = context_of(request)
    webhook_id = id_in_path(request, "webhook_id")
    overlap = reading.read_overlap(await read_object(request, SMALL))
    rotated = await webhooks.rotate_secret(
        context.database, caller, webhook_id, overlap, context.now()
    )
    return answer(writing.write_webhook(rotated.webhook, rotated.secret))


async def send_test(request: Request) -> Response:
    """Sends a `webhook.test` and waits for the answer of the receiver. It is tried once."""
    caller = require(request, Action.MANAGE_WEBHOOKS)
    details = await context_of(request).deliveries.send_test(
        caller, id_in_path(request, "webhook_id")
    )
    return answer(writing.write_details(details))


async def replay(request: Request) -> Response:
    """Sends all events again that were recorded since a time, with their ids."""
    caller = require(request, Action.MANAGE_WEBHOOKS)
    context = context_of(request)
    webhook_id = id_in_path(request, "webhook_id")
    since = reading.read_since(await read_object(request, SMALL))
    count = await webhooks.replay(context.database, caller, webhook_id, since, context.now())
    return answer({"replayed": count}, 202)


async def list_deliveries(request: Request) -> Response:
    """The latest first; `state=dead` lists the dead letters."""
    caller = require(request, Action.READ_EVENTS)
    query = reading.read_deliveries_query(request.query_params.multi_items())
    found, more = await webhooks.list_deliveries(
        context_of(request).database,
        caller,
        id_in_path(request, "webhook_id"),
        before=query.before,
        limit=query.limit,
        state=query.state,
    )
    return answer(writing.write_deliveries(found, more=more))


async def get_delivery(request: Request) -> Response:
    """With the request, and the answer to each attempt."""
    caller = require(request, Action.READ_EVENTS)
    details = await webhooks.get_delivery(
        context_of(request).database,
        caller,
        id_in_path(request, "webhook_id"),
        id_in_path(request, "delivery_id"),
    )
    return answer(writing.write_details(details))


async def resend_delivery(request: Request) -> Response:
    """Sends the event again as a new delivery, with the same event id."""
    caller = require(request, Action.MANAGE_WEBHOOKS)
    context = context_of(request)
    new_id = await webhooks.resend(
        context.database,
        caller,
        id_in_path(request, "webhook_id"),
        id_in_path(request, "delivery_id"),
        context.now(),
    )
    return answer({"id": new_id}, 202)


ROUTES: Final = (
    PlainRoute("/events/v1/events", list_events, methods=["GET"]),
    PlainRoute("/events/v1/recording", read_recording, methods=["GET"]),
    PlainRoute("/events/v1/recording", set_recording, methods=["PUT"]),
    PlainRoute(_WEBHOOKS, list_webhooks, methods=["GET"]),
    PlainRoute(_WEBHOOKS, create_webhook, methods=["POST"]),
    PlainRoute(_WEBHOOK, get_webhook, methods=["GET"]),
    PlainRoute(_WEBHOOK, change_webhook, methods=["PATCH"]),
    PlainRoute(_WEBHOOK, delete_webhook, methods=["DELETE"]),
    PlainRoute(f"{_WEBHOOK}/secret", rotate_secret, methods=["POST"]),
    PlainRoute(f"{_WEBHOOK}/test", send_test, methods=["POST"]),
    PlainRoute(f"{_WEBHOOK}/replay", replay, methods=["POST"]),
    PlainRoute(_DELIVERIES, list_deliveries, methods=["GET"]),
    PlainRoute(_DELIVERY, get_delivery, methods=["GET"]),
    PlainRoute(f"{_DELIVERY}/resend", resend_delivery, methods=["POST"]),
)

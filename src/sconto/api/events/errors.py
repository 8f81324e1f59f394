"""The errors of the events API."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.responses import Response

from sconto.api import problem_json
from sconto.api.cursors import write_cursor
from sconto.domain.problems import (
    DeliveryNotFound,
    EventsGone,
    RecordingNeeded,
    TooManyWebhooks,
    WebhookNotFound,
)


def _events_gone(error: EventsGone) -> Response:
    members = {
        "type": "urn:sconto:problem:events-gone",
        "title": "The next event is no longer kept",
        "oldest_cursor": write_cursor(error.oldest),
    }
    detail = (
        "The event after this cursor is no longer kept, or the cursor is of another stream. "
        "oldest_cursor is where the events begin that are kept."
    )
    return problem_json.problem(410, detail, members=members)


def _recording_needed(_: RecordingNeeded) -> Response:
    members = {
        "type": "urn:sconto:problem:recording-needed",
        "title": "A webhook needs the events",
    }
    return problem_json.problem(
        409, "Disable or delete all webhooks first. Nothing was changed.", members=members
    )


def _too_many(error: TooManyWebhooks) -> Response:
    members = {"type": "urn:sconto:problem:too-many-webhooks", "title": "Too many webhooks"}
    return problem_json.problem(
        409, f"A merchant may have at most {error.most} webhooks.", members=members
    )


ANSWERS: Final[Mapping[type[Exception], Callable[[Any], Response]]] = {
    WebhookNotFound: lambda error: problem_json.problem(
        404, f"There is no webhook {error.webhook_id}."
    ),
    DeliveryNotFound: lambda error: problem_json.problem(
        404,
        f"There is no delivery {error.delivery_id} of this webhook, or its event is no longer "
        "kept.",
    ),
    EventsGone: _events_gone,
    RecordingNeeded: _recording_needed,
    TooManyWebhooks: _too_many,
}

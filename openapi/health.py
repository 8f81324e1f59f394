"""The operations for operators of Sconto."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from openapi.operation import Answer, Content, Operation, as_json
from openapi.problems import refusal
from sconto.api import health

_TAG: Final = "Operation"

_NOT_THE_OPERATOR: Final = refusal("An operator token is set, and the request does not have it")

OPERATIONS: Final[Mapping[Callable[..., Any], Operation]] = {
    health.live: Operation(
        _TAG,
        "Whether the process answers",
        {
            200: Answer("The process answers", as_json(Any)),
            429: refusal("The request has a token whose quota is used up; see Retry-After"),
        },
        needs_token=False,
    ),
    health.ready: Operation(
        _TAG,
        "Whether requests can be served",
        {
            200: Answer("Requests can be served", as_json(Any)),
            401: _NOT_THE_OPERATOR,
            503: refusal("Not now"),
        },
        needs_token=False,
    ),
    health.metrics: Operation(
        _TAG,
        "Figures for Prometheus",
        {200: Answer("Over all workers", {"text/plain": Content(str)}), 401: _NOT_THE_OPERATOR},
        needs_token=False,
    ),
}

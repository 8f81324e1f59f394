"""Errors as `application/problem+json` (RFC 9457): the dialect of our own APIs."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

import msgspec
from starlette.responses import Response

from sconto.api.faults import FieldFault, InvalidFields, first_names, shorten
from sconto.api.operator_challenge import CHALLENGE, NotTheOperator
from sconto.api.strict_json import NotJson
from sconto.api.titles import title_of
from sconto.domain.problems import (
    AccessDenied,
    BodyEncoded,
    BodyTooLarge,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    TooManyLargeRequests,
    UnsupportedMediaType,
)

MEDIA_TYPE: Final = "application/problem+json"


def pointer(name: str) -> str:
    """The part of a JSON pointer (RFC 6901) for a member."""
    return "/" + shorten(name).replace("~", "~0").replace("/", "~1")


def find_unknown(
    fields: Iterable[str], known: Collection[str], place: str = ""
) -> list[FieldFault]:
    """A fault for each unknown field of the object at that place."""
    unknown = first_names(name for name in fields if name not in known)
    return [FieldFault(place + pointer(name), "is unknown") for name in unknown]


def problem(
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    *,
    members: Mapping[str, object] | None = None,
) -> Response:
    """An error; `members` are those beyond type, title, status and detail."""
    body = {
        "type": "about:blank",
        "title": title_of(status),
        "status": status,
        "detail": detail,
        **(members or {}),
    }
    return Response(msgspec.json.encode(body), status, headers, MEDIA_TYPE)


def _invalid_fields(error: InvalidFields) -> Response:
    faults = [{"pointer": fault.place, "detail": fault.detail} for fault in error.faults]
    return problem(422, "Some fields are not valid.", members={"errors": faults})


def _unauthorized(detail: str) -> Response:
    return problem(401, detail, {"WWW-Authenticate": "Bearer"})


ANSWERS: Final[Mapping[type[Exception], Callable[[Any], Response]]] = {
    TokenMissing: lambda _: _unauthorized("The request has no token."),
    TokenInvalid: lambda _: _unauthorized("The token is not valid."),
    TokenExpired: lambda _: _unauthorized("The token has expired."),
    NotTheOperator: lambda _: problem(
        401, "This address is for the operator.", {"WWW-Authenticate": CHALLENGE}
    ),
    AccessDenied: lambda error: problem(403, f"Your role does not allow you to {error.action}."),
    BodyTooLarge: lambda error: problem(413, f"The body is larger than {error.limit} bytes."),
    UnsupportedMediaType: lambda _: problem(415, "The body must be application/json."),
    BodyEncoded: lambda _: problem(415, "The body must not be compressed."),
    NotJson: lambda _: problem(400, "The body is not a JSON object."),
    TooManyLargeRequests: lambda error: problem(
        429,
        "Other large requests of this merchant are under way. Try again later.",
        {"Retry-After": str(error.retry_after)},
    ),
    InvalidFields: _invalid_fields,
}
"""The answers of all our own APIs; each API adds its own."""

_SENTENCES: Final[Mapping[int, str]] = {
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    500: "Something went wrong on our side.",
    503: "The database cannot be reached at the moment. Try again.",
}


def answer_problem(error: Exception) -> Response:
    """The answer to a problem. Raises KeyError for one that only some APIs have."""
    return ANSWERS[type(error)](error)


def answer_status(
    status: int, headers: Mapping[str, str] | None = None, sentence: str | None = None
) -> Response:
    """The answer to an error without details."""
    return problem(status, sentence or _SENTENCES.get(status, f"{title_of(status)}."), headers)

"""Answers in JSON that are short."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The body as JSON."""
    return Response(msgspec.json.encode(body), status, headers, "application/json")

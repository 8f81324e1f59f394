"""Short JSON answers."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The answer with this body as JSON."""
    return Response(msgspec.json.encode(body), status, headers, "application/json")

"""Short JSON answers."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response


class _Json(Response):
    """A response whose usual two header fields are written in one step."""

    media_type = "application/json"

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        if headers:
            super().init_headers(headers)
            return
        self.raw_headers = [
            (b"content-length", b"%d" % len(self.body)),
            (b"content-type", b"application/json"),
        ]


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The answer with this body as JSON."""
    return _Json(msgspec.json.encode(body), status, headers)

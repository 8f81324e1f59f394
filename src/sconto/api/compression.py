"""Compresses answers for clients that accept gzip."""

import re
from collections.abc import Awaitable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sconto.api.base_path import inner_path

_SMALLEST: Final = 1024
"""Bytes of a body; a shorter one fits into one packet anyway."""

_LEVEL: Final = 5
"""Level 9 takes three times as long and saves 2 % more of a page."""

_NEVER: Final = "/checkout/"
"""A checkout is near and waits for its quote: compressing takes longer than sending."""

_COMPRESSED_ALREADY: Final = ("application/vnd.apache.parquet",)

_REFUSED: Final = re.compile(r"q=0(\.0{0,3})?")


class Compression:
    """Compresses all answers but those of the checkout API."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressing = GZipMiddleware(
            app,
            _SMALLEST,
            _LEVEL,
            exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, *_COMPRESSED_ALREADY),
        )

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request."""
        if scope["type"] != "http" or inner_path(scope).startswith(_NEVER):
            return self._app(scope, receive, send)
        if scope["method"] == "HEAD":
            return self._app(scope, receive, _without_length(send))
        return self._compressing(_with_plain_choice(scope), receive, send)


def _with_plain_choice(scope: Scope) -> Scope:
    """The request with an `Accept-Encoding` of `gzip` or without one.

    Starlette only searches for the word, so it would take `gzip;q=0` for a yes. The scope stays the
    same object, because traces read the route from it.
    """
    accepted = Headers(scope=scope).get("accept-encoding", "")
    headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    if _takes_gzip(accepted):
        headers.append((b"accept-encoding", b"gzip"))
    scope["headers"] = headers
    return scope


def _takes_gzip(accepted: str) -> bool:
    """Whether `Accept-Encoding` names gzip without refusing it (`q=0`)."""
    for coding in accepted.lower().split(","):
        name, *parameters = (part.strip() for part in coding.split(";"))
        if name in ("gzip", "x-gzip"):
            return not any(_REFUSED.fullmatch(parameter) for parameter in parameters)
    return False


def _without_length(send: Send) -> Send:
    """Remove the length for HEAD: it must be GET's, which is unknown before compressing."""

    async def send_without_length(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            is_short = int(headers.get("content-length", _SMALLEST)) < _SMALLEST
            if "content-encoding" not in headers and not is_short:
                del headers["content-length"]
        await send(message)

    return send_without_length

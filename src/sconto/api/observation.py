"""Records each request: an id, a line in the log, and the figures."""

import re
from collections.abc import Awaitable, Callable
from random import getrandbits
from time import perf_counter
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sconto.api.base_path import inner_path
from sconto.api.context import context_in
from sconto.api.headers import fields_of
from sconto.api.logs import Log
from sconto.domain.people import Caller

_VALID_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")

_CLIENT_DISCONNECTED: Final = 499
"""The status in the log of a request whose client disconnected before the answer."""


class Observation:
    """Records each request, and answers those that failed unexpectedly.

    The log has the route's template and not the path, because paths contain ids of orders and
    search texts. It never has a body or a header.
    """

    def __init__(
        self,
        app: ASGIApp,
        log: Log,
        answer_failure: Callable[[Scope], Response],
    ) -> None:
        self._app = app
        self._log = log
        self._answer_failure = answer_failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        request_id = _request_id(scope)
        status = 0

        def send_with_id(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            return send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            status = status or _CLIENT_DISCONNECTED
        except Exception:
            self._log.exception("request failed", request_id=request_id.decode(), **_who(scope))
            if status:
                raise  # half of the answer was sent: all we can do is break the connection
            await self._answer_failure(scope)(scope, receive, send_with_id)
        finally:
            seconds = perf_counter() - started
            self._note(scope, request_id, status or _CLIENT_DISCONNECTED, seconds)

    def _note(self, scope: Scope, request_id: bytes, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        context_in(scope).metrics.count_request(scope["method"], route, status, seconds)
        self._log.info(
            "request",
            request_id=request_id.decode(),
            method=scope["method"],
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 3),
            **_who(scope),
        )


class OneTrailingSlash:
    """Serves each path below the prefixes with or without one slash at its end."""

    def __init__(self, app: ASGIApp, prefixes: tuple[str, ...]) -> None:
        self._app = app
        self._prefixes = prefixes

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request without the slash at the end of its path."""
        if scope["type"] == "http":
            path: str = scope["path"]
            if path.endswith("/") and inner_path(scope).startswith(self._prefixes):
                scope["path"] = path[:-1]
        return self._app(scope, receive, send)


def _request_id(scope: Scope) -> bytes:
    """The client's id for the request if it is short and plain, otherwise a new one."""
    sent = fields_of(scope).get(b"x-request-id")
    if sent is not None and _VALID_ID.fullmatch(sent):
        return sent
    # It only tells requests apart, so it needs no system call for secure randomness.
    return b"%016x" % getrandbits(64)


def _who(scope: Scope) -> dict[str, int]:
    caller: Caller | None = scope.get("caller")
    if caller is None:
        return {}
    if caller.key_id is not None:
        return {"merchant_id": caller.merchant_id, "key_id": caller.key_id}
    return {"merchant_id": caller.merchant_id, "user_id": caller.user_id}

"""What is noted of each request: an id, a line in the log, and the counters."""

import re
from collections.abc import Callable
from random import getrandbits
from time import perf_counter
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from sconto.api.context import Context
from sconto.domain.people import Caller

_SANE_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")

_GONE: Final = 499
"""The status in the log of a request whose caller left before there was one to send."""


class Observation:
    """Notes each request, and answers those that failed for no foreseen reason.

    The log has the template of the route and not the address, for addresses hold ids of orders,
    and texts that people search for; and never a body or a header.
    """

    def __init__(
        self,
        app: ASGIApp,
        log: FilteringBoundLogger,
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

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            status = status or _GONE
        except Exception:
            self._log.exception("request failed", request_id=request_id.decode(), **_who(scope))
            if status:
                raise  # half of an answer was sent: breaking the connection is all that is left
            await self._answer_failure(scope)(scope, receive, send_with_id)
        finally:
            seconds = perf_counter() - started
            self._note(scope, request_id, status or _GONE, seconds)

    def _note(self, scope: Scope, request_id: bytes, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        context: Context = scope["app"].state.context
        context.metrics.count_request(scope["method"], route, status, seconds)
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
    """Lets each address below the prefixes be asked for with one slash at its end, or without."""

    def __init__(self, app: ASGIApp, prefixes: tuple[str, ...]) -> None:
        self._app = app
        self._prefixes = prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request as if it came without the slash."""
        if scope["type"] == "http":
            path: str = scope["path"]
            if path.endswith("/") and path.startswith(self._prefixes):
                scope["path"] = path[:-1]
        await self._app(scope, receive, send)


def _request_id(scope: Scope) -> bytes:
    """The caller's own id for the request where it is short and plain, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE_ID.fullmatch(value):
            return bytes(value)
    # Only to tell requests apart: the system's own randomness would be a call of it each time.
    return b"%016x" % getrandbits(64)


def _who(scope: Scope) -> dict[str, int]:
    caller: Caller | None = scope.get("caller")
    if caller is None:
        return {}
    return {"merchant_id": caller.merchant_id, "user_id": caller.user_id}

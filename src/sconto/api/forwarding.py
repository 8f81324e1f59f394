"""Warns in the log, once, about a proxy whose X-Forwarded-For is not trusted."""

from collections.abc import Awaitable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from sconto.api.headers import fields_of
from sconto.api.logs import Log

_FIELD: Final = b"x-forwarded-for"


class UntrustedProxyWarning:
    """Looks for `X-Forwarded-For` from an address that FORWARDED_ALLOW_IPS does not name.

    Behind such a proxy all clients have one address, and their failed sign-ins count together.
    """

    def __init__(self, app: ASGIApp, log: Log) -> None:
        self._app = app
        self._log = log
        self._has_warned = False

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request."""
        if not self._has_warned and scope["type"] == "http" and _is_untrusted(scope):
            self._has_warned = True
            self._log.warning(
                "X-Forwarded-For is not trusted",
                reason="FORWARDED_ALLOW_IPS does not name the address that sent it",
            )
        return self._app(scope, receive, send)


def _is_untrusted(scope: Scope) -> bool:
    client = scope.get("client")
    if client is None or _FIELD not in fields_of(scope):
        return False
    # If uvicorn trusts the field, the client's address is one of those in it.
    for name, value in scope["headers"]:
        if name == _FIELD and value.strip() and client[0].encode() not in value:
            return True
    return False

"""Looks for API keys that this process does not know yet, before a request is served."""

from collections.abc import Awaitable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from sconto.api.access import sent_key
from sconto.api.base_path import inner_path
from sconto.api.context import Context, context_in
from sconto.api.errors import dialect_of
from sconto.operations import DatabaseUnavailable

_RETRY_LATER: Final = {"Retry-After": "2"}


class KeyLookup:
    """Lets a new key work in each process from its first request.

    Only a request with an unknown key waits. While the database is unavailable it gets 503, because
    it is unknown whether its key is new or wrong.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request."""
        if scope["type"] == "http" and (key := sent_key(scope)) is not None:
            context = context_in(scope)
            if context.keys.may_be_new(key):
                return self._look_and_serve(context, scope, receive, send)
        return self._app(scope, receive, send)

    async def _look_and_serve(
        self, context: Context, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            await context.keys.look_for_new(context.database)
        except DatabaseUnavailable:
            answer = dialect_of(inner_path(scope)).answer_status(503, _RETRY_LATER)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

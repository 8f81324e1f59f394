"""Serves few requests of each merchant at a time, so that a flood of one delays no other."""

from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from sconto.api.access import find_caller
from sconto.api.base_path import inner_path
from sconto.api.context import Context

_CHECKOUT: Final = "/checkout/"


class Fairness:
    """Lets a request wait for its merchant's turn before it is served.

    Requests without a valid token or API key are served immediately: they are refused, or sign in,
    or read what needs no caller, such as the state of health.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request in turn."""
        if scope["type"] == "http":
            caller = find_caller(Request(scope))
            if caller is not None:
                context: Context = scope["app"].state.context
                turns = context.database.fair_turns
                await turns.begin(
                    caller.merchant_id, is_checkout=inner_path(scope).startswith(_CHECKOUT)
                )
                try:
                    await self._app(scope, receive, send)
                finally:
                    turns.end()
                return
        await self._app(scope, receive, send)

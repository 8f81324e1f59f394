"""Serves few requests of each merchant at a time, so that a flood of one delays no other."""

from collections.abc import Awaitable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from sconto.api.access import find_caller
from sconto.api.base_path import inner_path
from sconto.api.context import Context, context_in

_CHECKOUT: Final = "/checkout/"


class Fairness:
    """Lets a request wait for its merchant's turn before it is served.

    Requests without a valid token or API key are served immediately: they are refused, or sign in,
    or read what needs no caller, such as the state of health.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request in turn."""
        caller = find_caller(scope) if scope["type"] == "http" else None
        if caller is not None:
            context = context_in(scope)
            turns = context.database.fair_turns
            is_checkout = inner_path(scope).startswith(_CHECKOUT)
            if not turns.note_request(caller.merchant_id, is_checkout=is_checkout):
                turn = turns.begin(caller.merchant_id, is_checkout=is_checkout)
                return self._serve_in_turn(context, turn, scope, receive, send)
        return self._app(scope, receive, send)

    async def _serve_in_turn(
        self, context: Context, turn: Awaitable[None], scope: Scope, receive: Receive, send: Send
    ) -> None:
        await turn
        try:
            await self._app(scope, receive, send)
        finally:
            context.database.fair_turns.end()

"""Serves the requests of several merchants in rotation, so that a flood of one delays no other."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from sconto.api.access import find_caller
from sconto.api.context import Context


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
                await context.database.fair_turns.wait(caller.merchant_id)
        await self._app(scope, receive, send)

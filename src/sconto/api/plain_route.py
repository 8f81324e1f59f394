"""Routes whose functions take the request and return the response."""

from collections.abc import Awaitable, Callable, Collection

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]


class PlainRoute(Route):
    """A route that serves only the given methods, and puts itself in the scope for log and figures.

    Starlette's Route adds HEAD to GET, and handles exceptions in each route as well as in the
    application.
    """

    def __init__(self, path: str, endpoint: Endpoint, *, methods: Collection[str]) -> None:
        super().__init__(path, endpoint)
        self.methods = set(methods)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            response = await endpoint(Request(scope, receive, send))
            await response(scope, receive, send)

        self.app = answer

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the route serves a request; if so, the scope gets the route."""
        match, child_scope = super().matches(scope)
        if match is not Match.NONE:
            child_scope["route"] = self
        return match, child_scope

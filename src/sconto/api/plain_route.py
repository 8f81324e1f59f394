"""Routes whose functions take the request and return the response."""

import re
from collections.abc import Awaitable, Callable, Collection
from typing import Final
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

_PARAMETER: Final = re.compile(r"{(\w+):path}")

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


class PartRoute(PlainRoute):
    """A route to a part of a thing whose id may contain slashes: `/things/{id:path}/parts`.

    If the slashes of an id are sent as %2F, its end is not taken for a part: `/things/a%2Fparts` is
    the thing `a/parts`. Other ids in the path must have their slashes sent like that.
    """

    def __init__(self, path: str, endpoint: Endpoint, *, methods: Collection[str]) -> None:
        super().__init__(path, endpoint, methods=methods)
        names = _PARAMETER.split(path)
        pattern = "".join(
            f"(?P<{text}>{'.+' if place == 1 else '[^/]+'})" if place % 2 else re.escape(text)
            for place, text in enumerate(names)
        )
        self._sent = re.compile(f"{pattern}/?$")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As in any route, by the path as it was sent."""
        match, child_scope = super().matches(scope)
        if match is Match.NONE:
            return match, child_scope
        raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        found = self._sent.search(raw.decode("latin-1"))
        if found is None:
            return Match.NONE, {}
        child_scope["path_params"] = {
            name: unquote(text) for name, text in found.groupdict().items()
        }
        return match, child_scope

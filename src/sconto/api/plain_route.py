"""Routes whose functions take the request and return the response themselves."""

from collections.abc import Callable
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.types import Receive, Scope, Send


class PlainRoute(APIRoute):
    """Described like any route of FastAPI, and served by Starlette.

    What FastAPI does around a function, from dependencies to validation, none of ours asks for: it
    is 18 µs of processor time a request, more than all of Starlette takes.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **described: Any) -> None:
        super().__init__(path, endpoint, **described)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            response = await endpoint(Request(scope, receive, send))
            await response(scope, receive, send)

        self.app = answer

"""Lets callers who want the connection closed finish sending, so that they can read the answer.

A socket that is closed with unread bytes is reset, and a reset takes the answer with it before
the caller has looked at it. On a connection that stays open the server reads on by itself.
"""

import asyncio
from contextlib import suppress
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PATIENCE: Final = 30
"""Seconds for the rest of a body; whoever is slower has the connection reset."""


class LingeringClose:
    """Reads the rest of a body that nobody asked for before the connection is closed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; the end of its answer waits for the end of its body."""
        if scope["type"] != "http" or not _is_closed_after(scope):
            await self._app(scope, receive, send)
            return
        body = _Body(receive)

        async def send_lingering(message: Message) -> None:
            if message["type"] != "http.response.body" or message.get("more_body", False):
                await send(message)
                return
            # The answer goes out first: a caller who reads while sending may stop at once.
            await send({**message, "more_body": True})
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await body.read_on()
            await send({"type": "http.response.body"})

        await self._app(scope, body.receive, send_lingering)


class _Body:
    """What a request sends, and whether that was all."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._ended = not message.get("more_body", False)
        return message

    async def read_on(self) -> None:
        while not self._ended:
            await self.receive()


def _is_closed_after(scope: Scope) -> bool:
    """Whether a body may be on its way on a connection that ends with the answer."""
    if scope["method"] in ("GET", "HEAD"):
        return False
    closes: bool = scope["http_version"] == "1.0"
    for name, value in scope["headers"]:
        if name == b"connection":
            closes = b"close" in value.lower()
        elif name == b"expect":
            return False  # reading on would be the word for which the caller waits with the body
    return closes

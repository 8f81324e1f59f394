"""A real receiver of webhooks on 127.0.0.1, which answers as a test tells it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from aiohttp import web
from standardwebhooks import Webhook

from sconto.domain.receiver_address import ReceiverRules, parse_networks

LOCAL: Final = ReceiverRules(parse_networks("127.0.0.0/8"))
"""Rules of an operator who allows this machine."""

Answering = Callable[["Received"], Awaitable[web.StreamResponse] | web.StreamResponse]


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def about(self) -> str:
        """The order or the promotion that the event is about, or the type of the event."""
        data = self.event["data"]
        if "order" in data:
            return str(data["order"]["order_id"])
        return str(data.get("promotion", {}).get("name", self.event["type"]))

    def verify(self, secret: str) -> None:
        """Raises if the official library does not accept the signature."""
        Webhook(secret).verify(self.body.decode(), self.headers)


@dataclass
class Receiver:
    """What came, and how the next requests are answered: first `script`, then `answer`."""

    received: list[Received] = field(default_factory=list)
    script: list[int | Answering] = field(default_factory=list)
    answer: int | Answering = 204
    url: str = ""

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Keep the request and answer it."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(headers, await request.read())
        self.received.append(received)
        answer = self.script.pop(0) if self.script else self.answer
        if isinstance(answer, int):
            return web.Response(status=answer, text=f"answer {answer}")
        response = answer(received)
        return await response if isinstance(response, Awaitable) else response

    @property
    def types(self) -> list[str]:
        """The types of the events that came."""
        return [one.event["type"] for one in self.received]


@asynccontextmanager
async def a_receiver() -> AsyncIterator[Receiver]:
    """A receiver that answers 204 to everything."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", receiver.respond)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def hang(_: Received) -> web.StreamResponse:
    """Answer nothing until the connection is closed."""
    await asyncio.sleep(3600)
    return web.Response()

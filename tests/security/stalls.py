"""Measures how long a request blocks an application's event loop; sends requests without a client.

A stall is the processor time of this process between two ticks of the loop: of code on the loop,
and of other threads that held the interpreter. A busy machine makes ticks late, but adds no
processor time.
"""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import wraps
from typing import ParamSpec, TypeVar

from starlette.types import ASGIApp, Message

PIECE = 64 * 1024


LONGEST = 0.15
"""Seconds. On a quiet machine stalls are at most 0.05; they once were 0.2 to 12."""

P = ParamSpec("P")
T = TypeVar("T")


class Stalled(AssertionError):
    """The loop was blocked for too long."""


@dataclass
class Stalls:
    """The longest stall so far, in seconds of processor time."""

    longest: float = 0.0

    def require_short(self) -> None:
        """Raise Stalled if one took too long."""
        if self.longest >= LONGEST:
            raise Stalled(f"the loop was stalled for {self.longest:.3f} s")


def tried_again_if_stalled(test: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Fail only if the loop is stalled three times.

    What the code does to the loop, it does each time. But if other programs use the machine, the
    loop's thread may wait for a processor while another thread of ours works: that looks like a
    stall.
    """

    @wraps(test)
    async def run(*arguments: P.args, **named: P.kwargs) -> T:
        for _ in range(2):
            with suppress(Stalled):
                return await test(*arguments, **named)
        return await test(*arguments, **named)

    return run


@asynccontextmanager
async def stalls() -> AsyncIterator[Stalls]:
    """Watch the running loop for the length of a block."""
    watched = Stalls()

    async def tick() -> None:
        before = time.process_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.process_time()
            watched.longest = max(watched.longest, now - before)
            before = time.process_time()

    # Like a worker at its start: from now on the collector skips all earlier objects.
    gc.collect()
    gc.freeze()
    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.01)
    watched.longest = 0.0
    try:
        yield watched
        await asyncio.sleep(0.002)
    finally:
        ticking.cancel()


@dataclass
class SentAnswer:
    """An answer, and how many bytes of the body the application read."""

    status: int = 0
    body: list[bytes] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    taken: int = 0


async def send(
    app: ASGIApp, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> SentAnswer:
    """Send a request, with its body in parts, like a server. A real client would stall the loop
    too.
    """
    answer = SentAnswer()
    parts = iter(range(0, max(len(body), 1), PIECE))

    async def receive() -> Message:
        await asyncio.sleep(0)
        start = next(parts, None)
        if start is None:
            await asyncio.Event().wait()
            raise AssertionError("the body was over")
        part = body[start : start + PIECE]
        answer.taken += len(part)
        more = start + PIECE < len(body)
        return {"type": "http.request", "body": part, "more_body": more}

    async def reply(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body.append(message.get("body", b""))

    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": _fields({"host": "sconto", "content-length": str(len(body)), **headers}.items()),
        "client": ("127.0.0.1", 1),
        "server": ("sconto", 80),
        "state": {},
    }
    await app(scope, receive, reply)
    return answer


def _fields(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers]

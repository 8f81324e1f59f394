"""HTTP requests that race each other: each on its own connection, some of them dropped."""

import asyncio
import json
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

_ANSWER_TIMEOUT: Final = 30.0
"""Seconds to wait for an answer: longer than the service itself waits for anything."""

_RETRIED_STATUSES: Final = frozenset([0, 429, 503])
"""No answer, or one that asks to try again later."""

_RETRY_AFTER: Final = 0.2
"""Seconds between two attempts."""


class NoAnswer(Exception):
    """The service could not be reached, or asked to try again later for too long."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `hang_up` drops the connection this many seconds after the request was sent."""

    method: str
    path: str
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: float | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, and when the request was running; status 0 if nothing came back."""

    status: int
    body: Any
    began: float
    ended: float


class _Start:
    """Starts all clients in one turn of the event loop, as soon as all of them are ready.

    `asyncio.Barrier` starts them one after the other, because each takes its lock separately.
    """

    def __init__(self, clients: int) -> None:
        self._missing = clients
        self._is_given = asyncio.Event()

    async def wait(self) -> None:
        """Wait for the others."""
        self._missing -= 1
        if self._missing == 0:
            self._is_given.set()
        await self._is_given.wait()


class Service:
    """A running Sconto, asked by one user."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = url
        self._host = parts.hostname or "127.0.0.1"
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self.headers: dict[str, str] = {}

    async def require_connection(self) -> None:
        """Raise NoAnswer if nothing accepts connections at the address."""
        try:
            _, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        except OSError:
            raise NoAnswer(f"{self.url} does not answer") from None
        writer.transport.abort()

    async def ask(self, request: Request) -> Response:
        """The answer to one request, repeated while the service asks for a retry.

        Raises NoAnswer.
        """
        (answer,) = await self.ask_together([request])
        return answer

    async def ask_together(self, requests: Sequence[Request]) -> list[Response]:
        """The answers to requests that are sent together, as soon as all of them are connected.

        Each is repeated until it is answered, as a shop would do. The times are those of the first
        attempt. Raises NoAnswer.
        """
        start = _Start(len(requests))
        return await asyncio.gather(*(self._ask(request, start) for request in requests))

    async def _ask(self, request: Request, start: _Start) -> Response:
        first = await self._send(request, start)
        answer, deadline = first, monotonic() + _ANSWER_TIMEOUT
        while answer.status in _RETRIED_STATUSES:
            if monotonic() > deadline:
                raise NoAnswer(f"{request.method} {self.url}{request.path} is not answered")
            if answer.status:
                await asyncio.sleep(_RETRY_AFTER)
            again = Request(request.method, request.path, request.body, request.headers)
            answer = await self._send(again, None)
        return Response(answer.status, answer.body, first.began, first.ended)

    async def _send(self, request: Request, start: _Start | None) -> Response:
        writer: asyncio.StreamWriter | None = None
        raw = b""
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        if start is not None:
            await start.wait()
        began = monotonic()
        if writer is not None:
            with suppress(OSError, TimeoutError):
                writer.write(self._text(request))
                await writer.drain()
                if request.hang_up is None:
                    raw = await asyncio.wait_for(reader.read(), _ANSWER_TIMEOUT)
                else:
                    await asyncio.sleep(request.hang_up)
            writer.transport.abort()
        else:
            await asyncio.sleep(_RETRY_AFTER)
        return _parse_response(raw, began)

    def _text(self, request: Request) -> bytes:
        body = b"" if request.body is None else json.dumps(request.body).encode()
        headers = {
            "Host": f"{self._host}:{self._port}",
            "Connection": "close",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **self.headers,
            **request.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{request.method} {request.path} HTTP/1.1\r\n{head}\r\n".encode() + body


def overlapping(answers: Sequence[Response]) -> int:
    """How many of the requests were running while another one was."""
    spans = sorted((answer.began, answer.ended) for answer in answers)
    met: set[int] = set()
    longest = 0
    for number, (began, ended) in enumerate(spans[1:], 1):
        if began < spans[longest][1]:
            met |= {longest, number}
        if ended > spans[longest][1]:
            longest = number
    return len(met)


def _parse_response(raw: bytes, began: float) -> Response:
    head, _, body = raw.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/1.1 ") else 0
    parsed: Any = None
    with suppress(ValueError):
        parsed = json.loads(body)
    # Half an answer counts as none.
    if status and parsed is None and body:
        status = 0
    return Response(status, parsed, began, monotonic())

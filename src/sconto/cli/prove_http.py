"""Many requests at the same moment, on connections of their own, some of them dropped."""

import asyncio
import json
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

ANSWER_TIMEOUT: Final = 30.0
"""Seconds until an answer must have come: longer than the service itself waits for anything."""

_RETRIED: Final = frozenset([0, 429, 503])
"""Nothing was answered, or "later": the caller asks again."""

_RETRY_AFTER: Final = 0.2


class NoAnswer(Exception):
    """The service could not be reached, or said "later" for too long."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `hang_up` drops the connection this many seconds after it was sent."""

    method: str
    path: str
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: float | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, and when the request was under way; status 0 where nothing did."""

    status: int
    body: Any
    began: float
    ended: float


class Service:
    """A running Sconto, asked by one user."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = url
        self._host = parts.hostname or "127.0.0.1"
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self.headers: dict[str, str] = {}

    async def ask(self, request: Request) -> Response:
        """The answer to one request, asked again for as long as the service says "later".

        Raises NoAnswer.
        """
        (answer,) = await self.ask_together([request])
        return answer

    async def ask_together(self, requests: Sequence[Request]) -> list[Response]:
        """The answers to requests that are sent when all of them are connected.

        Each is asked again until it is answered, as a shop would; the time is that of the first
        attempt. Raises NoAnswer.
        """
        ready = asyncio.Barrier(len(requests))
        return await asyncio.gather(*(self._ask(request, ready) for request in requests))

    async def _ask(self, request: Request, ready: asyncio.Barrier) -> Response:
        first = await self._send(request, ready)
        answer, deadline = first, monotonic() + ANSWER_TIMEOUT
        while answer.status in _RETRIED:
            if monotonic() > deadline:
                raise NoAnswer(f"{request.method} {self.url}{request.path} is not answered")
            if answer.status:
                await asyncio.sleep(_RETRY_AFTER)
            again = Request(request.method, request.path, request.body, request.headers)
            answer = await self._send(again, None)
        return Response(answer.status, answer.body, first.began, first.ended)

    async def _send(self, request: Request, ready: asyncio.Barrier | None) -> Response:
        writer: asyncio.StreamWriter | None = None
        raw = b""
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        if ready is not None:
            await ready.wait()
        began = monotonic()
        if writer is not None:
            with suppress(OSError, TimeoutError):
                writer.write(self._text(request))
                await writer.drain()
                if request.hang_up is None:
                    raw = await asyncio.wait_for(reader.read(), ANSWER_TIMEOUT)
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
    """How many of the attempts were under way while another one was."""
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
    # Half an answer is none: nobody knows what it would have said.
    if status and parsed is None and body:
        status = 0
    return Response(status, parsed, began, monotonic())

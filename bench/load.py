"""The load: many clients on kept connections, with as little own work as possible."""

import asyncio
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple, cast

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length: "
_ANSWER_TIMEOUT = 30.0
"""Seconds to wait for missing answers after the time is over."""
_LONGEST = 3_600.0
"""Seconds for a number of requests that is fixed."""


class LoadRequest(NamedTuple):
    """The bytes of a request, and a check of its answer, which raises if the answer is wrong."""

    data: bytes
    check: Callable[[bytes], None] | None = None


class Unanswered(Exception):
    """A request was refused, or its connection broke."""


@dataclass(slots=True)
class Run:
    """The result of a load: how many seconds it took, and the seconds that each answer took."""

    seconds: float = 0.0
    latencies: "array[float]" = field(default_factory=lambda: array("d"))

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency in seconds that this share of the answers did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Client(asyncio.Protocol):
    """One connection with at most one running request."""

    def __init__(self, on_answer: Callable[["_Client", bytes], None]) -> None:
        self._on_answer = on_answer
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self.asked_at = 0.0
        self.check: Callable[[bytes], None] | None = None
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.lost = True

    def ask(self, request: LoadRequest, asked_at: float) -> None:
        """Send a request; `asked_at` is when it was due."""
        if self._transport is None or self.lost:
            raise Unanswered("the server closed a connection")
        self.asked_at, self.check = asked_at, request.check
        self._transport.write(request.data)

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        body = received.find(_END_OF_HEAD) + 4
        if body > 3:
            start = received.find(_LENGTH, 0, body)
            if start < 0:
                start = received[:body].lower().index(_LENGTH)
            start += len(_LENGTH)
            length = int(received[start : received.index(b"\r", start)])
            if len(received) >= body + length:
                self._received = b""
                self._on_answer(self, received)
                return
        self._received = received

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.abort()


class Load:
    """Clients of one server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._clients: list[_Client] = []
        self._answered: Callable[[_Client], None] = _Client.close
        self._failure: Exception | None = None
        self._run = Run()

    async def saturate(
        self, requests: Iterator[LoadRequest], clients: int, seconds: float, at_least: int = 0
    ) -> Run:
        """Each client sends its next request as soon as it has an answer. Raises Unanswered.

        If so many are not answered in time, it goes on until they are.
        """
        await self._connect(clients)
        busy = clients
        done = asyncio.Event()

        def go_on(client: _Client) -> None:
            nonlocal busy
            now = perf_counter()
            is_over = now >= end and len(self._run.latencies) >= at_least
            if not is_over and self._failure is None:
                client.ask(next(requests), now)
                return
            busy -= 1
            if busy == 0:
                done.set()

        self._answered = go_on
        started = perf_counter()
        end = started + seconds
        for client in self._clients:
            client.ask(next(requests), perf_counter())
        return await self._finish(done, started, _LONGEST if at_least else seconds)

    async def send_all(self, requests: Iterator[LoadRequest], clients: int) -> Run:
        """Send all of them; each client sends its next one as soon as it has an answer.

        Raises Unanswered.
        """
        await self._connect(clients)
        busy = clients
        done = asyncio.Event()

        def go_on(client: _Client) -> None:
            nonlocal busy
            following = None if self._failure is not None else next(requests, None)
            if following is not None:
                client.ask(following, perf_counter())
                return
            busy -= 1
            if busy == 0:
                done.set()

        self._answered = go_on
        started = perf_counter()
        for client in self._clients:
            go_on(client)
        return await self._finish(done, started, _LONGEST)

    async def pace(
        self, requests: Iterator[LoadRequest], rate: float, clients: int, seconds: float
    ) -> Run:
        """Send a number of requests a second, however long the answers take.

        A request that finds no idle client waits; its latency counts from when it was due.
        """
        await self._connect(clients)
        idle = deque(self._clients)
        waiting: deque[float] = deque()
        done = asyncio.Event()

        def go_on(client: _Client) -> None:
            if waiting:
                client.ask(next(requests), waiting.popleft())
            else:
                idle.append(client)
                if len(idle) == clients and perf_counter() >= end:
                    done.set()

        self._answered = go_on
        started = perf_counter()
        end = started + seconds
        due = 0
        while (now := perf_counter()) < end and self._failure is None:
            while due < (now - started) * rate:
                due += 1
                if idle:
                    idle.popleft().ask(next(requests), now)
                else:
                    waiting.append(now)
            await asyncio.sleep(0.001)
        if len(idle) == clients:
            done.set()
        return await self._finish(done, started, seconds)

    async def _connect(self, clients: int) -> None:
        self._run, self._failure = Run(), None
        loop = asyncio.get_running_loop()
        for _ in range(clients):
            _, client = await loop.create_connection(
                lambda: _Client(self._note), "127.0.0.1", self._port
            )
            self._clients.append(client)

    def _note(self, client: _Client, answer: bytes) -> None:
        now = perf_counter()
        self._run.latencies.append(now - client.asked_at)
        if not answer.startswith(b"HTTP/1.1 20"):
            self._failure = Unanswered(answer[:600].decode(errors="replace"))
        elif client.check is not None:
            try:
                client.check(answer)
            except Exception as error:
                self._failure = error
        self._answered(client)

    async def _finish(self, done: asyncio.Event, started: float, seconds: float) -> Run:
        try:
            await asyncio.wait_for(done.wait(), seconds + _ANSWER_TIMEOUT)
        except TimeoutError:
            raise self._failure or Unanswered("answers are missing") from None
        finally:
            self._run.seconds = perf_counter() - started
            for client in self._clients:
                client.close()
            self._clients.clear()
        if self._failure is not None:
            raise self._failure
        return self._run


async def ask(
    port: int, request: bytes, wait_seconds: float = _ANSWER_TIMEOUT
) -> tuple[int, bytes]:
    """The status and the body of one answer, also of a refusal."""
    answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(
        lambda: _Client(lambda _, answer: answered.set_result(answer)), "127.0.0.1", port
    )
    try:
        client.ask(LoadRequest(request), perf_counter())
        answer = await asyncio.wait_for(answered, wait_seconds)
    finally:
        client.close()
    return int(answer[9:12]), answer.partition(_END_OF_HEAD)[2]


def write_request(
    method: str,
    path: str,
    token: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a request. Its body is JSON unless the headers say otherwise."""
    sent = {
        "host": "localhost",
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
        **(headers or {}),
        "content-length": str(len(body)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body

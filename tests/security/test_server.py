"""What reaches the server as raw bytes: smuggled requests, injected headers, callers who stall."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import httpx
import pytest

from sconto.domain.people import Caller

HOST = b"Host: sconto\r\n"
HIDDEN = b"GET /health/live HTTP/1.1\r\nHost: hidden\r\n\r\n"
POST = b"POST /v1/login_check HTTP/1.1\r\n" + HOST

SMUGGLED = {
    "length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
    "a length with a sign": b"Content-Length: +0\r\n\r\n",
    "a length in a list": b"Content-Length: 0, 44\r\n\r\n",
    "a length in hex": b"Content-Length: 0x0\r\n\r\n",
    "a length that is too long": b"Content-Length: 18446744073709551616\r\n\r\n",
    "chunks, then not": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunks misspelt": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
    "a folded line": b"Content-Length:\r\n 0\r\n\r\n",
    "a folded coding": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"Content-Length : 0\r\n\r\n",
    "a bare line feed": b"Content-Length: 0\nX: y\r\n\r\n",
    "a bare carriage return": b"X: a\rContent-Length: 0\r\n\r\n",
    "a null byte": b"X: a\x00b\r\nContent-Length: 0\r\n\r\n",
    "a chunk's size with a sign": b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n",
    "a chunk longer than said": b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    "a chunk ended by a line feed": b"Transfer-Encoding: chunked\r\n\r\n0\n\n",
}


@pytest.fixture
def address(server: str) -> tuple[str, int]:
    """Host and port of a real service of two processes."""
    host, port = server.removeprefix("http://").split(":")
    return host, int(port)


def exchange(address: tuple[str, int], sent: bytes) -> bytes:
    """All that is answered until the server closes, or says nothing for a while."""
    with closing(socket.create_connection(address, timeout=0.3)) as connection:
        connection.sendall(sent)
        received = b""
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except TimeoutError:
            pass
        return received


def test_no_request_hides_in_another(address: tuple[str, int]) -> None:
    for kind, head in SMUGGLED.items():
        answers = exchange(address, POST + head + HIDDEN)
        assert answers.count(b"HTTP/1.1 ") <= 1, f"{kind}: {answers!r}"
        assert b'"live"' not in answers, kind
        assert b"HTTP/1.1 5" not in answers, kind


def test_a_header_that_we_answer_with_cannot_be_split(address: tuple[str, int]) -> None:
    ask = b"GET /health/live HTTP/1.1\r\nConnection: close\r\n" + HOST
    for value in (b"a%0d%0aSet-Cookie: x=1", b"a\x0bSet-Cookie: x=1", b"a" * 200, "é".encode()):
        answer = exchange(address, ask + b"X-Request-ID: " + value + b"\r\n\r\n")
        assert b"Set-Cookie" not in answer
        assert value not in answer
    for path in (b"/%0d%0aSet-Cookie:%20x=1", b"//evil.example/%2e%2e", b"/portal/%0d%0aX:%20y"):
        answer = exchange(
            address, b"GET " + path + b" HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"
        )
        head = answer.partition(b"\r\n\r\n")[0].lower()
        assert b"\r\nset-cookie: x=1" not in head
        assert b"\r\nx: y" not in head
        assert b"location: //" not in head


@contextmanager
def stalled(address: tuple[str, int], number: int) -> Iterator[list[socket.socket]]:
    """Connections with half a request head on each."""
    connections = [socket.create_connection(address, timeout=60) for _ in range(number)]
    try:
        for connection in connections:
            connection.sendall(b"GET /health/live HTTP/1.1\r\n" + HOST + b"X-Slow: ")
        yield connections
    finally:
        for connection in connections:
            connection.close()


def test_two_hundred_callers_who_never_finish_their_request_keep_nobody_waiting(
    server: str, address: tuple[str, int]
) -> None:
    with stalled(address, 200):
        for _ in range(20):
            began = time.monotonic()
            assert httpx.get(f"{server}/health/ready", timeout=10).status_code == 200
            assert time.monotonic() - began < 2


def test_who_takes_more_than_ten_seconds_for_a_request_head_is_cut_off(
    address: tuple[str, int],
) -> None:
    with stalled(address, 1) as [connection]:
        began = time.monotonic()
        connection.settimeout(1)
        while time.monotonic() - began < 20:
            try:
                connection.sendall(b"a")
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert 5 < time.monotonic() - began < 15


def upload(
    address: tuple[str, int], token: dict[str, str], piece: int, pieces: int
) -> tuple[bytes, float]:
    """The answer to a body of that many pieces, one a second, and when it came."""
    fields = {**token, "Content-Type": "application/json", "Content-Length": str(piece * pieces)}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    with closing(socket.create_connection(address, timeout=60)) as connection:
        connection.sendall(
            b"PUT /catalog/v1/products HTTP/1.1\r\n" + HOST + head.encode() + b"\r\n"
        )
        began = time.monotonic()
        connection.settimeout(1)
        for _ in range(pieces):
            connection.sendall(b" " * piece)
            try:
                return connection.recv(65536), time.monotonic() - began
            except TimeoutError:
                continue
        return connection.recv(65536), time.monotonic() - began


def test_a_body_that_trickles_is_cut_off_and_one_from_a_slow_line_is_not(
    address: tuple[str, int], merchant: Caller, bearer: Callable[[Caller], dict[str, str]]
) -> None:
    token = bearer(merchant)
    with ThreadPoolExecutor(2) as callers:
        trickling = callers.submit(upload, address, token, 1, 60)
        slow = callers.submit(upload, address, token, 100_000, 35)
    answer, seconds = trickling.result()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer
    assert 29 < seconds < 40
    answer, seconds = slow.result()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert seconds > 33

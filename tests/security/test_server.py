"""Raw bytes: smuggled requests, injected headers and stalled requests."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.security.wire import Address, address_of, exchange

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
def address(server: str) -> Address:
    """Host and port of a real service of two processes."""
    return address_of(server)


def test_no_request_is_smuggled_in_another(address: Address) -> None:
    for kind, head in SMUGGLED.items():
        answers = exchange(address, POST + head + HIDDEN, silence=0.3)
        assert answers.count(b"HTTP/1.1 ") <= 1, f"{kind}: {answers!r}"
        assert b'"live"' not in answers, kind
        assert b"HTTP/1.1 5" not in answers, kind


def test_an_answer_header_cannot_be_split(address: Address) -> None:
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
def stalled(address: Address, number: int) -> Iterator[list[socket.socket]]:
    """Connections with half a request head on each."""
    connections = [socket.create_connection(address, timeout=60) for _ in range(number)]
    try:
        for connection in connections:
            connection.sendall(b"GET /health/live HTTP/1.1\r\n" + HOST + b"X-Slow: ")
        yield connections
    finally:
        for connection in connections:
            connection.close()


def test_two_hundred_unfinished_requests_delay_no_other(server: str, address: Address) -> None:
    with stalled(address, 200):
        for _ in range(20):
            began = time.monotonic()
            assert httpx.get(f"{server}/health/ready", timeout=10).status_code == 200
            assert time.monotonic() - began < 5

"""Endless requests: a part that is too large is refused before it is kept in memory."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from sconto.cli.connections import ConnectionLimits
from sconto.domain.people import Caller
from tests.conftest import SECRET_KEY
from tests.security.wire import Address, address_of, exchange, flood, peak_memory, receive_all
from tests.services import Service, wait_until

LIMITS = ConnectionLimits()
MEGABYTE = 1024 * 1024
FLOOD = 200 * MEGABYTE
ROOM = 12 * MEGABYTE
"""Memory that a worker may gain from any answer."""

HOST = b"Host: sconto\r\n"
ASK = b"GET /health/live HTTP/1.1\r\n" + HOST
SIGN_IN = b'{"username": "nobody"}'
"""Only this body is answered with 400 and error 11010."""
POST = b"POST /v1/login_check HTTP/1.1\r\nContent-Type: application/json\r\n" + HOST
CHUNKS = POST + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKED = b"%x\r\n%s\r\n0\r\n" % (len(SIGN_IN), SIGN_IN)


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of one process."""
    settings = {"SCONTO_DATABASE_URL": database_url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}
    with Service.running(tmp_path_factory.mktemp("service"), settings) as service:
        yield service


@pytest.fixture(scope="module")
def address(service: Service) -> Address:
    return address_of(service.url)


FLOODS = {
    "a request line": (b"GET /", b"a", 414),
    "a method": (b"", b"A", 414),
    "spaces in a request line": (b"GET ", b" ", 414),
    "blank lines": (b"", b"\r\n", 400),
    "one field": (ASK + b"X-Large: ", b"a", 431),
    "the name of a field": (ASK, b"a", 431),
    "spaces before a value": (ASK + b"X-Large:", b" ", 431),
    "many fields": (ASK, b"X-Many: %s\r\n" % (b"a" * 1000), 431),
    "many short fields": (ASK, b"a:b\r\n", 431),
    "trailers": (CHUNKS + CHUNKED, b"X-Many: %s\r\n" % (b"a" * 1000), 400),
    "one trailer": (CHUNKS + CHUNKED + b"X-Large: ", b"a", 400),
    "a chunk's extension": (CHUNKS + b"1;a=", b"a", 400),
    "a chunk's size": (CHUNKS, b"0", 400),
    "extensions of many chunks": (CHUNKS, b"1;a=%s\r\n \r\n" % (b"a" * 1000), 400),
}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize("kind", FLOODS)
def test_200_megabytes_in_one_part_of_a_request_are_refused_and_not_kept(
    service: Service, address: Address, kind: str
) -> None:
    first, again, status = FLOODS[kind]
    exchange(address, ASK + b"Connection: close\r\n\r\n")
    [worker] = service.workers()
    before = peak_memory(worker)
    answer = flood(address, first, again, FLOOD)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nconnection: close\r\n" in answer
    assert peak_memory(worker) - before < ROOM
    assert exchange(address, ASK + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_pipelined_requests_wait_outside_the_process(service: Service, address: Address) -> None:
    [worker] = service.workers()
    before = peak_memory(worker)
    requests = (b"GET / HTTP/1.1\r\n\r\n" * 60_000)[: 1 * MEGABYTE]
    connections = [socket.create_connection(address) for _ in range(8)]
    try:
        for connection in connections:
            connection.setblocking(False)
        sent = 0
        for _ in range(200):
            for connection in connections:
                try:
                    sent += connection.send(requests)
                except BlockingIOError:
                    pass
                except ConnectionError:
                    continue
        assert sent > 8 * MEGABYTE
        assert exchange(address, ASK + b"Connection: close\r\n\r\n", 10).startswith(
            b"HTTP/1.1 200 "
        )
    finally:
        for connection in connections:
            connection.close()
    assert peak_memory(worker) - before < ROOM


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_refused_bodies_are_not_kept(service: Service, address: Address) -> None:
    [worker] = service.workers()
    before = peak_memory(worker)
    body = b"a" * 250_000
    unknown = b"POST /v1/promotion HTTP/1.1\r\nContent-Length: 999999\r\n%s\r\n" % HOST
    with ExitStack() as stack:
        for _ in range(120):
            connection = stack.enter_context(closing(socket.create_connection(address)))
            connection.sendall(unknown + body)
            assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
    assert peak_memory(worker) - before < ROOM


def test_a_thousand_pipelined_requests_are_all_answered_in_order(address: Address) -> None:
    paths = [b"/health/live" if number % 3 else b"/nowhere" for number in range(1000)]
    sent = b"".join(b"GET %s HTTP/1.1\r\n%s\r\n" % (path, HOST) for path in paths)
    answers = exchange(address, sent, silence=3).split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [
        b"200" if path == b"/health/live" else b"404" for path in paths
    ]


def test_requests_up_to_the_limits_are_served(address: Address) -> None:
    def status(request: bytes) -> bytes:
        return exchange(address, request, silence=3).removeprefix(b"HTTP/1.1 ")[:3]

    line = b"GET /health/live?%s HTTP/1.1\r\n"
    longest = line % (b"a" * (LIMITS.request_line - len(line % b"")))
    end = HOST + b"Connection: close\r\n\r\n"
    assert status(longest + end) == b"200"
    assert status(longest.replace(b"?", b"?a") + end) == b"414"
    field = b"X: %s\r\n"
    largest = field % (b"a" * (LIMITS.fields - len(end) - len(field % b"")))
    assert status(line % b"" + largest + end) == b"200"
    assert status(line % b"" + b"X" + largest + end) == b"431"
    assert status(line % b"" + b"X: y\r\n" * (LIMITS.field_count - 2) + end) == b"200"
    assert status(line % b"" + b"X: y\r\n" * (LIMITS.field_count - 1) + end) == b"431"
    assert status(b"\r\n\r\n" + line % b"" + end) == b"200"


def test_a_request_sent_byte_by_byte_is_understood(address: Address) -> None:
    request = CHUNKS + b"1;a=b\r\n{\r\n" + b"%x\r\n%s\r\n" % (len(SIGN_IN) - 1, SIGN_IN[1:])
    request += b"0;c\r\nX-Trailer: y\r\n\r\n" + ASK + b"Connection: close\r\n\r\n"
    with closing(socket.create_connection(address, timeout=30)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            connection.sendall(bytes([byte]))
        first, second = receive_all(connection, 5).split(b"HTTP/1.1 ")[1:]
    assert first.startswith(b"400 ")
    assert b'"error":11010' in first
    assert second.startswith(b"200 ")


def test_the_head_and_the_body_of_an_answer_come_together(address: Address) -> None:
    with closing(socket.create_connection(address, timeout=30)) as connection:
        for _ in range(5):
            connection.sendall(ASK + b"\r\n")
            head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            assert body


def test_an_answer_to_head_is_sent_without_a_body(address: Address) -> None:
    request = ASK.replace(b"GET /health/live", b"HEAD /nothing")
    with closing(socket.create_connection(address, timeout=30)) as connection:
        for _ in range(2):
            connection.sendall(request + b"\r\n")
            head, end, body = connection.recv(65536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 404 ")
            assert (end, body) == (b"\r\n\r\n", b"")


def test_a_trailer_is_no_header_field(
    address: Address, merchant: Caller, bearer: Callable[[Caller], dict[str, str]]
) -> None:
    [(name, value)] = bearer(merchant).items()
    token = f"{name}: {value}\r\n".encode()
    chunked = b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    post = b"POST /v1/promotion HTTP/1.1\r\nContent-Type: application/json\r\n" + HOST
    assert exchange(address, post + chunked + token + b"\r\n", 3).startswith(b"HTTP/1.1 401 ")
    assert exchange(address, post + token + chunked + b"\r\n", 3).startswith(b"HTTP/1.1 400 ")
    trailer = b"X-Request-ID: from-a-trailer\r\n\r\n"
    answer = exchange(address, post + chunked + trailer, 3)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"from-a-trailer" not in answer


UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
SIZED = b"Content-Length: %d\r\n\r\n%s" % (len(SIGN_IN), SIGN_IN)
BODIES = {
    "sized": SIZED,
    "chunked": b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED + b"A: b\r\n\r\n",
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"TLS/1.0"])
def test_an_upgrade_is_ignored_and_the_request_served_with_its_body(
    address: Address, body: str, protocol: bytes
) -> None:
    request = POST + UPGRADE.replace(b"h2c", protocol) + BODIES[body]
    last = ASK + b"Connection: close\r\n\r\n"
    for pieces in (
        [request * 2 + last],
        [request[:-20], request[-20:] + request[:40], request[40:] + last],
    ):
        with closing(socket.create_connection(address, timeout=30)) as connection:
            for piece in pieces:
                connection.sendall(piece)
            answers = receive_all(connection, 5).split(b"HTTP/1.1 ")[1:]
        assert [answer[:3] for answer in answers] == [b"400", b"400", b"200"]
        assert all(b'"error":11010' in answer for answer in answers[:2])


def test_an_upgrade_without_a_body_is_ignored(address: Address) -> None:
    ask = ASK + UPGRADE + b"\r\n"
    answers = exchange(address, ask * 2 + ASK + b"Connection: close\r\n\r\n", 3).split(
        b"HTTP/1.1 "
    )[1:]
    assert [answer[:3] for answer in answers] == [b"200"] * 3


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Content-Length: 44\r\nContent-Length: 0\r\n",
    ],
)
def test_no_request_is_smuggled_behind_an_upgrade(address: Address, framing: bytes) -> None:
    hidden = b"GET /health/live HTTP/1.1\r\nHost: hidden\r\n\r\n"
    for before in (b"", ASK + b"\r\n"):
        answers = exchange(address, before + POST + UPGRADE + framing + b"\r\n" + hidden, 1)
        assert answers.count(b"HTTP/1.1 ") == (2 if before else 1)
        assert answers.count(b"HTTP/1.1 400 ") == 1
        assert answers.count(b'"live"') == (1 if before else 0)


@pytest.mark.parametrize("target", [b"sconto:443", b"/health/live", b"*", b"http://sconto/"])
def test_connect_is_refused(address: Address, target: bytes) -> None:
    request = b"CONNECT %s HTTP/1.1\r\n%sContent-Length: 3\r\n\r\nabc" % (target, HOST)
    answers = exchange(address, request + ASK + b"\r\n", 1)
    assert answers.startswith(b"HTTP/1.1 4"), answers


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_with_http2_is_served(service: Service) -> None:
    ask = ["--silent", "--show-error", "--max-time", "20", "--http2", "--write-out", "%{http_code}"]
    ask += ["--header", "Content-Type: application/json", "--data", SIGN_IN.decode()]
    ask.append(f"{service.url}/v1/login_check")
    chunked = ["--header", "Transfer-Encoding: chunked"]
    command = ["curl", *ask, "--next", *ask, "--next", *chunked, *ask]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.count('"error":11010') == run.stdout.count("}400") == 3


def test_a_refusal_waits_for_the_answers_before_it(address: Address) -> None:
    for wrong, status in ((b"GET /%s" % (b"a" * 20_000), b"414"), (b"\0", b"400")):
        answers = exchange(address, (POST + SIZED) + ASK + b"\r\n" + wrong, 5)
        assert [answer[:3] for answer in answers.split(b"HTTP/1.1 ")[1:]] == [
            b"400",
            b"200",
            status,
        ]


def test_a_broken_body_of_an_answered_request_gets_no_second_answer(address: Address) -> None:
    chunked = b"POST /v1/promotion HTTP/1.1\r\nTransfer-Encoding: chunked\r\n%s\r\n" % HOST
    with closing(socket.create_connection(address, timeout=10)) as connection:
        connection.sendall(chunked + b"1\r\na\r\n")
        answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 401 ")
        connection.sendall(b"x\r\n")
        assert receive_all(connection, 2).count(b"HTTP/1.1 ") == 0
    last = ASK + b"Connection: close\r\n\r\n"
    wait_until(lambda: exchange(address, last).startswith(b"HTTP/1.1 200 "))

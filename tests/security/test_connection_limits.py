"""Slow connections, and too many connections."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import ClassVar

import pytest

from sconto.cli.connections import ConnectionLimits
from sconto.cli.connections.open_connections import OpenConnections
from tests import forks
from tests.conftest import SECRET_KEY
from tests.security.limited import LimitedService
from tests.security.wire import (
    Address,
    address_of,
    exchange,
    open_files,
    ports_of_clients,
    receive_all,
    seconds_until_closed,
)
from tests.services import Service, wait_until

HOST = b"Host: sconto\r\n"
ASK = b"GET /health/live HTTP/1.1\r\n" + HOST
LAST = ASK + b"Connection: close\r\n\r\n"
SIGN_IN = b'{"username": "nobody"}'
HEAD = b"POST /v1/login_check HTTP/1.1\r\nContent-Type: application/json\r\n" + HOST
POST = HEAD + b"Content-Length: %d\r\n\r\n"

KIB = 1024
SECOND = ConnectionLimits(
    head_seconds=1,
    body_seconds=1,
    body_bytes=8 * KIB,
    answer_seconds=1,
    answer_bytes=64 * KIB,
    idle_seconds=1,
)


@pytest.fixture(scope="module")
def settings(database_url: str) -> dict[str, str]:
    return {"SCONTO_DATABASE_URL": database_url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}


@pytest.fixture(scope="module")
def impatient(
    settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LimitedService]:
    """A service with timeouts of about a second."""
    names = ("head_seconds", "body_seconds", "body_bytes", "answer_seconds", "answer_bytes")
    limits = [f"{name}={getattr(SECOND, name)}" for name in (*names, "idle_seconds")]
    with LimitedService.running(tmp_path_factory.mktemp("service"), settings, *limits) as service:
        yield service


@pytest.fixture(scope="module")
def address(impatient: LimitedService) -> Address:
    return address_of(impatient.url)


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"", b""),
        (b"", b"\r\n"),
        (b"GET", b""),
        (ASK + b"X-Slow: ", b"a"),
        (ASK + b"\r\n", b"\r\n"),
        (ASK + b"\r\n" + ASK + b"X-Slow: ", b"a"),
    ],
)
def test_a_slow_request_head_ends_the_connection(
    address: Address, first: bytes, again: bytes
) -> None:
    with closing(socket.create_connection(address)) as connection:
        connection.sendall(first)
        taken = seconds_until_closed(connection, lambda: connection.sendall(again))
    assert 0.5 < taken < 10


def test_a_slow_answer_does_not_count_as_a_slow_next_request(address: Address) -> None:
    with closing(socket.create_connection(address)) as connection:
        head = POST % len(SIGN_IN)
        for piece in (head + SIGN_IN[:5], SIGN_IN[5:], ASK[:10], ASK[10:] + b"\r\n"):
            connection.sendall(piece)
            time.sleep(0.7)
        assert receive_all(connection).count(b"HTTP/1.1 ") == 2


def test_an_idle_connection_is_closed(address: Address) -> None:
    with closing(socket.create_connection(address)) as connection:
        connection.sendall(ASK + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert 0.5 < seconds_until_closed(connection, lambda: None) < 10


def upload(address: Address, piece: int, pieces: int) -> tuple[bytes, float]:
    """The answer to a body of this many pieces, sent five a second, and how long it took."""
    with closing(socket.create_connection(address, timeout=30)) as connection:
        connection.sendall(POST % (piece * pieces))
        began = time.monotonic()
        for _ in range(pieces):
            connection.sendall(b" " * piece)
            if answer := receive_all(connection, 0.2):
                return answer, time.monotonic() - began
        return receive_all(connection, 10), time.monotonic() - began


def test_a_trickling_body_is_refused(address: Address) -> None:
    answer, seconds = upload(address, 1, 100)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer
    assert 0.5 < seconds < 10


def test_a_body_over_a_slow_connection_is_served(address: Address) -> None:
    answer, seconds = upload(address, 4 * KIB, 15)
    assert answer.startswith(b"HTTP/1.1 4"), answer
    assert not answer.startswith(b"HTTP/1.1 408 "), answer
    assert seconds > 2


def test_a_body_that_continues_after_the_answer_is_cut_off(address: Address) -> None:
    with closing(socket.create_connection(address)) as connection:
        unknown = b"POST /v1/promotion HTTP/1.1\r\nContent-Length: 999999999999\r\n"
        connection.sendall(unknown + HOST + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
        taken = seconds_until_closed(connection, lambda: connection.sendall(b" " * 10_000))
    assert 0.5 < taken < 10


@contextmanager
def open_with_small_buffers(address: Address) -> Iterator[socket.socket]:
    """A connection with small buffers in the system."""
    with closing(socket.socket()) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KIB)
        connection.settimeout(30)
        connection.connect(address)
        yield connection


LARGE = b"GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.mark.skipif(sys.platform != "linux", reason="files are counted in /proc")
def test_a_client_that_never_reads_its_answers_is_cut_off(
    impatient: LimitedService, address: Address
) -> None:
    [worker] = impatient.workers()
    wait_until(lambda: exchange(address, LAST).startswith(b"HTTP/1.1 200 "))
    with ExitStack() as stack:
        connections = [stack.enter_context(open_with_small_buffers(address)) for _ in range(2)]
        ports = {connection.getsockname()[1] for connection in connections}
        for connection in connections:
            connection.sendall(LARGE * 20)
            assert connection.recv(1, socket.MSG_PEEK)  # the answers have begun
        wait_until(lambda: not ports & ports_of_clients(worker), within=20)
        for connection in connections:
            with suppress(ConnectionError):
                assert receive_all(connection, 5).count(b"HTTP/1.1 ") < 20


def test_a_client_that_reads_slowly_gets_its_answer(address: Address) -> None:
    with open_with_small_buffers(address) as connection:
        connection.sendall(LARGE.replace(HOST, HOST + b"Connection: close\r\n"))
        received = b""
        while piece := connection.recv(64 * KIB):
            received += piece
            time.sleep(0.002 * len(piece) / KIB)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert len(received) > 1_700_000


def test_waiting_requests_are_limited_in_total(settings: dict[str, str], tmp_path: Path) -> None:
    with LimitedService.running(tmp_path, settings, "unread=100000") as service:
        address = address_of(service.url)
        ahead = ASK + b"\r\n"
        assert exchange(address, ahead * 300 + LAST, 5).count(b"HTTP/1.1 200 ") == 301
        with closing(socket.create_connection(address)) as connection, suppress(ConnectionError):
            for _ in range(200):
                connection.sendall(ahead * 1000)
            assert receive_all(connection, 5).count(b"HTTP/1.1 ") < 200_000
        assert exchange(address, LAST, 5).startswith(b"HTTP/1.1 200 ")


@contextmanager
def idle(address: Address, number: int) -> Iterator[list[socket.socket]]:
    """Connections that send nothing."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(closing(socket.create_connection(address, timeout=10)))
            for _ in range(number)
        ]


@pytest.fixture(scope="module")
def crowded(
    settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LimitedService]:
    """A service that serves 20 connections, and closes them for no other reason."""
    limits = ("connections=20", "spare=5", "idle_seconds=600", "head_seconds=600")
    with LimitedService.running(tmp_path_factory.mktemp("service"), settings, *limits) as service:
        yield service


def wait_until_crowded(address: Address) -> None:
    """Wait until the service, full of connections, serves another one.

    It may refuse others until it knows that these are idle.
    """
    wait_until(lambda: exchange(address, LAST).startswith(b"HTTP/1.1 200 "))


def test_idle_connections_make_room_for_requests(crowded: LimitedService) -> None:
    address = address_of(crowded.url)
    with idle(address, 80):
        wait_until_crowded(address)
        for _ in range(50):
            assert exchange(address, LAST).startswith(b"HTTP/1.1 200 ")


class Visitor:
    """A connection that notes that it was closed."""

    is_open = True

    def abort(self) -> None:
        self.is_open = False


def test_a_used_connection_stays_longer_than_unused_ones() -> None:
    connections = OpenConnections(ConnectionLimits(connections=2))
    used, unused, new = Visitor(), Visitor(), Visitor()
    connections.admit(used, 0)
    connections.mark_busy(used)
    connections.mark_idle(used, 1)
    assert connections.admit(unused, 2)
    assert connections.admit(new, 3)
    assert (used.is_open, unused.is_open, new.is_open) == (True, False, True)
    # The request of a connection that was just opened has not been read.
    newest = Visitor()
    assert connections.admit(newest, 3.01)
    assert (used.is_open, new.is_open, newest.is_open) == (False, True, True)
    assert not connections.admit(Visitor(), 3.015)


def test_half_requests_make_room_for_requests(crowded: LimitedService) -> None:
    address = address_of(crowded.url)
    with idle(address, 20) as connections:
        for connection in connections:
            connection.sendall(ASK + b"X-Slow: ")
        wait_until_crowded(address)
        for _ in range(20):
            assert exchange(address, LAST).startswith(b"HTTP/1.1 200 ")


def test_bodies_after_their_answers_make_room_for_requests(crowded: LimitedService) -> None:
    address = address_of(crowded.url)
    with idle(address, 20) as connections:
        for connection in connections:
            connection.sendall(b"POST /v1/promotion HTTP/1.1\r\nContent-Length: 9\r\n%s\r\n" % HOST)
            assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
        wait_until_crowded(address)
        for _ in range(20):
            assert exchange(address, LAST).startswith(b"HTTP/1.1 200 ")


def test_a_request_beyond_the_limit_is_refused_and_running_ones_are_served(
    crowded: LimitedService,
) -> None:
    address = address_of(crowded.url)
    with idle(address, 20) as connections:
        for connection in connections:
            connection.sendall(
                HEAD + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(SIGN_IN)
            )
            assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        for _ in range(30):
            answer = exchange(address, LAST, silence=5)
            assert answer.startswith(b"HTTP/1.1 503 "), answer
            assert b"\r\nretry-after: 1\r\n" in answer
            assert b"\r\nconnection: close\r\n" in answer
        for connection in connections:
            connection.sendall(SIGN_IN)
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
        wait_until(lambda: exchange(address, LAST).startswith(b"HTTP/1.1 200 "))
    assert "All 20 connections are busy" in crowded.log


class FewFiles(Service):
    """A service that may open 256 files."""

    program: ClassVar[str] = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)); {forks.SCONTO}"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="files are counted in /proc")
def test_idle_connections_beyond_the_limit_on_files_break_no_request(
    settings: dict[str, str], tmp_path: Path
) -> None:
    with FewFiles.running(tmp_path, settings) as service:
        [worker] = service.workers()
        address = address_of(service.url)
        with idle(address, 600):
            wait_until_crowded(address)
            for _ in range(100):
                assert exchange(address, LAST).startswith(b"HTTP/1.1 200 ")
            assert open_files(worker) < 230
            assert service.get("/health/ready").status_code == 200
        assert "Too many open files" not in service.log


@pytest.mark.skipif(sys.platform != "linux", reason="limits are read from /proc")
def test_a_service_opens_as_many_files_as_it_may(impatient: LimitedService) -> None:
    [worker] = impatient.workers()
    limits = Path(f"/proc/{worker}/limits").read_text()
    [line] = [line for line in limits.splitlines() if line.startswith("Max open files")]
    soft, hard = map(int, line.split()[3:5])
    assert soft == min(hard, 65_536)


@pytest.mark.parametrize(
    ("descriptors", "connections"), [(65_536, 2048), (1024, 896), (256, 128), (64, 32)]
)
def test_the_number_of_connections_fits_the_limit_on_files(
    descriptors: int, connections: int
) -> None:
    limits = ConnectionLimits().fitted_to(descriptors)
    assert limits.connections == connections
    assert limits.connections + limits.spare < descriptors

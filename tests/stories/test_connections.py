"""Clients that close, stall, or send too much."""

import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse

import pytest

from sconto.api.bodies import CODES
from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from tests.conftest import SECRET_KEY
from tests.services import Service

JSON = {"Content-Type": "application/json"}
TOO_LARGE = b" " * (CODES + 1)


@pytest.fixture(scope="module")
def address(
    database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, int]]:
    """Host and port of a service of one process."""
    settings = {"SCONTO_DATABASE_URL": database_url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}
    with Service.running(tmp_path_factory.mktemp("service"), settings) as service:
        host, port = service.url.removeprefix("http://").split(":")
        yield host, int(port)


@pytest.fixture
def token(tokens: Tokens) -> dict[str, str]:
    return {"AuthorizationJWT": f"Bearer {tokens.issue(Caller(1, 1, Role.ADMIN), read_clock())}"}


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
@pytest.mark.parametrize("times", [1, 5])
def test_a_body_that_is_too_large_gets_a_readable_answer(
    address: tuple[str, int], token: dict[str, str], connection: str, times: int
) -> None:
    def refuse(path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        with closing(HTTPConnection(*address, timeout=30)) as client:
            sent = {**headers, "Connection": connection}
            client.request("POST", path, TOO_LARGE * times, sent)
            answer = client.getresponse()
            return answer.status, answer.read()

    status, body = refuse("/v1/promotion", JSON)
    assert (status, b'"error":1008' in body) == (401, True)
    status, body = refuse("/v1/promotion", {**token, "Content-Type": "text/plain"})
    assert (status, b'"error":111,' in body) == (400, True)
    assert refuse("/v1/promotion", {**token, **JSON})[0] == 413
    assert refuse("/checkout/v1/quotes", JSON)[0] == 401
    assert refuse("/nowhere", JSON)[0] == 404


def test_a_connection_stays_usable_after_a_body_that_is_too_large(
    address: tuple[str, int], token: dict[str, str]
) -> None:
    with closing(HTTPConnection(*address, timeout=30)) as client:
        for _ in range(3):
            client.request("POST", "/v1/promotion", TOO_LARGE, {**token, **JSON})
            assert read(client.getresponse()) == 413
            client.request("GET", "/v1/promotion", headers=token)
            assert read(client.getresponse()) == 200


def test_100_continue_is_sent_only_if_the_body_will_be_read(
    address: tuple[str, int], token: dict[str, str]
) -> None:
    head = (
        "POST /v1/promotion HTTP/1.1\r\nHost: sconto\r\nConnection: close\r\n"
        "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
    )
    with socket.create_connection(address, timeout=10) as other_merchant:
        other_merchant.sendall(f"{head}\r\n".encode())
        assert other_merchant.makefile("rb").readline().startswith(b"HTTP/1.1 401 ")
    with socket.create_connection(address, timeout=10) as known:
        known.sendall(f"{head}AuthorizationJWT: {token['AuthorizationJWT']}\r\n\r\n".encode())
        answer = known.makefile("rb")
        assert answer.readline().startswith(b"HTTP/1.1 100 ")
        known.sendall(b"{}")
        assert answer.read().partition(b"HTTP/1.1 ")[2].startswith(b"400 ")


def test_a_hundred_stalled_bodies_delay_no_other_request(
    address: tuple[str, int], token: dict[str, str]
) -> None:
    half = (
        "POST /v1/promotion HTTP/1.1\r\nHost: sconto\r\nConnection: close\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n"
    )
    stalled = [socket.create_connection(address) for _ in range(100)]
    try:
        for number, connection in enumerate(stalled):
            known = f"AuthorizationJWT: {token['AuthorizationJWT']}\r\n" if number % 2 else ""
            connection.sendall(f"{half}{known}\r\n{{".encode())
        with closing(HTTPConnection(*address, timeout=5)) as client:
            client.request("GET", "/v1/promotion", headers=token)
            assert read(client.getresponse()) == 200
    finally:
        for connection in stalled:
            connection.close()


def read(answer: HTTPResponse) -> int:
    """The status, after reading the whole answer."""
    answer.read()
    return answer.status

"""Bodies over the limit, from a client that reads the answer only after sending everything."""

import http.client
from urllib.parse import urlsplit

import pytest

LIMIT = 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("size", "is_chunked"),
    [
        (LIMIT + 1, True),
        (2 * LIMIT, False),
        pytest.param(LIMIT + 1, False, marks=pytest.mark.soak),
        pytest.param(2 * LIMIT, True, marks=pytest.mark.soak),
    ],
)
def test_a_client_that_sends_too_much_can_read_why(
    server: str, size: int, is_chunked: bool
) -> None:
    body = b"x" * size
    address = urlsplit(server)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    connection.request(
        "POST",
        "/v1/login_check",
        body=iter([body]) if is_chunked else body,
        headers={"Content-Type": "application/json", "Connection": "close"},
        encode_chunked=is_chunked,
    )
    answer = connection.getresponse()
    assert answer.status == 413
    assert b'{"error":413,' in answer.read()
    connection.close()

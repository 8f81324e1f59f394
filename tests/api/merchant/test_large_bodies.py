"""Bodies over the limit, from a client that reads the answer only after sending everything."""

import http.client
from urllib.parse import urlsplit

LIMIT = 16 * 1024 * 1024


def test_a_client_that_sends_too_much_can_read_why(server: str) -> None:
    for size in (LIMIT + 1, 2 * LIMIT):
        body = b"x" * size
        assert_too_large(server, body)
        assert_too_large(server, body, is_chunked=True)


def assert_too_large(server: str, body: bytes, *, is_chunked: bool = False) -> None:
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

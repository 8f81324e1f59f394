"""The page at /docs and its description: cached and compressed."""

import gzip
from typing import Any

import httpx
import pytest

from sconto.api import manual


async def test_the_description_is_compressed_for_clients_that_accept_gzip(
    client: httpx.AsyncClient,
) -> None:
    plain = await client.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    assert plain.status_code == 200
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "Accept-Encoding"
    for accepted in ("gzip", "br, GZIP;q=0.5", "deflate,gzip; q=1.0"):
        headers = {"Accept-Encoding": accepted}
        async with client.stream("GET", "/openapi.json", headers=headers) as answer:
            sent = b"".join([part async for part in answer.aiter_raw()])
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-type"] == plain.headers["content-type"]
        assert gzip.decompress(sent) == plain.content
        assert len(sent) < len(plain.content)


async def test_a_page_is_plain_if_gzip_is_refused(client: httpx.AsyncClient) -> None:
    for refused in ("gzip;q=0", "gzip; q=0.000", "br", "*;q=0", ""):
        answer = await client.get("/openapi.json", headers={"Accept-Encoding": refused})
        assert "content-encoding" not in answer.headers, refused


async def test_the_description_is_cached(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await client.get("/openapi.json")

    def write_again(*_: Any, **__: Any) -> Any:
        raise AssertionError("written again")

    monkeypatch.setattr(manual, "_write_description", write_again)
    for encoding in ("gzip", "identity"):
        answer = await client.get("/openapi.json", headers={"Accept-Encoding": encoding})
        assert answer.content == first.content

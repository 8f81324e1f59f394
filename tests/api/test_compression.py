"""Answers are compressed for clients that accept gzip, except at the checkout."""

import gzip
from collections.abc import Callable, Mapping

import httpx
import pytest

from sconto.api.clock import read_clock
from sconto.domain.people import Caller
from sconto.operations import products
from sconto.store.database import Database
from tests.builders import a_product

Bearer = Callable[[Caller], dict[str, str]]


async def raw(
    client: httpx.AsyncClient, path: str, accepted: str, signed_in: Mapping[str, str] | None = None
) -> tuple[httpx.Headers, bytes]:
    """The headers and the body as it was sent."""
    headers = {**(signed_in or {}), "Accept-Encoding": accepted}
    async with client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        return answer.headers, b"".join([part async for part in answer.aiter_raw()])


@pytest.mark.parametrize("path", ["/portal/sign-in", "/portal/static/portal.css"])
async def test_pages_and_files_are_compressed(client: httpx.AsyncClient, path: str) -> None:
    headers, body = await raw(client, path, "gzip")
    assert headers["content-encoding"] == "gzip"
    assert "accept-encoding" in headers["vary"].lower()
    assert headers["content-length"] == str(len(body))
    plain_headers, plain = await raw(client, path, "identity")
    assert "content-encoding" not in plain_headers
    assert len(body) < len(plain) / 2
    if path.endswith(".css"):
        assert gzip.decompress(body) == plain


async def test_lists_are_compressed_and_short_answers_are_not(
    client: httpx.AsyncClient, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    catalogue = [a_product(number) for number in range(1, 41)]
    await products.put_products(database, merchant, catalogue, read_clock())
    headers, body = await raw(client, "/catalog/v1/products", "gzip", bearer(merchant))
    assert headers["content-encoding"] == "gzip"
    _, plain = await raw(client, "/catalog/v1/products", "identity", bearer(merchant))
    assert gzip.decompress(body) == plain
    headers, _ = await raw(client, "/catalog/v1/products/1", "gzip", bearer(merchant))
    assert "content-encoding" not in headers


async def test_answers_of_the_checkout_are_not_compressed(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer
) -> None:
    listed = [{"product_id": number, "unit_price": "1.00"} for number in range(1, 41)]
    answer = await client.post(
        "/checkout/v1/prices",
        json={"currency": "EUR", "products": listed},
        headers={**bearer(merchant), "Accept-Encoding": "gzip"},
    )
    assert answer.status_code == 200
    assert len(answer.content) > 1024
    assert "content-encoding" not in answer.headers


async def test_the_root_redirects_to_the_portal(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal/")

"""Caches must not store an API's answers."""

from collections.abc import Callable

import httpx
import pytest

from sconto.domain.people import Caller


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/promotion"),
        ("GET", "/v1/promotion/1"),
        ("POST", "/v1/promotion"),
        ("POST", "/v1/login_check"),
        ("GET", "/promotion/v1/promotions/1"),
        ("POST", "/checkout/v1/quotes"),
        ("GET", "/checkout/v1/orders/1"),
        ("GET", "/catalog/v1/products"),
        ("GET", "/metrics"),
        ("GET", "/health/ready"),
        ("GET", "/nothing"),
    ],
)
async def test_private_answers_are_never_cached(
    method: str,
    path: str,
    client: httpx.AsyncClient,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
) -> None:
    for headers in ({}, bearer(merchant)):
        answer = await client.request(method, path, headers=headers, json={})
        assert answer.headers.get_list("cache-control") == ["no-store"]


@pytest.mark.parametrize("path", ["/docs/assets/swagger-ui.css", "/portal/static/portal.css"])
async def test_static_files_are_cached_and_revalidated(
    path: str, client: httpx.AsyncClient
) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["etag"]

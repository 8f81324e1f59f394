"""What all addresses have in common: error formats, slashes, methods, sizes, request ids."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from sconto.api.bodies import CART, CODES, LIST, SMALL
from sconto.domain.people import Caller

Bearer = Callable[[Caller], dict[str, str]]


def assert_error(answer: httpx.Response, status: int) -> None:
    """An error with this status in the dialect of the requested address."""
    assert answer.status_code == status
    assert answer.headers["X-Request-ID"]
    if f"{answer.request.url.path}/".startswith("/v1/"):
        assert answer.headers["Content-Type"] == "application/json"
        [error] = answer.json()["errors"]
        assert set(error) == {"error", "message"}
        assert error["error"] == status
    else:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert set(answer.json()) >= {"type", "title", "status", "detail"}
        assert answer.json()["status"] == status


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1", "/v1/nothing", "/v1/nothing/", "/v11", "/checkout/v1/nothing",
             "/catalog", "/health", "/health/live/", "/docs/assets/nothing.js", "/docs/assets/"],
)  # fmt: skip
async def test_an_unknown_address_is_404_in_its_dialect(
    client: httpx.AsyncClient, path: str
) -> None:
    assert_error(await client.get(path), 404)


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/assets/swagger-ui.css", "/docs/page/docs.js", "/openapi.json",
             "/health/live", "/health/ready", "/portal", "/portal/sign-in", "/portal/promotions",
             "/portal/static/portal.css"],
)  # fmt: skip
async def test_head_has_the_status_and_headers_of_get(client: httpx.AsyncClient, path: str) -> None:
    got, asked = await client.get(path), await client.head(path)
    assert asked.status_code == got.status_code < 400
    for header in ("content-type", "location"):
        assert asked.headers.get(header) == got.headers.get(header)
    assert asked.headers.get("content-length") in (None, got.headers.get("content-length"))


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/login_check", "POST"),
        ("/v1/promotion", "GET, POST"),
        ("/v1/promotion/", "GET, POST"),
        ("/v1/promotion/1", "DELETE, GET, PATCH"),
        ("/v1/promotion/statistics", "DELETE, GET, PATCH, POST"),
        ("/checkout/v1/quotes", "POST"),
        ("/catalog/v1/products", "GET, PUT"),
        ("/catalog/v1/products/1", "DELETE, GET"),
        ("/metrics", "GET"),
    ],
)
async def test_405_lists_all_methods_of_an_address(
    client: httpx.AsyncClient, path: str, allowed: str
) -> None:
    answer = await client.request("TRACE", path)
    assert_error(answer, 405)
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["/v1/promotion", "/v1/promotion/1", "/v1/promotion/statistics"])
async def test_the_merchant_api_answers_with_and_without_a_slash_at_the_end(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer, path: str
) -> None:
    plain = await client.get(path, headers=bearer(merchant))
    slashed = await client.get(path + "/", headers=bearer(merchant))
    assert (slashed.status_code, slashed.content) == (plain.status_code, plain.content)
    assert_error(await client.get(path + "//", headers=bearer(merchant)), 404)


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", "/v1/login_check", SMALL),
        ("POST", "/v1/promotion/statistics", SMALL),
        ("PATCH", "/checkout/v1/orders/1", SMALL),
        ("POST", "/checkout/v1/quotes", CART),
        ("POST", "/checkout/v1/orders", CART),
        ("POST", "/checkout/v1/prices", CART),
        ("PUT", "/catalog/v1/products", LIST),
        ("POST", "/promotion/v1/promotions", LIST),
        ("PATCH", "/promotion/v1/promotions/1", LIST),
        ("POST", "/promotion/v1/promotions/1/_validate", LIST),
        ("POST", "/promotion/v1/promotions/1/_schedule", LIST),
        ("POST", "/promotion/v1/promotion-codes/_apply", LIST),
        ("POST", "/v1/promotion", CODES),
        ("PATCH", "/v1/promotion/1", CODES),
        ("POST", "/v1/promotion/1/codes", CODES),
        ("DELETE", "/v1/promotion/1/codes", CODES),
    ],
)
@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_its_limit_is_413_with_or_without_a_content_length(
    client: httpx.AsyncClient,
    merchant: Caller,
    bearer: Bearer,
    method: str,
    path: str,
    limit: int,
    announced: bool,
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(0, limit + 1, SMALL):
            yield b" " * SMALL

    headers = {**bearer(merchant), "Content-Type": "application/json"}
    content = b" " * (limit + 1) if announced else chunks()
    answer = await client.request(method, path, headers=headers, content=content)
    if path.startswith("/promotion/"):
        assert [error["status"] for error in answer.json()["errors"]] == ["413"]
    else:
        assert_error(answer, 413)


async def test_a_body_of_16_mib_is_read(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer
) -> None:
    headers = {**bearer(merchant), "Content-Type": "application/json"}
    answer = await client.post("/v1/promotion", headers=headers, content=b" " * CODES)
    assert answer.json()["errors"][0]["error"] == 110


@pytest.mark.parametrize("sent", ["abc-123", "A" * 64, "0.1_2"])
async def test_a_valid_request_id_is_kept(client: httpx.AsyncClient, sent: str) -> None:
    answer = await client.get("/health/live", headers={"X-Request-ID": sent})
    assert answer.headers.get_list("X-Request-ID") == [sent]


@pytest.mark.parametrize("sent", ["", " ", "A" * 65, 'a"b', "a b", "a;b"])
async def test_any_other_request_id_is_replaced(client: httpx.AsyncClient, sent: str) -> None:
    answers = [await client.get("/health/live", headers={"X-Request-ID": sent}) for _ in range(2)]
    [first, second] = [answer.headers["X-Request-ID"] for answer in answers]
    assert first != second
    assert sent not in (first, second)


async def test_the_manual_describes_all_apis_and_loads_nothing_from_other_hosts(
    client: httpx.AsyncClient,
) -> None:
    page = (await client.get("/docs")).text
    assert "//" not in page.replace("<!--", "").split("<script>")[0].replace("http://sconto", "")
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"):
        assert f"/docs/assets/{asset}" in page
        assert (await client.get(f"/docs/assets/{asset}")).status_code == 200
    paths = (await client.get("/openapi.json")).json()["paths"]
    for path in ("/v1/promotion", "/v1/login_check", "/checkout/v1/quotes", "/catalog/v1/products"):
        assert path in paths
    assert paths["/v1/login_check"]["post"]["security"] == []


async def test_the_manual_shows_the_errors_of_each_address_in_its_dialect(
    client: httpx.AsyncClient,
) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    for path, operations in paths.items():
        if path.startswith(("/health", "/metrics")):
            continue
        is_ours = not path.startswith(("/v1", "/promotion"))
        for operation in operations.values():
            errors = {
                int(status): set(answer["content"])
                for status, answer in operation["responses"].items()
                if status >= "400"
            }
            assert set(errors) >= {401, 429, 500, 503}, path
            assert 413 in errors or "requestBody" not in operation, path
            content_type = "application/problem+json" if is_ours else "application/json"
            assert [*errors.values()] == [{content_type}] * len(errors), path

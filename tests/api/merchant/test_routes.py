"""The merchant API over HTTP, on a real database."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations.products import put_products
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.api.merchant.bodies import (
    coupon_body,
    coupons,
    discount_body,
    discounts,
    own_percents,
    without,
)
from tests.builders import a_product
from tests.conftest import create_caller

Bearer = Callable[[Caller], dict[str, str]]

ALL = [
    ("POST", "/v1/promotion"),
    ("GET", "/v1/promotion"),
    ("POST", "/v1/promotion/statistics"),
    ("GET", "/v1/promotion/1"),
    ("PATCH", "/v1/promotion/1"),
    ("DELETE", "/v1/promotion/1"),
]
WITH_BODY = [(method, url) for method, url in ALL if method in ("POST", "PATCH")]
NOT_IDS = [
    "abc",
    "0",
    "-1",
    "+5",
    "007",
    "1.0",
    "1e3",
    "%20",
    "5%20",
    "%D9%A3",
    "%FF",
    "%00",
    "null",
]
DATES = {"date_from": "2023-01-01T00:00:00+03:00", "date_to": "2033-01-10T00:00:00+03:00"}


@pytest.fixture
async def caller(
    database: Database, merchant: Caller, client: httpx.AsyncClient, bearer: Bearer
) -> Caller:
    """The merchant of a shop with the products 11111 and 22222, signed in as `client`."""
    await put_products(database, merchant, [a_product(11111), a_product(22222)], read_clock())
    client.headers.update(bearer(merchant))
    return merchant


def errors_of(response: httpx.Response) -> tuple[int, list[Any]]:
    """The status of an answer, and its codes and messages."""
    body = response.json()
    assert list(body) == ["errors"]
    return response.status_code, [(error["error"], error["message"]) for error in body["errors"]]


def codes(response: httpx.Response) -> tuple[int, list[int]]:
    status, errors = errors_of(response)
    return status, [code for code, _ in errors]


async def create(client: httpx.AsyncClient, body: dict[str, Any]) -> str:
    """The path of a promotion created with this body."""
    response = await client.post("/v1/promotion", json=body)
    assert response.status_code == 200, response.text
    assert list(response.json()) == ["id"]
    return f"/v1/promotion/{response.json()['id']}"


@pytest.mark.usefixtures("caller")
async def test_a_promotion_is_created_read_changed_listed_and_deleted(
    client: httpx.AsyncClient,
) -> None:
    body = coupon_body(
        status=True, **DATES, coupons=coupons(coupon_type="one-time", product_id=[22222, 11111])
    )
    url = await create(client, body)
    promotion_id = int(url.rpartition("/")[2])
    answer = (await client.get(url)).json()
    update_date = answer["update_date"]
    assert answer == {
        "id": promotion_id,
        **body,
        "date_from": "2022-12-31T21:00:00+00:00",
        "date_to": "2033-01-09T21:00:00+00:00",
        "update_date": update_date,
    }
    changed = await client.patch(
        url, json={"promotion_type": "discount", "discounts": own_percents(11111)}
    )
    assert (changed.status_code, changed.json()) == (200, {})
    answer = (await client.get(url)).json()
    assert answer["promotion_name"] == "Black Friday"
    assert answer["discounts"] == own_percents(11111)
    assert "coupons" not in answer
    assert (await client.get("/v1/promotion")).json() == {"ids": [promotion_id]}
    statistics = await client.post("/v1/promotion/statistics", json={"id": promotion_id})
    assert statistics.json() == {"promotion_uses": 0, "coupons": []}
    deleted = await client.delete(url)
    assert (deleted.status_code, deleted.json()) == (200, {})
    assert (await client.get("/v1/promotion")).json() == {"ids": []}
    missing = (404, [(11200, f"Promotion not found: {promotion_id}")])
    assert errors_of(await client.get(url)) == missing
    assert errors_of(await client.delete(url)) == missing
    assert errors_of(await client.patch(url, json={"promotion_type": "x"})) == missing
    again = await client.post("/v1/promotion/statistics", json={"id": str(promotion_id)})
    assert errors_of(again) == missing


@pytest.mark.usefixtures("caller")
async def test_defaults_are_filled_in(client: httpx.AsyncClient) -> None:
    answer = (await client.get(await create(client, discount_body()))).json()
    names = "id promotion_type promotion_name status date_from date_to update_date discounts"
    assert list(answer) == names.split()
    assert answer["status"] is True
    assert answer["date_to"] == "3000-01-01T00:00:00+00:00"
    assert answer["date_from"] == answer["update_date"]


@pytest.mark.parametrize(("method", "url"), ALL)
async def test_the_token_is_checked_first(
    client: httpx.AsyncClient, tokens: Tokens, merchant: Caller, method: str, url: str
) -> None:
    assert errors_of(await client.request(method, url)) == (401, [(1008, "Missing token.")])
    empty = {"AuthorizationJWT": ""}
    assert codes(await client.request(method, url, headers=empty)) == (401, [1008])
    for bad in ("x", "Bearer", "Bearer ", "Bearer a.b.c", "Basic YTpi"):
        response = await client.request(method, url, headers={"AuthorizationJWT": bad})
        assert errors_of(response) == (401, [(1007, "Your token is invalid.")])
    old = tokens.issue(merchant, read_clock() - timedelta(hours=25))
    response = await client.request(method, url, headers={"Authorization": f"Bearer {old}"})
    assert errors_of(response) == (401, [(1009, "Your token is expired.")])


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CHECKOUT])
@pytest.mark.parametrize(("method", "url"), WITH_BODY)
async def test_content_type_and_json_come_before_access(
    client: httpx.AsyncClient,
    database: Database,
    bearer: Bearer,
    role: Role,
    method: str,
    url: str,
) -> None:
    headers = bearer(await create_caller(database, role))
    for content_type in ("text/plain", "application/jsonx", "application/x-www-form-urlencoded"):
        typed = {**headers, "Content-Type": content_type}
        response = await client.request(method, url, headers=typed, content=b"{")
        assert errors_of(response) == (400, [(111, "Invalid data format (Content-type).")])
    assert codes(await client.request(method, url, headers=headers, content=b"{}")) == (400, [111])
    for content_type in ("application/json", "Application/JSON; charset=utf-8"):
        typed = {**headers, "Content-Type": content_type}
        for content in (b"", b"{", b"[]", b"null", b"1", b'{"a":NaN}', b'{"a":"\\ud800"}'):
            response = await client.request(method, url, headers=typed, content=content)
            assert errors_of(response) == (400, [(110, "JSON is not valid.")])


async def test_access_follows_the_role(
    client: httpx.AsyncClient, database: Database, bearer: Bearer
) -> None:
    denied = {
        Role.VIEWER: ("POST", "PATCH", "DELETE"),
        Role.CHECKOUT: ("POST", "PATCH", "DELETE", "GET"),
    }
    for role in Role:
        headers = bearer(await create_caller(database, role))
        for method, url in ALL:
            typed = {**headers, "Content-Type": "application/json"}
            response = await client.request(method, url, headers=typed, content=b"{}")
            reads = method == "GET" or url.endswith("statistics")
            is_denied = method in denied.get(role, ()) and (role is Role.CHECKOUT or not reads)
            assert (response.status_code == 400 and codes(response)[1] == [11000]) == is_denied


@pytest.mark.usefixtures("caller")
@pytest.mark.parametrize("text", NOT_IDS)
async def test_an_invalid_id_is_not_found_and_repeated_as_sent(
    client: httpx.AsyncClient, text: str
) -> None:
    shown = {"%20": " ", "5%20": "5 ", "%D9%A3": "٣", "%FF": "\ufffd", "%00": "\x00"}.get(
        text, text
    )
    missing = (404, [(11200, f"Promotion not found: {shown}")])
    url = f"/v1/promotion/{text}"
    assert errors_of(await client.get(url)) == missing
    assert errors_of(await client.delete(url)) == missing
    assert errors_of(await client.patch(url, json={})) == missing


@pytest.mark.usefixtures("caller")
@pytest.mark.parametrize("promotion_id", [2**63 - 1, 2**63, 10**30])
async def test_an_id_of_any_size_is_not_found(client: httpx.AsyncClient, promotion_id: int) -> None:
    missing = (404, [(11200, f"Promotion not found: {promotion_id}")])
    assert errors_of(await client.get(f"/v1/promotion/{promotion_id}")) == missing
    asked = await client.post("/v1/promotion/statistics", json={"id": promotion_id, "x": 1})
    assert errors_of(asked) == missing


@pytest.mark.usefixtures("caller")
async def test_another_merchants_promotion_is_not_found(
    client: httpx.AsyncClient, database: Database, bearer: Bearer
) -> None:
    url = await create(client, coupon_body())
    promotion_id = url.rpartition("/")[2]
    client.headers.update(bearer(await create_caller(database)))
    missing = (404, [(11200, f"Promotion not found: {promotion_id}")])
    assert errors_of(await client.get(url)) == missing
    assert errors_of(await client.delete(url)) == missing
    assert errors_of(await client.patch(url, json={"promotion_type": "coupon"})) == missing
    asked = await client.post("/v1/promotion/statistics", json={"id": promotion_id})
    assert errors_of(asked) == missing


@pytest.mark.usefixtures("caller")
async def test_unknown_products_are_reported_alone_and_with_other_errors(
    client: httpx.AsyncClient, database: Database
) -> None:
    theirs = await create_caller(database)
    await put_products(database, theirs, [a_product(33333)], read_clock())
    body = discount_body(discounts=discounts(product_id=[44444, 11111, 33333]))
    missing = (11020, "Product not found: 44444, 33333")
    assert errors_of(await client.post("/v1/promotion", json=body)) == (400, [missing])
    response = await client.post("/v1/promotion", json={**body, "status": 1, "x": 1})
    assert errors_of(response) == (
        400,
        [(11010, "Invalid field value: status"), missing, (11010, "Invalid field value: x")],
    )
    url = await create(client, discount_body())
    change = without(body, "promotion_name")
    assert errors_of(await client.patch(url, json=change)) == (400, [missing])
    assert codes(await client.patch(url, json={**change, "promotion_type": 1})) == (
        400,
        [11010, 11020],
    )
    assert (await client.get("/v1/promotion")).json() == {"ids": [int(url.rpartition("/")[2])]}
    assert (await client.get(url)).json()["discounts"] == discounts()


@pytest.mark.usefixtures("caller")
async def test_a_refused_change_changes_nothing(client: httpx.AsyncClient) -> None:
    url = await create(client, coupon_body())
    before = (await client.get(url)).json()
    refused = {"promotion_type": "coupon", "promotion_name": "New", "coupons": {}}
    assert codes(await client.patch(url, json=refused)) == (400, [11070, 11040])
    assert codes(await client.patch(url, json={"promotion_type": "discount"})) == (400, [11041])
    assert codes(await client.patch(url, json={})) == (400, [11010])
    assert (await client.get(url)).json() == before


@pytest.mark.usefixtures("caller")
async def test_statistics_find_the_promotion_before_other_checks(
    client: httpx.AsyncClient,
) -> None:
    url = await create(client, discount_body())
    promotion_id = int(url.rpartition("/")[2])
    ask = "/v1/promotion/statistics"
    found = await client.post(ask, json={"id": promotion_id, "x": 1})
    assert errors_of(found) == (400, [(11010, "Invalid field value: x")])
    assert codes(await client.post(ask, json={"x": 1})) == (400, [11010, 11010])
    assert (await client.post(ask, json={"id": promotion_id})).json() == {"promotion_uses": 0}


@pytest.mark.usefixtures("caller")
async def test_the_list_has_filters_limits_and_errors(client: httpx.AsyncClient) -> None:
    urls = [
        await create(client, discount_body(promotion_name=name, status=name != "Second"))
        for name in ("First", "Second", "Third")
    ]
    first, second, third = (int(url.rpartition("/")[2]) for url in urls)
    await client.patch(urls[0], json={"promotion_type": "discount"})

    async def ids(query: str) -> Any:
        return (await client.get(f"/v1/promotion?{query}")).json()["ids"]

    assert await ids("") == [third, second, first]
    assert await ids("limit=1&offset=1") == [second]
    assert await ids("limit=0") == []
    assert await ids("status=0") == [second]
    assert await ids("search_string=IRST&status=1") == [first]
    assert await ids("sort_by_update_date=asc") == [second, third, first]
    assert await ids("offset=9223372036854775807&limit=9223372036854775807") == []
    assert errors_of(await client.get("/v1/promotion?page=1&limit=-1")) == (
        400,
        [(11010, "Invalid field value: limit"), (11010, "Invalid field value: page")],
    )
    assert codes(await client.get("/v1/promotion?search_string=%00%00%00")) == (400, [11010])


@pytest.mark.usefixtures("caller")
@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("PUT", "/v1/promotion"),
        ("HEAD", "/v1/promotion"),
        ("OPTIONS", "/v1/promotion/1"),
        ("POST", "/v1/promotion/1"),
        ("PUT", "/v1/promotion/statistics"),
    ],
)
async def test_another_method_is_refused_in_the_envelope(
    client: httpx.AsyncClient, method: str, url: str
) -> None:
    response = await client.request(method, url)
    assert response.status_code == 405
    assert response.headers["allow"]
    if method != "HEAD":
        assert codes(response) == (405, [405])


@pytest.mark.usefixtures("caller")
@pytest.mark.parametrize("url", ["/v1", "/v1/x", "/v1/promotions", "/v1/promotion/1/x"])
async def test_an_unknown_address_is_refused_in_the_envelope(
    client: httpx.AsyncClient, url: str
) -> None:
    assert codes(await client.get(url)) == (404, [404])


@pytest.mark.usefixtures("caller")
async def test_every_path_works_with_a_slash_at_its_end(client: httpx.AsyncClient) -> None:
    created = await client.post("/v1/promotion/", json=discount_body())
    promotion_id = created.json()["id"]
    assert (await client.get("/v1/promotion/")).json() == {"ids": [promotion_id]}
    asked = await client.post("/v1/promotion/statistics/", json={"id": promotion_id})
    assert asked.json() == {"promotion_uses": 0}
    url = f"/v1/promotion/{promotion_id}/"
    assert (await client.patch(url, json={"promotion_type": "discount"})).json() == {}
    assert (await client.get(url)).json()["id"] == promotion_id
    assert (await client.delete(url)).json() == {}


@pytest.mark.usefixtures("caller")
async def test_a_body_over_16_mib_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    body = b'{"x":"' + b"x" * 16 * 1024 * 1024 + b'"}'
    response = await client.post("/v1/promotion", content=body, headers=headers)
    assert codes(response) == (413, [413])


@pytest.mark.usefixtures("caller")
async def test_many_codes_are_kept_in_their_order(client: httpx.AsyncClient) -> None:
    many = [f"CODE-{number:06}" for number in range(20_000)]
    url = await create(client, coupon_body(coupons=coupons(coupon_code=many)))
    assert (await client.get(url)).json()["coupons"]["coupon_code"] == many


@pytest.mark.usefixtures("caller")
async def test_the_examples_of_the_manual_work(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]

    def examples(path: str, method: str) -> list[Any]:
        content = paths[path][method]["requestBody"]["content"]["application/json"]
        return [example["value"] for example in content["examples"].values()]

    urls = [await create(client, body) for body in examples("/v1/promotion", "post")]
    assert len(urls) == 6
    for body in examples("/v1/promotion/{promotion_id}", "patch"):
        assert (await client.patch(urls[-1], json=body)).status_code == 200

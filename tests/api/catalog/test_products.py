"""The catalogue API: requests, answers, and separate merchants."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sconto.domain.people import Caller, Role
from sconto.store.database import Database
from tests.conftest import create_caller

MUG = {"product_id": 11111, "name": "Mug", "price": "19.99", "currency": "EUR"}
PRODUCTS = "/catalog/v1/products"


@pytest.fixture
async def shop(
    client: httpx.AsyncClient, merchant: Caller, bearer: Callable[[Caller], dict[str, str]]
) -> httpx.AsyncClient:
    """A client with a token of a new merchant's admin."""
    client.headers.update(bearer(merchant))
    return client


async def put(shop: httpx.AsyncClient, *products: object) -> httpx.Response:
    return await shop.put(PRODUCTS, json={"products": products})


async def listed(shop: httpx.AsyncClient, **query: Any) -> list[int]:
    answer = await shop.get(PRODUCTS, params=query)
    assert answer.status_code == 200, answer.text
    return [product["product_id"] for product in answer.json()["products"]]


def faults(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == "about:blank"
    assert body["status"] == 422
    return {fault["pointer"]: fault["detail"] for fault in body["errors"]}


def assert_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


async def test_a_product_that_was_put_is_found_and_listed(shop: httpx.AsyncClient) -> None:
    assert (await put(shop, MUG)).json() == {"created": 1, "updated": 0, "unchanged": 0}
    assert (await shop.get(f"{PRODUCTS}/11111")).json() == MUG
    assert (await shop.get(PRODUCTS)).json() == {"products": [MUG], "next_cursor": None}


async def test_a_put_counts_created_updated_and_unchanged_products(
    shop: httpx.AsyncClient,
) -> None:
    await put(shop, MUG, MUG | {"product_id": 2})
    answer = await put(shop, MUG | {"product_id": 3}, MUG | {"product_id": 2, "price": "20"}, MUG)
    assert answer.json() == {"created": 1, "updated": 1, "unchanged": 1}
    assert (await shop.get(f"{PRODUCTS}/2")).json()["price"] == "20.00"


async def test_a_thousand_products_fit_in_one_request(shop: httpx.AsyncClient) -> None:
    many = [MUG | {"product_id": 2**63 - number} for number in range(1, 1002)]
    assert (await put(shop, *many[:1000])).json()["created"] == 1000
    assert faults(await put(shop, *many)) == {"/products": "must be a list of 1 to 1000 products"}


async def test_a_deleted_product_is_unknown_until_it_is_put_again(shop: httpx.AsyncClient) -> None:
    await put(shop, MUG)
    deleted = await shop.delete(f"{PRODUCTS}/11111")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert_problem(await shop.get(f"{PRODUCTS}/11111"), 404)
    assert_problem(await shop.delete(f"{PRODUCTS}/11111"), 404)
    assert await listed(shop) == []
    assert (await put(shop, MUG)).json() == {"created": 1, "updated": 0, "unchanged": 0}
    assert (await shop.get(f"{PRODUCTS}/11111")).json() == MUG


async def test_another_merchants_product_is_not_found(
    shop: httpx.AsyncClient,
    database: Database,
    bearer: Callable[[Caller], dict[str, str]],
) -> None:
    await put(shop, MUG)
    other_merchant = bearer(await create_caller(database))
    for method in ("GET", "DELETE"):
        theirs = await shop.request(method, f"{PRODUCTS}/11111", headers=other_merchant)
        unknown = await shop.request(method, f"{PRODUCTS}/22222", headers=other_merchant)
        assert_problem(theirs, 404)
        assert theirs.text.replace("11111", "22222") == unknown.text
    assert (await shop.get(PRODUCTS, headers=other_merchant)).json()["products"] == []
    assert await listed(shop) == [11111]


@pytest.mark.parametrize("address", ["0", "-1", "abc", "01", "1.0", "%00", str(2**63), "9" * 400])
async def test_an_invalid_product_id_is_not_found(shop: httpx.AsyncClient, address: str) -> None:
    assert_problem(await shop.get(f"{PRODUCTS}/{address}"), 404)
    assert_problem(await shop.delete(f"{PRODUCTS}/{address}"), 404)


async def test_every_invalid_field_is_listed_and_nothing_is_stored(
    shop: httpx.AsyncClient,
) -> None:
    answer = await shop.put(
        PRODUCTS,
        json={
            "products": [
                MUG,
                {"product_id": "11112", "name": "\u0000", "price": 1, "currency": "eur", "a/b~": 1},
                "Mug",
                MUG,
            ],
            "merchant": 1,
        },
    )
    assert faults(answer) == {
        "/products/1/product_id": "must be a whole number from 1 to 9223372036854775807",
        "/products/1/name": "must have 1 to 255 characters, not only blanks, no control characters",
        "/products/1/price": 'must be a string such as "19.99"',
        "/products/1/currency": "must be an ISO 4217 code",
        "/products/1/a~1b~0": "is unknown",
        "/products/2": "must be an object",
        "/products/3/product_id": "is the same as /products/0/product_id",
        "/merchant": "is unknown",
    }
    assert await listed(shop) == []


@pytest.mark.parametrize("text", ["19.99", "1e2", "1E400", "-0", "true", "null", "[]", "{}"])
async def test_a_price_must_be_a_string(shop: httpx.AsyncClient, text: str) -> None:
    body = f'{{"products":[{{"product_id":1,"name":"Mug","price":{text},"currency":"EUR"}}]}}'
    answer = await shop.put(PRODUCTS, content=body, headers={"content-type": "application/json"})
    assert faults(answer) == {"/products/0/price": 'must be a string such as "19.99"'}


@pytest.mark.parametrize(
    "text", ["1.0", "1e3", "1E400", "0", "-1", str(2**63), "9" * 400, "true", '"1"', "null"]
)
async def test_a_product_id_must_be_a_whole_number(shop: httpx.AsyncClient, text: str) -> None:
    body = f'{{"products":[{{"product_id":{text},"name":"Mug","price":"1","currency":"EUR"}}]}}'
    answer = await shop.put(PRODUCTS, content=body, headers={"content-type": "application/json"})
    assert list(faults(answer)) == ["/products/0/product_id"]


@pytest.mark.parametrize("products", [None, [], {}, "1", 1, [[]], [None]])
async def test_products_must_be_a_list_of_objects(
    shop: httpx.AsyncClient, products: object
) -> None:
    answer = await shop.put(PRODUCTS, json={"products": products})
    assert [pointer.removesuffix("/0") for pointer in faults(answer)] == ["/products"]


async def test_a_body_without_products_is_refused(shop: httpx.AsyncClient) -> None:
    assert list(faults(await shop.put(PRODUCTS, json={}))) == ["/products"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"products":NaN}', b'{"a":"\\ud800"}', b"[" * 9999],
)
async def test_a_body_that_is_not_a_json_object_is_refused(
    shop: httpx.AsyncClient, body: bytes
) -> None:
    answer = await shop.put(PRODUCTS, content=body, headers={"content-type": "application/json"})
    assert_problem(answer, 400)


async def test_a_content_type_other_than_json_is_refused(shop: httpx.AsyncClient) -> None:
    assert_problem(await shop.put(PRODUCTS, content=b"{}"), 415)
    assert_problem(await shop.put(PRODUCTS, data={"products": "[]"}), 415)


async def test_a_body_over_4_mib_is_refused(shop: httpx.AsyncClient) -> None:
    answer = await shop.put(
        PRODUCTS,
        content=b" " * (4 * 1024 * 1024 + 1),
        headers={"content-type": "application/json"},
    )
    assert_problem(answer, 413)


async def test_pages_have_no_gaps_and_no_repeats(shop: httpx.AsyncClient) -> None:
    ids = [1, 2, 3, 70, 2**62, 2**63 - 1]
    await put(shop, *(MUG | {"product_id": product_id} for product_id in reversed(ids)))
    for limit in (1, 2, 5, 6, 1000):
        seen: list[int] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
            page = (await shop.get(PRODUCTS, params=query)).json()
            assert len(page["products"]) <= limit
            seen += [product["product_id"] for product in page["products"]]
            cursor = page["next_cursor"]
            assert cursor is None or cursor.isalnum()
        assert seen == ids


async def test_the_default_page_has_a_hundred_products(shop: httpx.AsyncClient) -> None:
    await put(shop, *(MUG | {"product_id": number} for number in range(1, 102)))
    assert await listed(shop) == list(range(1, 101))


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("mug", [1, 3]),
        ("STRASSE", [2]),
        ("straße", [2]),
        ("кружка", [4]),
        ("%", [5]),
        ("_", []),
        ("\\", []),
        ("100% c", [5]),
        ("7", [7]),
        ("71", [71]),
        ("71 ", []),
        ("9" * 30, []),
        ("' OR '1'='1", []),
        ("", [1, 2, 3, 4, 5, 7, 71]),
    ],
)
async def test_a_search_finds_parts_of_names_and_whole_ids(
    shop: httpx.AsyncClient, search: str, found: list[int]
) -> None:
    names = {1: "Mug", 2: "Hauptstraße", 3: "smug", 4: "КРУЖКА", 5: "100% cup", 7: "a", 71: "b"}
    await put(shop, *(MUG | {"product_id": key, "name": name} for key, name in names.items()))
    assert await listed(shop, search=search) == found
    assert await listed(shop, search=search, limit=1) == found[:1]


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("limit=0", ["/limit"]),
        ("limit=1001", ["/limit"]),
        ("limit=", ["/limit"]),
        ("limit=1.5", ["/limit"]),
        ("limit=%D9%A1", ["/limit"]),
        ("limit=" + "9" * 5000, ["/limit"]),
        ("cursor=", ["/cursor"]),
        ("cursor=abc", ["/cursor"]),
        ("cursor=MA", ["/cursor"]),
        ("cursor=MTEx!", ["/cursor"]),
        ("cursor=MTEx%0A", ["/cursor"]),
        ("cursor=%C3%A9", ["/cursor"]),
        ("search=%00", ["/search"]),
        ("search=" + "x" * 256, ["/search"]),
        ("search=%20", ["/search"]),
        ("limit=1&limit=2", ["/limit"]),
        ("curser=MTEx&limit=x", ["/curser", "/limit"]),
    ],
)
async def test_invalid_parameters_are_listed(
    shop: httpx.AsyncClient, query: str, pointers: list[str]
) -> None:
    assert list(faults(await shop.get(f"{PRODUCTS}?{query}"))) == pointers


@pytest.mark.parametrize("role", list(Role))
async def test_all_roles_read_and_admins_and_managers_write(
    shop: httpx.AsyncClient,
    merchant: Caller,
    database: Database,
    bearer: Callable[[Caller], dict[str, str]],
    role: Role,
) -> None:
    await put(shop, MUG)
    shop.headers.update(bearer(await create_caller(database, role, merchant.merchant_id)))
    assert await listed(shop) == [11111]
    assert (await shop.get(f"{PRODUCTS}/11111")).status_code == 200
    written = await put(shop, MUG | {"name": "Cup"})
    deleted = await shop.delete(f"{PRODUCTS}/11111")
    if role in (Role.ADMIN, Role.MANAGER):
        assert (written.status_code, deleted.status_code) == (200, 204)
    else:
        assert_problem(written, 403)
        assert_problem(deleted, 403)


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("PUT", PRODUCTS),
        ("GET", PRODUCTS),
        ("GET", f"{PRODUCTS}/11111"),
        ("DELETE", f"{PRODUCTS}/11111"),
    ],
)
async def test_a_token_is_required(client: httpx.AsyncClient, method: str, address: str) -> None:
    answer = await client.request(method, address)
    assert_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_405_lists_the_allowed_methods(shop: httpx.AsyncClient) -> None:
    answer = await shop.post(PRODUCTS, json={})
    assert_problem(answer, 405)
    assert answer.headers["allow"] == "GET, PUT"


async def test_an_unknown_address_is_answered_with_a_problem(shop: httpx.AsyncClient) -> None:
    assert_problem(await shop.get("/catalog/v1/nothing"), 404)


async def test_the_description_resolves_and_its_examples_work(shop: httpx.AsyncClient) -> None:
    document = (await shop.get("/openapi.json")).json()
    operations = document["paths"][PRODUCTS]
    schemas = document["components"]["schemas"]
    reference = operations["put"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    body = schemas[reference.rpartition("/")[2]]
    assert (await shop.put(PRODUCTS, json=body["example"])).status_code == 200
    assert body["properties"]["products"]["items"] == {
        "$ref": "#/components/schemas/CatalogProduct"
    }
    example = schemas["CatalogProduct"]["example"]
    assert (await shop.get(f"{PRODUCTS}/{example['product_id']}")).json() == example
    page = schemas["CatalogPage"]["example"]
    assert (await shop.get(PRODUCTS, params={"cursor": page["next_cursor"]})).status_code == 200

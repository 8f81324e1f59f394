"""What strangers, other merchants and lesser roles get at every address: nothing, and no hint."""

import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from sconto.domain.people import Caller, Role
from sconto.store.database import Database
from tests.conftest import create_caller

Bearer = Callable[[Caller], dict[str, str]]

PUBLIC: Final = {
    ("post", "/v1/login_check"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/metrics"),
}
"""Addresses that need no token, for they say nothing of any merchant."""

PROMOTION: Final = "/v1/promotion/{promotion_id}"
SUBSCRIPTION: Final = "/promotion/v1/promotions/{promotionId}"
ORDER: Final = "/checkout/v1/orders/{order_id}"
PRODUCT: Final = "/catalog/v1/products/{product_id}"

REFUSED: Final = {
    Role.VIEWER: {
        ("post", "/checkout/v1/quotes"),
        ("post", "/checkout/v1/orders"),
        ("patch", ORDER),
        ("post", "/checkout/v1/prices"),
        ("post", "/v1/promotion"),
        ("patch", PROMOTION),
        ("delete", PROMOTION),
        ("post", f"{PROMOTION}/codes"),
        ("delete", f"{PROMOTION}/codes"),
        ("post", "/promotion/v1/promotions"),
        ("patch", SUBSCRIPTION),
        ("delete", SUBSCRIPTION),
        ("post", "/promotion/v1/promotion-codes/_apply"),
        ("put", "/catalog/v1/products"),
        ("delete", PRODUCT),
    },
    Role.CHECKOUT: {
        ("post", "/v1/promotion"),
        ("get", "/v1/promotion"),
        ("post", "/v1/promotion/statistics"),
        ("get", PROMOTION),
        ("patch", PROMOTION),
        ("delete", PROMOTION),
        ("get", f"{PROMOTION}/codes"),
        ("post", f"{PROMOTION}/codes"),
        ("delete", f"{PROMOTION}/codes"),
        ("get", f"{PROMOTION}/history"),
        ("get", "/promotion/v1/promotions"),
        ("post", "/promotion/v1/promotions"),
        ("get", SUBSCRIPTION),
        ("patch", SUBSCRIPTION),
        ("delete", SUBSCRIPTION),
        ("put", "/catalog/v1/products"),
        ("delete", PRODUCT),
    },
    Role.MANAGER: set(),
    Role.ADMIN: set(),
}
"""What each role may not do; everything else is answered as any admin is."""


def operations(app: FastAPI) -> list[tuple[str, str]]:
    """Method and address of everything that the manual describes."""
    return [(method, path) for path, found in app.openapi()["paths"].items() for method in found]


async def call(
    client: httpx.AsyncClient, operation: tuple[str, str], headers: dict[str, str]
) -> httpx.Response:
    """Ask with ids that nobody has, and an empty object."""
    method, path = operation
    for name in ("promotion_id", "promotionId", "order_id", "product_id"):
        path = path.replace(f"{{{name}}}", "999999999")
    return await client.request(
        method, path, content=b"{}", headers={**headers, "content-type": "application/json"}
    )


async def test_every_address_but_the_public_ones_needs_a_token(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    answers = {asked: (await call(client, asked, {})).status_code for asked in operations(app)}
    open_to_all = {asked for asked, status in answers.items() if status != 401}
    assert open_to_all == PUBLIC


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_is_refused_what_the_table_says_and_nothing_else(
    role: Role, app: FastAPI, client: httpx.AsyncClient, database: Database, bearer: Bearer
) -> None:
    headers = bearer(await create_caller(database, role))
    refused = set()
    for asked in operations(app):
        answer = await call(client, asked, headers)
        if answer.status_code == 403 or '"error":11000' in answer.text:
            refused.add(asked)
    assert refused == REFUSED[role]


class Merchant:
    """A caller with a client."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers

    async def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        return await self._client.request(method, path, headers=self._headers, json=body)

    async def get_all(self, paths: Sequence[str]) -> list[str]:
        """What is answered at these addresses."""
        return [(await self.ask("GET", path)).text for path in paths]


def coupon(code: str, **terms: object) -> dict[str, Any]:
    coupons = {"coupon_code": [code], "discount_percent": "10", **terms}
    return {"promotion_type": "coupon", "promotion_name": "Mine", "coupons": coupons}


def cart(product_id: int, *codes: str, **more: object) -> dict[str, Any]:
    line = {"line_id": "1", "product_id": product_id, "quantity": 1, "unit_price": "10.00"}
    return {"currency": "EUR", "lines": [line], "codes": list(codes), **more}


CONTRACT: Final[dict[str, Any]] = {
    "createdAt": None,
    "subscriptionTypeId": "monthly",
    "discounts": [],
}
RULES: Final[list[Any]] = [
    {"effect": {"effectType": "PERCENTAGE_DISCOUNT", "amount": "30"}, "conditions": []}
]


async def open_shop(owner: Merchant) -> dict[str, str]:
    """One of everything; answers what each is called."""
    product = {"product_id": 770077, "name": "Mug", "price": "1.00", "currency": "EUR"}
    await owner.ask("PUT", "/catalog/v1/products", {"products": [product]})
    promotion = await owner.ask("POST", "/v1/promotion", coupon("MINE-77", product_id=[770077]))
    order = cart(770077, "MINE-77", order_id="A-770077")
    assert (await owner.ask("POST", "/checkout/v1/orders", order)).status_code == 201
    body = {"enabled": True, "name": "Mine", "code": "SUB-77", "rules": RULES}
    subscription = await owner.ask("POST", "/promotion/v1/promotions", body)
    asked = {"promotionCode": "SUB-77", "subscriptionContract": CONTRACT}
    applied = await owner.ask("POST", "/promotion/v1/promotion-codes/_apply", asked)
    return {
        "product": "770077",
        "code": "MINE-77",
        "order": "A-770077",
        "promotion": str(promotion.json()["id"]),
        "subscription": subscription.json()["data"]["id"],
        "subscription code": "SUB-77",
        "application": applied.json()["meta"]["applicationId"],
    }


def questions(ids: dict[str, str]) -> list[tuple[str, str, object]]:
    """Every address and every field that takes something of a merchant's, with these."""
    product, promotion, subscription = int(ids["product"]), ids["promotion"], ids["subscription"]
    at, sub_at = f"/v1/promotion/{promotion}", f"/promotion/v1/promotions/{subscription}"
    used = [{"code": "X", "first_order_number": 1, "application_id": ids["application"]}]
    contract = {"created_at": None, "type_id": "monthly", "order_number": 1, "codes": used}
    own = [{"product_id": product, "discount_percent": "1"}]
    order_at = f"/checkout/v1/orders/{ids['order']}"
    return [
        ("GET", at, None),
        ("PATCH", at, {"promotion_type": "coupon", "promotion_name": "Theirs"}),
        ("DELETE", at, None),
        ("GET", f"{at}/codes", None),
        ("POST", f"{at}/codes", {"codes": ["NEW"]}),
        ("DELETE", f"{at}/codes", {"codes": [ids["code"]]}),
        ("GET", f"{at}/history", None),
        ("POST", "/v1/promotion/statistics", {"id": int(promotion)}),
        ("POST", "/v1/promotion/statistics", {"id": promotion}),
        ("POST", "/v1/promotion", coupon("THEIRS", product_id=[product])),
        ("POST", "/v1/promotion", coupon("THEIRS", products=own)),
        ("GET", "/v1/promotion", None),
        ("GET", "/v1/promotion?search_string=Mine", None),
        ("POST", "/checkout/v1/quotes", cart(product, ids["code"])),
        ("POST", "/checkout/v1/quotes", cart(product, subscription=contract)),
        ("POST", "/checkout/v1/orders", cart(product, order_id="B-1", replaces=ids["order"])),
        ("GET", order_at, None),
        ("PATCH", order_at, {"status": "deleted"}),
        ("GET", f"/catalog/v1/products/{product}", None),
        ("DELETE", f"/catalog/v1/products/{product}", None),
        ("GET", "/catalog/v1/products?search=Mug", None),
        ("GET", "/promotion/v1/promotions", None),
        ("GET", sub_at, None),
        ("PATCH", sub_at, {"name": "Theirs"}),
        ("DELETE", sub_at, None),
        ("POST", f"{sub_at}/_validate", {"subscriptionContract": CONTRACT}),
        ("POST", f"{sub_at}/_schedule", {"subscriptionContract": CONTRACT, "orders": 3}),
        (
            "POST",
            "/promotion/v1/promotion-codes/_apply",
            {"promotionCode": ids["subscription code"], "subscriptionContract": CONTRACT},
        ),
    ]


async def test_what_is_anothers_cannot_be_told_from_what_is_nobodys(
    client: httpx.AsyncClient, database: Database, bearer: Bearer
) -> None:
    # Ids that are found nowhere else in an answer.
    async with database.write() as connection:
        for table in ("promotions", "subscription_promotions"):
            sequence = f"pg_get_serial_sequence('{table}', 'promotion_id')"
            await connection.execute(f"SELECT setval({sequence}, nextval({sequence}) + 70000000)")
    owner = Merchant(client, bearer(await create_caller(database)))
    stranger = Merchant(client, bearer(await create_caller(database)))
    theirs = await open_shop(owner)
    nobodys = {
        "product": "880088",
        "code": "NONE-88",
        "order": "A-880088",
        "promotion": "8" * len(theirs["promotion"]) + "8",
        "subscription": "8" * len(theirs["subscription"]) + "8",
        "subscription code": "SUB-88",
        "application": theirs["application"][::-1],
    }
    watched = [path for method, path, _ in questions(theirs) if method == "GET"]
    before = await owner.get_all(watched)
    assert not any('"status":404' in text or "not found" in text for text in before)
    for about_theirs, about_nobodys in zip(questions(theirs), questions(nobodys), strict=True):
        told = await stranger.ask(*about_theirs)
        told_of_nobodys = await stranger.ask(*about_nobodys)
        assert told.status_code == told_of_nobodys.status_code, about_theirs
        assert alike(told.text, theirs) == alike(told_of_nobodys.text, nobodys), about_theirs
    assert await owner.get_all(watched) == before


def alike(text: str, ids: dict[str, str]) -> str:
    """An answer with every id taken out of it."""
    for name in sorted(ids, key=lambda name: -len(ids[name])):
        text = text.replace(ids[name], f"<{name}>")
    return text


INJECTIONS: Final = (
    "' OR '1'='1",
    "'; DROP TABLE promotions; --",
    "%' OR name_folded LIKE '%",
    "___",
    "%%%",
    "\\'; SELECT pg_sleep(5); --",
    "$1::text || pg_sleep(5)",
    "{{7*7}}${7*7}",
    "1) UNION SELECT password_hash FROM users --",
)


@pytest.mark.parametrize("text", INJECTIONS)
async def test_a_text_is_a_text_whatever_is_written_in_it(
    text: str, client: httpx.AsyncClient, merchant: Caller, bearer: Bearer
) -> None:
    shop = Merchant(client, bearer(merchant))
    await shop.ask("POST", "/v1/promotion", coupon("PLAIN"))
    named = await shop.ask("POST", "/v1/promotion", {**coupon("OTHER"), "promotion_name": text})
    began = time.monotonic()
    found = await client.get(
        "/v1/promotion", params={"search_string": text}, headers=bearer(merchant)
    )
    assert found.json() == {"ids": [named.json()["id"]]}
    order = cart(1, text, order_id=text[:64])
    assert (await shop.ask("POST", "/checkout/v1/orders", order)).status_code == 201
    quote = (await shop.ask("POST", "/checkout/v1/quotes", cart(1, text))).json()
    assert quote["codes"] == [{"code": text, "status": "unknown"}]
    product = {"product_id": 1, "name": text, "price": "1.00", "currency": "EUR"}
    assert (await shop.ask("PUT", "/catalog/v1/products", {"products": [product]})).is_success
    listed = await client.get(
        "/catalog/v1/products", params={"search": text}, headers=bearer(merchant)
    )
    assert [one["name"] for one in listed.json()["products"]] == [text]
    assert time.monotonic() - began < 3


SMUGGLED: Final = "GET /health/live HTTP/1.1\r\nHost: inner\r\n\r\n"


@pytest.mark.parametrize(
    "framing",
    [
        f"Content-Length: {len(SMUGGLED)}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
        f"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{SMUGGLED}",
        f"Content-Length: 0\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
        f"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
        f"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{SMUGGLED}",
        f"Content-Length: +4\r\n\r\n{SMUGGLED}",
        f"Content-Length : 0\r\n\r\n{SMUGGLED}",
    ],
)
def test_a_request_whose_end_is_in_doubt_hides_no_other(server: str, framing: str) -> None:
    address = urlsplit(server)
    raw = f"POST /v1/login_check HTTP/1.1\r\nHost: outer\r\n{framing}"
    with socket.create_connection((address.hostname, address.port), timeout=1) as connection:
        connection.sendall(raw.encode())
        answers = b""
        try:
            while chunk := connection.recv(65536):
                answers += chunk
        except TimeoutError:
            pass
    assert b"HTTP/1.1 200" not in answers
    assert answers.count(b"HTTP/1.1 ") <= 1

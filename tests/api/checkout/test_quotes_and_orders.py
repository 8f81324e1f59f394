"""The exact answers of the checkout API."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote as escaped

import httpx
import pytest

from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller, Role
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock

Bearer = Callable[[Caller], dict[str, str]]

LINE = {"line_id": "1", "product_id": 11111, "quantity": 2, "unit_price": "19.99"}
CART = {"currency": "EUR", "lines": [LINE], "codes": ["PROMO-001"]}


class Shop:
    """A merchant's checkout: a one-time code for ten percent, and five percent for everybody."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers
        self.coupon = self.automatic = 0

    async def call(self, method: str, path: str, body: object = None) -> httpx.Response:
        url = f"/checkout/v1/{path}"
        return await self._client.request(method, url, headers=self._headers, json=body)

    async def post(self, path: str, body: object) -> httpx.Response:
        return await self.call("POST", path, body)


@pytest.fixture
async def shop(
    client: httpx.AsyncClient, database: Database, merchant: Caller, bearer: Bearer
) -> Shop:
    await stock(database, merchant, [11111])
    shop = Shop(client, bearer(merchant))
    coupon = a_promotion(codes=("promo-001",), code_type=CodeType.ONE_TIME)
    shop.coupon = await create_promotion(database, merchant, coupon, NOON)
    automatic = a_promotion(coverage=AllProducts(5 * PERCENT))
    shop.automatic = await create_promotion(database, merchant, automatic, NOON)
    return shop


def priced(shop: Shop) -> dict[str, Any]:
    return {
        "currency": "EUR",
        "subtotal": "39.98",
        "discount": "4.00",
        "total": "35.98",
        "lines": [
            {
                **LINE,
                "known": True,
                "subtotal": "39.98",
                "discount": "4.00",
                "discount_percent": "10",
                "total": "35.98",
                "promotion": {"id": shop.coupon, "type": "coupon", "code": "PROMO-001"},
                "picks": [
                    {
                        "promotion_id": shop.coupon,
                        "group": "code",
                        "code": "PROMO-001",
                        "discount_percent": "10",
                        "applied": True,
                    },
                    {
                        "promotion_id": shop.automatic,
                        "group": "automatic_all",
                        "discount_percent": "5",
                        "applied": False,
                        "reason": "lower_discount",
                    },
                ],
            }
        ],
        "codes": [{"code": "PROMO-001", "status": "applied", "promotion_id": shop.coupon}],
    }


async def test_a_quote_is_answered_field_by_field_as_documented(shop: Shop) -> None:
    answer = await shop.post("quotes", CART)
    assert (answer.status_code, answer.json()) == (200, priced(shop))
    assert list(answer.json()) == list(priced(shop))
    assert answer.headers["content-type"] == "application/json"


async def test_a_line_without_a_promotion_has_null(shop: Shop) -> None:
    answer = await shop.post("quotes", {**CART, "codes": None, "at": "2025-12-31T23:59:59Z"})
    assert answer.json()["lines"] == [
        {
            **LINE,
            "known": True,
            "subtotal": "39.98",
            "discount": "0.00",
            "discount_percent": "0",
            "total": "39.98",
            "promotion": None,
            "picks": [],
        }
    ]
    assert answer.json()["codes"] == []


@pytest.mark.parametrize(
    ("at", "discount"),
    [
        ("2026-01-01T00:00:00+00:00", "4.00"),
        ("2026-01-01t03:00:00.000+03:00", "4.00"),
        ("2026-01-01T00:00:00+00:01", "0.00"),
        ("2025-12-31T23:59:59.9999999Z", "0.00"),
        ("0001-01-01T00:00:00Z", "0.00"),
        ("9999-12-31T23:59:59.999999Z", "4.00"),
    ],
)
async def test_a_quote_is_priced_at_the_requested_time(shop: Shop, at: str, discount: str) -> None:
    assert (await shop.post("quotes", {**CART, "at": at})).json()["discount"] == discount


async def test_a_refused_code_has_the_facts_of_its_status(shop: Shop) -> None:
    before = {**CART, "codes": ["nothing \0", "promo-001"], "at": "2025-06-01T00:00:00Z"}
    assert (await shop.post("quotes", before)).json()["codes"] == [
        {"code": "nothing \0", "status": "unknown"},
        {
            "code": "promo-001",
            "status": "not_started",
            "promotion_id": shop.coupon,
            "starts_at": "2026-01-01T00:00:00+00:00",
        },
    ]


@pytest.mark.parametrize(
    ("currency", "unit_price", "total"),
    [("JPY", "1999", "1799"), ("KWD", "1.999", "1.799"), ("EUR", "19.9", "17.91")],
)
async def test_amounts_have_the_decimals_of_their_currency(
    shop: Shop, currency: str, unit_price: str, total: str
) -> None:
    line = {**LINE, "quantity": 1, "unit_price": unit_price}
    answer = await shop.post("quotes", {**CART, "currency": currency, "lines": [line]})
    assert answer.json()["total"] == total


async def test_an_order_is_placed_once_and_read_as_it_was_placed(shop: Shop) -> None:
    order = {"order_id": "A-1", **CART}
    first = await shop.post("orders", order)
    answer = first.json()
    assert first.status_code == 201
    assert list(answer)[:3] == ["order_id", "created_at", "status"]
    assert answer == {
        "order_id": "A-1",
        "created_at": answer["created_at"],
        "status": "not paid",
        **priced(shop),
    }
    spelt = {**order, "codes": ["promo-001"], "lines": [dict(reversed(LINE.items()))]}
    again = await shop.post("orders", dict(reversed(spelt.items())))
    assert (again.status_code, again.json()) == (200, answer)
    assert (await shop.call("GET", "orders/A-1")).json() == answer


async def test_another_cart_under_the_same_id_gets_the_stored_order(shop: Shop) -> None:
    stored = (await shop.post("orders", {"order_id": "A-1", **CART})).json()
    answer = await shop.post("orders", {"order_id": "A-1", **CART, "codes": []})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail", "order"}
    assert answer.json()["order"] == stored


async def test_an_unexpected_total_is_answered_with_the_new_quote(shop: Shop) -> None:
    order = {"order_id": "A-1", **CART, "expected_total": "35.97"}
    answer = await shop.post("orders", order)
    assert (answer.status_code, answer.json()["quote"]) == (409, priced(shop))
    assert set(answer.json()) == {"type", "title", "status", "detail", "quote"}
    placed = await shop.post("orders", {**order, "expected_total": "35.98"})
    assert placed.status_code == 201


async def test_a_used_up_code_is_answered_with_a_quote_whose_total_can_be_accepted(
    shop: Shop,
) -> None:
    first = (await shop.post("orders", {"order_id": "A-1", **CART})).json()
    answer = await shop.post("orders", {"order_id": "A-2", **CART})
    quote = answer.json()["quote"]
    assert answer.status_code == 409
    assert quote["codes"] == [
        {
            "code": "PROMO-001",
            "status": "used",
            "promotion_id": shop.coupon,
            "used_at": first["created_at"],
        }
    ]
    agreed = {"order_id": "A-2", **CART, "expected_total": quote["total"]}
    assert (await shop.post("orders", agreed)).status_code == 201


async def test_an_order_replaces_another(shop: Shop) -> None:
    await shop.post("orders", {"order_id": "A-1", **CART})
    second = {"order_id": "A-2", **CART, "replaces": "A-1"}
    assert (await shop.post("orders", second)).status_code == 201
    assert (await shop.call("GET", "orders/A-1")).json()["status"] == "deleted"
    late = await shop.call("PATCH", "orders/A-1", {"status": "paid"})
    assert (late.status_code, late.json()["order"]["status"]) == (409, "deleted")
    third = await shop.post("orders", {"order_id": "A-3", **CART, "replaces": "A-1"})
    assert (third.status_code, third.json()["order"]["order_id"]) == (409, "A-1")
    unknown = await shop.post("orders", {"order_id": "A-3", **CART, "replaces": "A-9"})
    assert (unknown.status_code, unknown.json()["errors"]) == (
        422,
        [{"pointer": "/replaces", "detail": "names no order"}],
    )


async def test_a_status_is_changed(shop: Shop) -> None:
    placed = (await shop.post("orders", {"order_id": "A-1", **CART})).json()
    for status in ("paid", "not paid", "deleted"):
        answer = await shop.call("PATCH", "orders/A-1", {"status": status})
        assert (answer.status_code, answer.json()) == (200, {**placed, "status": status})
    assert (await shop.call("PATCH", "orders/A-2", {"status": "paid"})).status_code == 404


@pytest.mark.parametrize("order_id", ["A/1", "ä #?%", "..", "a+b", " ", "\N{SNOWMAN}" * 64])
async def test_any_valid_order_id_can_be_read(shop: Shop, order_id: str) -> None:
    placed = await shop.post("orders", {"order_id": order_id, **CART})
    assert (placed.status_code, placed.json()["order_id"]) == (201, order_id)
    path = escaped(order_id, safe="").replace(".", "%2E")
    assert (await shop.call("GET", f"orders/{path}")).json() == placed.json()


@pytest.mark.parametrize("path", ["A-9", "%00", "x" * 65, "%FF", ""])
async def test_an_order_that_was_never_placed_is_not_found(shop: Shop, path: str) -> None:
    for method, body in (("GET", None), ("PATCH", {"status": "paid"})):
        answer = await shop.call(method, f"orders/{path}", body)
        assert answer.status_code == 404
        assert answer.json()["status"] == 404


async def test_a_listing_is_priced_without_codes(shop: Shop) -> None:
    body = {
        "currency": "EUR",
        "products": [
            {"product_id": 11111, "unit_price": "19.99"},
            {"product_id": 5, "unit_price": "0.10"},
        ],
    }
    answer = await shop.post("prices", body)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "currency": "EUR",
            "products": [
                {
                    "product_id": 11111,
                    "unit_price": "19.99",
                    "price": "18.99",
                    "discount_percent": "5",
                    "promotion_id": shop.automatic,
                },
                {
                    "product_id": 5,
                    "unit_price": "0.10",
                    "price": "0.09",
                    "discount_percent": "5",
                    "promotion_id": shop.automatic,
                },
            ],
        },
    )


async def test_the_largest_cart_is_priced_and_placed_exactly(shop: Shop) -> None:
    line = {"product_id": 2**63 - 1, "quantity": 10**6, "unit_price": "999999999999.99"}
    cart = {
        "currency": "EUR",
        "lines": [{**line, "line_id": f"{i:064}"} for i in range(500)],
        "codes": [f"{i:0255}" for i in range(20)],
    }
    total = 500 * 10**6 * 99999999999999 * 95 // 100
    expected = f"{total // 100}.{total % 100:02}"
    assert (await shop.post("quotes", cart)).json()["total"] == expected
    order = {"order_id": "A-1", **cart, "expected_total": expected}
    placed = await shop.post("orders", order)
    assert (placed.status_code, placed.json()["total"]) == (201, expected)
    assert (await shop.call("GET", "orders/A-1")).json() == placed.json()


@pytest.mark.parametrize(
    ("role", "reads", "checks_out"),
    [
        (Role.ADMIN, True, True),
        (Role.MANAGER, True, True),
        (Role.VIEWER, True, False),
        (Role.CHECKOUT, True, True),
    ],
)
async def test_each_role_has_its_rights(
    client: httpx.AsyncClient,
    database: Database,
    merchant: Caller,
    bearer: Bearer,
    role: Role,
    reads: bool,
    checks_out: bool,
) -> None:
    caller = await create_caller(database, role, merchant.merchant_id)
    own, admin = Shop(client, bearer(caller)), Shop(client, bearer(merchant))
    await admin.post("orders", {"order_id": "A-1", **CART})
    prices = {"currency": "EUR", "products": [{"product_id": 1, "unit_price": "1"}]}
    writes = [
        await own.post("quotes", CART),
        await own.post("prices", prices),
        await own.post("orders", {"order_id": "A-1", **CART}),
        await own.call("PATCH", "orders/A-1", {"status": "paid"}),
    ]
    assert {answer.status_code for answer in writes} == {200 if checks_out else 403}
    answer = await own.call("GET", "orders/A-1")
    assert answer.status_code == (200 if reads else 403)


async def test_another_merchants_order_is_not_found(
    client: httpx.AsyncClient, database: Database, bearer: Bearer, shop: Shop
) -> None:
    await shop.post("orders", {"order_id": "A-1", **CART})
    other = Shop(client, bearer(await create_caller(database)))
    theirs = await other.call("GET", "orders/A-1")
    nobodys = await other.call("GET", "orders/A-9")
    assert theirs.status_code == 404
    assert theirs.json() == nobodys.json()


async def test_every_address_needs_a_token(client: httpx.AsyncClient) -> None:
    for method, path in (
        ("POST", "quotes"),
        ("POST", "orders"),
        ("POST", "prices"),
        ("GET", "orders/A-1"),
        ("PATCH", "orders/A-1"),
    ):
        answer = await client.request(method, f"/checkout/v1/{path}")
        assert (answer.status_code, answer.json()["status"]) == (401, 401)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")

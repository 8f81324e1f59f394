"""The exact answers about returns."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote as escaped

import httpx
import pytest

from sconto.api.checkout.faults import find_return_faults
from sconto.domain.coverage import AllProducts
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller, Role
from sconto.operations import cart_promotions
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_promotion, ten_off
from tests.conftest import create_caller

Bearer = Callable[[Caller], dict[str, str]]

MUGS: Final = {"line_id": "1", "product_id": 11111, "quantity": 3, "unit_price": "19.99"}
BOWL: Final = {"line_id": "2", "product_id": 22222, "quantity": 1, "unit_price": "0.00"}
ORDER: Final = {"order_id": "A-1", "currency": "EUR", "lines": [MUGS, BOWL], "shipping": "4.90"}
RETURNS: Final = "/checkout/v1/orders/A-1/returns"


def units(line_id: str = "1", quantity: object = 1) -> dict[str, object]:
    return {"line_id": line_id, "quantity": quantity}


def a_return(return_id: str | None = "R-1", *lines: object, **fields: object) -> dict[str, object]:
    body = {"lines": list(lines), **fields}
    return body if return_id is None else {"return_id": return_id, **body}


class Shop:
    """A checkout with the order A-1: 10 % off, 10.00 off the order, and shipping."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.client = client
        self.headers = headers
        self.automatic = self.ten_off = 0

    async def call(self, method: str, path: str, body: object = None) -> httpx.Response:
        return await self.client.request(method, path, headers=self.headers, json=body)

    async def post(self, body: object, path: str = RETURNS) -> httpx.Response:
        return await self.call("POST", path, body)


@pytest.fixture
async def shop(
    client: httpx.AsyncClient, database: Database, merchant: Caller, bearer: Bearer
) -> Shop:
    shop = Shop(client, bearer(merchant))
    automatic = a_promotion(coverage=AllProducts(10 * PERCENT))
    shop.automatic = await create_promotion(database, merchant, automatic, NOON)
    shop.ten_off = (await cart_promotions.create_promotion(database, merchant, ten_off(), NOON)).id
    placed = await shop.call("POST", "/checkout/v1/orders", ORDER)
    assert placed.json()["total"] == "48.87"
    return shop


def paid_for_one_mug(shop: Shop) -> dict[str, Any]:
    """Of 59.97 - 6.00 - 10.00, a third."""
    return {
        "order_id": "A-1",
        "currency": "EUR",
        "subtotal": "19.99",
        "discount": "5.33",
        "total": "14.66",
        "lines": [
            {
                "line_id": "1",
                "product_id": 11111,
                "quantity": 1,
                "unit_price": "19.99",
                "subtotal": "19.99",
                "discount": "2.00",
                "adjustments": [
                    {"promotion_id": shop.ten_off, "target": "order", "discount": "3.33"}
                ],
                "total": "14.66",
            }
        ],
    }


async def test_a_return_is_quoted_kept_once_and_read(shop: Shop) -> None:
    quoted = await shop.post(a_return(None, units()), f"{RETURNS}/_quote")
    assert (quoted.status_code, quoted.json()) == (200, paid_for_one_mug(shop))
    assert (await shop.call("GET", RETURNS)).json()["returns"] == []

    kept = await shop.post(a_return("R-1", units()))
    answer = kept.json()
    assert kept.status_code == 201
    assert list(answer)[:4] == ["return_id", "order_id", "created_at", "currency"]
    assert answer == paid_for_one_mug(shop) | {
        "return_id": "R-1",
        "created_at": answer["created_at"],
    }
    for path, body in (
        (RETURNS, a_return("R-1", units(), shipping=False)),
        (f"{RETURNS}/_quote", a_return("R-1", units())),
    ):
        again = await shop.post(body, path)
        assert (again.status_code, again.content) == (200, kept.content)
    read = await shop.call("GET", f"{RETURNS}/R-1")
    assert (read.status_code, read.content) == (200, kept.content)


async def test_everything_comes_back_in_parts(shop: Shop) -> None:
    sent = [
        a_return("R-1", units("1", 2)),
        a_return("R-2", units("2"), units("1"), shipping=True),
    ]
    paid = [(await shop.post(body)).json() for body in sent]
    assert [one["total"] for one in paid] == ["29.31", "19.56"]
    assert paid[1]["shipping"] == {"amount": "4.90", "discount": "0.00", "total": "4.90"}
    assert [(one["line_id"], one["total"]) for one in paid[1]["lines"]] == [
        ("2", "0.00"),
        ("1", "14.66"),
    ]
    listed = (await shop.call("GET", RETURNS)).json()
    left = {"lines": [units("1", 0), units("2", 0)], "shipping": False}
    assert listed == {"returns": paid, "left": left, "next_cursor": None}
    page = (await shop.call("GET", f"{RETURNS}?limit=1")).json()
    assert page["returns"] == paid[:1]
    page = (await shop.call("GET", f"{RETURNS}?limit=1&cursor={page['next_cursor']}")).json()
    assert (page["returns"], page["next_cursor"]) == (paid[1:], None)


async def test_a_return_that_does_not_fit_is_refused_and_keeps_nothing(shop: Shop) -> None:
    await shop.post(a_return("R-1", units("1", 2)))
    left = {"lines": [units("1", 1), units("2", 1)], "shipping": True}
    for path in (RETURNS, f"{RETURNS}/_quote"):
        refused = await shop.post(a_return("R-2", units("2"), units("1", 2)), path)
        assert (refused.status_code, refused.json()) == (
            409,
            {
                "type": "urn:sconto:problem:more-than-left",
                "title": "More is returned than is left",
                "status": 409,
                "detail": "After earlier returns, less is left of the order than this return has."
                " Nothing was stored.",
                "left": left,
            },
        )
    other = await shop.post(a_return("R-1", units("1", 1)))
    assert (other.status_code, other.json()["type"]) == (409, "urn:sconto:problem:return-conflict")
    assert other.json()["return"]["lines"][0]["quantity"] == 2
    unknown = await shop.post(a_return("R-2", units("1"), units("9")))
    assert (unknown.status_code, unknown.json()["errors"]) == (
        422,
        [{"pointer": "/lines/1/line_id", "detail": "names no line of the order"}],
    )
    assert (await shop.call("GET", RETURNS)).json()["left"] == left


async def test_shipping_is_returned_once(shop: Shop) -> None:
    kept = await shop.post({"return_id": "R-1", "shipping": True})
    assert (kept.status_code, kept.json()["total"], kept.json()["lines"]) == (201, "4.90", [])
    again = await shop.post({"return_id": "R-2", "shipping": True})
    assert (again.status_code, again.json()["left"]["shipping"]) == (409, False)


async def test_nothing_of_a_deleted_order_comes_back(shop: Shop) -> None:
    kept = await shop.post(a_return("R-1", units()))
    await shop.call("PATCH", "/checkout/v1/orders/A-1", {"status": "deleted"})
    refused = await shop.post(a_return("R-2", units()))
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:sconto:problem:order-deleted",
    )
    assert refused.json()["order"]["status"] == "deleted"
    again = await shop.post(a_return("R-1", units()))
    assert (again.status_code, again.content) == (200, kept.content)


async def test_a_return_changes_neither_the_order_nor_statistics(shop: Shop) -> None:
    async def everything() -> list[object]:
        answers = [
            await shop.call("GET", "/checkout/v1/orders/A-1"),
            await shop.post({"id": shop.automatic}, "/v1/promotion/statistics"),
            await shop.call("GET", f"/cart/v1/promotions/{shop.ten_off}/statistics"),
        ]
        return [answer.json() for answer in answers]

    before = await everything()
    await shop.post(a_return("R-1", units("1", 3), units("2"), shipping=True))
    assert await everything() == before


async def test_what_does_not_exist_is_not_found(
    shop: Shop, client: httpx.AsyncClient, database: Database, bearer: Bearer
) -> None:
    await shop.post(a_return("R-1", units()))
    other_merchant = Shop(client, bearer(await create_caller(database)))
    for caller, path in (
        (other_merchant, RETURNS),
        (shop, RETURNS.replace("A-1", "A-2")),
        (shop, RETURNS.replace("A-1", "%00")),
    ):
        for method, end, body in (
            ("GET", "", None),
            ("GET", "/R-1", None),
            ("POST", "", a_return("R-9", units())),
            ("POST", "/_quote", a_return("R-9", units())),
        ):
            answer = await caller.call(method, f"{path}{end}", body)
            assert (answer.status_code, answer.json()["detail"]) == (
                404,
                "There is no such order.",
            )
    for return_id in ("R-2", "%00", "x" * 65):
        answer = await shop.call("GET", f"{RETURNS}/{return_id}")
        assert (answer.status_code, answer.json()["detail"]) == (
            404,
            "The order has no such return.",
        )


async def test_ids_may_have_slashes(shop: Shop) -> None:
    for order_id in ("A/1", "A-1/returns", "A-1/returns/R-1", "returns", "A-1/explanation"):
        await shop.call("POST", "/checkout/v1/orders", {**ORDER, "order_id": order_id})
        path = f"/checkout/v1/orders/{escaped(order_id, safe='')}"
        assert (await shop.call("GET", path)).json()["order_id"] == order_id
        for return_id in ("R/1", "_quote", "returns/1"):
            kept = await shop.post(a_return(return_id, units()), f"{path}/returns")
            assert (kept.status_code, kept.json()["order_id"]) == (201, order_id)
            read = await shop.call("GET", f"{path}/returns/{escaped(return_id, safe='')}")
            assert read.json() == kept.json()
    # Slashes of an order's id may also be sent as they are, as for the order itself.
    listed = (await shop.call("GET", "/checkout/v1/orders/A/1/returns")).json()
    assert [one["return_id"] for one in listed["returns"]] == ["R/1", "_quote", "returns/1"]


async def test_who_only_looks_returns_nothing(
    shop: Shop, client: httpx.AsyncClient, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    viewer = Shop(client, bearer(await create_caller(database, Role.VIEWER, merchant.merchant_id)))
    for path in (RETURNS, f"{RETURNS}/_quote"):
        assert (await viewer.post(a_return("R-1", units()), path)).status_code == 403
    assert (await viewer.call("GET", RETURNS)).status_code == 200


@pytest.mark.parametrize(
    ("body", "places"),
    [
        (a_return(None, units()), ["/return_id"]),
        (a_return("", units()), ["/return_id"]),
        (a_return("x" * 65, units()), ["/return_id"]),
        ({"return_id": "R-1"}, ["/lines"]),
        (a_return(), ["/lines"]),
        (a_return(shipping=False), ["/lines"]),
        (a_return(shipping=None), ["/lines"]),
        (a_return(shipping="yes"), ["/lines", "/shipping"]),
        (a_return(shipping=True), []),
        ({"return_id": "R-1", "lines": None, "shipping": True}, []),
        ({"return_id": "R-1", "lines": {}, "shipping": True}, ["/lines"]),
        (a_return("R-1", *[units(str(number)) for number in range(501)]), ["/lines"]),
        (a_return("R-1", units(), units("2"), units()), ["/lines/2/line_id"]),
        (a_return("R-1", units("", 0)), ["/lines/0/line_id", "/lines/0/quantity"]),
        (a_return("R-1", units(quantity=True)), ["/lines/0/quantity"]),
        (a_return("R-1", units(quantity=1_000_001)), ["/lines/0/quantity"]),
        (a_return("R-1", {}, 7), ["/lines/1", "/lines/0/line_id", "/lines/0/quantity"]),
        (a_return("R-1", {**units(), "total": "1.00"}, at="now"), ["/lines/0/total", "/at"]),
    ],
)
def test_all_faults_of_a_return_are_found(body: dict[str, Any], places: list[str]) -> None:
    assert [fault.place for fault in find_return_faults(body, needs_id=True)] == places


async def test_a_page_that_is_not_valid_is_refused(shop: Shop) -> None:
    answer = await shop.call("GET", f"{RETURNS}?limit=101&cursor=x&search=a")
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (
        422,
        ["/search", "/limit", "/cursor"],
    )

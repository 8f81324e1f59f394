"""The cart promotions API over HTTP: create, list, change, delete, try and statistics."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.store.database import Database
from tests.conftest import create_caller

TEN_OFF: dict[str, Any] = {
    "name": "Ten off",
    "target": "order",
    "benefit": {"type": "amount", "amounts": {"EUR": "10.00"}},
}

LINES = [{"line_id": "1", "product_id": 1, "quantity": 3, "unit_price": "20.00"}]
CART: dict[str, Any] = {"currency": "EUR", "lines": LINES}


class Api:
    """Requests of one user."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers

    async def ask(
        self, method: str, path: str, body: object = None, status: int = 200
    ) -> dict[str, Any]:
        answer = await self._client.request(method, path, json=body, headers=self._headers)
        assert answer.status_code == status, answer.text
        answered: dict[str, Any] = answer.json() if answer.content else {}
        return answered

    async def create(self, **fields: Any) -> int:
        created = await self.ask("POST", "/cart/v1/promotions", {**TEN_OFF, **fields}, 201)
        number: int = created["id"]
        return number

    async def quote(self, **fields: Any) -> dict[str, Any]:
        return await self.ask("POST", "/checkout/v1/quotes", {**CART, **fields})

    async def order(self, order_id: str, **fields: Any) -> dict[str, Any]:
        body = {"order_id": order_id, **CART, **fields}
        return await self.ask("POST", "/checkout/v1/orders", body, 201)


@pytest.fixture
def api(
    client: httpx.AsyncClient, merchant: Caller, bearer: Callable[[Caller], dict[str, str]]
) -> Api:
    return Api(client, bearer(merchant))


async def test_answers_without_cart_promotions_and_shipping_have_no_fields_for_them(
    api: Api,
) -> None:
    assert list(await api.quote()) == [
        "currency",
        "subtotal",
        "discount",
        "total",
        "lines",
        "codes",
    ]


async def test_a_quote_shows_which_promotions_apply_and_why_the_others_do_not(api: Api) -> None:
    order = await api.create()
    shipping = await api.create(
        name="Free shipping",
        target="shipping",
        benefit={"type": "percent", "percent": 100},
        conditions={"minimum_subtotal": {"EUR": "75.00"}},
    )
    answer = await api.quote(shipping="4.90")
    assert (answer["subtotal"], answer["discount"], answer["total"]) == ("60.00", "10.00", "54.90")
    assert answer["shipping"] == {"amount": "4.90", "discount": "0.00", "total": "4.90"}
    assert answer["lines"][0]["adjustments"] == [
        {"promotion_id": order, "target": "order", "discount": "10.00"}
    ]
    assert answer["cart_promotions"] == [
        {"promotion_id": order, "target": "order", "applied": True, "discount": "10.00"},
        {
            "promotion_id": shipping,
            "target": "shipping",
            "applied": False,
            "reasons": [
                {
                    "reason": "minimum_subtotal",
                    "have": "50.00",
                    "need": "75.00",
                    "missing": "25.00",
                }
            ],
        },
    ]


async def test_a_listing_shows_cart_promotions_only_if_they_give_a_discount(api: Api) -> None:
    products = [{"product_id": 1, "unit_price": "6.90"}, {"product_id": 2, "unit_price": "6.90"}]
    wanted = {"currency": "EUR", "products": products}
    rest = {"unit_price": "6.90", "price": "6.90", "discount_percent": "0", "promotion_id": None}
    before = {"currency": "EUR", "products": [{"product_id": 1, **rest}, {"product_id": 2, **rest}]}
    assert await api.ask("POST", "/checkout/v1/prices", wanted) == before

    await api.create()
    first = {"type": "amount", "amounts": {"EUR": "1.00"}}
    second = {"type": "percent", "percent": "50", "at_most": {"EUR": "0.90"}}
    numbers = [
        await api.create(target="lines", products={"ids": [2]}, benefit=benefit)
        for benefit in (first, second)
    ]
    listed = await api.ask("POST", "/checkout/v1/prices", wanted)
    assert listed["products"][0] == before["products"][0]
    assert listed["products"][1] == {
        "product_id": 2,
        **rest,
        "price": "5.00",
        "adjustments": [
            {"promotion_id": numbers[0], "target": "lines", "discount": "1.00"},
            {"promotion_id": numbers[1], "target": "lines", "discount": "0.90"},
        ],
    }


async def test_a_reached_tier_shows_what_the_next_one_needs(api: Api) -> None:
    tiers = [
        {"from": 2, "benefit": {"type": "percent", "percent": "10"}},
        {"from": 5, "benefit": {"type": "percent", "percent": "20"}},
    ]
    await api.create(target="lines", benefit={"type": "tiers", "by": "quantity", "tiers": tiers})
    [got] = (await api.quote())["cart_promotions"]
    assert (got["applied"], got["discount"]) == (True, "6.00")
    assert got["next"] == {"have": 3, "need": 5, "missing": 2}


async def test_a_code_has_the_status_of_its_cart_promotion(api: Api) -> None:
    number = await api.create(
        codes={"code_type": "reusable", "codes": ["BIG"]},
        conditions={"minimum_subtotal": {"EUR": "100.00"}},
    )
    answer = await api.quote(codes=["big", "other"])
    assert answer["codes"] == [
        {"code": "big", "status": "conditions_not_met", "promotion_id": number},
        {"code": "other", "status": "unknown"},
    ]
    assert answer["cart_promotions"][0]["code"] == "big"


async def test_a_patch_changes_its_fields_and_keeps_codes(api: Api) -> None:
    number = await api.create(codes={"code_type": "reusable", "codes": ["KEPT"]})
    path = f"/cart/v1/promotions/{number}"
    changed = await api.ask("PATCH", path, {"limits": {"total": 5}, "priority": 3})
    assert (changed["limits"], changed["priority"]) == ({"total": 5}, 3)
    assert changed["codes"] == {"code_type": "reusable", "codes": ["KEPT"]}
    changed = await api.ask("PATCH", path, {"codes": {"codes": ["NEW"]}, "limits": None})
    assert (changed["codes"]["codes"], changed["limits"]) == (["NEW"], {})
    changed = await api.ask("PATCH", path, {"codes": None})
    assert changed["codes"] is None
    faults = await api.ask("PATCH", path, {"id": 9, "name": "", "colour": 1}, 422)
    assert [one["pointer"] for one in faults["errors"]] == ["/id", "/name", "/colour"]


async def test_the_list_has_filters_and_pages(api: Api) -> None:
    numbers = [await api.create(name=f"Sale {n}", active=n != 1) for n in range(3)]
    page = await api.ask("GET", "/cart/v1/promotions?limit=2")
    assert [one["id"] for one in page["promotions"]] == [numbers[2], numbers[1]]
    rest = await api.ask("GET", f"/cart/v1/promotions?cursor={page['next_cursor']}")
    assert ([one["id"] for one in rest["promotions"]], rest["next_cursor"]) == ([numbers[0]], None)
    for query, expected in (
        ("active=false", [numbers[1]]),
        ("running=true", [numbers[2], numbers[0]]),
        ("name=sale%201", [numbers[1]]),
        ("target=lines", []),
    ):
        page = await api.ask("GET", f"/cart/v1/promotions?{query}")
        assert [one["id"] for one in page["promotions"]] == expected
    faults = await api.ask("GET", "/cart/v1/promotions?limit=0&target=x&colour=1", status=422)
    assert [one["pointer"] for one in faults["errors"]] == ["/colour", "/limit", "/target"]


async def test_the_published_api_does_not_find_cart_promotions(api: Api) -> None:
    number = await api.create()
    for path in (f"/v1/promotion/{number}", f"/v1/promotion/{number}/history"):
        await api.ask("GET", path, status=404)
    assert str(number) not in str(await api.ask("GET", "/v1/promotion"))


async def test_the_code_endpoints_serve_cart_promotions(api: Api) -> None:
    number = await api.create(codes={"code_type": "reusable", "codes": ["ONE"]})
    codes = f"/v1/promotion/{number}/codes"
    await api.ask("POST", codes, {"coupon_code": ["TWO"]})
    listed = await api.ask("GET", f"/cart/v1/promotions/{number}")
    assert listed["codes"]["codes"] == ["ONE", "TWO"]
    assert (await api.quote(codes=["two"]))["total"] == "50.00"


async def test_statistics_have_the_discounts_and_what_is_left(api: Api) -> None:
    number = await api.create(
        codes={"code_type": "one-time", "codes": ["A", "B"]},
        limits={"total": 5, "budget": {"EUR": "100.00"}},
    )
    await api.order("1", codes=["a"])
    await api.order("2", codes=["b"])
    await api.ask("PATCH", "/checkout/v1/orders/2", {"status": "deleted"})
    got = await api.ask("GET", f"/cart/v1/promotions/{number}/statistics")
    assert (got["orders"], got["discount"]) == (2, {"EUR": "20.00"})
    assert got["codes"] == [{"code": "A", "orders": 1}, {"code": "B", "orders": 1}]
    assert [(day["orders"], day["discount"]) for day in got["days"]] == [(2, {"EUR": "20.00"})]
    assert got["limits"] == {
        "total": {"limit": 5, "taken": 1, "left": 4},
        "budget": {"EUR": {"limit": "100.00", "taken": "10.00", "left": "90.00"}},
    }
    # Two orders in its first hour.
    found = got["forecast"]
    for limit, per_day in ((found["total"], 48), (found["budget"]["EUR"], "480.00")):
        for window in ("last_day", "last_week"):
            assert limit[window]["per_day"] == per_day
            assert limit[window]["used_up_at"] > read_clock().isoformat()
    await api.ask("PATCH", f"/cart/v1/promotions/{number}", {"active": False})
    off = await api.ask("GET", f"/cart/v1/promotions/{number}/statistics")
    assert off == {name: got[name] for name in got if name != "forecast"}
    gone = await api.ask("PATCH", "/checkout/v1/orders/2", {"status": "paid"}, 409)
    assert gone["type"] == "urn:sconto:problem:order-gave-back"


async def test_the_history_lists_the_differences(api: Api) -> None:
    number = await api.create()
    await api.ask("PATCH", f"/cart/v1/promotions/{number}", {"priority": 7})
    page = await api.ask("GET", f"/cart/v1/promotions/{number}/history")
    assert [(one["verb"], one["before"], one["after"]) for one in page["entries"][:1]] == [
        ("changed", {"priority": 0}, {"priority": 7})
    ]
    assert page["entries"][1]["verb"] == "created"


async def test_the_history_writes_terms_as_the_promotion_does(api: Api) -> None:
    terms = {
        "hours": {"weekdays": ["fri"], "from": "17:00", "until": "20:00", "time_zone": "UTC"},
        "target": "lines",
        "products": {"tags": ["tea"]},
        "on_discounted": False,
        "benefit": {
            "type": "units",
            "buy": 2,
            "get": 1,
            "percent": "12.5",
            "get_products": {"ids": [1]},
        },
        "conditions": {"minimum_subtotal": {"EUR": "50.00"}, "segments": ["vip"]},
        "limits": {"total": 5, "budget": {"JPY": "1000"}},
        "priority": -3,
        "exclusive": True,
    }
    for wanted in ({}, terms):
        number = await api.create(**wanted)
        here = f"/cart/v1/promotions/{number}"
        shown = await api.ask("GET", here)
        [created] = (await api.ask("GET", f"{here}/history"))["entries"]
        assert {name: created["after"][name] for name in terms} == {
            name: shown[name] for name in terms
        }


async def test_the_history_has_changed_codes_and_no_entry_without_a_change(api: Api) -> None:
    number = await api.create(codes={"code_type": "reusable", "codes": ["A", "B"]})
    here = f"/cart/v1/promotions/{number}"
    before = await api.ask("GET", here)
    assert await api.ask("PATCH", here, {"priority": 0, "codes": {"codes": ["A", "B"]}}) == before
    await api.ask("PATCH", here, {"codes": {"codes": ["B", "C"]}})
    changed, created = (await api.ask("GET", f"{here}/history"))["entries"]
    assert created["after"]["codes"]["added"] == ["A", "B"]
    assert changed["before"] == {"codes": {"count": 2, "removed": ["A"], "removed_count": 1}}
    assert changed["after"] == {"codes": {"count": 2, "added": ["C"], "added_count": 1}}


async def test_a_merge_patch_may_change_the_type_of_the_benefit(
    client: httpx.AsyncClient,
    api: Api,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
) -> None:
    number = await api.create()
    benefit = {"type": "percent", "percent": "5"}
    answer = await client.patch(
        f"/cart/v1/promotions/{number}",
        content=json.dumps({"benefit": benefit}),
        headers={**bearer(merchant), "Content-Type": "application/merge-patch+json"},
    )
    assert (answer.status_code, answer.json()["benefit"]) == (200, benefit)
    capped = {"at_most": {"EUR": "9.00"}}
    changed = await api.ask("PATCH", f"/cart/v1/promotions/{number}", {"benefit": capped})
    assert changed["benefit"] == {**benefit, **capped}


async def test_a_draft_is_tried_without_being_stored(api: Api) -> None:
    trial: dict[str, Any] = {"promotion": TEN_OFF, "cart": CART}
    answer = await api.ask("POST", "/cart/v1/promotions/_try", trial)
    assert answer["total"] == "50.00"
    assert (await api.quote())["total"] == "60.00"
    number = await api.create()
    twenty = {**TEN_OFF, "benefit": {"type": "amount", "amounts": {"EUR": "20.00"}}}
    trial = {"promotion": twenty, "cart": CART, "promotion_id": number}
    answer = await api.ask("POST", "/cart/v1/promotions/_try", trial)
    assert answer["total"] == "40.00"
    faults = await api.ask(
        "POST", "/cart/v1/promotions/_try", {"promotion": {"name": 1}, "cart": {}}, 422
    )
    assert [one["pointer"] for one in faults["errors"]] == [
        "/promotion/name",
        "/promotion/target",
        "/promotion/benefit",
        "/cart/currency",
        "/cart/lines",
    ]


async def test_a_deleted_promotion_is_not_found(api: Api) -> None:
    number = await api.create()
    await api.ask("DELETE", f"/cart/v1/promotions/{number}", status=204)
    await api.ask("GET", f"/cart/v1/promotions/{number}", status=404)
    assert (await api.quote())["total"] == "60.00"


async def test_a_deleted_promotion_is_restored_with_its_codes(api: Api) -> None:
    number = await api.create(codes={"code_type": "reusable", "codes": ["TEN"]})
    here = f"/cart/v1/promotions/{number}"
    await api.ask("DELETE", here, status=204)
    assert (await api.quote(codes=["ten"]))["total"] == "60.00"
    for _ in range(2):
        restored = await api.ask("POST", f"{here}/_restore")
        assert (restored["id"], restored["codes"]["codes"]) == (number, ["TEN"])
    assert (await api.quote(codes=["ten"]))["total"] == "50.00"
    await api.ask("POST", "/cart/v1/promotions/999999999/_restore", status=404)


async def test_a_promotion_is_created_once_for_each_idempotency_key(
    client: httpx.AsyncClient, merchant: Caller, bearer: Callable[[Caller], dict[str, str]]
) -> None:
    async def create(key: str, **fields: Any) -> httpx.Response:
        headers = {**bearer(merchant), "Idempotency-Key": key}
        body = {**TEN_OFF, **fields}
        return await client.post("/cart/v1/promotions", json=body, headers=headers)

    first, again, other = [await create(key) for key in ("a", "a", "b")]
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert other.json()["id"] != first.json()["id"]
    assert (await create("a", name="Another")).status_code == 409
    assert (await create("")).status_code == 400


async def test_tags_of_the_catalogue_decide_which_products_are_covered(api: Api) -> None:
    mug = {"product_id": 1, "name": "Mug", "price": "20.00", "currency": "EUR"}
    await api.ask("PUT", "/catalog/v1/products", {"products": [{**mug, "tags": ["new"]}]})
    assert (await api.ask("GET", "/catalog/v1/products/1"))["tags"] == ["new"]
    await api.create(products={"tags": ["new"]})
    assert (await api.quote())["total"] == "50.00"
    await api.ask("PUT", "/catalog/v1/products", {"products": [mug]})
    assert (await api.quote())["total"] == "50.00"
    await api.ask("PUT", "/catalog/v1/products", {"products": [{**mug, "tags": []}]})
    [got] = (await api.quote())["cart_promotions"]
    assert got["reasons"] == [{"reason": "not_covered"}]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CHECKOUT])
async def test_a_role_without_the_right_to_write_is_refused(
    role: Role,
    client: httpx.AsyncClient,
    database: Database,
    bearer: Callable[[Caller], dict[str, str]],
) -> None:
    caller = await create_caller(database, role)
    await Api(client, bearer(caller)).ask("POST", "/cart/v1/promotions", TEN_OFF, 403)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"customer": 1}, "/customer"),
        ({"customer": {"id": ""}}, "/customer/id"),
        ({"customer": {"segments": "vip"}}, "/customer/segments"),
        ({"customer": {"segments": [1]}}, "/customer/segments/0"),
        ({"customer": {"has_ordered": 1}}, "/customer/has_ordered"),
        ({"customer": {"name": "Ada"}}, "/customer/name"),
        ({"shipping": 4.9}, "/shipping"),
        ({"shipping": "-1"}, "/shipping"),
    ],
)
async def test_a_customer_or_shipping_that_is_not_valid_is_refused(
    api: Api, fields: dict[str, Any], pointer: str
) -> None:
    faults = await api.ask("POST", "/checkout/v1/quotes", {**CART, **fields}, 422)
    assert [one["pointer"] for one in faults["errors"]] == [pointer]

"""Back-tests over HTTP: drafts of all kinds, faults, results, and the quotes they agree with."""

from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest

from sconto.domain.people import Caller
from sconto.store.database import Database
from tests.api.cart.test_promotions import Api
from tests.backtests.running import finish
from tests.conftest import create_caller

START: Final = "/cart/v1/promotions/_backtest"
BACKTESTS: Final = "/cart/v1/backtests"
TEN_OFF: Final[dict[str, Any]] = {
    "name": "Ten off",
    "target": "order",
    "benefit": {"type": "amount", "amounts": {"EUR": "10.00"}},
    "conditions": {"minimum_subtotal": {"EUR": "50.00"}},
}
FIFTH: Final[dict[str, Any]] = {
    "promotion_type": "discount",
    "promotion_name": "A fifth",
    "discounts": {"discount_percent": "20", "product_id": [1]},
}
COUPON: Final[dict[str, Any]] = {
    "promotion_type": "coupon",
    "promotion_name": "Welcome",
    "coupons": {"coupon_code": ["WELCOME"], "discount_percent": "30"},
}


class Shop(Api):
    """A merchant with a catalogue, orders and back-tests."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        headers: dict[str, str],
        database: Database,
        caller: Caller,
    ) -> None:
        super().__init__(client, headers)
        self._database = database
        self._caller = caller

    async def open(self) -> None:
        products = [
            {"product_id": number, "name": "Mug", "price": "10.00", "currency": "EUR"}
            for number in (1, 2, 3)
        ]
        await self.ask("PUT", "/catalog/v1/products", {"products": products})

    async def start(self, status: int = 201, **body: Any) -> dict[str, Any]:
        return await self.ask("POST", START, body, status)

    async def result(self, **body: Any) -> dict[str, Any]:
        started = await self.start(**body)
        await finish(self._database, self._caller, started["id"])
        found = await self.ask("GET", f"{BACKTESTS}/{started['id']}")
        assert (found["status"], found["progress"]["done"]) == (
            "finished",
            found["progress"]["orders"],
        )
        result: dict[str, Any] = found["result"]
        return result

    async def faults(self, **body: Any) -> dict[str, str]:
        refused = await self.start(422, **body)
        return {fault["pointer"]: fault["detail"] for fault in refused["errors"]}


@pytest.fixture
async def shop(
    client: httpx.AsyncClient,
    database: Database,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
) -> Shop:
    shop = Shop(client, bearer(merchant), database, merchant)
    await shop.open()
    return shop


def cart(number: int) -> dict[str, Any]:
    """One of several carts."""
    lines = [
        {
            "line_id": str(line),
            "product_id": (number + line) % 5 + 1,
            "quantity": number % 3 + line,
            "unit_price": f"{5 + 7 * (number % 4)}.99",
        }
        for line in range(1, number % 3 + 2)
    ]
    codes = [["WELCOME"], [], ["WELCOME", "SPRING"]][number % 3]
    return {"lines": lines, "codes": codes, "customer": {"id": f"c-{number % 7}"}}


DRAFTS: Final[dict[str, dict[str, Any]]] = {
    "cart": {"promotion": TEN_OFF},
    "product": {"product_promotion": FIFTH},
    "code": {
        "product_promotion": {
            **COUPON,
            "coupons": {**COUPON["coupons"], "coupon_code": ["SPRING"], "discount_percent": "35"},
        }
    },
}


@pytest.mark.parametrize("kind", DRAFTS)
async def test_the_numbers_are_those_of_quotes_before_and_after_the_draft_is_saved(
    shop: Shop, kind: str
) -> None:
    await shop.ask("POST", "/v1/promotion", COUPON)
    await shop.create(
        name="Shipping", target="shipping", benefit={"type": "percent", "percent": "50"}
    )
    carts = [cart(number) for number in range(12)]
    orders = [await shop.order(f"o-{n}", **one) for n, one in enumerate(carts)]

    async def quotes() -> list[dict[str, Any]]:
        return [
            await shop.quote(**one, at=order["created_at"])
            for one, order in zip(carts, orders, strict=True)
        ]

    before = await quotes()
    [(field, draft)] = DRAFTS[kind].items()
    found = await shop.result(**{field: draft})
    start = "2026-01-01T00:00:00+00:00"
    if kind == "cart":
        await shop.create(**draft, starts_at=start)
    else:
        await shop.ask("POST", "/v1/promotion", {**draft, "date_from": start})
    after = await quotes()
    discounts = {
        side: f"{sum(round(float(one['discount']) * 100) for one in priced) / 100:.2f}"
        for side, priced in (("before", before), ("after", after))
    }
    assert found["currencies"]["EUR"]["discount"] == discounts
    changed = {
        f"o-{n}": (one["total"], other["total"])
        for n, (one, other) in enumerate(zip(before, after, strict=True))
        if one["total"] != other["total"]
    }
    assert found["changed"] == len(changed) > 0
    shown = {one["order_id"]: one["total"] for one in found["largest"]}
    assert shown == {
        order_id: {"before": changed[order_id][0], "after": changed[order_id][1]}
        for order_id in shown
    }
    assert len(shown) == min(10, len(changed))
    assert found["orders"] == 12


async def test_a_draft_that_displaces_another_promotion_is_reported(shop: Shop) -> None:
    winter = await shop.ask(
        "POST",
        "/v1/promotion",
        {**FIFTH, "promotion_name": "Winter sale", "discounts": {"discount_percent": "10"}},
    )
    for number in range(3):
        await shop.order(f"o-{number}", **{**cart(0), "customer": {"id": "c-1"}})
    draft = {**FIFTH, "discounts": {"discount_percent": "25"}}
    found = await shop.result(product_promotion=draft)
    own, displaced = found["promotions"]
    assert (own["promotion_id"], own["draft"], own["gained"], own["lost"]) == (None, True, 3, 0)
    assert displaced == {
        "kind": "product",
        "promotion_id": winter["id"],
        "name": "Winter sale",
        "draft": False,
        "orders": {"before": 3, "after": 0},
        "gained": 0,
        "lost": 3,
        "discount": {"EUR": {"before": displaced["discount"]["EUR"]["before"], "after": "0.00"}},
    }
    assert found["customers"] == {"reached": 1, "orders_without_customer": 0}
    assert found["promotions_edited"] is False


async def test_the_largest_cart_costs_what_its_quote_says(shop: Shop) -> None:
    codes = [f"CODE-{number}" for number in range(20)]
    await shop.ask(
        "POST", "/v1/promotion", {**COUPON, "coupons": {**COUPON["coupons"], "coupon_code": codes}}
    )
    largest = {
        "lines": [
            {
                "line_id": str(number),
                "product_id": number,
                "quantity": number,
                "unit_price": "9.99",
            }
            for number in range(1, 501)
        ],
        "codes": codes,
    }
    order = await shop.order("largest", **largest)
    draft = {**FIFTH, "discounts": {"products": [{"product_id": 2, "discount_percent": "45.5"}]}}
    found = await shop.result(product_promotion=draft)
    start = "2026-01-01T00:00:00+00:00"
    await shop.ask("POST", "/v1/promotion", {**draft, "date_from": start})
    after = await shop.quote(**largest, at=order["created_at"])
    [changed] = found["largest"]
    assert changed["total"] == {"before": order["total"], "after": after["total"]}
    assert after["total"] != order["total"]


async def test_a_stored_promotion_is_back_tested_with_a_change(shop: Shop) -> None:
    product = await shop.ask(
        "POST", "/v1/promotion", {**FIFTH, "date_from": "2026-01-01T00:00:00+00:00"}
    )
    promotion_id = await shop.create(limits={"total": 2})
    for number in range(3):
        await shop.order(f"o-{number}", codes=[])
    switched_off = await shop.result(promotion_id=product["id"], change={"status": False})
    assert (switched_off["dearer"], switched_off["cheaper"]) == (3, 0)
    assert switched_off["promotions"][0]["lost"] == 3
    assert switched_off["promotions"][0]["promotion_id"] == product["id"]
    unlimited = await shop.result(promotion_id=promotion_id, change={"limits": None})
    assert (unlimited["cheaper"], unlimited["promotions"][0]["gained"]) == (1, 1)
    replaced = await shop.result(promotion_id=promotion_id, promotion=TEN_OFF)
    assert replaced["promotions"][0]["promotion_id"] == promotion_id


async def test_an_idempotency_key_starts_one_backtest_and_lists_are_by_cursor(
    shop: Shop,
    client: httpx.AsyncClient,
    bearer: Callable[[Caller], dict[str, str]],
    merchant: Caller,
) -> None:
    headers = {**bearer(merchant), "Idempotency-Key": "once"}
    first, again = [
        await client.post(START, json={"promotion": TEN_OFF}, headers=headers) for _ in range(2)
    ]
    assert first.status_code == 201
    assert first.headers["location"] == f"{BACKTESTS}/{first.json()['id']}"
    assert (again.content, again.headers["location"]) == (
        first.content,
        first.headers["location"],
    )
    other = await client.post(START, json={"product_promotion": FIFTH}, headers=headers)
    assert other.status_code == 409
    second = await shop.start(promotion=TEN_OFF)
    page = await shop.ask("GET", f"{BACKTESTS}?limit=1")
    assert [one["id"] for one in page["backtests"]] == [second["id"]]
    page = await shop.ask("GET", f"{BACKTESTS}?limit=1&cursor={page['next_cursor']}")
    assert ([one["id"] for one in page["backtests"]], page["next_cursor"]) == (
        [first.json()["id"]],
        None,
    )
    assert "result" not in page["backtests"][0]


async def test_one_backtest_too_many_is_refused_until_another_is_deleted(
    shop: Shop,
    client: httpx.AsyncClient,
    bearer: Callable[[Caller], dict[str, str]],
    merchant: Caller,
) -> None:
    started = [await shop.start(promotion=TEN_OFF) for _ in range(5)]
    answer = await client.post(START, json={"promotion": TEN_OFF}, headers=bearer(merchant))
    if answer.status_code == 201:
        pytest.skip("a service of other tests has computed one")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    here = f"{BACKTESTS}/{started[0]['id']}"
    assert (await shop.ask("POST", f"{here}/_cancel"))["status"] in ("cancelled", "finished")
    await shop.ask("DELETE", here, status=204)
    for method, path in (("GET", here), ("DELETE", here), ("POST", f"{here}/_cancel")):
        await shop.ask(method, path, status=404)
    await shop.start(promotion=TEN_OFF)


async def test_all_faults_of_a_body_are_listed_with_their_places(shop: Shop) -> None:
    assert await shop.faults() == {
        "/promotion": "send one of promotion, product_promotion and change"
    }
    assert set(await shop.faults(promotion=TEN_OFF, change={}, until="x", extra=1)) == {
        "/promotion",
        "/until",
        "/extra",
    }
    assert set(
        await shop.faults(
            promotion={**TEN_OFF, "priority": 9999, "x": 1}, as_if_running="yes", promotion_id=0
        )
    ) == {"/promotion/priority", "/promotion/x", "/as_if_running", "/promotion_id"}
    found = await shop.faults(
        product_promotion={
            "promotion_type": "discount",
            "promotion_name": "",
            "y": 1,
            "discounts": {"discount_percent": "101", "product_id": [1, 77]},
        },
        **{"from": "2030-01-01T00:00:00+00:00"},
    )
    assert found == {
        "/from": "must be before until, and in the past",
        "/product_promotion/promotion_name": "Invalid field value: promotion_name",
        "/product_promotion/discounts/discount_percent": "Invalid field value: discount_percent",
        "/product_promotion/discounts/product_id": "Product not found: 77",
        "/product_promotion": "Invalid field value: y",
    }
    assert await shop.faults(change={"active": False}) == {"/promotion_id": "is missing"}
    long_ago = await shop.faults(promotion=TEN_OFF, **{"from": "2020-01-01T00:00:00+00:00"})
    assert long_ago == {"/from": "must be at most 366 days before until"}
    promotion_id = await shop.create()
    wrong = await shop.faults(
        promotion_id=promotion_id, change={"id": 1, "benefit": {"percent": 0}}
    )
    assert set(wrong) == {"/change/id", "/change/benefit/percent"}


async def test_unknown_and_other_merchants_promotions_are_not_found(
    shop: Shop,
    client: httpx.AsyncClient,
    database: Database,
    bearer: Callable[[Caller], dict[str, str]],
) -> None:
    promotion_id = await shop.create()
    other_merchant = bearer(await create_caller(database))
    for body in (
        {"promotion_id": promotion_id, "change": {"active": False}},
        {"promotion_id": promotion_id, "promotion": TEN_OFF},
        {"promotion_id": promotion_id, "product_promotion": COUPON},
        {"promotion_id": 999_999_999, "change": {"status": False}},
    ):
        answer = await client.post(START, json=body, headers=other_merchant)
        assert answer.status_code == 404, answer.text
    too_many = {
        **COUPON,
        "coupons": {**COUPON["coupons"], "coupon_code": [f"C{n}" for n in range(100_001)]},
    }
    assert "100000" in (await shop.start(413, product_promotion=too_many))["detail"]

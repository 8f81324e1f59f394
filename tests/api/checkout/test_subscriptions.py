"""Quotes and orders of a subscription: its codes' discounts are stored like any others."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sconto.domain.people import Caller
from sconto.store.database import Database
from tests.api.subscription.platform import AFTER_APPLIED, Platform, a_rule

Ask = Callable[..., Any]


@pytest.fixture
def platform(
    client: httpx.AsyncClient, merchant: Caller, bearer: Callable[[Caller], dict[str, str]]
) -> Platform:
    return Platform(client, bearer(merchant))


def a_cart(*codes: dict[str, Any], order_number: int = 1, **fields: Any) -> dict[str, Any]:
    """Two lines of 20.00 and 9.95 in euros."""
    subscription = {
        "created_at": None,
        "type_id": "monthly",
        "order_number": order_number,
        "codes": list(codes),
    }
    lines = [
        {"line_id": "1", "product_id": 1, "quantity": 2, "unit_price": "10.00"},
        {"line_id": "2", "product_id": 2, "quantity": 1, "unit_price": "9.95"},
    ]
    return {"currency": "EUR", "lines": lines, "subscription": subscription} | fields


def a_code(code: str = "TRY3", first: int = 1, application_id: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"code": code, "first_order_number": first}
    return found if application_id is None else found | {"application_id": application_id}


async def post(platform: Platform, path: str, body: object) -> httpx.Response:
    return await platform.client.post(f"/checkout/v1/{path}", json=body, headers=platform.headers)


async def quote(platform: Platform, body: object) -> Any:
    answer = await post(platform, "quotes", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_subscription_discount_follows_product_discounts_and_is_split_over_lines(
    platform: Platform,
) -> None:
    promotion = {
        "promotion_type": "discount",
        "promotion_name": "ten",
        "status": True,
        "date_from": "2020-01-01T00:00:00+00:00",
        "date_to": "2999-01-01T00:00:00+00:00",
        "discounts": {"discount_percent": "10"},
    }
    created = await platform.client.post("/v1/promotion", json=promotion, headers=platform.headers)
    assert created.status_code < 300, created.text
    subscription = await platform.create(rules=[a_rule("30", (AFTER_APPLIED, "1"))])
    priced = await quote(platform, a_cart(a_code()))
    # 20.00 and 9.95 are 18.00 and 8.95 after ten percent; thirty percent of 26.95 is 8.09.
    assert [line["discount"] for line in priced["lines"]] == ["2.00", "1.00"]
    assert [line["subscription_discount"] for line in priced["lines"]] == ["5.40", "2.69"]
    assert [line["total"] for line in priced["lines"]] == ["12.60", "6.26"]
    assert (priced["subtotal"], priced["discount"], priced["total"]) == ("29.95", "11.09", "18.86")
    assert priced["subscription"] == {
        "code": "TRY3",
        "promotion_id": subscription["id"],
        "discount": "8.09",
        "order_number": 1,
        "considered": [{"code": "TRY3", "discount": "8.09", "applied": True, "rule": 0}],
    }


async def test_without_a_subscription_the_answer_has_no_field_for_it(platform: Platform) -> None:
    body = a_cart()
    del body["subscription"]
    priced = await quote(platform, body)
    assert "subscription" not in priced
    assert "subscription_discount" not in priced["lines"][0]
    assert "subscription" in await quote(platform, a_cart())


async def test_each_code_says_why_it_has_no_effect(platform: Platform) -> None:
    await platform.create(code="low", rules=[a_rule("10")])
    await platform.create(code="high", rules=[a_rule("5"), a_rule("20")])
    await platform.create(code="same", rules=[a_rule("5.99", of="AMOUNT")])
    await platform.create(code="later", rules=[a_rule("100", (AFTER_APPLIED, "3"))])
    codes = [a_code(code) for code in ("low", "HIGH", "same", "later", "nobody")]
    priced = await quote(platform, a_cart(*codes, order_number=2))
    said = [
        (code["code"], code["discount"], code["applied"], code.get("rule"), code.get("reason"))
        for code in priced["subscription"]["considered"]
    ]
    assert said == [
        ("low", "3.00", False, 0, "lower_discount"),
        ("HIGH", "5.99", True, 1, None),
        ("same", "5.99", False, 0, "tie"),
        ("later", "0.00", False, None, "no_rule"),
        ("nobody", "0.00", False, None, "unknown"),
    ]


async def test_a_subscription_keeps_the_applied_version_after_changes_and_deletion(
    platform: Platform,
) -> None:
    created = await platform.create(rules=[a_rule("30")])
    path = f"/promotions/{created['id']}"
    application_id = (await platform.apply("TRY3")).json()["meta"]["applicationId"]

    async def discounts() -> list[str]:
        carts = [a_cart(a_code(application_id=application_id)), a_cart(a_code())]
        return [(await quote(platform, cart))["subscription"]["discount"] for cart in carts]

    assert await discounts() == ["8.99", "8.99"]
    await platform.ask("PATCH", path, {"rules": [a_rule("10")], "enabled": False})
    assert await discounts() == ["8.99", "3.00"]
    await platform.ask("PATCH", path, {"constraint": {"promoEndAt": "2020-01-01"}})
    await platform.ask("PATCH", path, {"code": "RENAMED"})
    assert await discounts() == ["8.99", "3.00"]
    await platform.ask("DELETE", path)
    assert await discounts() == ["8.99", "3.00"]
    await platform.create(rules=[a_rule("50")])
    assert await discounts() == ["8.99", "14.98"]


async def test_an_application_is_valid_only_for_its_code_and_merchant(
    platform: Platform,
) -> None:
    await platform.create(rules=[a_rule("30")])
    await platform.create(code="OTHER", rules=[a_rule("50")])
    application_id = (await platform.apply("TRY3")).json()["meta"]["applicationId"]
    for code in (a_code("OTHER", 1, application_id), a_code("TRY3", 1, "nobody")):
        priced = await quote(platform, a_cart(code))
        assert priced["subscription"]["considered"][0]["reason"] == "unknown"
        assert (priced["subscription"]["code"], priced["total"]) == (None, "29.95")


async def test_an_order_keeps_what_the_subscription_got(
    platform: Platform, database: Database, merchant: Caller
) -> None:
    created = await platform.create(rules=[a_rule("30")])
    body = a_cart(a_code(), order_id="S-1", expected_total="20.96")
    placed = await post(platform, "orders", body)
    assert placed.status_code == 201, placed.text
    await platform.ask("DELETE", f"/promotions/{created['id']}")
    headers = platform.headers
    stored = await platform.client.get("/checkout/v1/orders/S-1", headers=headers)
    assert stored.json() == placed.json()
    assert stored.json()["subscription"]["discount"] == "8.99"

    again = await post(platform, "orders", a_cart(a_code("try3"), order_id="S-1"))
    assert (again.status_code, again.json()) == (200, placed.json())
    for other in (
        a_cart(a_code(), order_id="S-1", order_number=2),
        a_cart(a_code(first=2), order_id="S-1"),
        a_cart(order_id="S-1"),
        a_cart(a_code(), order_id="S-1", subscription=None),
    ):
        assert (await post(platform, "orders", other)).status_code == 409
    wrong = a_cart(a_code(), order_id="S-2", expected_total="29.95")
    assert (await post(platform, "orders", wrong)).status_code == 409


async def test_an_order_stored_before_subscriptions_existed_can_be_read(
    platform: Platform, database: Database, merchant: Caller
) -> None:
    body = a_cart(order_id="OLD")
    del body["subscription"]
    placed = await post(platform, "orders", body)
    async with database.write() as connection:
        outcome = await connection.fetchval(
            "SELECT outcome::jsonb - 'subscription' || jsonb_build_object("
            "'lines', (SELECT jsonb_agg(line - 'subscription_discount')"
            " FROM jsonb_array_elements(outcome::jsonb -> 'lines') AS line))"
            " FROM orders WHERE merchant_id = $1",
            merchant.merchant_id,
        )
        await connection.execute(
            "UPDATE orders SET outcome = $2 WHERE merchant_id = $1", merchant.merchant_id, outcome
        )
    assert "subscription" not in outcome
    again = await post(platform, "orders", body)
    assert (again.status_code, again.json()) == (200, placed.json())


@pytest.mark.parametrize(
    ("subscription", "pointers"),
    [
        (7, ["/subscription"]),
        ({}, ["/subscription/type_id", "/subscription/order_number"]),
        (
            {"type_id": "", "order_number": 0, "created_at": "x", "colour": 1, "codes": {}},
            [
                "/subscription/created_at",
                "/subscription/type_id",
                "/subscription/order_number",
                "/subscription/codes",
                "/subscription/colour",
            ],
        ),
        (
            {
                "type_id": "m",
                "order_number": 1,
                "codes": [7, {"code": "a\x00", "first_order_number": "1", "application_id": 7}],
            },
            [
                "/subscription/codes/0",
                "/subscription/codes/1/application_id",
                "/subscription/codes/1/code",
                "/subscription/codes/1/first_order_number",
            ],
        ),
    ],
)
async def test_a_subscription_is_checked_field_by_field(
    platform: Platform, subscription: object, pointers: list[str]
) -> None:
    body = a_cart(subscription=subscription)
    for answer in (
        await post(platform, "quotes", body),
        await post(platform, "orders", body | {"order_id": "X"}),
    ):
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == pointers


async def test_three_months_at_thirty_percent_then_ten_on_every_sixth_order(
    platform: Platform,
) -> None:
    """The example in the manual."""
    await platform.create(
        rules=[
            a_rule("30", *((AFTER_APPLIED, str(number)) for number in (1, 2, 3))),
            a_rule("10", *((AFTER_APPLIED, str(number)) for number in (6, 12, 18))),
        ]
    )
    application_id = (await platform.apply("TRY3")).json()["meta"]["applicationId"]
    code = a_code("TRY3", 1, application_id)
    discounts = [
        (await quote(platform, a_cart(code, order_number=number)))["subscription"]["discount"]
        for number in range(1, 20)
    ]
    assert discounts == [
        *["8.99"] * 3,
        *["0.00"] * 2,
        *(["3.00"] + ["0.00"] * 5) * 2,
        *["3.00", "0.00"],
    ]

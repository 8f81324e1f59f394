"""Explanations of quotes and orders over HTTP: exact answers, and every reason in words."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from msgspec import structs

from sconto.api.checkout import explanation_words as words
from sconto.api.checkout import replay_words
from sconto.domain.cart_offers import CartReason
from sconto.domain.cart_promotion import Conditions, Target
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.codes import CodeType
from sconto.domain.explanation import PromotionStatus
from sconto.domain.people import Caller
from sconto.domain.replay_causes import ChangeReason
from sconto.domain.subscription import CodeReason
from sconto.operations import promotions
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller
from tests.operations.test_cart_promotions import Shop, ten_off

Bearer = Callable[[Caller], dict[str, str]]
BODY: dict[str, Any] = {
    "currency": "EUR",
    "lines": [{"line_id": "1", "product_id": 11111, "quantity": 2, "unit_price": "30.00"}],
    "codes": ["save", "unheard-of"],
    "shipping": "4.90",
}


@pytest.fixture
async def promotion_ids(database: Database, merchant: Caller) -> tuple[int, int, int]:
    """A code for ten percent, ten off the order, and free shipping above 75.00."""
    coupon = a_promotion(name="Autumn", codes=("SAVE",), code_type=CodeType.ONE_TIME)
    coupon_id = await promotions.create_promotion(database, merchant, coupon, NOON)
    shop = Shop(database, merchant)
    ten = await shop.create(ten_off())
    above = Conditions(minimum_subtotal={"EUR": 7500})
    shipping = await shop.create(structs.replace(ten_off(conditions=above), target=Target.SHIPPING))
    return coupon_id, ten.id, shipping.id


async def test_a_quote_is_explained_if_it_has_the_flag(
    client: httpx.AsyncClient,
    merchant: Caller,
    bearer: Bearer,
    promotion_ids: tuple[int, int, int],
) -> None:
    async def ask(**more: Any) -> httpx.Response:
        url = "/checkout/v1/quotes"
        return await client.post(url, json={**BODY, **more}, headers=bearer(merchant))

    plain = await ask()
    for explain in (None, False):
        assert (await ask(explain=explain)).content == plain.content
    explained = (await ask(explain=True)).json()
    explanation = explained.pop("explanation")
    assert explained == plain.json()
    assert explanation["text"] == (
        "The lines cost 60.00 EUR, shipping 4.90 EUR. Promotions take 16.00 EUR off."
        " The total is 48.90 EUR."
    )
    coupon, ten, shipping = promotion_ids
    steps = explanation["steps"]
    assert [(step["step"], step["before"], step["discount"], step["after"]) for step in steps] == [
        ("product_promotions", "64.90", "6.00", "58.90"),
        ("lines", "58.90", "0.00", "58.90"),
        ("order", "58.90", "10.00", "48.90"),
        ("shipping", "48.90", "0.00", "48.90"),
        ("subscription", "48.90", "0.00", "48.90"),
    ]
    assert steps[0]["promotions"] == [
        {
            "promotion_id": coupon,
            "name": "Autumn",
            "code": "save",
            "applied": True,
            "discount": "6.00",
            "group": "code",
            "reasons": [],
            "lines": [
                {"line_id": "1", "before": "60.00", "discount": "6.00", "discount_percent": "10"}
            ],
            "text": "It takes 10 % of 60.00 EUR, 6.00 EUR, off line 1.",
        }
    ]
    assert steps[2]["promotions"][0]["text"] == "It takes 10.00 EUR off line 1."
    assert steps[3]["promotions"] == [
        {
            "promotion_id": shipping,
            "name": "Any",
            "applied": False,
            "discount": "0.00",
            "reasons": [
                {"reason": "minimum_subtotal", "have": "44.00", "need": "75.00", "missing": "31.00"}
            ],
            "lines": [],
            "text": "It needs 75.00 EUR of what it covers. The cart has 44.00 EUR, so 31.00 EUR are"
            " missing.",
        }
    ]
    assert steps[1]["text"] == "Cart promotions on lines: none was considered."
    assert [code["text"] for code in explanation["codes"]] == [
        "It gives a discount.",
        "No promotion has this code.",
    ]
    assert ten == steps[2]["promotions"][0]["promotion_id"]


@pytest.mark.parametrize("path", ["orders", "quotes"])
async def test_explain_is_a_flag_only_of_quotes(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer, path: str
) -> None:
    value: object = "yes" if path == "quotes" else True
    body = {**BODY, "explain": value} | ({"order_id": "A"} if path == "orders" else {})
    answer = await client.post(f"/checkout/v1/{path}", json=body, headers=bearer(merchant))
    rule = "must be true or false" if path == "quotes" else "is unknown"
    assert answer.json()["errors"] == [{"pointer": "/explain", "detail": rule}]
    trial = {"promotion": {}, "cart": {**BODY, "explain": True}}
    answer = await client.post("/cart/v1/promotions/_try", json=trial, headers=bearer(merchant))
    assert {"pointer": "/cart/explain", "detail": "is unknown"} in answer.json()["errors"]


async def test_an_order_is_explained_and_replayed(
    client: httpx.AsyncClient,
    database: Database,
    merchant: Caller,
    bearer: Bearer,
    promotion_ids: tuple[int, int, int],
) -> None:
    headers = bearer(merchant)
    url = "/checkout/v1/orders/A%2F1/explanation"
    body = {**BODY, "order_id": "A/1"}
    placed = (await client.post("/checkout/v1/orders", json=body, headers=headers)).json()
    quoted = {**BODY, "codes": [], "explain": True}
    found = (await client.get(url, headers=headers)).json()
    replay = found.pop("replay")
    assert replay.pop("at") > placed["created_at"]
    assert replay == {
        "possible": True,
        "text": "The same request costs the same now: 48.90 EUR.",
        "same": True,
        "total": "48.90",
        "differences": [],
    }
    assert (found["order_id"], found["status"], found["total"]) == ("A/1", "not paid", "48.90")
    quote = await client.post("/checkout/v1/quotes", json=quoted, headers=headers)
    assert [step["step"] for step in quote.json()["explanation"]["steps"]] == [
        step["step"] for step in found["steps"]
    ]

    _, ten, _ = promotion_ids
    deleted = await client.delete(f"/cart/v1/promotions/{ten}", headers=headers)
    assert deleted.status_code == 204
    [difference] = (await client.get(url, headers=headers)).json()["replay"]["differences"]
    at = difference.pop("at")
    who = difference.pop("username")
    assert difference == {
        "kind": "cart",
        "promotion_id": ten,
        "name": "Any",
        "step": "order",
        "discount_then": "10.00",
        "discount_now": "0.00",
        "change": "gone",
        "reason": "deleted",
        "lines": [{"line_id": "1", "discount_then": "10.00", "discount_now": "0.00"}],
        "text": f'"Any" takes 0.00 EUR off now instead of 10.00 EUR, because it was deleted at {at}'
        f" by {who}.",
    }
    other_merchant = bearer(await create_caller(database))
    missing = await client.get(url.replace("A%2F1", "B"), headers=headers)
    theirs = await client.get(url, headers=other_merchant)
    assert missing.status_code == theirs.status_code == 404
    assert missing.json()["type"] == theirs.json()["type"]


async def test_an_order_id_may_end_like_the_address_of_an_explanation(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer
) -> None:
    headers = bearer(merchant)
    for order_id in ("A", "A/explanation"):
        body = {"currency": "EUR", "lines": BODY["lines"], "order_id": order_id}
        await client.post("/checkout/v1/orders", json=body, headers=headers)
    address = "/checkout/v1/orders/A"
    order = (await client.get(f"{address}%2Fexplanation", headers=headers)).json()
    assert (order["order_id"], "steps" in order) == ("A/explanation", False)
    for end, order_id in (("/explanation", "A"), ("%2Fexplanation/explanation", "A/explanation")):
        found = (await client.get(address + end, headers=headers)).json()
        assert (found["order_id"], len(found["steps"])) == (order_id, 5)


async def test_an_order_of_an_earlier_version_cannot_be_replayed_and_says_so(
    client: httpx.AsyncClient, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    headers = bearer(merchant)
    body = {"currency": "EUR", "lines": BODY["lines"], "order_id": "A"}
    await client.post("/checkout/v1/orders", json=body, headers=headers)
    async with database.write() as connection:
        await connection.execute(
            "UPDATE orders SET request = NULL WHERE merchant_id = $1", merchant.merchant_id
        )
    found = (await client.get("/checkout/v1/orders/A/explanation", headers=headers)).json()
    replay = found["replay"]
    assert (replay["possible"], replay["reason"]) == (False, "request_not_stored")
    assert "differences" not in replay


def test_every_reason_has_a_sentence() -> None:
    for reasons, sentences in (
        (PromotionStatus, words._PRODUCT),
        (CartReason, words._CART),
        (CodeReason, words._SUBSCRIPTION),
        (CodeStatus, words.CODES),
    ):
        assert set(reasons) == set(sentences)
    assert set(ChangeReason) == {reason for _, reason in replay_words._WHY if reason is not None}

"""The examples of docs/explanations.md, exactly as the page has them."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.operations.stock import stock
from tests.trust.manuals import DOCS, check_examples, read_examples, serve

PAGE: Final = "explanations.md"
NOW: Final = datetime(2026, 11, 28, 10, 12, 57, tzinfo=UTC)
COUPON: Final = {"coupon_code": ["AUTUMN"], "discount_percent": "10", "coupon_type": "reusable"}
CART: Final = {
    "currency": "EUR",
    "lines": [
        {"line_id": "1", "product_id": 1, "quantity": 2, "unit_price": "19.99"},
        {"line_id": "2", "product_id": 2, "quantity": 1, "unit_price": "24.90"},
    ],
    "codes": ["AUTUMN"],
    "shipping": "4.90",
}


def off(target: str, name: str, minimum: str, benefit: dict[str, Any]) -> dict[str, Any]:
    conditions = {"minimum_subtotal": {"EUR": minimum}}
    return {"name": name, "target": target, "benefit": benefit, "conditions": conditions}


async def test_the_worked_explanation_and_its_replay_are_answered_as_the_page_shows(
    create_database: Callable[[], str], tokens: Tokens
) -> None:
    database = await Database.open(create_database())
    caller = await create_caller(database)
    await stock(database, caller, [1, 2])
    times = [NOW]
    async with serve(database, tokens, lambda: times[-1]) as client:
        client.headers["Authorization"] = f"Bearer {tokens.issue(caller, NOW)}"
        coupon = {
            "promotion_type": "coupon",
            "promotion_name": "Autumn",
            "coupons": {**COUPON, "product_id": [1]},
        }
        ten = {"type": "amount", "amounts": {"EUR": "10.00"}}
        free = {"type": "percent", "percent": "100"}
        for path, body in (
            ("/v1/promotion", coupon),
            ("/cart/v1/promotions", off("order", "Ten off from 50", "50.00", ten)),
            ("/cart/v1/promotions", off("shipping", "Free shipping", "75.00", free)),
            ("/checkout/v1/orders", {**CART, "order_id": "A-1"}),
        ):
            assert (await client.post(path, json=body)).is_success
        await check_examples(client, read_examples(PAGE))

        times.append(NOW + timedelta(seconds=1))
        change = {"benefit": {"type": "amount", "amounts": {"EUR": "5.00"}}}
        assert (await client.patch("/cart/v1/promotions/2", json=change)).is_success
        answer = await client.get("/checkout/v1/orders/A-1/explanation")
    [shown] = re.findall(r"^```json\n(.*?)^```$", (DOCS / PAGE).read_text(), re.M | re.S)
    replay = answer.json()["replay"]
    username = replay["differences"][0]["username"]
    assert json.dumps(replay).replace(username, "anna") == json.dumps(json.loads(shown))

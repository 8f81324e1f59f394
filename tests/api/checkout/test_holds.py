"""The exact answers about holds."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote as escaped

import httpx
import pytest

from sconto.domain.codes import CodeType
from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_promotion

LINE: Final = {"line_id": "1", "product_id": 7, "quantity": 1, "unit_price": "10.00"}
CART: Final = {"currency": "EUR", "lines": [LINE], "codes": ["ONCE"]}
HOLD: Final = {"order_id": "A-1", **CART}

Call = Callable[..., Any]


@pytest.fixture
async def call(
    client: httpx.AsyncClient,
    database: Database,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
) -> Call:
    """Sends a request of a merchant's checkout; ONCE is a one-time code of ten percent."""
    once = a_promotion(codes=("ONCE",), code_type=CodeType.ONE_TIME)
    await create_promotion(database, merchant, once, NOON)
    headers = bearer(merchant)

    async def send(method: str, path: str, body: object = None) -> httpx.Response:
        return await client.request(method, f"/checkout/v1/{path}", headers=headers, json=body)

    return send


def seconds_left(answer: httpx.Response) -> float:
    end: datetime = datetime.fromisoformat(answer.json()["expires_at"])
    return (end - datetime.now(end.tzinfo)).total_seconds()


async def test_the_answer_to_a_hold_is_the_quote_with_its_order_id_and_end(call: Call) -> None:
    quote = (await call("POST", "quotes", CART)).json()
    made = await call("POST", "holds", {**HOLD, "seconds": 60, "expected_total": "9.00"})
    assert made.status_code == 201
    assert list(made.json()) == ["order_id", "expires_at", *quote]
    assert {**made.json(), **quote} == made.json()
    assert made.json()["order_id"] == "A-1"
    assert 30 < seconds_left(made) <= 60
    again = await call("POST", "holds", {**HOLD, "codes": ["once"]})
    assert (again.status_code, again.json()) == (200, made.json())
    assert (await call("GET", "holds/A-1")).json() == made.json()
    other = await call("POST", "holds", {**HOLD, "lines": [{**LINE, "quantity": 2}]})
    assert (other.status_code, other.json()["total"]) == (201, "18.00")
    assert 840 < seconds_left(other) <= 900


async def test_the_order_of_a_hold_costs_what_was_promised(call: Call) -> None:
    held = (await call("POST", "holds", HOLD)).json()
    placed = await call("POST", "orders", HOLD)
    assert placed.status_code == 201
    promised = {name: value for name, value in held.items() if name != "expires_at"}
    assert {**placed.json(), **promised} == placed.json()
    assert (await call("POST", "orders", HOLD)).status_code == 200
    again = await call("POST", "holds", HOLD)
    assert (again.status_code, again.json()) == (
        409,
        {
            "type": "urn:sconto:problem:order-placed",
            "title": "The order was placed",
            "status": 409,
            "detail": "An order was placed under this id, so nothing is held for it.",
            "order": placed.json(),
        },
    )


async def test_a_held_code_says_until_when(call: Call) -> None:
    held = (await call("POST", "holds", HOLD)).json()
    [code] = (await call("POST", "quotes", CART)).json()["codes"]
    assert (code["status"], code["held_until"]) == ("used", held["expires_at"])
    assert "used_at" not in code
    for path in ("orders", "holds"):
        refused = await call("POST", path, {**HOLD, "order_id": "A-2"})
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:sconto:problem:code-used-up"
        assert refused.json()["detail"].startswith("Another order holds a one-time code.")
        assert refused.json()["quote"]["codes"] == [code]
    agreed = {**HOLD, "order_id": "A-2", "expected_total": "10.00"}
    placed = await call("POST", "orders", agreed)
    assert placed.json()["codes"] == [code]
    assert (await call("GET", "orders/A-2")).json() == placed.json()


async def test_a_released_hold_is_not_found(call: Call) -> None:
    order_id = "Ä/1 %?"
    await call("POST", "holds", {**HOLD, "order_id": order_id})
    path = f"holds/{escaped(order_id)}"
    assert (await call("GET", path)).status_code == 200
    released = await call("DELETE", path)
    assert (released.status_code, released.content) == (204, b"")
    for method in ("GET", "DELETE"):
        for one in (path, "holds/%00", f"holds/{'x' * 65}"):
            answer = await call(method, one)
            assert (answer.status_code, answer.json()["detail"]) == (
                404,
                "Nothing is held for this order id.",
            )


async def test_a_quote_for_another_time_counts_current_holds(call: Call) -> None:
    held = await call("POST", "holds", HOLD)
    end = datetime.fromisoformat(held.json()["expires_at"])
    for at in (end - timedelta(days=1), end + timedelta(days=1)):
        quote = await call("POST", "quotes", {**CART, "at": at.isoformat()})
        assert quote.json()["codes"][0]["status"] == "used"


async def test_a_hold_cannot_replace_an_order_that_does_not_exist(call: Call) -> None:
    refused = await call("POST", "holds", {**HOLD, "replaces": "B-1"})
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"pointer": "/replaces", "detail": "names no order"}]

"""Orders with codes that never apply are placed, and their answers list the codes first."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_period, a_promotion

LINE = {"line_id": "1", "product_id": 7, "quantity": 1, "unit_price": "10.00"}
CART = {"currency": "EUR", "lines": [LINE]}
YEAR = timedelta(days=365)


class Shop:
    """The requests of a shop's checkout."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self._client, self._headers = client, headers

    async def order(self, order_id: str, *codes: str, **more: str) -> httpx.Response:
        body = {**CART, "order_id": order_id, "codes": codes, **more}
        return await self._client.post("/checkout/v1/orders", json=body, headers=self._headers)

    async def find(self, order_id: str) -> httpx.Response:
        return await self._client.get(f"/checkout/v1/orders/{order_id}", headers=self._headers)


@pytest.fixture
async def shop(
    client: httpx.AsyncClient,
    database: Database,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
) -> Shop:
    for code, active, period in (
        ("RUNNING", True, a_period()),
        ("EXPIRED", True, a_period(ends_at=NOON - YEAR + timedelta(days=250))),
        ("NOT-STARTED", True, a_period(starts_at=NOON + 100 * YEAR)),
        ("INACTIVE", False, a_period()),
    ):
        new = a_promotion(codes=(code,), active=active, period=period)
        await create_promotion(database, merchant, new, NOON)
    return Shop(client, bearer(merchant))


@pytest.mark.parametrize("code", ["EXPIRED", "NOT-STARTED", "INACTIVE", "UNKNOWN", "no code!"])
async def test_an_order_with_a_refused_code_lists_its_codes_first(shop: Shop, code: str) -> None:
    usual = (await shop.order("usual", "RUNNING")).json()
    placed = await shop.order("o", "RUNNING", f" {code}")
    assert placed.status_code == 201
    assert list(usual)[:3] == ["order_id", "created_at", "status"]
    assert list(placed.json()) == ["codes", *(name for name in usual if name != "codes")]
    # The codes keep the order of activation.
    assert [one["code"] for one in placed.json()["codes"]] == ["RUNNING", f" {code}"]
    status = placed.json()["codes"][1]["status"]
    assert status == (code.lower().replace("-", "_") if code.isupper() else "unknown")
    for again in (await shop.order("o", "RUNNING", code), await shop.find("o")):
        assert (again.status_code, again.text) == (200, placed.text)


async def test_with_an_expected_total_no_order_is_placed_at_full_price(
    shop: Shop,
) -> None:
    for code in ("EXPIRED", "NOT-STARTED", "INACTIVE", "UNKNOWN"):
        refused = await shop.order(code, code, expected_total="9.00")
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:sconto:problem:total-differs"
        assert refused.json()["quote"]["total"] == "10.00"
        assert next(iter(refused.json()["quote"])) == "currency"
        assert (await shop.find(code)).status_code == 404
        # The shopper accepted the new total.
        assert (await shop.order(code, code, expected_total="10.00")).status_code == 201


async def test_a_code_at_its_limit_is_refused_until_the_shopper_accepts_the_total_without_it(
    client: httpx.AsyncClient, merchant: Caller, bearer: Callable[[Caller], dict[str, str]]
) -> None:
    shop = Shop(client, bearer(merchant))
    promotion = {
        "name": "One off",
        "target": "order",
        "benefit": {"type": "amount", "amounts": {"EUR": "1.00"}},
        "codes": {"code_type": "reusable", "codes": ["ONE"]},
        "limits": {"total": 1},
    }
    await client.post("/cart/v1/promotions", json=promotion, headers=bearer(merchant))
    assert (await shop.order("first", "ONE")).json()["total"] == "9.00"
    refused = (await shop.order("o", "ONE")).json()
    assert refused["type"] == "urn:sconto:problem:code-used-up"
    assert refused["detail"].startswith("A code's promotion is at its limit. Nothing was placed;")
    assert refused["quote"]["codes"][0]["status"] == "limit_reached"
    placed = await shop.order("o", "ONE", expected_total="10.00")
    assert (placed.status_code, placed.json()["discount"]) == (201, "0.00")

"""The examples of docs/examples.md, with their numbers."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.promotion import NewPromotion
from sconto.operations import promotions
from sconto.store.database import Database
from tests.api.subscription.platform import AFTER_APPLIED, Platform, a_rule
from tests.builders import NOON, a_promotion
from tests.operations.stock import stock

PAGE = (Path(__file__).parents[3] / "docs" / "examples.md").read_text()


class Shop:
    """A merchant's promotions and its checkout."""

    def __init__(
        self,
        database: Database,
        merchant: Caller,
        client: httpx.AsyncClient,
        headers: dict[str, str],
    ) -> None:
        self._database, self._merchant = database, merchant
        self.client, self.headers = client, headers

    async def create(self, percent: int, *codes: str, **fields: Any) -> int:
        """Create a promotion on all products, unless the fields say otherwise."""
        fields = {"coverage": AllProducts(percent * PERCENT), **fields}
        new: NewPromotion = a_promotion(codes=codes, **fields)
        return await promotions.create_promotion(self._database, self._merchant, new, NOON)

    async def post(self, path: str, body: object) -> httpx.Response:
        return await self.client.post(path, json=body, headers=self.headers)

    async def quote(self, *lines: tuple[int, int, str], **fields: Any) -> Any:
        """A quote of lines, each a product, a quantity and a price."""
        answer = await self.post("/checkout/v1/quotes", a_body(*lines, **fields))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def uses(self, promotion_id: int) -> Any:
        statistics = await self.post("/v1/promotion/statistics", {"id": promotion_id})
        return statistics.json()


def a_body(*lines: tuple[int, int, str], **fields: Any) -> dict[str, Any]:
    names = ("product_id", "quantity", "unit_price")
    sent = [
        {"line_id": str(number), **dict(zip(names, line, strict=True))}
        for number, line in enumerate(lines or [(1, 1, "10.00")])
    ]
    return {"currency": "EUR", "lines": sent, **fields}


@pytest.fixture
async def shop(
    database: Database,
    merchant: Caller,
    client: httpx.AsyncClient,
    bearer: Callable[[Caller], dict[str, str]],
) -> Shop:
    await stock(database, merchant, [1, 2, 3])
    return Shop(database, merchant, client, bearer(merchant))


def statuses(priced: Any) -> dict[str, str]:
    return {code["code"]: code["status"] for code in priced["codes"]}


async def test_the_newest_automatic_promotion_wins_its_group_even_if_it_gives_less(
    shop: Shop, database: Database, merchant: Caller
) -> None:
    await shop.create(20)
    clearance = await shop.create(5)
    assert (await shop.quote())["total"] == "9.50"
    await promotions.delete_promotion(database, merchant, clearance, NOON)
    await shop.create(5, coverage=ListedProducts(5 * PERCENT, (1,)))
    assert (await shop.quote())["total"] == "8.00"


async def test_the_last_activated_code_wins(shop: Shop) -> None:
    await shop.create(20, "BIG20")
    await shop.create(10, "SMALL10")
    priced = await shop.quote(codes=["BIG20", "SMALL10"])
    assert priced["total"] == "9.00"
    assert statuses(priced) == {"BIG20": "not_picked", "SMALL10": "applied"}
    priced = await shop.quote(codes=["SMALL10", "BIG20"])
    assert priced["total"] == "8.00"
    assert statuses(priced) == {"BIG20": "applied", "SMALL10": "not_picked"}


async def test_a_one_time_code_that_is_picked_but_beaten_is_used_up(shop: Shop) -> None:
    await shop.create(10, "ONCE10", code_type=CodeType.ONE_TIME)
    await shop.create(20)
    without = await shop.post("/checkout/v1/orders", a_body(order_id="0", codes=[]))
    assert without.json()["total"] == "8.00"
    body = a_body(order_id="1", codes=["ONCE10"], expected_total="8.00")
    placed = await shop.post("/checkout/v1/orders", body)
    assert (placed.status_code, placed.json()["total"]) == (201, "8.00")
    assert statuses(placed.json()) == {"ONCE10": "outdone"}
    refused = await shop.post("/checkout/v1/orders", a_body(order_id="2", codes=["ONCE10"]))
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:sconto:problem:code-used-up")


async def test_one_order_with_three_products_is_three_uses(
    shop: Shop, database: Database, merchant: Caller
) -> None:
    automatic = await shop.create(10)
    lines = [(1, 2, "10.00"), (2, 1, "10.00"), (3, 1, "10.00"), (3, 5, "10.00")]
    await shop.post("/checkout/v1/orders", a_body(*lines[:3], order_id="1"))
    assert await shop.uses(automatic) == {"promotion_uses": 3}
    # A second line of the same product does not count again.
    await shop.post("/checkout/v1/orders", a_body(*lines, order_id="2"))
    assert await shop.uses(automatic) == {"promotion_uses": 6}
    await promotions.delete_promotion(database, merchant, automatic, NOON)
    by_code = await shop.create(10, "TEN", code_type=CodeType.REUSABLE)
    await shop.post("/checkout/v1/orders", a_body(*lines[:3], order_id="3", codes=["TEN"]))
    [code] = (await shop.uses(by_code))["coupons"]
    assert code["coupon_uses"] == 3


async def test_a_free_first_order_takes_the_first_discount(shop: Shop) -> None:
    await Platform(shop.client, shop.headers).create(
        code="HALF", rules=[a_rule("50", (AFTER_APPLIED, "1"))]
    )

    async def order(number: int, price: str, first: int) -> tuple[str, str, str | None]:
        codes = [{"code": "HALF", "first_order_number": first}]
        subscription = {"type_id": "monthly", "order_number": number, "codes": codes}
        priced = await shop.quote((1, 1, price), subscription=subscription)
        [considered] = priced["subscription"]["considered"]
        return priced["discount"], priced["total"], considered.get("reason")

    assert await order(1, "0.00", first=1) == ("0.00", "0.00", None)
    assert await order(2, "29.95", first=1) == ("0.00", "29.95", "no_rule")
    assert await order(1, "0.00", first=2) == ("0.00", "0.00", "no_rule")
    assert await order(2, "29.95", first=2) == ("14.98", "14.97", None)


async def test_rounding_is_once_a_line(shop: Shop) -> None:
    await shop.create(10)
    priced = await shop.quote((1, 7, "0.99"))
    assert (priced["subtotal"], priced["discount"], priced["total"]) == ("6.93", "0.69", "6.24")
    split = await shop.quote((1, 3, "0.99"), (1, 4, "0.99"))
    assert [line["discount"] for line in split["lines"]] == ["0.30", "0.40"]
    assert split["total"] == "6.23"
    products = [{"product_id": 1, "unit_price": "0.99"}]
    listed = await shop.post("/checkout/v1/prices", {"currency": "EUR", "products": products})
    assert listed.json()["products"][0]["price"] == "0.89"


def test_every_example_names_the_test_that_runs_it() -> None:
    sections = PAGE.split("\n## ")[1:]
    named = [re.search(r"test_worked_examples\.py::(test_\w+)`\s*$", one) for one in sections]
    assert len(sections) == 6
    assert all(found is not None and found[1] in globals() for found in named)
    assert len({found[1] for found in named if found is not None}) == len(sections)

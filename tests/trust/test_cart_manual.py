"""The recipes of docs/cart.md, each tried on carts over HTTP."""

import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest

from sconto.domain.people import Caller
from sconto.domain.product import Product
from sconto.operations.products import put_products
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.trust.manuals import DOCS, check_examples, read_examples, serve

PAGE: Final = (DOCS / "cart.md").read_text()
RECIPES: Final[dict[str, str]] = dict(
    re.findall(r"^### (.*?)\n\n```json\n(.*?)^```$", PAGE, re.M | re.S)
)
FRIDAY_AT_SIX: Final = "2026-11-27T18:00:00+01:00"
NOW: Final = datetime(2026, 11, 27, 9, tzinfo=UTC)

Fields = dict[str, Any]


def cart(*lines: tuple[int, int, str], **fields: Any) -> Fields:
    """Units of products at their prices."""
    return {
        "currency": "EUR",
        "lines": [
            {"line_id": str(n), "product_id": product, "quantity": quantity, "unit_price": price}
            for n, (quantity, product, price) in enumerate(lines, 1)
        ],
        **fields,
    }


TEA, MUG, SALE = 1, 2, 3
CUSTOMER: Final = {"customer": {"id": "c-1"}}

TRIED: Final[list[tuple[str, Fields, str]]] = [
    ("10 off from 50", cart((1, MUG, "50.00")), "40.00"),
    ("10 off from 50", cart((1, MUG, "49.99")), "49.99"),
    ("Three for two", cart((2, TEA, "5.00"), (1, TEA, "3.00"), (1, MUG, "1.00")), "11.00"),
    ("Three for two", cart((2, TEA, "5.00")), "10.00"),
    ("The second at half price", cart((1, TEA, "9.00"), (1, MUG, "5.01")), "11.50"),
    (
        "Free shipping from 75 for members",
        cart((1, MUG, "75.00"), shipping="4.90", customer={"segments": ["member"]}),
        "75.00",
    ),
    ("Free shipping from 75 for members", cart((1, MUG, "75.00"), shipping="4.90"), "79.90"),
    ("20 % for the first order", cart((1, MUG, "40.00"), **CUSTOMER), "32.00"),
    ("20 % for the first order", cart((1, MUG, "400.00"), **CUSTOMER), "370.00"),
    ("20 % for the first order", cart((1, MUG, "40.00")), "40.00"),
    (
        "20 % for the first order",
        cart((1, MUG, "40.00"), customer={"id": "c-1", "has_ordered": True}),
        "40.00",
    ),
    ("One each, 5,000 in all", cart((1, MUG, "40.00"), codes=["five"], **CUSTOMER), "35.00"),
    ("One each, 5,000 in all", cart((1, MUG, "40.00"), codes=["five"]), "40.00"),
    ("Happy hour", cart((1, MUG, "40.00"), at=FRIDAY_AT_SIX), "34.00"),
    ("Happy hour", cart((1, MUG, "40.00")), "40.00"),
    ("Spend more, save more", cart((1, MUG, "99.99")), "94.99"),
    ("Spend more, save more", cart((1, MUG, "100.00")), "90.00"),
    ("Not on sale items", cart((1, MUG, "10.00"), (1, SALE, "10.00")), "19.00"),
]


@pytest.fixture(scope="module")
async def shop(
    create_database: Callable[[], str], tokens: Tokens
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a shop whose products have tags."""
    database = await Database.open(create_database())
    caller: Caller = await create_caller(database)
    products = [
        Product(TEA, "Tea", 500, "EUR", ("tea",)),
        Product(MUG, "Mug", 1000, "EUR"),
        Product(SALE, "Last year's mug", 1000, "EUR", ("sale",)),
    ]
    await put_products(database, caller, products, NOW)
    async with serve(database, tokens, lambda: NOW) as client:
        client.headers["Authorization"] = f"Bearer {tokens.issue(caller, NOW)}"
        yield client


@pytest.mark.parametrize(("recipe", "sent", "total"), TRIED)
async def test_a_recipe_does_what_its_name_says(
    recipe: str, sent: Fields, total: str, shop: httpx.AsyncClient
) -> None:
    body = {"promotion": json.loads(RECIPES[recipe]), "cart": sent}
    answer = await shop.post("/cart/v1/promotions/_try", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["total"] == total


A, B, C, D, E = [
    (number, f"{price}")
    for number, price in enumerate(("19.99", "24.90", "5.00", "3.00", "7.00"), 1)
]
PERCENT_ON_A: Final = {
    "promotion_type": "discount",
    "promotion_name": "A",
    "discounts": {"products": [{"product_id": 1, "discount_percent": "10"}]},
}
TWO_AND_ONE: Final = {"target": "lines", "benefit": {"type": "units", "buy": 2, "get": 1}}


def off(percent: int, **fields: Any) -> Fields:
    return {"target": "order", "benefit": {"type": "percent", "percent": percent}, **fields}


def euros(amount: str, **fields: Any) -> Fields:
    return {"target": "order", "benefit": {"type": "amount", "amounts": {"EUR": amount}}, **fields}


def at_least(amount: str) -> Fields:
    return {"minimum_subtotal": {"EUR": amount}}


WORKED: Final[list[tuple[Fields, list[Fields]]]] = [
    (cart((2, *A), (1, *B)), [PERCENT_ON_A, euros("10.00", conditions=at_least("50.00"))]),
    (cart((2, *C), (1, *D), (1, *E)), [TWO_AND_ONE]),
    (
        cart((2, *C), (1, *D), (1, *E)),
        [TWO_AND_ONE, off(15, conditions={"minimum_quantity": 4})],
    ),
    (cart((3, *C)), [off(10, priority=1), euros("2.00"), off(22, exclusive=True)]),
    (
        cart((1, *B), shipping="4.90"),
        [{**off(100), "target": "shipping", "conditions": at_least("30.00")}],
    ),
    (
        cart((3, *A)),
        [
            {
                "target": "order",
                "benefit": {"type": "percent", "percent": 50, "at_most": {"EUR": "20.00"}},
            }
        ],
    ),
    (
        cart((7, *D)),
        [
            {
                "target": "lines",
                "benefit": {
                    "type": "tiers",
                    "by": "quantity",
                    "tiers": [
                        {"from": units, "benefit": {"type": "percent", "percent": percent}}
                        for units, percent in ((3, "10"), (6, "20"))
                    ],
                },
            }
        ],
    ),
    (
        cart((3, *C), (1, *B)),
        [
            {
                "target": "lines",
                "products": {"ids": [3]},
                "benefit": {
                    "type": "units",
                    "buy": 2,
                    "get": 1,
                    "percent": 50,
                    "get_products": {"ids": [2]},
                },
            }
        ],
    ),
    (
        cart((2, *A)),
        [{"target": "lines", "benefit": {"type": "price", "prices": {"EUR": "15.00"}}}],
    ),
]


async def test_each_worked_cart_costs_what_the_page_says(
    client: httpx.AsyncClient, database: Database, bearer: Callable[[Caller], dict[str, str]]
) -> None:
    section = PAGE.partition("\n## Worked carts")[2].partition("\n## ")[0]
    totals = [row.split("|")[3].strip() for row in section.splitlines() if row.startswith("| ")][1:]
    assert len(totals) == len(WORKED)
    for (sent, promotions), total in zip(WORKED, totals, strict=True):
        caller = await create_caller(database)
        await put_products(database, caller, [Product(1, "A", 1999, "EUR")], NOW)
        headers = bearer(caller)
        for fields in promotions:
            is_cart_promotion = "target" in fields
            address = "/cart/v1/promotions" if is_cart_promotion else "/v1/promotion"
            body = {"name": "Any", **fields} if is_cart_promotion else fields
            created = await client.post(address, json=body, headers=headers)
            assert created.is_success, created.text
        priced = await client.post("/checkout/v1/quotes", json=sent, headers=headers)
        assert priced.json()["total"] == total, (sent, promotions)


async def test_the_first_examples_are_answered_as_the_page_shows(shop: httpx.AsyncClient) -> None:
    examples = read_examples("cart.md")
    assert len(examples) >= 2
    await check_examples(shop, examples)
    await shop.delete("/cart/v1/promotions/1")


def test_every_recipe_is_tried() -> None:
    assert set(RECIPES) == {recipe for recipe, _, _ in TRIED}

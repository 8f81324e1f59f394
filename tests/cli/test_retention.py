"""`sconto purge` and `sconto customer`."""

import json
from datetime import timedelta

import pytest

from sconto.domain.cart import Cart, Customer
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.returns import Goods
from sconto.operations.checkout import place_order
from sconto.operations.returns import create_return
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line
from tests.cli.conftest import Sconto


async def place(database: Database, merchant: Caller, order_id: str) -> None:
    of_customer = Customer("c-17", frozenset({"vip"}))
    cart = Cart("EUR", a_cart(a_line()).lines, (), None, of_customer)
    at = NOON - timedelta(days=400)
    await place_order(database, merchant, NewOrder(order_id, cart), at, at.date())


async def test_a_purge_says_what_it_deletes(
    sconto: Sconto, database: Database, merchant: Caller, merchant_name: str
) -> None:
    await place(database, merchant, "A")
    of_merchant = ("--merchant", merchant_name, "--older-than")
    shown = await sconto("purge", *of_merchant, "90d", "--dry-run")
    assert (
        shown.out
        == f"{merchant_name}: 1 order, 0 history entries, 0 keys, 0 events would be deleted\n"
    )
    shown = await sconto("purge", *of_merchant, "10y")
    assert shown.out == f"{merchant_name}: 0 orders, 0 history entries, 0 keys, 0 events deleted\n"
    shown = await sconto("purge", *of_merchant, "52w")
    assert shown.out == f"{merchant_name}: 1 order, 0 history entries, 0 keys, 0 events deleted\n"


@pytest.mark.parametrize(
    ("age", "words"),
    [
        ("", "an age is a number with d, w or y, such as 90d, 26w or 2y"),
        ("90", "an age is a number with d, w or y, such as 90d, 26w or 2y"),
        ("-1d", "an age is a number with d, w or y, such as 90d, 26w or 2y"),
        ("9" * 30 + "d", "an age is a number with d, w or y, such as 90d, 26w or 2y"),
        ("99999y", "--older-than: the calendar does not go back that far"),
        ("0d", "--older-than 0d deletes the orders of today; add --yes if you mean it"),
    ],
)
async def test_an_age_that_cannot_be_meant_deletes_nothing(
    sconto: Sconto, database: Database, merchant: Caller, merchant_name: str, age: str, words: str
) -> None:
    await place(database, merchant, "A")
    refused = await sconto("purge", "--merchant", merchant_name, f"--older-than={age}")
    assert (refused.code, refused.out) == (1, "")
    assert words in refused.err
    kept = await sconto("purge", "--merchant", merchant_name, "--older-than=0d", "--dry-run")
    assert kept.out.startswith(f"{merchant_name}: 1 order,")


async def test_a_customer_is_exported_and_erased(
    sconto: Sconto, database: Database, merchant: Caller, merchant_name: str
) -> None:
    for order_id in ("A", "B"):
        await place(database, merchant, order_id)
    await create_return(database, merchant, "B", "R-1", Goods({"1": 1}), NOON)
    of_merchant = ("--merchant", merchant_name)
    exported = await sconto("customer", "export", "c-17", *of_merchant)
    copy = json.loads(exported.out)
    assert copy["customer_id"] == "c-17"
    assert [one["order_id"] for one in copy["orders"]] == ["A", "B"]
    assert copy["orders"][0]["customer"] == {
        "id": "c-17",
        "segments": ["vip"],
        "has_ordered": False,
    }
    assert "returns" not in copy["orders"][0]
    assert copy["orders"][1]["returns"] == [
        {
            "return_id": "R-1",
            "created_at": "2026-06-01T12:00:00Z",
            "lines": [{"line_id": "1", "quantity": 1, "total": "10.00"}],
            "shipping": None,
            "total": "10.00",
        }
    ]
    assert (copy["counted_uses"], copy["has_purged_order"]) == ([], False)

    erased = await sconto("customer", "erase", "c-17", *of_merchant)
    assert erased.out == "Erased customer c-17: 2 orders kept without the id\n"
    for command in ("erase", "export"):
        refused = await sconto("customer", command, "c-17", *of_merchant)
        assert (refused.code, refused.out) == (1, "")
        assert refused.err == (
            f"sconto: nothing is stored about customer c-17 of {merchant_name}\n"
        )


async def test_the_export_of_a_customer_whose_orders_are_purged_says_so(
    sconto: Sconto, database: Database, merchant: Caller, merchant_name: str
) -> None:
    await place(database, merchant, "A")
    await sconto("purge", "--merchant", merchant_name, "--older-than", "1y")
    exported = await sconto("customer", "export", "c-17", "--merchant", merchant_name)
    assert json.loads(exported.out) == {
        "customer_id": "c-17",
        "orders": [],
        "counted_uses": [],
        "has_purged_order": True,
    }

"""What a quote reads of cart promotions: no more than it needs, and nothing stale."""

import asyncio
from typing import Any

import pytest

from sconto.domain.cart import Customer
from sconto.domain.cart_promotion import Conditions, Limits, ProductSelection
from sconto.domain.people import Caller
from sconto.store.candidate_statements import (
    READ_FOR_QUOTES,
    READ_WITH_CART_PROMOTIONS_FOR_QUOTES,
)
from sconto.store.database import Database
from tests.operations.test_cart_promotions import Shop, cart, ten_off

SHOPPER = Customer("c-1")
TAGGED = ProductSelection(tags=frozenset(["red"]))

READ_MORE_FOR: dict[str, tuple[dict[str, Any], tuple[str, ...], int]] = {
    "a code": ({}, ("TEN",), 4000),
    "tags": ({"products": TAGGED}, (), 5000),
    "left out tags": ({"products": ProductSelection(except_tags=frozenset(["red"]))}, (), 4000),
    "a limit": ({"limits": Limits(total=1)}, (), 4000),
    "first orders": ({"conditions": Conditions(first_order=True)}, (), 4000),
}


async def _statements_of_a_quote(database_url: str, caller: Caller) -> list[str]:
    database = await Database.open(database_url, connections=1)
    shop = Shop(database, caller)
    for _ in range(2):  # the first one fills the caches and prepares the statement
        await shop.quote(cart("TEN", customer=SHOPPER))
    statements: list[str] = []
    async with database.read() as connection:
        connection.add_query_logger(lambda record: statements.append(record.query))
    await shop.quote(cart("TEN", customer=SHOPPER))
    await database.close()
    await asyncio.sleep(0)  # the logger gets a statement a moment after its end
    return statements


async def test_promotions_decided_by_the_cart_alone_need_no_other_statement(
    shop: Shop, merchant: Caller, database_url: str
) -> None:
    await shop.create(ten_off(conditions=Conditions({"EUR": 1000}, 1, frozenset())))
    assert await _statements_of_a_quote(database_url, merchant) == [READ_FOR_QUOTES]


@pytest.mark.parametrize("kind", READ_MORE_FOR)
async def test_the_next_quote_reads_what_was_stored(
    shop: Shop, merchant: Caller, database_url: str, kind: str
) -> None:
    terms, codes, total = READ_MORE_FOR[kind]
    await shop.create(ten_off())
    for _ in range(2):
        assert (await shop.quote(cart("TEN", customer=SHOPPER))).total == 5000
    await shop.create(ten_off(**terms), *codes)
    for _ in range(2):
        assert (await shop.quote(cart("TEN", customer=SHOPPER))).total == total
    assert await _statements_of_a_quote(database_url, merchant) == [
        READ_WITH_CART_PROMOTIONS_FOR_QUOTES
    ]


@pytest.fixture
def shop(database: Database, merchant: Caller) -> Shop:
    return Shop(database, merchant)

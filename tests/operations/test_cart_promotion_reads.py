"""What a quote reads of cart promotions: no more than it needs, and nothing stale."""

import asyncio
from typing import Any

import pytest

from sconto.domain.cart import Customer
from sconto.domain.cart_promotion import (
    AmountOff,
    CartTerms,
    Conditions,
    Limits,
    ProductSelection,
    Target,
)
from sconto.domain.holds import NewHold
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.operations.checkout import list_prices
from sconto.operations.holds import hold_order
from sconto.store import candidates
from sconto.store.candidate_statements import (
    READ_FOR_QUOTES,
    READ_WITH_CART_PROMOTIONS_FOR_QUOTES,
)
from sconto.store.database import Database
from tests.builders import NOON
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


async def test_an_edit_between_the_two_reads_of_a_first_hold_is_in_the_quote(
    shop: Shop, merchant: Caller, one_connection: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Shop(one_connection, merchant)
    await shop.create(ten_off())
    assert (await own.quote(cart())).total == 5000
    await hold_order(shop.database, merchant, NewHold(NewOrder("H-1", cart())), NOON)
    fetch, edits = candidates._fetch, [shop.create]

    async def edit_after_the_first(*arguments: Any) -> Any:
        rows = await fetch(*arguments)
        while edits:
            await edits.pop()(ten_off())
        return rows

    monkeypatch.setattr(candidates, "_fetch", edit_after_the_first)
    assert (await own.quote(cart())).total == 4000


async def test_a_restored_database_without_cart_promotions_shows_none(
    shop: Shop, merchant: Caller, one_connection: Database
) -> None:
    own, page = Shop(one_connection, merchant), [(11, 5000)]

    async def costs() -> list[int]:
        [listed] = await list_prices(one_connection, merchant, page, "EUR", NOON)
        return [listed.price, (await own.quote(cart())).total]

    without = await costs()
    await shop.create(CartTerms(Target.LINES, AmountOff({"EUR": 100})))
    assert await costs() == [4900, without[1] - 200]
    async with shop.database.write() as connection:
        await connection.execute(
            "UPDATE timeline_versions SET cart_version = NULL WHERE merchant_id = $1",
            merchant.merchant_id,
        )
    assert await costs() == without


@pytest.fixture
def shop(database: Database, merchant: Caller) -> Shop:
    return Shop(database, merchant)

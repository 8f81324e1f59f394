"""The demo's shop on databases that are not new."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from sconto.cli.demo_orders import place_earlier_orders
from sconto.cli.demo_shop import NAME, open_shop
from sconto.cli.refusals import CommandRefused
from sconto.domain.order_list import OrderQuery
from sconto.operations import orders, people
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import SECRET_KEY


async def test_the_shop_opens_on_a_restored_database_and_not_for_a_disabled_user(
    create_database: Callable[[], str],
) -> None:
    database = await Database.open(create_database(), connections=1)
    try:
        now = datetime.now(UTC)
        await open_shop(database, Tokens(SECRET_KEY), now)
        await people.end_all_tokens(database)
        tokens = Tokens(SECRET_KEY)
        token = await open_shop(database, tokens, now)
        assert tokens.caller(token, now).merchant_id == await people.find_merchant(database, NAME)
        await people.set_disabled(database, NAME, disabled=True)
        with pytest.raises(CommandRefused, match="run `sconto user enable demo`"):
            await open_shop(database, tokens, now)
    finally:
        await database.close()


async def test_earlier_orders_are_placed_once_and_some_have_discounts(
    create_database: Callable[[], str],
) -> None:
    database = await Database.open(create_database(), connections=1)
    try:
        now = datetime.now(UTC)
        tokens = Tokens(SECRET_KEY)
        caller = tokens.caller(await open_shop(database, tokens, now), now)
        for _ in range(2):
            await place_earlier_orders(database, caller, now)
        placed = (await orders.list_orders(database, caller, OrderQuery(limit=1_000))).orders
        assert [order.order_id for order in placed] == [str(1090 - one) for one in range(90)]
        discounted = [order for order in placed if order.outcome.discount]
        assert 30 < len(discounted) < 80
        codes = [code for order in placed for code in order.outcome.codes]
        assert {code.code for code in codes if code.status == "applied"} == {
            "WELCOME10", "TENOFF", "SORRY-001", "SORRY-002",
        }  # fmt: skip
    finally:
        await database.close()

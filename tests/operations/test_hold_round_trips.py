"""How many statements holds send: as many as orders."""

from collections.abc import AsyncIterator
from typing import Final

import pytest

from sconto.domain.holds import NewHold
from sconto.domain.order import NewOrder
from sconto.operations import checkout, holds
from tests.builders import a_cart
from tests.operations.holding import NOON
from tests.operations.test_round_trips import LIMITED, Ask, Shop, assert_statements, open_shop

HOLDING: Final = NewHold(NewOrder("H-1", a_cart(codes=("ONCE",))))
HOLDS: Final[dict[str, tuple[Ask, int]]] = {
    "hold": (
        lambda shop: holds.hold_order(
            shop.database, shop.caller, NewHold(NewOrder("H-2", LIMITED)), NOON
        ),
        2,
    ),
    "hold another cart": (
        lambda shop: holds.hold_order(
            shop.database, shop.caller, NewHold(NewOrder("H-1", LIMITED)), NOON
        ),
        2,
    ),
    "hold the same cart": (
        lambda shop: holds.hold_order(shop.database, shop.caller, HOLDING, NOON),
        1,
    ),
    "order what is held": (
        lambda shop: checkout.place_order(
            shop.database, shop.caller, HOLDING.order, NOON, NOON.date()
        ),
        2,
    ),
    "order beside holds": (
        lambda shop: checkout.place_order(
            shop.database, shop.caller, NewOrder("A-2", LIMITED), NOON, NOON.date()
        ),
        2,
    ),
    "quote beside holds": (
        lambda shop: checkout.quote(shop.database, shop.caller, LIMITED, NOON),
        1,
    ),
    "get": (lambda shop: holds.get_hold(shop.database, shop.caller, "H-1", NOON), 1),
    "release": (lambda shop: holds.release_hold(shop.database, shop.caller, "H-1", NOON), 1),
}


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    """A merchant with a hold, whose statements are counted."""
    async with open_shop(database_url) as shop:
        await holds.hold_order(shop.database, shop.caller, HOLDING, NOON)
        yield shop


@pytest.mark.parametrize(("ask", "number"), HOLDS.values(), ids=HOLDS)
async def test_holds_take_as_many_statements_as_orders(shop: Shop, ask: Ask, number: int) -> None:
    await assert_statements(shop, ask, number)

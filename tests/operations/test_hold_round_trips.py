"""How many statements holds send: as many as orders."""

from collections.abc import AsyncIterator
from typing import Final

import pytest

from sconto.domain.holds import NewHold
from sconto.domain.order import NewOrder
from sconto.operations import checkout, holds
from sconto.store.database import Database
from tests.builders import a_cart
from tests.operations.holding import NOON
from tests.operations.test_round_trips import LIMITED, Ask, Shop, assert_statements, open_shop

pytestmark = pytest.mark.oldest

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
    "order with holds": (
        lambda shop: checkout.place_order(
            shop.database, shop.caller, NewOrder("A-2", LIMITED), NOON, NOON.date()
        ),
        2,
    ),
    "quote with holds": (
        lambda shop: checkout.quote(shop.database, shop.caller, LIMITED, NOON),
        1,
    ),
    "get": (lambda shop: holds.get_hold(shop.database, shop.caller, "H-1", NOON), 1),
    "release": (lambda shop: holds.release_hold(shop.database, shop.caller, "H-1", NOON), 1),
}


@pytest.fixture(scope="module")
async def pool(database_url: str) -> AsyncIterator[Database]:
    """A pool with one connection, which keeps its statements from shop to shop."""
    pool = await Database.open(database_url, connections=1)
    yield pool
    await pool.close()


@pytest.fixture
async def shop(pool: Database) -> Shop:
    """A merchant with a hold, whose statements are counted."""
    shop = await open_shop(pool)
    await holds.hold_order(shop.database, shop.caller, HOLDING, NOON)
    return shop


@pytest.mark.parametrize(("ask", "number"), HOLDS.values(), ids=HOLDS)
async def test_holds_take_as_many_statements_as_orders(shop: Shop, ask: Ask, number: int) -> None:
    await assert_statements(shop, ask, number)

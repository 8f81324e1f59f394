"""Holds are shown where an order or a code is searched for."""

import re

from sconto.api.clock import read_clock
from sconto.domain.codes import CodeType
from sconto.domain.holds import NewHold
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.operations.holds import hold_order
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_promotion
from tests.portal.sessions import PortalClient


def text_of(page: str) -> str:
    """The page's text, without tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


async def test_what_is_held_is_shown_until_it_is_over(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    new = a_promotion(codes=("ONCE",), code_type=CodeType.ONE_TIME)
    promotion_id = await create_promotion(database, merchant, new, NOON)
    order = NewOrder("A-17", a_cart(codes=("once",)))
    await hold_order(database, merchant, NewHold(order), read_clock())
    await hold_order(database, merchant, NewHold(NewOrder("A-1", a_cart())), NOON)

    held = await portal.get("/orders", id=" A-17 ")
    assert held.status_code == 200
    assert "Held, not ordered yet" in held.text
    assert re.search(r"Total €9\.00 Codes once", text_of(held.text))
    assert (await portal.get("/orders", id="A-1")).status_code == 404

    codes = text_of((await portal.get(f"/promotions/{promotion_id}/codes")).text)
    assert "ONCE Held for order A-17 until" in codes

    quote = {"codes": "once", "product": "11111", "quantity": "1", "price": "10.00", "show": "1"}
    tried = await portal.get("/carts", **quote)
    assert "It is held for another order until" in text_of(tried.text)

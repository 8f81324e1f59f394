"""Cart promotions in the portal: the list, the terms, the history, and a tried cart."""

from datetime import timedelta

import pytest

from sconto.domain.cart import Cart, Customer
from sconto.domain.cart_promotion import (
    AmountOff,
    CartTerms,
    Conditions,
    Limits,
    NewCartPromotion,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.schedule import Period
from sconto.operations.cart_promotions import create_promotion
from sconto.operations.checkout import place_order
from sconto.store.database import Database
from tests.builders import NOON, a_line
from tests.portal.sessions import PortalClient


@pytest.fixture
async def promotion_id(database: Database, merchant: Caller) -> int:
    """A cart promotion of the merchant."""
    terms = CartTerms(
        Target.ORDER,
        AmountOff({"EUR": 1000}),
        conditions=Conditions(minimum_subtotal={"EUR": 5000}, first_order=True),
        limits=Limits(total=5, budget={"EUR": 10_000}),
    )
    period = Period(NOON - timedelta(days=1))
    new = NewCartPromotion("Ten off", True, period, terms, CodeType.REUSABLE, ("TEN",))
    return (await create_promotion(database, merchant, new, NOON)).id


async def test_the_list_and_the_page_tell_what_a_promotion_gives(
    portal: PortalClient, promotion_id: int
) -> None:
    listed = await portal.get("/cart-promotions")
    assert listed.status_code == 200
    for words in ("Ten off", "€10.00 off", "On the order", "Running"):
        assert words in listed.text
    shown = await portal.get(f"/cart-promotions/{promotion_id}")
    assert shown.status_code == 200
    for words in ("a subtotal of €50.00", "first order", "5 orders in all", "Orders left"):
        assert words in shown.text
    history = await portal.get(f"/cart-promotions/{promotion_id}/history")
    assert history.status_code == 200
    assert "Takes effect" in history.text
    assert (await portal.get("/cart-promotions/999999999")).status_code == 404
    assert (await portal.get("/cart-promotions", name="nothing")).status_code == 200


async def test_a_tried_cart_says_what_is_missing_and_what_applies(
    portal: PortalClient, promotion_id: int
) -> None:
    cart = {"product": "1", "price": "40.00", "currency": "EUR", "codes": "ten"}
    missing = await portal.get("/carts", **cart, quantity="1")
    for words in ("Conditions not met", "€10.00 are missing: it needs €50.00.", "who the customer"):
        assert words in missing.text
    applied = await portal.get("/carts", **cart, quantity="2", customer="c-1", shipping="4.90")
    for words in ("-€10.00", "Shipping", "€74.90", "In it is €10.00 off by “Ten off”."):
        assert words in applied.text


async def test_a_customer_or_shipping_that_cannot_be_read_is_marked(portal: PortalClient) -> None:
    cart = {"product": "1", "price": "40.00", "currency": "EUR"}
    for field in ("customer", "segments"):
        assert f'id="{field}-fault">' in (await portal.get("/carts", **cart)).text
        page = await portal.get("/carts", **cart, **{field: "x" * 65})
        assert "64 characters" in page.text
    page = await portal.get("/carts", **cart, shipping="four")
    assert "An amount such as 19.99." in page.text


async def test_cart_promotions_are_shown_in_german(portal: PortalClient, promotion_id: int) -> None:
    german = PortalClient(portal.client, portal.cookie, "de")
    shown = await german.get(f"/cart-promotions/{promotion_id}")
    assert "Warenkorbaktionen" in shown.text
    assert "insgesamt 5 Bestellungen" in shown.text


async def test_an_order_shows_its_cart_promotions(
    portal: PortalClient, promotion_id: int, database: Database, merchant: Caller
) -> None:
    line = a_line(3, quantity=1, unit_price=6000)
    cart = Cart("EUR", (line,), ("TEN",), None, Customer("c-1"), 490)
    await place_order(database, merchant, NewOrder("C-1", cart), NOON, NOON.date())
    shown = await portal.get("/orders", id="C-1")
    for words in ("Ten off", "Shipping", "€54.90"):
        assert words in shown.text

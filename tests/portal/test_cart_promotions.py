"""Cart promotions in the portal: in the list, their pages and actions, and in a tried cart."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from msgspec import structs

from sconto.domain.cart import Cart, Customer
from sconto.domain.cart_promotion import (
    AmountOff,
    BuyAndGet,
    CartTerms,
    Conditions,
    Limits,
    NewCartPromotion,
    ProductSelection,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.hours import Hours
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller, Role
from sconto.domain.schedule import Period
from sconto.operations import cart_promotions as operations
from sconto.operations.cart_promotions import create_promotion
from sconto.operations.checkout import place_order
from sconto.store.database import Database
from tests.builders import NOON, a_line, ten_off
from tests.conftest import create_caller
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


async def test_the_list_and_the_page_show_what_a_promotion_gives(
    portal: PortalClient, promotion_id: int
) -> None:
    listed = await portal.get("/promotions", kind="cart", search="ten")
    assert listed.status_code == 200
    for words in ("Ten off", "Cart promotion", "TEN", "€10.00 off", "On the order", "Active"):
        assert words in listed.text
    assert "Ten off" not in (await portal.get("/promotions", kind="coupon")).text
    shown = await portal.get(f"/cart-promotions/{promotion_id}")
    assert shown.status_code == 200
    for words in (
        "a subtotal of €50.00",
        "first order",
        "5 orders in all",
        "Orders left",
        "At the pace of the last 24 hours: not used up",
        "TEN",
    ):
        assert words in shown.text
    assert 'href="/portal/promotions" aria-current="page">' in shown.text
    statistics = await portal.get(f"/cart-promotions/{promotion_id}/statistics")
    assert "There were no orders in this period" in statistics.text
    history = await portal.get(f"/cart-promotions/{promotion_id}/history")
    assert history.status_code == 200
    for words in ("Takes effect", "On the order", "€10.00 off", "a budget of €100.00"):
        assert words in history.text
    assert (await portal.get("/cart-promotions/999999999")).status_code == 404
    assert (await portal.get("/cart-promotions")).status_code == 404


async def test_a_promotion_is_switched_off_deleted_and_restored(
    portal: PortalClient, promotion_id: int
) -> None:
    here = f"/cart-promotions/{promotion_id}"
    await portal.post(f"{here}/switch", {"active": "off"})
    assert "Off" in (await portal.get("/promotions")).text
    await portal.post(f"{here}/switch", {"active": "on"})
    assert "Ten off" in (await portal.get(f"{here}/delete")).text
    deleted = await portal.post(f"{here}/delete")
    assert (deleted.status_code, deleted.headers["location"]) == (303, "/portal/promotions")
    assert (await portal.get(here)).status_code == 404
    assert f"{here}/restore" in (await portal.get("/promotions/deleted")).text
    for _ in range(2):
        restored = await portal.post(f"{here}/restore")
        row = f"/portal/promotions#promotion-{promotion_id}"
        assert restored.headers["location"] == row
    assert "Active" in (await portal.get(here)).text


async def test_one_automatic_promotion_too_many_is_refused_with_a_sentence(
    portal: PortalClient,
    database: Database,
    merchant: Caller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    off = structs.replace(ten_off(), active=False)
    first, second = [(await create_promotion(database, merchant, off, NOON)).id for _ in range(2)]
    monkeypatch.setattr(operations, "MAX_AUTOMATIC", 1)
    await portal.post(f"/cart-promotions/{first}/switch", {"active": "on"})
    refused = await portal.post(f"/cart-promotions/{second}/switch", {"active": "on"})
    assert (refused.status_code, "Too many together" in refused.text) == (409, True)


async def test_a_viewer_reads_and_changes_nothing(
    portal_of: Callable[[Caller], PortalClient],
    promotion_id: int,
    database: Database,
    merchant: Caller,
) -> None:
    viewer = portal_of(await create_caller(database, Role.VIEWER, merchant.merchant_id))
    here = f"/cart-promotions/{promotion_id}"
    shown = await viewer.get(here)
    assert (shown.status_code, "Switch off" in shown.text) == (200, False)
    assert (await viewer.post(f"{here}/switch", {"active": "off"})).status_code == 403
    assert (await viewer.post(f"{here}/delete")).status_code == 403


async def test_all_terms_are_shown(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    terms = CartTerms(
        Target.LINES,
        BuyAndGet(2, 1, get_products=ProductSelection(tags=frozenset(["tea"])), at_most=3),
        Hours(time(17), time(20), "Europe/Berlin", frozenset([4])),
        ProductSelection(frozenset(range(1, 13)), except_tags=frozenset(["sale"])),
        priority=7,
        exclusive=True,
    )
    new = structs.replace(ten_off(), terms=terms)
    promotion = await create_promotion(database, merchant, new, NOON)
    shown = (await portal.get(f"/cart-promotions/{promotion.id}")).text
    for words in (
        "Buy 2, get 1 free, of these: tagged tea, at most 3 units",
        "products 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more<br>not tagged sale",
        "Fri 17:00 – 20:00 (Europe/Berlin)",  # noqa: RUF001
        "<dt>Priority</dt><dd>7</dd>",
        "<dt>Alone</dt><dd>yes</dd>",
    ):
        assert words in shown


async def test_a_tried_cart_says_what_is_missing_and_what_applies(
    portal: PortalClient, promotion_id: int
) -> None:
    cart = {"product": "1", "price": "40.00", "currency": "EUR", "codes": "ten"}
    missing = await portal.get("/carts", **cart, quantity="1")
    for words in ("Conditions not met", "€10.00 are missing: it needs €50.00.", "needs a customer"):
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
    assert "Warenkorbaktion · Mit Code" in shown.text
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

"""The page of an order shows its returns, and makes them: a quote first, then the return."""

import re
from collections.abc import Callable

import pytest
from playwright.async_api import Page, expect

from sconto.api.clock import read_clock
from sconto.domain.cart import Cart
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.people import Caller, Role
from sconto.domain.returns import Goods
from sconto.operations import cart_promotions, checkout, returns
from sconto.store.database import Database
from tests.builders import a_line, ten_off
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.forms import fill, follow, send
from tests.portal.sessions import PortalClient
from tests.portal.shop import open_shop

ORDER = "A/1 ?&#"


@pytest.fixture
async def order(database: Database, merchant: Caller) -> str:
    """An order of three teapots and a mug with shipping, 10.00 off."""
    await open_shop(database, merchant)
    now = read_clock()
    await cart_promotions.create_promotion(database, merchant, ten_off(), now)
    lines = (
        a_line(1, quantity=3, unit_price=1999),
        a_line(99, line_id="a line of the shop's", unit_price=500),
    )
    cart = Cart("EUR", lines, shipping=490)
    await checkout.place_order(database, merchant, NewOrder(ORDER, cart), now, now.date())
    return ORDER


async def listed(database: Database, merchant: Caller) -> list[tuple[str, Goods]]:
    found = await returns.list_returns(database, merchant, ORDER, 0, 100)
    return [(one.return_id, one.refund.goods) for one in found.listed]


async def test_goods_are_returned_after_their_amount_was_shown(
    page: Page, portal_url: str, database: Database, merchant: Caller, order: str
) -> None:
    await page.goto(f"{portal_url}/orders")
    await page.get_by_label("The shop's id of the order").fill(order)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Nothing was returned.")).to_be_visible()
    await page.get_by_label("3 of 3 left").fill("2")
    await page.get_by_label("Shipping, €4.90").check()
    await page.get_by_role("button", name="What does it pay back?").click()
    quoted = page.locator(".quoted")
    await expect(quoted).to_contain_text("This return pays back")
    assert await listed(database, merchant) == []
    await show(page, "return-quoted")

    # After a change the new amount is shown first.
    await page.get_by_label("3 of 3 left").fill("1")
    await page.get_by_role("button", name="Record this return").click()
    await expect(quoted).to_contain_text("Check it, and record it again.")
    await page.get_by_label("Your id of the return").fill("RMA 7")
    await page.get_by_role("button", name="Record this return").click()
    await expect(page.get_by_role("status")).to_contain_text("The return RMA 7 is recorded.")
    assert await listed(database, merchant) == [("RMA 7", Goods({"1": 1}, shipping=True))]
    await expect(page.locator(".return")).to_contain_text("RMA 7")
    await expect(page.get_by_label("2 of 3 left")).to_be_visible()
    await expect(page.get_by_label("Shipping, €4.90")).to_have_count(0)
    await show(page, "order-with-return", like="order")


async def test_everything_left_can_be_returned_together(
    portal: PortalClient, database: Database, merchant: Caller, order: str
) -> None:
    await returns.create_return(database, merchant, order, "R-1", Goods({"1": 1}), read_clock())
    page = "/orders?id=A%2F1+%3F%26%23"
    assert '<button class="quiet" name="step" value="all"' in (await portal.get(page)).text
    quoted = await fill(portal, page, "/orders/returns", step="all")
    told = await follow(portal, await send(portal, quoted, "/orders/returns", step="keep"))
    assert "Everything was returned." in told
    assert "Together they pay back €53.87 of €53.87." in told
    left = Goods({"1": 2, "a line of the shop's": 1}, shipping=True)
    assert (await listed(database, merchant))[1:] == [("R-2", left)]


async def test_a_return_that_is_sent_twice_is_stored_once(
    portal: PortalClient, database: Database, merchant: Caller, order: str
) -> None:
    form = {"order_id": order, "units-0": "3", "return_id": "R-1"}
    page = (await portal.post("/orders/returns", form)).text
    [shown] = re.findall(r'name="shown" value="(.*?)"', page)
    for _ in range(2):
        done = await portal.post("/orders/returns", form | {"step": "keep", "shown": shown})
        assert (done.status_code, done.headers["location"]) == (
            303,
            "/portal/orders?id=A%2F1+%3F%26%23",
        )
    assert await listed(database, merchant) == [("R-1", Goods({"1": 3}))]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Type how many units come back, or choose shipping."),
        ({"units-0": "0"}, "Type how many units come back, or choose shipping."),
        ({"units-0": "4"}, "Only 2 units are left."),
        ({"units-0": "99999999999999999999"}, "This is not a number of units."),
        ({"units-0": "-1"}, "This is not a number of units."),
        ({"units-0": "1", "units-1": "x"}, "This is not a number of units."),
        ({"units-0": "1", "step": "keep"}, "Check it, and record it again."),
        ({"units-0": "1", "step": "keep", "return_id": "x" * 65}, "An id has 1 to 64 characters."),
        (
            {"units-0": "2", "step": "keep", "return_id": "R-1", "shown": "SHOWN"},
            "Another return of this order has this id.",
        ),
    ],
)
async def test_goods_that_cannot_be_returned_are_reported_and_nothing_is_stored(
    portal: PortalClient,
    database: Database,
    merchant: Caller,
    order: str,
    fields: dict[str, str],
    words: str,
) -> None:
    await returns.create_return(database, merchant, order, "R-1", Goods({"1": 1}), read_clock())
    if "shown" in fields:
        page = (await portal.post("/orders/returns", {"order_id": order, "units-0": "2"})).text
        fields = fields | {"shown": re.findall(r'name="shown" value="(.*?)"', page)[0]}
    answer = await portal.post("/orders/returns", {"order_id": order, **fields})
    assert answer.status_code == 422
    assert words in answer.text
    assert len(await listed(database, merchant)) == 1


async def test_unknown_and_deleted_orders_take_no_return(
    portal: PortalClient, database: Database, merchant: Caller, order: str
) -> None:
    anonymous = await create_caller(database)
    now = read_clock()
    other = NewOrder("theirs", Cart("EUR", (a_line(),)))
    await checkout.place_order(database, anonymous, other, now, now.date())
    for order_id in ("theirs", "", "\0"):
        answer = await portal.post("/orders/returns", {"order_id": order_id, "units-0": "1"})
        assert answer.status_code == 404
    await checkout.change_order_status(database, merchant, order, OrderStatus.DELETED, now)
    answer = await portal.post("/orders/returns", {"order_id": order, "units-0": "1"})
    assert answer.status_code == 422
    assert "Nothing of a deleted order can be returned." in answer.text
    assert "Record this return" not in answer.text


async def test_a_viewer_sees_returns_and_no_form(
    portal_of: Callable[[Caller], PortalClient], database: Database, merchant: Caller, order: str
) -> None:
    await returns.create_return(database, merchant, order, "R-1", Goods({"1": 1}), read_clock())
    for role, may in ((Role.VIEWER, False), (Role.CHECKOUT, True)):
        portal = portal_of(await create_caller(database, role, merchant.merchant_id))
        page = (await portal.get("/orders", id=order)).text
        assert "R-1" in page
        assert ("What does it pay back?" in page) is may
        answer = await portal.post("/orders/returns", {"order_id": order, "units-0": "1"})
        assert answer.status_code == (200 if may else 403)


async def test_more_returns_than_a_page_has_are_on_the_next(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    now = read_clock()
    cart = Cart("EUR", (a_line(quantity=30),))
    await checkout.place_order(database, merchant, NewOrder(ORDER, cart), now, now.date())
    for number in range(1, 22):
        await returns.create_return(
            database, merchant, ORDER, f"RMA-{number}.", Goods({"1": 1}), now
        )
    first = (await portal.get("/orders", id=ORDER)).text
    assert "RMA-20." in first
    assert "RMA-21." not in first
    assert "21 returns" in first
    later = (await portal.get("/orders", id=ORDER, returns_after="20")).text
    assert "RMA-21." in later
    assert "RMA-20." not in later

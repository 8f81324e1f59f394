"""The demo's shop in a browser: prices, codes, orders, and what it hides from shoppers."""

import asyncio
import base64
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import httpx
import pytest
import uvicorn
from playwright.async_api import Page, expect

from sconto.api.clock import read_clock
from sconto.api.context import Context
from sconto.api.logs import request_log
from sconto.api.metrics import Metrics
from sconto.app import build_app
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller, Role
from sconto.operations import promotions, users
from sconto.operations.tokens import Tokens
from sconto.portal.shop.basket import COOKIE
from sconto.portal.shop.site import shop_routes
from sconto.portal.shop.till import Till
from sconto.store.database import Database
from tests.builders import a_promotion
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.forms import forms_of, words_of
from tests.portal.shop import open_shop

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Shop:
    """A shop, the Sconto that it asks, and the merchant that it sells for."""

    url: str
    merchant: Caller


@asynccontextmanager
async def opened_shop(database: Database, tokens: Tokens) -> AsyncIterator[Shop]:
    """A shop of its own merchant, who has the promotions and products of `open_shop`."""
    merchant = await create_caller(database)
    await open_shop(database, merchant)
    username = f"till-{merchant.merchant_id}"
    await users.add_user(database, merchant, username, PASSWORD, Role.CHECKOUT)

    @asynccontextmanager
    async def open_context() -> AsyncIterator[Context]:
        yield Context(database, tokens, ZoneInfo("UTC"), Metrics())

    app = build_app(open_context, request_log("console"))
    app.router.routes.extend(shop_routes(Till(username, PASSWORD)))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        serving = asyncio.create_task(server.serve([listening]))
        yield Shop(f"http://127.0.0.1:{listening.getsockname()[1]}/shop", merchant)
        server.should_exit = True
        await serving


@pytest.fixture(scope="module")
async def shop(database: Database, tokens: Tokens) -> AsyncIterator[Shop]:
    """A shop shared by tests that change nothing for others."""
    async with opened_shop(database, tokens) as shop:
        yield shop


@pytest.fixture
async def own_shop(database: Database, tokens: Tokens) -> AsyncIterator[Shop]:
    """A shop for one test."""
    async with opened_shop(database, tokens) as shop:
        yield shop


async def test_a_code_in_a_link_reduces_the_order(anonymous: Page, shop: Shop) -> None:
    await anonymous.goto(f"{shop.url}?code=welcome15")
    await expect(anonymous).to_have_url(f"{shop.url}/")
    await expect(anonymous.get_by_role("status")).to_contain_text("The code welcome15 is saved.")
    teapot = anonymous.locator("li", has_text="Teapot")
    await expect(teapot.locator("s")).to_contain_text("€49.50")
    await expect(teapot.locator("strong")).to_have_text("€37.12")
    await show(anonymous, "shop")

    await teapot.get_by_role("link").click()
    await anonymous.get_by_label("Quantity").fill("2")
    await show(anonymous, "shop-product")
    await anonymous.get_by_role("button", name="Add to the cart").click()
    await expect(anonymous).to_have_url(f"{shop.url}/cart")
    await anonymous.goto(f"{shop.url}/basket/add/4")
    tea = anonymous.locator(".cart li", has_text="Tea, green")
    await expect(tea.locator("strong")).to_have_text("€6.71")
    await anonymous.get_by_label("Discount code").fill("nonsense")
    await anonymous.keyboard.press("Enter")
    await expect(anonymous.locator(".codes li > span")).to_have_text(
        ["welcome15 You get a discount with it.", "nonsense It changes nothing in this cart."],
        use_inner_text=True,
    )
    await show(anonymous, "shop-cart")

    await tea.get_by_role("spinbutton").fill("3")
    await anonymous.keyboard.press("Enter")
    await expect(tea.locator("strong")).to_have_text("€20.14")
    await anonymous.get_by_role("button", name="Remove the code nonsense").click()
    await expect(anonymous.locator(".codes li")).to_have_count(1)
    await anonymous.get_by_role("button", name="Order for €94.39").click()
    await expect(anonymous.get_by_role("status")).to_contain_text("are held for you until")
    await show(anonymous, "shop-payment")
    await anonymous.get_by_role("button", name="Pay €94.39").click()
    await expect(anonymous.get_by_role("heading")).to_have_text("Thank you")
    await expect(anonymous.locator(".sums")).to_contain_text("€94.39")
    await show(anonymous, "shop-order")
    await anonymous.get_by_role("link", name="Cart").click()
    await expect(anonymous.get_by_text("Your cart is empty.")).to_be_visible()


async def test_a_shopper_cannot_tell_which_codes_exist(shop: Shop, database: Database) -> None:
    now = read_clock()
    await promotions.create_promotion(
        database, shop.merchant, a_promotion(codes=("LITTLE",), name="Outdone"), now
    )
    async with httpx.AsyncClient(follow_redirects=True) as shopper:
        # Used, switched off, not on this product, outdone, and unknown.
        for code in ("SORRY-7KQ2", "FRIEND", "TEA-1", "LITTLE", "NEVER-WAS"):
            cart = await shopper.get(f"{shop.url}/basket/add/3?clear=Y&code={code}")
            [said] = re.findall('<ul class="codes".*?</ul>', cart.text, re.S)
            assert words_of(said).startswith(f"{code} It changes nothing in this cart.")
        assert "Order for €37.12" in cart.text


async def test_a_changed_price_is_shown_before_ordering(own_shop: Shop, database: Database) -> None:
    async with httpx.AsyncClient(follow_redirects=True) as shopper:
        cart = await shopper.get(f"{own_shop.url}/basket/add/6?clear=Y&quantity=4")
        assert "Order for €10.00" in cart.text
        await promotions.create_promotion(database, own_shop.merchant, a_promotion(), read_clock())
        changed = await send_form(shopper, own_shop, cart, "/payment")
        assert "the price has changed" in changed.text
        payment = await send_form(shopper, own_shop, changed, "/payment")
        assert "Pay €9.00" in payment.text
        placed = await send_form(shopper, own_shop, payment, "/orders")
        assert "Thank you" in placed.text


async def send_form(
    shopper: httpx.AsyncClient, shop: Shop, page: httpx.Response, path: str
) -> httpx.Response:
    """Send the form of the page that goes to this path, as it is."""
    [form] = [form for form in forms_of(page.text) if form.action == f"/shop{path}"]
    return await shopper.post(shop.url + path, data=form.fields)


async def test_a_code_that_ended_is_shown_before_ordering(shop: Shop, database: Database) -> None:
    new = a_promotion(codes=("SOON-OVER",), coverage=AllProducts(50 * PERCENT))
    promotion_id = await promotions.create_promotion(database, shop.merchant, new, read_clock())
    async with httpx.AsyncClient(follow_redirects=True) as shopper:
        # A no-break space was copied with the code.
        link = f"{shop.url}/basket/add/6?clear=Y&quantity=4&code=%C2%A0soon-over%C2%A0"
        cart = (await shopper.get(link)).text
        form = dict(
            re.findall(r'<input type="hidden" name="(order_id|total)" value="(.*?)">', cart)
        )
        assert form["total"] == "5.00"
        await promotions.delete_promotion(database, shop.merchant, promotion_id, read_clock())
        refused = await shopper.post(f"{shop.url}/orders", data=form)
        assert refused.status_code == 409
        assert "Nothing was ordered" in refused.text
        assert "It changes nothing in this cart." in refused.text
        form = dict(re.findall(r'name="(order_id|total)" value="(.*?)">', refused.text))
        assert form["total"] == "10.00"
        placed = await shopper.post(f"{shop.url}/orders", data=form)
        assert (placed.status_code, "Thank you" in placed.text) == (200, True)


async def test_a_payment_holds_the_cart_and_cancelling_releases_it(
    own_shop: Shop, database: Database
) -> None:
    new = a_promotion(
        codes=("LAST-ONE",), code_type=CodeType.ONE_TIME, coverage=AllProducts(50 * PERCENT)
    )
    promotion_id = await promotions.create_promotion(database, own_shop.merchant, new, read_clock())
    link = f"{own_shop.url}/basket/add/6?clear=Y&quantity=4&code=last-one"

    async def fill(shopper: httpx.AsyncClient) -> dict[str, str]:
        cart = (await shopper.get(link)).text
        return dict(re.findall(r'name="(order_id|total)" value="(.*?)">', cart))

    async with (
        httpx.AsyncClient(follow_redirects=True) as first,
        httpx.AsyncClient(follow_redirects=True) as second,
    ):
        form = await fill(first)
        payment = await first.post(f"{own_shop.url}/payment", data=form)
        assert (str(payment.url), "Pay €5.00" in payment.text) == (f"{own_shop.url}/payment", True)
        assert (await fill(second))["total"] == "10.00"
        # Back to the cart, which releases the code for the next shopper.
        assert "Order for €5.00" in (await first.get(f"{own_shop.url}/cart")).text
        form = await fill(second)
        await second.post(f"{own_shop.url}/payment", data=form)
        await promotions.delete_promotion(database, own_shop.merchant, promotion_id, read_clock())
        assert "Order for €10.00" in (await first.get(f"{own_shop.url}/cart")).text
        assert "Pay €5.00" in (await second.get(f"{own_shop.url}/payment")).text
        paid = await second.post(f"{own_shop.url}/orders", data=form)
        assert (paid.status_code, "Thank you" in paid.text) == (200, True)
        assert str((await second.get(f"{own_shop.url}/payment")).url) == f"{own_shop.url}/cart"


async def test_other_orders_and_missing_pages_are_not_found(shop: Shop) -> None:
    async with httpx.AsyncClient() as shopper:
        for path in (
            "/orders/2",
            f"/orders/shop-{'0' * 32}",
            "/products/99",
            "/basket/add/x",
            "/no",
        ):
            answer = await shopper.get(f"{shop.url}{path}")
            assert answer.status_code == 404
            assert "<h1>There is nothing here</h1>" in answer.text


@pytest.mark.parametrize(
    "basket",
    [
        "no base64",
        [],
        {"3": 1},
        [[[3, 0], ["3", 1], [True, 1], [3, 1.5], [2**64, 1]], [None, "", "x" * 65, "a\0b"]],
        [[[3, 10**9]], ["A", "B", "C", "D", "E", "F"]],
        [[[number, 1] for number in range(1, 200)], []],
        [[[3, 1]], [], 5],
        [[[3, 1]], [], "shop-1"],
        [[[3, 1]], [], f"shop-{'0' * 32}"],
    ],
)
async def test_a_forged_basket_causes_no_failure(basket: object, shop: Shop) -> None:
    text = base64.urlsafe_b64encode(json.dumps(basket).encode()).decode()
    cookie = basket if isinstance(basket, str) else text
    async with httpx.AsyncClient(headers={"Cookie": f"{COOKIE}={cookie}"}) as client:
        cart = await client.get(f"{shop.url}/cart", follow_redirects=True)
        assert cart.status_code == 200
        assert (await client.get(f"{shop.url}/payment")).status_code == 303
        for form in ({"quantity-3": "x", "remove": "-1", "code": "\0"}, {"code": "a" * 5000}):
            assert (await client.post(f"{shop.url}/cart", data=form)).status_code == 303
        for order_id in ("2", f"shop-{'a' * 32}"):
            placed = await client.post(
                f"{shop.url}/orders", data={"order_id": order_id, "total": "1e9"}
            )
            assert placed.status_code in (303, 409)
        broken = {"Content-Type": "multipart/form-data; boundary=x"}
        refused = await client.post(f"{shop.url}/cart", content=b"--x\r\nno", headers=broken)
        assert refused.status_code in (303, 400)


async def test_the_shop_exists_only_in_the_demo(client: httpx.AsyncClient) -> None:
    for path in ("/shop", "/shop/", "/shop/cart"):
        assert (await client.get(path)).status_code == 404


async def test_the_shop_is_closed_while_it_cannot_sign_in(
    own_shop: Shop, database: Database
) -> None:
    page = await users.list_users(database, own_shop.merchant, limit=9)
    till = next(user for user in page.users if user.role is Role.CHECKOUT)
    await users.set_disabled(database, own_shop.merchant, till.id, disabled=True)
    async with httpx.AsyncClient(follow_redirects=True) as shopper:
        answer = await shopper.get(own_shop.url)
    assert answer.status_code == 503
    assert "<h1>The shop is closed</h1>" in answer.text

"""Orders, found by the shop's id and shown as they were placed."""

import re
from collections.abc import Callable
from html import unescape

from playwright.async_api import Page, expect

from sconto.api.clock import read_clock
from sconto.domain.cart import Cart
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.people import Caller, Role
from sconto.domain.returns import Goods
from sconto.domain.subscription import Subscription, SubscriptionCode
from sconto.operations import checkout, promotions
from sconto.operations.returns import create_return
from sconto.operations.subscription_promotions import create_promotion
from sconto.store.database import Database
from tests.builders import a_cart, a_line, subscription_terms
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.forms import words_of
from tests.portal.sessions import PortalClient
from tests.portal.shop import open_shop


async def test_an_order_is_found_and_shown_as_it_was_placed(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    ids = await open_shop(database, merchant)
    now = read_clock()
    await promotions.delete_promotion(database, merchant, ids["Winter sale"], now)
    await checkout.change_order_status(database, merchant, "2", OrderStatus.PAID, now)

    await page.goto(f"{portal_url}/promotions")
    await page.get_by_role("link", name="Orders").click()
    await page.get_by_label("The shop's id of the order").fill("none such")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("No order has this id.")

    await page.get_by_label("The shop's id of the order").fill("2")
    await page.get_by_role("button", name="Find").click()
    await expect(page.get_by_text("Paid", exact=True)).to_be_visible()
    # 49.50 at 25 % off, by a deleted promotion, and 2 x 7.90 at 15 % off.
    await expect(page.locator(".sums")).to_contain_text("€50.55")
    teapot = page.locator("article", has=page.get_by_role("heading", name="Teapot"))
    await expect(teapot.locator("li", has_text="Winter sale")).to_contain_text("Applied")
    await expect(teapot.locator("li", has_text="Winter sale")).to_contain_text("since deleted")
    await expect(teapot.get_by_role("link")).to_have_text(["Newsletter welcome"])
    await expect(teapot.locator("li", has_text="Newsletter welcome")).to_contain_text("Beaten")
    await show(page, "order")


async def test_an_order_of_a_subscription_shows_the_effect_of_its_code(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    now = read_clock()
    await create_promotion(database, merchant, subscription_terms(), now)
    codes = (SubscriptionCode("TRY3", 1), SubscriptionCode("NONE", 1))
    subscription = Subscription(None, "monthly", 2, codes)
    first = NewOrder("A/1 ?&#", Cart("EUR", (a_line(unit_price=10_000),), (), subscription))
    await checkout.place_order(database, merchant, first, now, now.date())
    second = NewOrder("A/2", a_cart(a_line(unit_price=500)), replaces="A/1 ?&#")
    await checkout.place_order(database, merchant, second, now, now.date())

    newer = (await portal.get("/orders", id="A/2")).text
    link = re.search('href="/portal(/orders[?]id=A[^"]*)">A/1', newer)
    assert link
    older = words_of((await portal.get(unescape(link[1]))).text)
    for words in (
        "Deleted",
        "Replaced by A/2 .",
        "€30.00 off the whole order. Applied TRY3 €30.00",
        "Not applied NONE No promotion has this code.",
        "€70.00",
    ):
        assert words in older


async def test_another_merchants_order_looks_like_a_missing_one(
    portal: PortalClient, database: Database
) -> None:
    anonymous = await create_caller(database)
    now = read_clock()
    await checkout.place_order(database, anonymous, NewOrder("S-1", a_cart()), now, now.date())
    for order_id in ("S-1", "S-2", "\0", "x" * 65):
        answer = await portal.get("/orders", id=order_id)
        assert answer.status_code == 404
        assert "No order has this id." in answer.text


async def test_the_checkout_role_sees_only_orders(
    portal_of: Callable[[Caller], PortalClient], database: Database, merchant: Caller
) -> None:
    await open_shop(database, merchant)
    portal = portal_of(await create_caller(database, Role.CHECKOUT, merchant.merchant_id))
    home = await portal.get("/")
    assert (home.status_code, home.headers["location"]) == (303, "/portal/orders")
    page = (await portal.get("/orders", id="2")).text
    menu = page[page.index('<nav class="rail"') : page.index("</nav>")]
    assert re.findall(r"<span>([^<>]+)</span></a>", menu) == ["Orders"]
    assert "Winter sale" in page
    for article in page.split("<article")[1:]:
        assert "<a " not in article[: article.index("</article>")]
    assert (await portal.get("/carts")).status_code == 403


async def test_orders_redemptions_and_codes_are_downloaded(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    await open_shop(database, merchant)
    await create_return(database, merchant, "2", "R-1", Goods({"1": 1}), read_clock())
    form = (await portal.get("/orders")).text.partition('action="/portal/orders/export"')[2]
    for kind, column in {
        "orders": "total",
        "redemptions": "discount",
        "returns": "return_id",
        "codes": "code",
    }.items():
        assert f'<option value="{kind}"' in form
        file = await portal.get("/orders/export", kind=kind, format="csv")
        assert f'filename="{kind}.csv"' in file.headers["Content-Disposition"]
        heading, *lines = file.content.decode("utf-8-sig").splitlines()
        assert column in heading.split(",")
        assert lines


async def test_an_invalid_day_downloads_nothing(portal: PortalClient) -> None:
    for query in ({"kind": "orders", "format": "csv", "from": "2026-02-30"}, {"kind": "people"}):
        answer = await portal.get("/orders/export", **query)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/portal/orders"


async def test_orders_are_listed_filtered_and_replayed(
    page: Page, portal: PortalClient, portal_url: str, database: Database, merchant: Caller
) -> None:
    ids = await open_shop(database, merchant)
    await checkout.change_order_status(database, merchant, "2", OrderStatus.PAID, read_clock())
    await promotions.delete_promotion(database, merchant, ids["Winter sale"], read_clock())
    await page.goto(f"{portal_url}/orders")
    rows = page.locator("#results tbody tr")
    await expect(rows).to_have_count(13)
    await page.get_by_label("Status").first.select_option("Paid")
    await expect(rows).to_have_count(1)
    await show(page, "orders")
    await page.get_by_role("link", name="Last 30 days").click()
    await expect(page).to_have_url(re.compile("status=paid&"))
    await expect(rows).to_have_count(1)
    await page.get_by_role("link", name="2", exact=True).click()
    replay = page.locator("#replay")
    await expect(replay).to_contain_text("The same order costs")
    await expect(replay.locator("li", has_text="It was deleted.")).to_contain_text("Gone")
    await expect(replay).to_contain_text("It was deleted.")
    steps = page.locator("table.steps")
    await expect(steps).to_contain_text("Product promotions")
    await show(page, "order-replayed", like="order")

    strange = await portal.get("/orders?code=tea-1&promotion=x&last=tomorrow")
    assert strange.text.count('<p class="warning">') == 2
    none = await portal.get("/orders?code=tea-1&customer=nobody")
    assert "No order matches." in none.text

"""Trying a cart: what it costs, and why each promotion did or did not apply."""

from playwright.async_api import Page, expect

from sconto.api.clock import read_clock
from sconto.domain.people import Caller
from sconto.operations.subscription_promotions import create_promotion
from sconto.store.database import Database
from tests.builders import after_applied, percent_off, subscription_terms
from tests.portal.browser import show
from tests.portal.forms import faults_of, words_of
from tests.portal.sessions import PortalClient
from tests.portal.shop import open_shop


async def test_a_cart_is_filled_and_its_price_explained(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await open_shop(database, merchant)
    await page.goto(f"{portal_url}/promotions")
    await page.get_by_role("link", name="Try a cart").click()
    await page.wait_for_load_state()
    await expect(page.get_by_text("Put a product in first.")).to_be_visible()

    await page.get_by_label("Find a product").press_sequentially("teap")
    await page.get_by_role("button", name="Add Teapot").click()
    await expect(page.locator("#quote")).to_contain_text("€37.12")
    await page.get_by_label("Find a product").press_sequentially("green")
    await page.get_by_role("button", name="Add Tea, green").click()
    await page.get_by_label("Quantity Tea, green").fill("3")
    await page.get_by_label("Codes, in the order").fill("tea-1 SORRY-7KQ2, welcome15 nonsense")
    await page.keyboard.press("Tab")

    codes = page.locator("#quote ul.outcomes.card > li")
    await expect(codes).to_have_count(4)
    said = await codes.all_inner_texts()
    for code, state in (
        ("tea-1", "Replaced by a later code"),
        ("SORRY-7KQ2", "Used"),
        ("welcome15", "Applied"),
        ("nonsense", "No promotion has this code."),
    ):
        assert any(code in one and state in one for one in said), said

    teapot = page.locator("article", has=page.get_by_role("heading", name="Teapot"))
    await teapot.get_by_text("did not qualify").click()
    await expect(teapot.locator("li", has_text="Summer 2025")).to_be_visible()
    tea = page.locator("article", has=page.get_by_role("heading", name="Tea, green"))
    said = [
        *await teapot.locator("li").all_inner_texts(),
        *await tea.locator("li").all_inner_texts(),
    ]
    for promotion, state in (
        ("Winter sale", "Applied"),
        ("Newsletter welcome", "Another promotion gives more."),
        ("Summer 2025", "It ended on"),
        ("Spring cleaning", "It starts on"),
        ("Tea lovers", "It is not on this product."),
        ("Tea lovers", "Replaced by a later code"),
        ("Tea lovers", "A code that was activated later was picked."),
    ):
        assert any(promotion in one and state in one for one in said), (promotion, state, said)
    await show(page, "cart")

    # The address holds the whole cart.
    await page.reload()
    await expect(codes).to_have_count(4)
    await page.get_by_role("button", name="Take Teapot out").click()
    await expect(page.locator("article")).to_have_count(1)


async def test_all_faults_are_shown_at_their_fields(
    page: Page, portal: PortalClient, portal_url: str, database: Database, merchant: Caller
) -> None:
    await open_shop(database, merchant)
    address = (
        "/carts?product=1&quantity=0&price=1.999&product=99&quantity=1&price="
        f"&codes={'+'.join('ABCDEFGHIJKLMNOPQRSTU')}&at=tomorrow"
    )
    assert faults_of((await portal.get(f"{address}&currency=XYZ")).text)["currency"].startswith(
        "A currency has three letters"
    )
    await page.goto(portal_url + address)
    assert list(faults_of(await page.content()).items()) == [
        ("quantity", "A whole number from 1 to 1,000,000."),
        ("price", "The catalogue does not have it: type a price."),
        ("codes", "At most 20 codes can be tried."),
        ("at", "This is not a time."),
    ]
    await expect(page.get_by_text("An amount such as 19.99.")).to_be_visible()
    await show(page, "cart-faults", like="cart")

    # The fault of a field that is right again goes away.
    await page.get_by_label("Quantity Mug, white").fill("2")
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("A whole number")).to_be_hidden()


async def test_a_cart_is_priced_as_of_a_time_in_the_servers_zone(portal: PortalClient) -> None:
    cart = "/carts?product=77&quantity=2&price=10,00&currency=usd"
    page = words_of((await portal.get(cart)).text)
    assert "Not in the catalogue" in page
    assert "US$20.00" in page
    page = words_of((await portal.get(f"{cart}&at=2020-01-01T00:00")).text)
    assert "At 1 Jan 2020, 00:00 UTC" in page


async def test_a_cart_is_priced_as_an_order_of_a_subscription(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    now = read_clock()
    terms = subscription_terms(percent_off("30", after_applied(2)))
    await create_promotion(database, merchant, terms, now)
    await page.goto(f"{portal_url}/carts?product=77&quantity=1&price=100&currency=EUR")
    await page.get_by_text("As an order of a subscription").click()
    await page.get_by_label("Codes on the subscription").fill("try3 NONE")
    await page.get_by_label("Number of the order").fill("4")
    await page.keyboard.press("Tab")
    quote = page.locator("#quote")
    await expect(quote.locator("li", has_text="try3")).to_contain_text(
        "None of its rules is for this order."
    )
    await page.get_by_label("Codes applied before order").fill("3")
    await page.keyboard.press("Tab")
    await expect(quote).to_contain_text("Order 4 of a subscription: €30.00 off the whole order.")
    await expect(quote.locator(".sums")).to_contain_text("€70.00")
    await show(page, "cart-of-subscription", like="cart")
    await page.get_by_label("Number of the order").fill("0")
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("Orders are numbered from 1.")).to_be_visible()

"""Back-tests in the portal: started from forms, watched, cancelled, and their results."""

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest
from playwright.async_api import Page, expect

from sconto.api.clock import read_clock
from sconto.domain.backtest.job import BacktestState
from sconto.domain.cart import Customer
from sconto.domain.cart_promotion import CartTerms, NewCartPromotion, PercentOff, Target
from sconto.domain.coverage import AllProducts
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller, Role
from sconto.domain.schedule import Period
from sconto.operations import cart_promotions, promotions
from sconto.operations.backtesting import jobs
from sconto.operations.checkout import place_order
from sconto.store.database import Database
from tests.backtests.running import finish
from tests.builders import NOON, a_cart, a_promotion
from tests.conftest import create_caller
from tests.portal.sessions import PortalClient

FORM: Final = {
    "type": "discount",
    "name": "Spring sale",
    "active": "on",
    "starts_at": "2033-01-01T00:00:00",
    "coverage": "all",
    "percent": "20",
    "step": "backtest",
    "backtest_days": "7",
}


@pytest.fixture
async def ordered(database: Database, merchant: Caller) -> None:
    """Two orders with a winter sale, of which one has a customer."""
    winter = a_promotion(name="Winter sale", coverage=AllProducts(10 * PERCENT))
    await promotions.create_promotion(database, merchant, winter, NOON)
    at = read_clock() - timedelta(days=2)
    for order_id, customer in (("A-1", Customer("c-1")), ("A-2", Customer())):
        cart = a_cart()
        cart = type(cart)(cart.currency, cart.lines, customer=customer)
        await place_order(database, merchant, NewOrder(order_id, cart), at, at.date())


def place_of(headers: dict[str, str]) -> str:
    """The page that a form leads to."""
    return headers["location"].removeprefix("/portal")


@pytest.mark.usefixtures("ordered")
async def test_the_form_of_a_promotion_starts_one_and_its_page_shows_what_is_displaced(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    assert "What would it have done?" in (await portal.get("/promotions/new")).text
    started = await portal.post("/promotions/new", FORM)
    assert started.status_code == 303
    here = place_of(dict(started.headers))
    await finish(database, merchant, int(here.rpartition("/")[2]))
    shown = (await portal.get(here)).text
    for words in ("Spring sale", "Winter sale", "displaced on 2 orders", "A-1", "finished"):
        assert words in shown
    assert "and 1 order without a customer" in shown
    assert "The draft counts as switched on for the whole period." in shown
    assert "hx-get" not in shown.partition("<main")[2]
    [chart] = re.findall('data-chart="([^"]*)"', shown)
    drawn = json.loads(html.unescape(chart))
    assert [sum(one["values"]) for one in drawn["series"]] == [2, 4]
    assert len(drawn["days"]) in (7, 8)
    assert "Spring sale" in (await portal.get("/promotions/backtests")).text
    # Nothing was saved.
    assert "Spring sale" not in (await portal.get("/promotions")).text


@pytest.mark.usefixtures("ordered")
async def test_a_page_that_shows_progress_draws_the_picture_when_it_is_done(
    page: Page, portal: PortalClient, portal_url: str, database: Database, merchant: Caller
) -> None:
    here = place_of(dict((await portal.post("/promotions/new", FORM)).headers))
    await page.goto(portal_url + here)
    await finish(database, merchant, int(here.rpartition("/")[2]))
    await expect(page.locator(".uplot canvas")).to_be_visible()
    await expect(page.locator("h1")).to_contain_text("finished")


async def test_a_form_with_a_fault_starts_nothing(portal: PortalClient) -> None:
    refused = await portal.post("/promotions/new", {**FORM, "percent": "0"})
    assert (
        refused.status_code,
        "There are none." in (await portal.get("/promotions/backtests")).text,
    ) == (
        422,
        True,
    )


async def test_a_running_backtest_shows_its_progress_and_can_be_cancelled_and_deleted(
    portal: PortalClient, merchant: Caller, database: Database
) -> None:
    started = [await portal.post("/promotions/new", FORM) for _ in range(6)]
    assert place_of(dict(started[-1].headers)) == "/promotions/backtests"
    here = place_of(dict(started[-2].headers))
    shown = (await portal.get(here)).text
    if "finished" not in shown:  # a service of other tests may be quick
        for words in ("Cancel", 'hx-trigger="every 1s"', "Show the progress"):
            assert words in shown
    await portal.post(f"{here}/cancel")
    ended = await jobs.get_backtest(database, merchant, int(here.rpartition("/")[2]))
    assert ended.state in (BacktestState.CANCELLED, BacktestState.FINISHED)
    assert "Delete" in (await portal.get(here)).text
    assert place_of(dict((await portal.post(f"{here}/delete")).headers)) == "/promotions/backtests"
    assert (await portal.get(here)).status_code == 404


@pytest.mark.usefixtures("ordered")
async def test_a_change_of_a_cart_promotion_is_back_tested_from_its_form(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    terms = CartTerms(Target.ORDER, PercentOff(10 * PERCENT))
    new = NewCartPromotion("Tenth", True, Period(NOON - timedelta(days=1)), terms)
    stored = await cart_promotions.create_promotion(database, merchant, new, NOON)
    form = {
        **FORM,
        "name": "Tenth",
        "who": "everybody",
        "target": "order",
        "kind": "percent",
        "percent": "50",
        "on_discounted": "on",
        "total": "1",
        "starts_at": "2026-01-01T00:00:00",
        "priority": "0",
    }
    refused = await portal.post(f"/cart-promotions/{stored.id}/edit", {**form, "percent": "0"})
    assert refused.status_code == 422
    started = await portal.post(f"/cart-promotions/{stored.id}/edit", form)
    backtest_id = int(place_of(dict(started.headers)).rpartition("/")[2])
    await finish(database, merchant, backtest_id)
    found = await jobs.get_backtest(database, merchant, backtest_id)
    assert (found.promotion_id, found.as_if_running) == (stored.id, False)
    assert found.result is not None
    # Half of 9.00 on the first order alone, instead of a tenth on both.
    assert (found.result.cheaper, found.result.dearer) == (1, 1)
    assert (await cart_promotions.get_promotion(database, merchant, stored.id)) == stored


async def test_a_viewer_sees_results_and_starts_nothing(
    portal_of: Callable[[Caller], PortalClient],
    portal: PortalClient,
    database: Database,
    merchant: Caller,
) -> None:
    here = place_of(dict((await portal.post("/promotions/new", FORM)).headers))
    viewer = portal_of(await create_caller(database, Role.VIEWER, merchant.merchant_id))
    assert (await viewer.get(here)).status_code == 200
    assert "Cancel" not in (await viewer.get(here)).text
    assert (await viewer.post(f"{here}/cancel")).status_code == 403
    assert (await viewer.post("/promotions/new", FORM)).status_code == 403

"""Reports: figures, chart and tables of a promotion and of the whole shop."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from playwright.async_api import Page, expect

from sconto.api.clock import read_clock
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.operations import checkout
from sconto.store.database import Database
from tests.builders import a_cart, a_line
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.sessions import PortalClient
from tests.portal.shop import open_shop


async def order_in_dollars(database: Database, caller: Caller) -> None:
    now = read_clock()
    order = NewOrder("dollars", a_cart(a_line(6, unit_price=250), currency="USD"))
    await checkout.place_order(database, caller, order, now, now.date())


def figures_of(page: str) -> dict[str, str]:
    """The figure of each card."""
    cards = re.findall(r'<dt>([^<]+)</dt>\s*<dd><span class="figure">([^<]+)</span>', page)
    return {label: unescape(figure) for label, figure in cards}


async def test_a_promotions_report_has_a_chart_with_a_switch_of_measures(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    ids = await open_shop(database, merchant)
    await page.goto(f"{portal_url}/promotions/{ids['Newsletter welcome']}/statistics")
    await expect(page.locator(".chart canvas")).to_have_count(1)
    await show(page, "promotion-statistics")
    figures = page.locator(".figures > div")
    await expect(figures.filter(has_text="Discount given")).to_contain_text("€14.22")

    measures = page.get_by_role("group", name="Measure")
    chosen = measures.get_by_role("button", pressed=True)
    await expect(chosen).to_have_text("Orders")
    await measures.get_by_role("button", name="Discount").click()
    await expect(chosen).to_have_text("Discount")
    plot = page.locator(".u-over")
    size = await plot.bounding_box()
    assert size is not None
    # Today, the last day, has the first order, and the promotion was created a week ago.
    await plot.hover(position={"x": size["width"] - 4, "y": 20})
    await expect(page.locator(".chart-tip")).to_contain_text("Discount: €2.37")
    await plot.hover(position={"x": size["width"] * 22.5 / 30, "y": 20})
    await expect(page.locator(".chart-tip")).to_contain_text("Created")

    numbers = page.get_by_role("region", name="The numbers by day")
    await expect(numbers).to_be_hidden()
    await page.get_by_text("The numbers by day").click()
    await expect(numbers).to_contain_text("€2.37")
    await page.get_by_role("link", name="7 days").click()
    await expect(chosen).to_have_text("Discount")
    codes = page.get_by_role("region", name="Top codes")
    await expect(codes.get_by_role("row", name="WELCOME15")).to_contain_text("€9.48")
    await expect(codes.get_by_role("button", name="Copy WELCOME15")).to_be_visible()
    beaten = page.get_by_role("region", name="Beaten by")
    await expect(beaten.get_by_role("link", name="Winter sale")).to_be_visible()
    await page.get_by_role("region", name="Orders", exact=True).get_by_role("link").first.click()
    await expect(page.get_by_role("main")).to_contain_text("WELCOME15")


async def test_the_shops_report_counts_all_orders_of_the_days_in_each_currency(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    assert "There were no orders in this period" in (await portal.get("/reports")).text
    await open_shop(database, merchant)
    await order_in_dollars(database, merchant)
    page = (await portal.get("/reports")).text
    # Twelve orders of 65.30: 12.38 off each, and something off the tea by its code. One of 2.50.
    assert figures_of(page) == {
        "Orders": "13",
        "Orders with a discount": "13",
        "Share of orders": "100%",
        "Discount given": "€175.16",
        "Revenue": "€610.94",
        "Revenue with a discount": "€610.94",
        "Revenue without a discount": "€0.00",
        "Average order": "€47.00",
    }
    dollars = (await portal.get("/reports", currency="USD")).text
    assert figures_of(dollars)["Revenue without a discount"] == "US$2.50"
    today = read_clock().date()
    first, last = today - timedelta(days=6), today - timedelta(days=3)
    some = (await portal.get("/reports", **{"from": str(first), "to": str(last)})).text
    assert figures_of(some)["Orders"] == "3"
    [data] = re.findall('data-chart="([^"]*)"', some)
    chart = json.loads(unescape(data))
    assert chart["days"] == [str(first + timedelta(days=number)) for number in range(4)]
    orders = chart["measures"][0]
    assert orders["series"][0]["values"] == [2, 0, 0, 1]
    assert orders["before"]["values"] == [0, 1, 0, 0]

    days = await portal.get("/reports/days.csv", days="7-days")
    assert days.headers["content-type"].startswith("text/csv")
    assert days.text.splitlines()[1] == f"{today},2,52.55,0,0.00,15.25,EUR"
    promotions = (await portal.get("/reports/promotions.csv")).text
    assert promotions.splitlines()[0].endswith(
        "promotion_id,orders,discount,revenue,beaten,currency"
    )
    assert (await portal.get("/reports/nothing.csv")).status_code == 404


@pytest.mark.parametrize(
    ("first", "last", "fault"),
    [
        ("2026-13-01", "2026-12-01", "Write a day like 2026-11-27."),
        ("2026-12-01", "", "Write a day like 2026-11-27."),
        ("2026-12-02", "2026-12-01", "The first day is after the last."),
        ("2025-01-01", "2026-12-01", "A report has at most 366 days."),
        ("0001-01-01", "0001-02-01", "There were no orders that long ago."),
    ],
)
async def test_invalid_days_are_reported_and_the_default_is_shown(
    portal: PortalClient, first: str, last: str, fault: str
) -> None:
    answer = await portal.get("/reports", **{"from": first, "to": last})
    assert answer.status_code == 200
    assert fault in answer.text
    assert f'value="{first}"' in answer.text


async def test_the_report_of_another_merchants_promotion_is_not_found(
    portal: PortalClient, database: Database
) -> None:
    ids = await open_shop(database, await create_caller(database))
    for promotion_id in ids.values():
        for path in ("", "/days.csv"):
            answer = await portal.get(f"/promotions/{promotion_id}/statistics{path}")
            assert answer.status_code == 404

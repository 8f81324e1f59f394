"""The list of orders: periods, pages in both directions, and a file of the filtered orders."""

import csv
import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from sconto.domain.people import Caller, Role
from sconto.operations.subscription_promotions import create_promotion
from sconto.portal.order_lists import PERIODS, period_days
from sconto.store.database import Database
from tests.builders import NOON, subscription_terms
from tests.conftest import create_caller
from tests.portal.sessions import PortalClient
from tests.portal.shop import open_shop


def listed(page: str) -> list[str]:
    results = page[page.index('id="results"') :]
    return re.findall(r'<a href="/portal/orders\?id=[^"]*">([^<]*)</a></th>', results)


def link(page: str, label: str) -> str:
    """The address below the portal of a link with that label."""
    found = re.search(rf'href="/portal([^"]*)"[^>]*>{re.escape(label)}</a>', page)
    assert found is not None, label
    return html.unescape(found[1])


@pytest.fixture
async def shop(database: Database, merchant: Caller) -> Caller:
    await open_shop(database, merchant)
    return merchant


async def test_pages_go_forwards_and_backwards(
    portal: PortalClient, shop: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"5": "5", "25": "25"}
    monkeypatch.setattr("sconto.portal.page_sizes.PAGE_SIZES", sizes)
    first = (await portal.get("/orders?code=tea-1&rows=5")).text
    assert "Next page" not in first
    first = (await portal.get("/orders?status=not+paid&rows=5")).text
    pages = [first]
    while "Next page" in pages[-1]:
        pages.append((await portal.get(link(pages[-1], "Next page"))).text)
    assert [len(listed(page)) for page in pages] == [5, 5, 3]
    back = (await portal.get(link(pages[2], "Previous page"))).text
    assert listed(back) == listed(pages[1])
    start = (await portal.get(link(back, "Previous page"))).text
    assert listed(start) == listed(first)
    assert "Previous page" not in start


async def test_the_filtered_orders_are_downloaded(portal: PortalClient, shop: Caller) -> None:
    page = (await portal.get("/orders?code=tea-1")).text
    answer = await portal.get(link(page, "Download these orders (CSV)"))
    rows = list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))
    assert [row["order_id"] for row in rows] == listed(page)[::-1] == ["1", "5", "9"]
    refused = await portal.get("/orders/export?kind=orders&format=csv&promotion=x")
    assert refused.status_code == 303


async def test_users_who_may_not_export_see_no_button(
    portal_of: Callable[[Caller], PortalClient], database: Database, shop: Caller
) -> None:
    till = portal_of(await create_caller(database, Role.CHECKOUT, shop.merchant_id))
    assert "Download" not in (await till.get("/orders")).text
    assert (await till.get("/orders/export?kind=orders&format=csv")).status_code == 403


async def test_a_period_is_chosen_by_a_link(portal: PortalClient, shop: Caller) -> None:
    page = (await portal.get("/orders?status=paid")).text
    chosen = (await portal.get(link(page, "Last 7 days"))).text
    assert '<a href="/portal/orders?status=paid">All days</a>' in chosen
    assert re.search(r'aria-current="true">Last 7 days<', chosen)
    assert 'value="paid" selected' in chosen


def test_periods_are_whole_days() -> None:
    today = date(2028, 3, 1)
    assert {name: period_days(name, today) for name in PERIODS} == {
        "today": (today, today),
        "yesterday": (date(2028, 2, 29), date(2028, 2, 29)),
        "7": (date(2028, 2, 24), today),
        "30": (date(2028, 2, 1), today),
        "month": (today, today),
        "last-month": (date(2028, 2, 1), date(2028, 2, 29)),
    }


async def test_subscription_promotions_are_paged_both_ways(
    portal: PortalClient, database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sconto.portal.page_sizes.PAGE_SIZES", {"2": "2"})
    for number in range(5):
        terms = replace(subscription_terms(), name=f"Box {number}", code=f"BOX-{number}")
        await create_promotion(database, merchant, terms, NOON)

    def names(page: str) -> list[str]:
        return re.findall(r">Box (\d)</a>", page)

    first = (await portal.get("/subscriptions?rows=2")).text
    second = (await portal.get(link(first, "Next page"))).text
    third = (await portal.get(link(second, "Next page"))).text
    assert [names(page) for page in (first, second, third)] == [["0", "1"], ["2", "3"], ["4"]]
    back = (await portal.get(link(third, "Previous page"))).text
    assert names(back) == ["2", "3"]
    start = (await portal.get(link(back, "Previous page"))).text
    assert (names(start), "Previous page" in start) == (["0", "1"], False)

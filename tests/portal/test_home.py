"""The home page: figures, what needs attention, first steps; and the calendar."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from sconto.api.clock import read_clock
from sconto.domain.home import Attention, Concern, NamedPromotion
from sconto.domain.people import Caller, Role
from sconto.domain.promotion_kind import PromotionKind
from sconto.operations import promotions
from sconto.portal.attention_sentences import attention_words
from sconto.portal.language import language_for
from sconto.store.database import Database
from tests.builders import NOON, a_period, a_promotion
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.sessions import PortalClient
from tests.portal.shop import open_shop

ONE = NamedPromotion(PromotionKind.PRODUCT, 7, "Tea")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (Attention(Concern.ENDS_SOON, ONE, NOON + timedelta(minutes=5)), "Ends within the hour."),
        (Attention(Concern.ENDS_SOON, ONE, NOON + timedelta(hours=1)), "Ends in 1 hour."),
        (Attention(Concern.ENDS_SOON, ONE, NOON + timedelta(hours=47.9)), "Ends in 47 hours."),
        (Attention(Concern.NEARLY_USED, ONE, of="codes"), "All codes are used."),
        (Attention(Concern.NEARLY_USED, ONE, of="codes", left=1), "1 code is left."),
        (Attention(Concern.NEARLY_USED, ONE, of="total"), "Its limit is reached."),
        (Attention(Concern.NEARLY_USED, ONE, of="total", left=2), "2 uses of its limit are left."),
        (Attention(Concern.NEARLY_USED, ONE, of="EUR", left=950), "€9.50 of its budget is left."),
        (
            Attention(Concern.NEVER_WINS, ONE, beaten=1200),
            "It did not apply in 30 days: 1,200 orders got a better offer.",
        ),
    ],
)
def test_what_needs_attention_has_a_sentence(one: Attention, words: str) -> None:
    assert attention_words(language_for("en-GB", ZoneInfo("UTC")), one, NOON) == words


async def test_the_home_page_shows_figures_and_what_needs_attention(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    now = read_clock()
    await open_shop(database, merchant)
    weekend = a_promotion(name="Weekend", period=a_period(now, now + timedelta(hours=30.5)))
    promotion_id = await promotions.create_promotion(database, merchant, weekend, now)
    await page.goto(f"{portal_url}/")
    await expect(page).to_have_url(f"{portal_url}/home")
    figures = page.get_by_label("The last 30 days")
    await expect(figures.locator(".figure", has_text="Active now")).to_contain_text("5")
    await expect(figures.locator(".figure", has_text="Discounted orders")).to_contain_text("13")
    attention = page.get_by_role("region", name="Needs attention")
    await expect(attention.locator("li", has_text="Weekend")).to_contain_text("Ends in 30 hours.")
    await expect(attention.locator("li", has_text="An apology")).to_contain_text(
        "All codes are used."
    )
    await expect(page.get_by_text("First steps")).to_have_count(0)
    await show(page, "home")
    row = page.get_by_role("row", name="Weekend")
    await row.locator(".track").click()
    await expect(page).to_have_url(f"{portal_url}/promotions/{promotion_id}")
    await page.goto(f"{portal_url}/calendar?month=2026-11")
    await expect(page.get_by_role("heading", name="November 2026")).to_be_visible()
    await show(page, "calendar")


async def test_a_new_shop_is_shown_its_first_steps(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    page = (await portal.get("/home")).text
    steps = page[page.index('<ol class="steps">') : page.index("</ol>")]
    assert steps.count("<li") == 5
    assert 'class="done"' not in steps
    await promotions.create_promotion(database, merchant, a_promotion(), NOON)
    page = (await portal.get("/home")).text
    assert re.findall(r'<li class="done">.*?<strong>(.*?)</strong>', page, re.DOTALL) == [
        "Create a promotion",
        "Switch it on",
    ]
    german = await replace(portal, language="de").get("/home")
    assert "Erste Schritte" in german.text


@pytest.mark.parametrize(
    "query",
    [
        {"month": "2026-13"},
        {"month": "0001-01"},
        {"month": "9999-12"},
        {"month": "2026-W0"},
        {"after": "x"},
        {"after": "2026-01-01T00:00:00_7"},
        {"after": f"2026-01-01T00:00:00+00:00_{2**63}"},
        {"after": "9999-12-31T23:59:59+00:00_7"},
    ],
)
async def test_any_month_and_page_is_answered(portal: PortalClient, query: dict[str, str]) -> None:
    assert (await portal.get("/calendar", **query)).status_code == 200


async def test_a_long_calendar_has_pages(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    for number in range(51):
        await promotions.create_promotion(database, merchant, a_promotion(name=f"{number}"), NOON)
    first = (await portal.get("/calendar", month="2026-06")).text
    assert first.count('class="track"') == 50
    [after] = re.findall(r'after=([^"]+)', first)
    second = (await portal.get(f"/calendar?month=2026-06&after={after}")).text
    assert second.count('class="track"') == 1


@pytest.mark.parametrize("path", ["/home", "/calendar"])
async def test_only_users_who_may_read_promotions_have_a_home_page_and_a_calendar(
    portal_of: Callable[[Caller], PortalClient], database: Database, path: str
) -> None:
    checkout = portal_of(await create_caller(database, Role.CHECKOUT))
    assert (await checkout.get(path)).status_code == 403
    viewer = await portal_of(await create_caller(database, Role.VIEWER)).get(path)
    assert viewer.status_code == 200
    assert "New promotion" not in viewer.text

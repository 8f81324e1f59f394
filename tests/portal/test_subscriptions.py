"""Subscription promotions: the list, the terms, the form and the archive."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from sconto.domain.people import Caller, Role
from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import (
    Constraint,
    SubscriptionTerms,
)
from sconto.operations import subscription_promotions, subscriptions
from sconto.portal.language import language_for
from sconto.portal.subscription_fields import RuleFields, SubscriptionFields, read_terms
from sconto.store.database import Database
from tests.builders import (
    NOON,
    after_applied,
    amount_off,
    in_contract,
    percent_off,
    subscription_terms,
)
from tests.conftest import create_caller
from tests.portal.browser import show
from tests.portal.forms import faults_of, fill, follow, forms_of, send, words_of
from tests.portal.sessions import PortalClient
from tests.portal.shop import create_subscription


async def apply(database: Database, caller: Caller, code: str) -> None:
    await subscriptions.apply_code(
        database,
        caller,
        code,
        Contract(None, "monthly"),
        NOON,
    )


ENGLISH = language_for("en", ZoneInfo("UTC"))
DASH = "\N{EN DASH}"

TRY3 = subscription_terms(
    percent_off("30", *map(after_applied, (1, 2, 3))),
    percent_off("10", *map(after_applied, (6, 12, 18))),
    code="TRY3",
    constraint=Constraint(max_usage=1000, new_only=True, type_ids=("monthly", "yearly")),
)


async def expect_names(page: Page, *names: str) -> None:
    await expect(page.locator("#results tbody th a")).to_have_text(names)


async def test_the_list_is_in_the_menu_and_filtered_while_typing(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await create_subscription(database, merchant, TRY3)
    await apply(database, merchant, "TRY3")
    await create_subscription(
        database, merchant, subscription_terms(amount_off(), code="AMOUNT", enabled=False)
    )
    await page.goto(f"{portal_url}/promotions")
    await page.get_by_role("link", name="Subscriptions", exact=True).click()
    rows = page.locator("#results tbody tr")
    for text in ("TRY3", "Active", "30% off, 10% off", "1 of 1,000"):
        await expect(rows.first).to_contain_text(text)
    for text in ("AMOUNT", "Off", "9.90 off", "always", "0, no limit"):
        await expect(rows.last).to_contain_text(text)
    await show(page, "subscriptions")

    await page.get_by_label("Code", exact=True).press_sequentially("amount")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("AMOUNT")
    await page.get_by_label("Status").select_option("On")
    await expect(page.get_by_text("No promotions match.")).to_be_visible()
    await page.get_by_label("Code", exact=True).fill("")
    await expect(rows).to_contain_text("TRY3")
    await page.get_by_label("Search", exact=True).fill("no such name")
    await expect(page.get_by_text("No promotions match.")).to_be_visible()


async def test_a_long_list_is_paged(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    for number in range(27):
        await create_subscription(database, merchant, subscription_terms(code=f"CODE-{number}"))
    first = (await portal.get("/subscriptions", state="on")).text
    codes = re.compile("<small[^>]*>(CODE-[0-9]+)</small>")
    assert codes.findall(first) == [f"CODE-{number}" for number in range(25)]
    next_page = re.search('href="/portal(/subscriptions[?][^"]*)">Next page', first)
    assert next_page
    rest = (await portal.get(unescape(next_page[1]))).text
    assert codes.findall(rest) == ["CODE-25", "CODE-26"]
    assert "First page" in rest


async def test_the_terms_are_shown_in_words_with_the_next_orders(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    promotion_id = await create_subscription(database, merchant, TRY3)
    await apply(database, merchant, "TRY3")
    await page.goto(f"{portal_url}/subscriptions/{promotion_id}")
    await show(page, "subscription")
    main = page.get_by_role("main")
    for words in (
        "30% off the first 3 orders with the code; 10% off orders 6, 12, 18 with the code",
        "with code TRY3, at most 1,000 times, for new subscriptions only, "
        "for the types monthly, yearly",
        "1 of 1,000",
        "Order 18 is the last that gets a discount.",
    ):
        await expect(main).to_contain_text(words)
    orders = page.get_by_role("table").locator("tbody td")
    await expect(orders).to_have_text(
        ["30% off"] * 3 + ["nothing"] * 2 + ["10% off"] + ["nothing"] * 5 + ["10% off"]
    )


async def test_other_rules_are_shown_unchanged(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    never = datetime.max.replace(tzinfo=UTC)
    terms = subscription_terms(
        percent_off("5"),
        amount_off("1", after_applied(1)),
        percent_off("50", after_applied(2), after_applied(3), in_contract(1)),
        percent_off("7", in_contract(2)),
        constraint=Constraint(ends_at=never, max_usage=1),
    )
    promotion_id = await create_subscription(database, merchant, terms)
    page = " ".join((await portal.get(f"/subscriptions/{promotion_id}")).text.split())
    for words in (
        "5% off every order; 1.00 off the first order with the code; "
        f"50% off orders 2{DASH}3 with the code where they are also the first order of the "
        "subscription; 1 more rule",
        "7% off order 2 of the subscription",
        "until 31 Dec 9999",
        "at most once",
        "It lasts as long as the subscription.",
        "5% off or 1.00 off, whichever is more",
    ):
        assert words in page


async def test_a_promotion_is_created_edited_switched_off_and_archived(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await page.goto(f"{portal_url}/subscriptions")
    await page.get_by_role("button", name="New promotion").click()
    await page.get_by_label("Name").fill("Three months")
    await page.get_by_label("Code", exact=True).fill("TRY3")
    first = page.get_by_role("group", name="Rule 1")
    await first.get_by_label("Discount", exact=True).fill("12,5 %")
    await first.get_by_label("Orders, counted from the code").fill("1 - 3, 6")
    await page.get_by_role("button", name="Add a rule").click()
    await expect(page.get_by_role("button", name="Add a rule")).to_be_focused()
    third = page.get_by_role("group", name="Rule 3")
    await third.get_by_label("Discount", exact=True).fill("9.90")
    await third.get_by_label("Kind of discount").select_option("off the order, in its currency")
    await third.get_by_label("Orders, counted in the subscription").fill("12")
    await page.get_by_label("Limit").fill("1000")
    await page.get_by_label("New subscriptions only").check()
    await page.get_by_label("Subscription types").fill("monthly\nyearly")
    await page.get_by_label("Start").fill("2026-01-01T00:00")
    await show(page, "subscription-form")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_have_text("“Three months” is saved.")
    main = page.get_by_role("main")
    await expect(main).to_contain_text(
        f"12.5% off orders 1{DASH}3, 6 with the code; 9.90 off order 12"
    )
    await expect(main).to_contain_text("0 of 1,000")

    await apply(database, merchant, "TRY3")
    await page.get_by_role("button", name="Edit").click()
    await expect(page.get_by_label("Orders, counted from the code").first).to_have_value("1-3, 6")
    await page.get_by_label("Code", exact=True).fill("TRY4")
    # Enter neither saves nor adds a rule.
    await page.get_by_label("Code", exact=True).press("Enter")
    await expect(page.get_by_text("Rule 2")).to_be_visible()
    await expect(page.get_by_text("Rule 3")).to_be_hidden()
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(main).to_contain_text("with code TRY4")
    await page.get_by_role("button", name="Archive …").click()
    await show(page, "subscription-archive")
    await page.get_by_role("button", name="Archive").click()
    await expect(page.get_by_role("status")).to_have_text("The promotion is archived.")
    await expect(page.get_by_text("There are no promotions yet.")).to_be_visible()


async def test_a_promotion_is_switched_off_and_its_history_tells_all(
    page: Page, portal: PortalClient, portal_url: str, database: Database, merchant: Caller
) -> None:
    promotion_id = await create_subscription(database, merchant, TRY3)
    own = f"/subscriptions/{promotion_id}"
    saved = await fill(portal, f"{own}/edit", code="TRY4", step="save")
    assert "with code TRY4" in await follow(portal, saved)
    switched = await fill(portal, own, f"{own}/switch")
    assert f"“{TRY3.name}” is switched off." in await follow(portal, switched)
    await page.goto(f"{portal_url}{own}/history")
    rows = await page.locator("tbody tr").all_inner_texts()
    assert len(rows) == 3
    assert "TRY3 → TRY4" in rows[1]
    assert "30% off the first 3 orders with the code" in rows[2]
    await show(page, "subscription-history", like="promotion-history")


async def test_all_faults_are_shown_at_their_fields_and_nothing_is_saved(
    portal: PortalClient,
) -> None:
    answer = await fill(portal, "/subscriptions/new", step="save")
    assert faults_of(answer.text) == {
        "name": "Write 1 to 255 characters.",
        "code": "Write 1 to 255 characters.",
        "amount": "Write at least one rule.",
    }
    typed: dict[str, Any] = {
        "amount": ["101", ""],
        "with_code": ["1,9999999999", ""],
        "max_usage": "1.5",
        "starts_at": "2026-12-02T00:00",
        "ends_at": "2026-12-01T00:00",
        "type_ids": "x" * 256,
    }
    answer = await send(portal, answer, "/subscriptions/new", **typed, step="save")
    assert answer.status_code == 422
    faults = faults_of(answer.text)
    wrong = {name: faults[name] for name in typed if name in faults}
    for name, words in {
        "amount": "Write a percent above 0 and at most 100, such as 12.5.",
        "with_code": "such as 1-3, 6; wrong: 9999999999.",
        "max_usage": "Write a whole number from 1, or nothing.",
        "ends_at": "The end is before the start.",
        "type_ids": "A type has 1 to 255 characters",
    }.items():
        assert words in wrong[name]
    assert "Not saved. Fix 7 fields." in answer.text
    assert 'name="with_code" value="1,9999999999"' in answer.text
    assert "There are no promotions yet." in (await portal.get("/subscriptions")).text


@pytest.mark.parametrize(
    "wrong", ["3-1", "0", "x", "1-", "-1", "1-2-3", "1-999999999", "1,9999999999"]
)
def test_orders_that_are_not_numbers_are_refused(wrong: str) -> None:
    rule = RuleFields("PERCENTAGE_DISCOUNT", "5", with_code=wrong)
    read = read_terms(SubscriptionFields(name="n", code="c", rules=(rule,)), ENGLISH)
    assert [*read.faults] == ["with_code-0"]


async def test_a_promotion_with_warnings_is_saved_after_confirmation(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    terms = subscription_terms(constraint=Constraint(max_usage=1))
    promotion_id = await create_subscription(database, merchant, terms)
    await apply(database, merchant, "TRY3")
    form = f"/subscriptions/{promotion_id}/edit"
    [rule, _] = forms_of((await portal.get(form)).text)[-1].fields["with_code"]
    typed: dict[str, Any] = {
        "amount": ["30", "25"],
        "with_code": [rule, "1-3"],
        "ends_at": "2026-02-01T00:00",
    }
    asked = await fill(portal, form, **typed, step="save")
    words = words_of(asked.text)
    for warning in (
        "The period has ended: nobody can apply the code.",
        "The limit is reached: nobody else can apply the code.",
        "Another rule gives as much or more on the same orders: "
        "25% off the first 3 orders with the code.",
    ):
        assert warning in words
    kept = await subscription_promotions.get_promotion(database, merchant, promotion_id)
    assert kept.terms == terms
    done = await send(portal, asked, form, step="anyway")
    assert "is saved" in await follow(portal, done)
    saved = await subscription_promotions.get_promotion(database, merchant, promotion_id)
    assert len(saved.terms.rules) == 2


async def test_conflicts_with_stored_promotions_are_shown_at_their_fields(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    await create_subscription(database, merchant, subscription_terms(code="TAKEN"))
    promotion_id = await create_subscription(database, merchant, TRY3)
    await apply(database, merchant, "TRY3")
    await apply(database, merchant, "TRY3")
    form = f"/subscriptions/{promotion_id}/edit"
    refused = await fill(portal, form, max_usage="1", step="save")
    assert faults_of(refused.text) == {"max_usage": "The code has already been applied 2 times."}
    refused = await send(portal, refused, form, max_usage="", code="taken", step="save")
    assert faults_of(refused.text) == {"code": "Another promotion for subscriptions has this code."}


async def test_saving_an_unchanged_form_changes_nothing(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    terms = SubscriptionTerms(
        code="KEPT",
        name="Kept",
        enabled=True,
        rules=(percent_off("30", after_applied(3), in_contract(4), after_applied(1)),),
        constraint=Constraint(NOON.replace(microsecond=123), datetime.max.replace(tzinfo=UTC)),
        description="One line\r\nand another",
        meta='{"team":"tea"}',
    )
    promotion_id = await create_subscription(database, merchant, terms)
    done = await fill(portal, f"/subscriptions/{promotion_id}/edit", step="save")
    assert "“Kept” is saved." in await follow(portal, done)
    kept = await subscription_promotions.get_promotion(database, merchant, promotion_id)
    assert (kept.terms, kept.version) == (terms, 1)


async def test_another_merchants_promotion_is_not_found(
    portal: PortalClient, database: Database
) -> None:
    theirs = await create_subscription(database, await create_caller(database), TRY3)
    pages = (f"{theirs}/{page}" for page in ("edit", "history", "archive"))
    for address in (theirs, 2**63, "x", *pages):
        assert (await portal.get(f"/subscriptions/{address}")).status_code == 404, address


async def test_a_viewer_cannot_edit(
    portal_of: Callable[[Caller], PortalClient], database: Database, merchant: Caller
) -> None:
    promotion_id = await create_subscription(database, merchant, TRY3)
    viewer = portal_of(await create_caller(database, Role.VIEWER, merchant.merchant_id))
    page = (await viewer.get(f"/subscriptions/{promotion_id}")).text
    assert "The next orders" in page
    assert "/edit" not in page
    assert (await viewer.get(f"/subscriptions/{promotion_id}/edit")).status_code == 403

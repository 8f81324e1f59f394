"""Subscription promotions: the list, the terms, the form and the archive."""

from collections.abc import Callable
from datetime import UTC, datetime
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
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    for number in range(27):
        await create_subscription(database, merchant, subscription_terms(code=f"CODE-{number}"))
    await page.goto(f"{portal_url}/subscriptions?state=on")
    await expect(page.locator("#results tbody tr")).to_have_count(25)
    await page.get_by_role("button", name="Next page").click()
    await expect(page.locator("#results tbody small")).to_have_text(["CODE-25", "CODE-26"])
    await page.get_by_role("button", name="First page").click()
    await expect(page.locator("#results tbody tr")).to_have_count(25)


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
    await page.get_by_role("button", name="Switch off").click()
    await expect(page.get_by_role("status")).to_have_text("“Three months” is switched off.")
    await page.get_by_role("link", name="Three months").click()
    await page.get_by_role("link", name="History").click()
    rows = page.locator("tbody tr")
    await expect(rows).to_have_count(3)
    await expect(rows.nth(1)).to_contain_text("TRY3 → TRY4")
    await expect(rows.nth(2)).to_contain_text(f"12.5% off orders 1{DASH}3, 6 with the code")
    await show(page, "subscription-history", like="promotion-history")

    await page.get_by_role("button", name="Archive …").click()
    await show(page, "subscription-archive")
    await page.get_by_role("button", name="Archive").click()
    await expect(page.get_by_role("status")).to_have_text("The promotion is archived.")
    await expect(page.get_by_text("There are no promotions yet.")).to_be_visible()


async def test_all_faults_are_shown_at_their_fields_and_nothing_is_saved(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await page.goto(f"{portal_url}/subscriptions/new")
    await page.get_by_role("button", name="Save").click()
    for field in ("Name", "Code"):
        await expect(page.get_by_label(field, exact=True)).to_have_accessible_description(
            "Write 1 to 255 characters."
        )
    first = page.get_by_label("Discount", exact=True).first
    await expect(first).to_have_accessible_description("Write at least one rule.")

    await first.fill("101")
    numbers = page.get_by_label("Orders, counted from the code").first
    await numbers.fill("1,9999999999")
    await page.get_by_role("button", name="Save").click()
    await expect(numbers).to_have_attribute("aria-invalid", "true")
    await expect(numbers).to_have_value("1,9999999999")
    await page.get_by_label("Limit").fill("1.5")
    await page.get_by_label("Start").fill("2026-12-02T00:00")
    await page.get_by_label("End").fill("2026-12-01T00:00")
    await page.get_by_label("Subscription types").fill("x" * 256)
    await page.get_by_role("button", name="Save").click()
    for words in (
        "Not saved. Fix 7 fields.",
        "Write a percent above 0 and at most 100, such as 12.5.",
        "such as 1-3, 6; wrong: 9999999999.",
        "Write a whole number from 1, or nothing.",
        "The end is before the start.",
        "A type has 1 to 255 characters",
    ):
        await expect(page.get_by_role("main")).to_contain_text(words)
    await show(page, "subscription-faults", like="subscription-form")
    await page.goto(f"{portal_url}/subscriptions")
    await expect(page.get_by_text("There are no promotions yet.")).to_be_visible()


@pytest.mark.parametrize(
    "wrong", ["3-1", "0", "x", "1-", "-1", "1-2-3", "1-999999999", "1,9999999999"]
)
def test_orders_that_are_not_numbers_are_refused(wrong: str) -> None:
    rule = RuleFields("PERCENTAGE_DISCOUNT", "5", with_code=wrong)
    read = read_terms(SubscriptionFields(name="n", code="c", rules=(rule,)), ENGLISH)
    assert [*read.faults] == ["with_code-0"]


async def test_a_promotion_with_warnings_is_saved_after_confirmation(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    terms = subscription_terms(constraint=Constraint(max_usage=1))
    promotion_id = await create_subscription(database, merchant, terms)
    await apply(database, merchant, "TRY3")
    await page.goto(f"{portal_url}/subscriptions/{promotion_id}/edit")
    second = page.get_by_role("group", name="Rule 2")
    await second.get_by_label("Discount", exact=True).fill("25")
    await second.get_by_label("Orders, counted from the code").fill("1-3")
    await page.get_by_label("End").fill("2026-02-01T00:00")
    await page.get_by_role("button", name="Save").click()
    asked = page.get_by_role("alert")
    for words in (
        "The period has ended: nobody can apply the code.",
        "The limit is reached: nobody else can apply the code.",
        "Another rule gives as much or more on the same orders: "
        "25% off the first 3 orders with the code.",
    ):
        await expect(asked).to_contain_text(words)
    await show(page, "subscription-form-warnings", like="subscription-form")
    kept = await subscription_promotions.get_promotion(database, merchant, promotion_id)
    assert kept.terms == terms
    await page.get_by_role("button", name="Save anyway").click()
    await expect(page.get_by_role("status")).to_contain_text("is saved")
    saved = await subscription_promotions.get_promotion(database, merchant, promotion_id)
    assert len(saved.terms.rules) == 2


async def test_conflicts_with_stored_promotions_are_shown_at_their_fields(
    page: Page, portal_url: str, database: Database, merchant: Caller
) -> None:
    await create_subscription(database, merchant, subscription_terms(code="TAKEN"))
    promotion_id = await create_subscription(database, merchant, TRY3)
    await apply(database, merchant, "TRY3")
    await apply(database, merchant, "TRY3")
    await page.goto(f"{portal_url}/subscriptions/{promotion_id}/edit")
    await page.get_by_label("Limit").fill("1")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Limit")).to_have_accessible_description(
        "The code has already been applied 2 times."
    )
    await page.get_by_label("Limit").fill("")
    await page.get_by_label("Code", exact=True).fill("taken")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Code", exact=True)).to_have_accessible_description(
        "Another promotion for subscriptions has this code."
    )


async def test_saving_an_unchanged_form_changes_nothing(
    page: Page, portal_url: str, database: Database, merchant: Caller
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
    await page.goto(f"{portal_url}/subscriptions/{promotion_id}/edit")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_have_text("“Kept” is saved.")
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

"""The builder's fields, without a database: kinds, pasted products, and preset dates."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sconto.domain.cart_promotion import (
    AmountOff,
    BuyAndGet,
    CartPromotion,
    CartTerms,
    Conditions,
    FixedPrice,
    Measure,
    NewCartPromotion,
    PercentOff,
    ProductSelection,
    Target,
    Tier,
    Tiers,
)
from sconto.domain.coverage import ListedProducts, OwnPercents
from sconto.domain.money import FULL_PERCENT, PERCENT
from sconto.domain.schedule import Period
from sconto.portal.builder_fields import fields_of_cart, read_builder
from sconto.portal.builder_kinds import KINDS, sent_kind
from sconto.portal.date_presets import preset_texts
from sconto.portal.language import Language, language_for
from sconto.portal.product_rows import MAX_ROWS, ProductRow
from sconto.portal.promotion_fields import PromotionFields, read_fields, with_rows
from tests.builders import NOON

UTC = ZoneInfo("UTC")
ENGLISH: Language = language_for("en", UTC)

TENTH = PercentOff(10 * PERCENT)
TIERS = Tiers(Measure.SUBTOTAL, (Tier({"EUR": 5000}, TENTH),))
THREE_FOR_TWO = BuyAndGet(2, 1, FULL_PERCENT)
GIFT = BuyAndGet(1, 1, FULL_PERCENT, ProductSelection(frozenset({7})))
FIRST = Conditions(first_order=True)

STORED = {
    "percent": CartTerms(Target.ORDER, TENTH),
    "percent of lines": CartTerms(Target.LINES, TENTH, products=ProductSelection(frozenset({3}))),
    "amount": CartTerms(Target.ORDER, AmountOff({"EUR": 1000})),
    "tiers": CartTerms(Target.SHIPPING, TIERS),
    "units": CartTerms(Target.LINES, THREE_FOR_TWO),
    "units of a tag": CartTerms(
        Target.LINES, BuyAndGet(1, 1, FULL_PERCENT, ProductSelection(tags=frozenset({"tea"})))
    ),
    "gift": CartTerms(Target.LINES, GIFT),
    "shipping": CartTerms(Target.SHIPPING, PercentOff(FULL_PERCENT)),
    "shipping amount": CartTerms(Target.SHIPPING, AmountOff({"EUR": 300})),
    "first-order": CartTerms(Target.ORDER, TENTH, conditions=FIRST),
    "first-order amount": CartTerms(Target.ORDER, AmountOff({"EUR": 500}), conditions=FIRST),
    "price": CartTerms(Target.LINES, FixedPrice({"EUR": 1500})),
}


@pytest.mark.parametrize("name", STORED)
def test_a_stored_cart_promotion_of_any_kind_is_shown_and_saved_unchanged(name: str) -> None:
    terms = STORED[name]
    stored = CartPromotion(1, "n", True, Period(NOON), terms, None, NOON, NOON)
    fields = fields_of_cart(stored, (), UTC)
    kind = name.partition(" ")[0]
    assert fields.what == ("amount" if name == "first-order amount" else kind)
    read = read_builder(fields, ENGLISH, stored_cart=stored)
    assert read.faults == {}
    assert read.cart == NewCartPromotion("n", True, Period(NOON), terms, None)


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (("gift", "coupon", "percent", "order"), "gift"),
        (("", "coupon", "", ""), "code"),
        (("", "discount", "", ""), "sale"),
        (("", "", "percent", "shipping"), "shipping"),
        (("", "coupon", "percent", "order"), "percent"),
        (("", "", "units", "lines"), "units"),
        (("", "", "", ""), ""),
        (("", "nothing", "", ""), ""),
    ],
)
def test_a_form_of_an_earlier_version_has_a_kind(
    sent: tuple[str, str, str, str], kind: str
) -> None:
    assert sent_kind(*sent) == kind
    assert kind in KINDS or not kind


@pytest.mark.parametrize(
    ("coverage", "pasted", "rows", "left"),
    [
        ("listed", "1, 2 3\n2 x", [("1", ""), ("2", ""), ("3", "")], "x"),
        ("own", "1 10\n2 7,5 %\nwhat", [("1", "10"), ("2", "7,5")], "what"),
        ("own", "1;10\n2;7,5", [("1", "10"), ("2", "7.5")], ""),
        ("own", "id\tname\tRabatt\n1\tMug\t10\nx\tTea\t5", [("1", "10")], "x Tea 5"),
        ("listed", "Artikel\tPreis\n1\t9,90\n2\t8,90", [("1", ""), ("2", "")], ""),
        ("own", "1", [("1", "")], ""),
    ],
)
def test_pasted_products_become_rows_and_unclear_ones_stay_text(
    coverage: str, pasted: str, rows: list[tuple[str, str]], left: str
) -> None:
    fields = with_rows(PromotionFields(coverage=coverage, products=pasted))
    shown = [(row.product_id, row.percent.removesuffix("%").strip()) for row in fields.rows]
    assert (shown, fields.products) == (rows, left)


def test_more_products_than_the_table_takes_stay_as_text() -> None:
    many = " ".join(map(str, range(1, MAX_ROWS + 2)))
    fields = PromotionFields(
        type="discount",
        name="n",
        starts_at="2026-01-01T00:00",
        coverage="listed",
        percent="5",
        products=many,
        rows=(ProductRow("9999"),),
    )
    assert with_rows(fields) == fields
    read = read_fields(fields, ENGLISH)
    assert read.promotion is not None
    assert read.promotion.terms.coverage == ListedProducts(
        5 * PERCENT, (9999, *range(1, MAX_ROWS + 2))
    )


def test_rows_beyond_the_table_become_text() -> None:
    rows = tuple(ProductRow(str(number), "5") for number in range(1, MAX_ROWS + 2))
    listed = with_rows(PromotionFields(coverage="listed", rows=rows))
    assert (listed.rows, listed.products[:5]) == ((), "1\n2\n3")
    own = with_rows(PromotionFields(coverage="own", rows=rows, products="9999 1"))
    assert (own.rows, own.products[:7], own.products[-6:]) == ((), "1 5\n2 5", "9999 1")


def test_a_row_without_a_percent_is_a_fault_of_its_own() -> None:
    rows = (ProductRow("1", "10"), ProductRow("2"), ProductRow("3", "x"))
    fields = PromotionFields(
        type="discount", name="n", starts_at="2026-01-01T00:00", coverage="own", rows=rows
    )
    assert list(read_fields(fields, ENGLISH).faults) == ["row-2", "row-3"]
    corrected = PromotionFields(
        type="discount", name="n", starts_at="2026-01-01T00:00", coverage="own", rows=rows[:1]
    )
    read = read_fields(corrected, ENGLISH)
    assert read.promotion is not None
    assert read.promotion.terms.coverage == OwnPercents({1: 10 * PERCENT})


@pytest.mark.parametrize(
    ("preset", "start", "now", "texts"),
    [
        ("weekend", "", "2026-11-27T10:30", ("2026-11-28T00:00", "2026-11-29T23:59:59")),
        ("weekend", "", "2026-11-28T10:30", ("2026-11-28T10:30", "2026-11-29T23:59:59")),
        ("weekend", "", "2026-11-29T10:30", ("2026-11-29T10:30", "2026-11-29T23:59:59")),
        (
            "weekend",
            "2027-01-01T00:00",
            "2026-11-30T10:30",
            ("2026-12-05T00:00", "2026-12-06T23:59:59"),
        ),
        ("week", "", "2026-12-28T10:30", ("2026-12-28T10:30", "2027-01-03T23:59:59")),
        (
            "week",
            "2026-12-01T08:00",
            "2026-11-28T10:30",
            ("2026-12-01T08:00", "2026-12-07T23:59:59"),
        ),
        ("month", "", "2026-02-10T10:30", ("2026-02-10T10:30", "2026-02-28T23:59:59")),
        (
            "month",
            "2028-02-29T00:00",
            "2026-11-28T10:30",
            ("2028-02-29T00:00", "2028-02-29T23:59:59"),
        ),
        (
            "month",
            "2026-12-31T00:00",
            "2026-11-28T10:30",
            ("2026-12-31T00:00", "2026-12-31T23:59:59"),
        ),
        ("no-end", "never", "2026-11-28T10:30", ("2026-11-28T10:30", "")),
        (
            "week",
            "9999-12-31T23:59",
            "2026-11-28T10:30",
            ("2026-11-28T10:30", "2026-12-04T23:59:59"),
        ),
        ("other", "", "2026-11-28T10:30", None),
    ],
)
def test_presets_fill_in_start_and_end(
    preset: str, start: str, now: str, texts: tuple[str, str] | None
) -> None:
    here = datetime.fromisoformat(now).replace(second=12, tzinfo=UTC)
    assert preset_texts(preset, start, here) == texts

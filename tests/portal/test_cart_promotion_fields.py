"""The form of a cart promotion keeps what is stored, and shows each fault at its field."""

from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.cart_promotion import (
    AmountOff,
    Benefit,
    BuyAndGet,
    CartPromotion,
    CartTerms,
    Conditions,
    FixedPrice,
    Limits,
    Measure,
    NewCartPromotion,
    PercentOff,
    ProductSelection,
    Target,
    Tier,
    Tiers,
)
from sconto.domain.codes import CodeType
from sconto.domain.hours import Hours
from sconto.domain.money import FULL_PERCENT, PERCENT
from sconto.domain.schedule import Period
from sconto.portal.benefit_fields import BenefitFields, TierFields
from sconto.portal.cart_promotion_fields import CartPromotionFields, fields_of, read_fields
from sconto.portal.language import language_for
from tests.builders import NOON

BERLIN = ZoneInfo("Europe/Berlin")
ENGLISH = language_for("en", BERLIN)

counts = st.integers(1, 10_000)
amounts = st.dictionaries(st.sampled_from(["EUR", "JPY", "KWD"]), st.integers(1, 10**9), min_size=1)
percents = st.integers(1, FULL_PERCENT)
references = st.frozensets(st.sampled_from(["tea", "new in", "Größe 3"]), max_size=3)
ids = st.frozensets(st.integers(1, 2**63 - 1), max_size=3)
selections = st.builds(ProductSelection, ids, references, ids, references)
shown_selections = st.builds(ProductSelection, ids, references).filter(
    lambda one: one.ids or one.tags
)
percents_off = st.builds(PercentOff, percents, st.none() | amounts)
tiers_by_quantity = st.lists(
    st.builds(Tier, counts, st.builds(PercentOff, percents) | st.builds(AmountOff, amounts)),
    min_size=1,
    max_size=4,
    unique_by=lambda tier: str(tier.reached_at),
).map(
    lambda tiers: Tiers(
        Measure.QUANTITY, tuple(sorted(tiers, key=lambda one: int(str(one.reached_at))))
    )
)
benefits: st.SearchStrategy[Benefit] = (
    percents_off
    | st.builds(AmountOff, amounts)
    | st.builds(FixedPrice, amounts)
    | st.builds(
        BuyAndGet, counts, counts, percents, st.none() | shown_selections, st.none() | counts
    )
    | tiers_by_quantity
)
minutes = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None, fold=0))
hours = st.builds(
    Hours, minutes, minutes, st.just("Europe/Berlin"), st.frozensets(st.integers(0, 6), min_size=1)
)
terms = st.builds(
    CartTerms,
    st.just(Target.LINES),
    benefits,
    st.none() | hours,
    selections,
    st.booleans(),
    st.builds(Conditions, st.none() | amounts, st.none() | counts, references, st.booleans()),
    st.builds(Limits, st.none() | counts, st.none() | counts, st.none() | amounts),
    st.integers(-1000, 1000),
    st.booleans(),
)


@given(terms, st.sampled_from([None, ("ONE", "TWO")]))
def test_a_form_that_is_not_touched_describes_what_is_stored(
    stored_terms: CartTerms, codes: tuple[str, ...] | None
) -> None:
    period = Period(NOON + timedelta(microseconds=7), NOON + timedelta(days=3, microseconds=1))
    code_type = None if codes is None else CodeType.ONE_TIME
    stored = CartPromotion(1, "Name", False, period, stored_terms, code_type, NOON, NOON)
    shown = fields_of(stored, codes or (), BERLIN)
    new = NewCartPromotion("Name", False, period, stored_terms, code_type, codes or ())
    assert read_fields(shown, ENGLISH, stored).promotion == new
    # Without the stored one, the same texts mean the same terms.
    alone = read_fields(shown, ENGLISH).promotion
    assert alone is not None
    assert alone.terms == stored_terms


def test_parts_without_a_field_stay_if_the_benefit_is_not_touched() -> None:
    capped = Tiers(Measure.SUBTOTAL, (Tier({"EUR": 100}, PercentOff(PERCENT, {"EUR": 50})),))
    stored = CartPromotion(
        1, "Name", True, Period(NOON), CartTerms(Target.ORDER, capped), None, NOON, NOON
    )
    renamed = replace(fields_of(stored, (), BERLIN), name="Other", codes="")
    reading = read_fields(renamed, ENGLISH, stored)
    assert reading.promotion is not None
    assert (reading.promotion.name, reading.promotion.terms.benefit) == ("Other", capped)


SOUND = CartPromotionFields(
    name="Ten", starts_at="2026-11-27T00:00", benefit=BenefitFields(percent="10")
)

TIERS = BenefitFields("tiers", tiers=(TierFields("100 EUR", "5 %"), TierFields("50 EUR", "10 %")))


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": ""}, "name", "1 to 255 characters"),
        ({"starts_at": ""}, "starts_at", "a day and a time"),
        ({"ends_at": "2026-11-26T00:00"}, "ends_at", "before the start"),
        ({"target": "everything"}, "target", "Choose one."),
        ({"benefit": BenefitFields("percent", percent="101")}, "percent", "above 0"),
        ({"benefit": BenefitFields("percent", percent="5", at_most="5")}, "at_most", "Wrong: 5"),
        ({"benefit": BenefitFields("amount")}, "amounts", "an amount with its currency"),
        ({"benefit": BenefitFields("amount", amounts="0 EUR")}, "amounts", "Wrong: 0 EUR"),
        ({"benefit": BenefitFields("amount", amounts="1.005 EUR")}, "amounts", "Wrong"),
        ({"benefit": BenefitFields("amount", amounts="1 EUR; 2 EUR")}, "amounts", "Wrong: 2 EUR"),
        ({"benefit": BenefitFields("amount", amounts="5 ABC")}, "amounts", "Wrong: 5 ABC"),
        ({"benefit": BenefitFields("price", prices="5 EUR")}, "target", "taken off lines"),
        ({"benefit": BenefitFields("units", buy="0", get="1")}, "buy", "from 1 to 1,000,000"),
        ({"benefit": BenefitFields("units", buy="2")}, "get", "a whole number"),
        ({"benefit": BenefitFields("tiers")}, "start-0", "at least one tier"),
        ({"benefit": TIERS}, "tiers", "above the previous one"),
        ({"benefit": replace(TIERS, tiers=(TierFields("5 EUR", "ten"),))}, "off-0", "or 10 %."),
        ({"benefit": BenefitFields("other")}, "kind", "Choose one."),
        ({"products": "1 two"}, "products", "not product ids: two"),
        ({"tags": "x" * 65}, "tags", "1 to 64 characters"),
        ({"segments": ",".join(map(str, range(51)))}, "segments", "At most 50"),
        ({"minimum_subtotal": "fifty"}, "minimum_subtotal", "Wrong: fifty"),
        ({"total": "1.5"}, "total", "from 1 to 1,000,000,000"),
        ({"priority": "1001"}, "priority", "from -1,000 to 1,000"),
        ({"hours_from": "17:00"}, "hours", "both times"),
        ({"who": "code"}, "codes", "at least one code"),
        ({"who": "code", "codes": "what?"}, "codes", "wrong: what?"),
        ({"who": "code", "codes": "A", "code_type": "some"}, "code_type", "Choose one."),
    ],
)
def test_each_fault_is_shown_at_its_field(
    changes: dict[str, object], field: str, words: str
) -> None:
    reading = read_fields(replace(SOUND, **changes), ENGLISH)  # type: ignore[arg-type]  # any field
    assert reading.promotion is None
    assert words in reading.faults[field]
    assert read_fields(SOUND, ENGLISH).promotion is not None


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("10 EUR", {"EUR": 1000}),
        ("10,50 eur", {"EUR": 1050}),
        ("EUR 10.5, 500 JPY", {"EUR": 1050, "JPY": 500}),
        ("10 EUR; 9.90 CHF\n1.234 KWD", {"EUR": 1000, "CHF": 990, "KWD": 1234}),
    ],
)
def test_amounts_are_read_as_people_write_them(typed: str, read: dict[str, int]) -> None:
    fields = replace(SOUND, benefit=BenefitFields("amount", amounts=typed))
    promotion = read_fields(fields, ENGLISH).promotion
    assert promotion is not None
    assert promotion.terms.benefit == AmountOff(read)


def test_days_without_times_are_whole_days() -> None:
    reading = read_fields(replace(SOUND, weekdays=frozenset({"4", "5", "9"})), ENGLISH)
    assert reading.promotion is not None
    assert reading.promotion.terms.hours == Hours(
        time(), time(), "Europe/Berlin", frozenset({4, 5})
    )

"""Ends in the portal's forms: whole seconds, and the year 9999 in every time zone."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sconto.domain.promotion import NewPromotion, Promotion, PromotionSummary
from sconto.domain.subscription_promotion import SubscriptionPromotion
from sconto.portal import subscription_fields
from sconto.portal.language import Language, language_for
from sconto.portal.promotion_fields import PromotionFields, fields_of, read_fields
from sconto.portal.sentences import period_words
from tests.builders import NOON, subscription_terms

NEVER = "9999-12-31T23:59:59"
FIELDS = PromotionFields(type="discount", name="Sale", starts_at="2026-06-01T00:00", percent="10")

ZONES = pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York", "Etc/GMT+12"])


def stored(new: NewPromotion) -> Promotion:
    summary = PromotionSummary(1, new.type, new.name, new.active, new.period, NOON, NOON)
    return Promotion(summary, new.terms)


def saved(
    fields: PromotionFields, language: Language, before: Promotion | None = None
) -> Promotion:
    reading = read_fields(fields, language, before)
    assert reading.faults == {}
    assert reading.promotion is not None
    return stored(reading.promotion)


@ZONES
def test_an_end_in_the_year_9999_is_shown_as_it_was_typed(zone: str) -> None:
    language = language_for("en-GB", ZoneInfo(zone))
    promotion = saved(replace(FIELDS, ends_at=NEVER), language)
    shown = fields_of(promotion, language.zone)
    assert shown.ends_at == NEVER
    assert saved(shown, language, promotion).summary.period == promotion.summary.period
    assert "31 Dec 9999" in period_words(language, promotion.summary.period)


@ZONES
def test_an_end_that_another_zone_wrote_is_shown_and_kept(zone: str) -> None:
    language = language_for("en", ZoneInfo(zone))
    end = datetime(9999, 12, 31, 23, 59, 59, 43_200, tzinfo=UTC)  # 12 hours later
    promotion = saved(replace(FIELDS, ends_at=NEVER), language)
    period = replace(promotion.summary.period, ends_at=end)
    promotion = replace(promotion, summary=replace(promotion.summary, period=period))
    shown = fields_of(promotion, language.zone)
    assert shown.ends_at.startswith("9999-12-31T")
    assert saved(shown, language, promotion).summary.period.ends_at == end


def test_the_last_second_of_a_day_ends_where_the_next_day_starts() -> None:
    language = language_for("en", ZoneInfo("Europe/Berlin"))
    june = saved(replace(FIELDS, ends_at="2026-06-30T23:59:59"), language).summary.period
    july = saved(replace(FIELDS, starts_at="2026-07-01T00:00"), language).summary.period
    assert june.over_from == july.starts_at


@pytest.mark.parametrize("fraction", [".999999", ",999999"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_a_fraction_of_a_second_in_an_end_is_left_out(zone: str, fraction: str) -> None:
    language = language_for("en", ZoneInfo(zone))
    with_fraction = saved(replace(FIELDS, ends_at=f"{NEVER}{fraction}"), language)
    assert with_fraction == saved(replace(FIELDS, ends_at=NEVER), language)


@pytest.mark.parametrize("text", [NEVER, "0001-01-01T00:00", "1969-12-31T00:00", "x"])
def test_a_start_in_an_implausible_year_is_refused(text: str) -> None:
    language = language_for("en", ZoneInfo("Asia/Tokyo"))
    reading = read_fields(replace(FIELDS, starts_at=text), language)
    assert reading.faults == {"starts_at": "Write a day and a time."}


@ZONES
def test_an_end_of_a_subscription_promotion_is_shown_as_it_was_typed(zone: str) -> None:
    language = language_for("en", ZoneInfo(zone))
    terms = subscription_terms()
    before = SubscriptionPromotion(1, 1, terms, 0, NOON, NOON)
    fields = subscription_fields.fields_of(before, language.zone)
    read = subscription_fields.read_terms(replace(fields, ends_at=NEVER), language).terms
    assert read is not None
    after = replace(before, terms=read)
    assert subscription_fields.fields_of(after, language.zone).ends_at == NEVER
    assert not read.constraint.is_over(NOON)

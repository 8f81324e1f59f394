"""Sentences about cart promotions: one unit is a unit, several are units."""

from zoneinfo import ZoneInfo

import pytest

from sconto.api.checkout import explanation_words
from sconto.domain.cart_offers import CartReason, CartRefusal
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.cart_promotion import BuyAndGet, Conditions, Target
from sconto.portal.cart_sentences import benefit_words, condition_words, outcome_words
from sconto.portal.language import language_for

ENGLISH = language_for("en", ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("have", "need", "shown", "said"),
    [
        (0, 1, "It needs 1 unit, 1 more than now.", "The cart has 0, so 1 is missing."),
        (1, 2, "It needs 2 units, 1 more than now.", "The cart has 1, so 1 is missing."),
        (1, 3, "It needs 3 units, 2 more than now.", "The cart has 1, so 2 are missing."),
    ],
)
def test_missing_units_are_counted_in_words(have: int, need: int, shown: str, said: str) -> None:
    for reason in (CartReason.UNITS, CartReason.MINIMUM_QUANTITY):
        refusal = CartRefusal(reason, have, need)
        outcome = CartPromotionOutcome(1, Target.LINES, reasons=(refusal,))
        assert outcome_words(ENGLISH, outcome, "EUR") == [shown]
        sentence = explanation_words._refused(refusal, str)
        assert sentence == f"{shown.partition(',')[0]}. {said}"


def test_terms_say_one_unit_and_two_units() -> None:
    for number, units in ((1, "1 unit"), (2, "2 units")):
        assert condition_words(ENGLISH, Conditions(minimum_quantity=number)) == [units]
        most = BuyAndGet(1, 1, at_most=number)
        assert benefit_words(ENGLISH, most).endswith(f"at most {units}")

"""Which subscriptions are eligible, and which values the fields may have."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.money import PERCENT
from sconto.domain.schedule import INSTANT, SECOND
from sconto.domain.subscription import Contract, ContractCode
from sconto.domain.subscription_promotion import (
    Constraint,
    EffectType,
    IneligibleReason,
    SubscriptionPromotion,
    SubscriptionTerms,
    find_ineligible_reason,
    parse_effect,
    parse_order_number,
)
from tests.builders import NOON, subscription_terms

DAY = timedelta(days=1)
NEW = Contract(None, "monthly")


def stored(terms: SubscriptionTerms | None = None, usage: int = 0) -> SubscriptionPromotion:
    return SubscriptionPromotion(1, 1, terms or subscription_terms(), usage, NOON, NOON)


def constrained(usage: int = 0, **constraint: object) -> SubscriptionPromotion:
    terms = subscription_terms(constraint=Constraint(**constraint))  # type: ignore[arg-type]
    return stored(terms, usage)


def test_without_a_constraint_every_subscription_is_eligible() -> None:
    assert find_ineligible_reason(stored(usage=10**9), NEW, NOON) is None
    assert find_ineligible_reason(stored(), Contract(NOON, "yearly"), NOON) is None


def test_both_ends_of_the_period_are_included() -> None:
    promotion = constrained(starts_at=NOON, ends_at=NOON + DAY)
    assert find_ineligible_reason(promotion, NEW, NOON - INSTANT) is IneligibleReason.NOT_STARTED
    assert find_ineligible_reason(promotion, NEW, NOON) is None
    assert find_ineligible_reason(promotion, NEW, NOON + DAY) is None
    assert find_ineligible_reason(promotion, NEW, NOON + DAY + SECOND - INSTANT) is None
    assert find_ineligible_reason(promotion, NEW, NOON + DAY + SECOND) is IneligibleReason.ENDED


def test_an_end_with_a_fraction_is_exact() -> None:
    promotion = constrained(ends_at=NOON - INSTANT)
    assert find_ineligible_reason(promotion, NEW, NOON - INSTANT) is None
    assert find_ineligible_reason(promotion, NEW, NOON) is IneligibleReason.ENDED


def test_the_last_allowed_use_reaches_the_limit() -> None:
    assert find_ineligible_reason(constrained(usage=9, max_usage=10), NEW, NOON) is None
    assert (
        find_ineligible_reason(constrained(usage=10, max_usage=10), NEW, NOON)
        is IneligibleReason.USED_UP
    )


def test_a_code_is_on_a_contract_in_any_spelling() -> None:
    contract = Contract(None, "monthly", (ContractCode("other"), ContractCode("try3")))
    assert find_ineligible_reason(stored(), contract, NOON) is IneligibleReason.ALREADY_APPLIED


@given(st.sets(st.sampled_from(IneligibleReason), min_size=1))
def test_the_first_reason_in_the_references_order_is_given(
    wrong: set[IneligibleReason],
) -> None:
    constraint = Constraint(
        starts_at=NOON + DAY if IneligibleReason.NOT_STARTED in wrong else None,
        ends_at=NOON - DAY if IneligibleReason.ENDED in wrong else None,
        max_usage=1 if IneligibleReason.USED_UP in wrong else None,
        new_only=IneligibleReason.NEW_ONLY in wrong,
        type_ids=("yearly",) if IneligibleReason.TYPE in wrong else (),
    )
    codes = (ContractCode("TRY3"),) if IneligibleReason.ALREADY_APPLIED in wrong else ()
    contract = Contract(NOON, "monthly", codes)
    terms = subscription_terms(
        enabled=IneligibleReason.DISABLED not in wrong, constraint=constraint
    )
    first = next(reason for reason in IneligibleReason if reason in wrong)
    assert find_ineligible_reason(stored(terms, usage=1), contract, NOON) is first


def test_an_effect_is_exact_and_keeps_its_text() -> None:
    percent = parse_effect(EffectType.PERCENTAGE_DISCOUNT, "12.50")
    assert (percent.amount, percent.text) == (12 * PERCENT + PERCENT // 2, "12.50")
    amount = parse_effect(EffectType.AMOUNT_DISCOUNT, "9.9")
    assert (amount.amount, amount.text) == (99_000, "9.9")
    assert parse_effect(EffectType.AMOUNT_DISCOUNT, "999999999999.9999").amount == 10**16 - 1


@pytest.mark.parametrize("text", ["0", "0.0", "", "-1", "1e3", "1.", ".5", " 1", "01.5", "٣"])
def test_effects_not_above_zero_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not"):
        parse_effect(EffectType.AMOUNT_DISCOUNT, text)


@pytest.mark.parametrize("text", ["0", "01", "-1", "1.0", "", "1000000000", "x", "٣"])
def test_orders_are_numbered_from_1(text: str) -> None:
    with pytest.raises(ValueError, match="not a number from 1"):
        parse_order_number(text)
    assert parse_order_number("999999999") == 999_999_999

"""Warnings about a subscription promotion before it is saved."""

from datetime import timedelta

import pytest

from sconto.domain.schedule import INSTANT
from sconto.domain.subscription_promotion import Constraint, Rule
from sconto.domain.subscription_warnings import (
    SubscriptionWarning,
    SubscriptionWarningKind,
    find_subscription_warnings,
)
from tests.builders import (
    NOON,
    after_applied,
    amount_off,
    in_contract,
    percent_off,
    subscription_terms,
)

NEVER_DUE, OUTDONE = SubscriptionWarningKind.NEVER_DUE, SubscriptionWarningKind.OUTDONE


def warned(*rules: Rule) -> list[SubscriptionWarning]:
    return find_subscription_warnings(subscription_terms(*rules), 0, NOON)


def kinds(constraint: Constraint, usage: int = 0) -> list[SubscriptionWarningKind]:
    terms = subscription_terms(constraint=constraint)
    return [warning.kind for warning in find_subscription_warnings(terms, usage, NOON)]


def test_a_past_end_has_a_warning() -> None:
    assert kinds(Constraint(ends_at=NOON)) == []
    assert kinds(Constraint(ends_at=NOON - INSTANT)) == [SubscriptionWarningKind.OVER]
    later = NOON + timedelta(days=1)
    assert kinds(Constraint(starts_at=later, ends_at=later)) == []


def test_a_reached_limit_has_a_warning() -> None:
    assert kinds(Constraint(max_usage=3), usage=2) == []
    assert kinds(Constraint(max_usage=3), usage=3) == [SubscriptionWarningKind.USED_UP]
    assert kinds(Constraint(max_usage=3), usage=4) == []
    assert kinds(Constraint(), usage=3) == []


def test_free_orders_without_end_have_a_warning() -> None:
    assert warned(percent_off("100")) == [SubscriptionWarning(SubscriptionWarningKind.ALL_FREE)]
    assert warned(percent_off("100", after_applied(1))) == []
    assert warned(percent_off("99.999999")) == []
    assert warned(amount_off("100")) == []


def test_a_rule_that_is_never_due_has_a_warning() -> None:
    # The contract's third order is at most the third with the code.
    never = percent_off("10", after_applied(4), after_applied(6), in_contract(3))
    assert warned(never) == [SubscriptionWarning(NEVER_DUE, never)]
    assert warned(percent_off("10", after_applied(4), in_contract(3), in_contract(4))) == []


@pytest.mark.parametrize(
    ("rule", "other", "outdone"),
    [
        (percent_off("10", after_applied(1)), percent_off("10"), True),
        (percent_off("10", after_applied(1)), percent_off("9"), False),
        (percent_off("10"), percent_off("20", after_applied(1)), False),
        (percent_off("10"), amount_off("20"), False),
        (amount_off("1"), amount_off("1.5"), True),
        (
            percent_off("10", after_applied(1)),
            percent_off("20", after_applied(1), after_applied(2)),
            True,
        ),
        (percent_off("10", after_applied(1)), percent_off("20", in_contract(1)), False),
        (
            percent_off("10", after_applied(1), in_contract(1)),
            percent_off("20", in_contract(1)),
            True,
        ),
    ],
)
def test_a_rule_beaten_on_all_its_orders_has_a_warning(
    rule: Rule, other: Rule, outdone: bool
) -> None:
    expected = [SubscriptionWarning(OUTDONE, rule)] if outdone else []
    assert warned(rule, other) == expected
    assert warned(other, rule) == expected


def test_the_second_of_two_equal_rules_has_a_warning() -> None:
    first, second = percent_off("10.0"), percent_off("10")
    assert warned(first, second) == [SubscriptionWarning(OUTDONE, second)]

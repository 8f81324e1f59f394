"""Warnings about a subscription promotion: what the merchant may not have intended."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sconto.domain.money import FULL_PERCENT
from sconto.domain.subscription_promotion import (
    ConditionType,
    EffectType,
    Rule,
    SubscriptionTerms,
    numbers_of,
)


class SubscriptionWarningKind(StrEnum):
    """Something that the merchant may not have intended."""

    OVER = "over"
    USED_UP = "used_up"
    ALL_FREE = "all_free"
    NEVER_DUE = "never_due"
    OUTDONE = "outdone"


@dataclass(frozen=True, slots=True)
class SubscriptionWarning:
    """A warning, and the rule that it is about."""

    kind: SubscriptionWarningKind
    rule: Rule | None = None


def find_subscription_warnings(
    terms: SubscriptionTerms, usage: int, now: datetime
) -> list[SubscriptionWarning]:
    """The warnings about the terms and about how often the code was applied.

    A limit below that number is refused, so it is not a warning.
    """
    constraint = terms.constraint
    warnings = []
    if constraint.is_over(now):
        warnings.append(SubscriptionWarning(SubscriptionWarningKind.OVER))
    if constraint.max_usage == usage:
        warnings.append(SubscriptionWarning(SubscriptionWarningKind.USED_UP))
    return warnings + list(_warn_of_rules(terms.rules))


def _warn_of_rules(rules: tuple[Rule, ...]) -> Iterator[SubscriptionWarning]:
    for place, rule in enumerate(rules):
        if _is_free(rule):
            yield SubscriptionWarning(SubscriptionWarningKind.ALL_FREE)
        if _is_never_due(rule):
            yield SubscriptionWarning(SubscriptionWarningKind.NEVER_DUE, rule)
        # Of two equal rules the second has no effect.
        elif any(
            _outdoes(other, rule) and (before < place or not _outdoes(rule, other))
            for before, other in enumerate(rules)
            if before != place
        ):
            yield SubscriptionWarning(SubscriptionWarningKind.OUTDONE, rule)


def _is_free(rule: Rule) -> bool:
    is_percent = rule.effect.type is EffectType.PERCENTAGE_DISCOUNT
    return is_percent and rule.effect.amount == FULL_PERCENT and not rule.conditions


def _is_never_due(rule: Rule) -> bool:
    """Whether its order number since the code was applied can never fit the contract's number."""
    with_code = numbers_of(rule, ConditionType.ORDER_NUMBER_AFTER_APPLIED)
    of_contract = numbers_of(rule, ConditionType.SUBSCRIPTION_CONTRACT_ORDER_NUMBER)
    return bool(with_code and of_contract) and max(of_contract) < min(with_code)


def _outdoes(other: Rule, rule: Rule) -> bool:
    """Whether the other gives at least as much on every order that the rule is for."""
    same_type = other.effect.type is rule.effect.type
    return (
        same_type
        and other.effect.amount >= rule.effect.amount
        and all(_asks_for_no_less(rule, other, condition_type) for condition_type in ConditionType)
    )


def _asks_for_no_less(rule: Rule, other: Rule, condition_type: ConditionType) -> bool:
    wanted, others = numbers_of(rule, condition_type), numbers_of(other, condition_type)
    return not others or (bool(wanted) and set(wanted) <= set(others))

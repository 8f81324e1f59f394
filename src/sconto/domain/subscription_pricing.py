"""What a subscription's codes do to its orders.

A code on a subscription was applied before, so its constraint is not checked again. The rules of
its promotion say which orders get an effect. Of several effects the largest discount applies.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sconto.domain.money import currency_decimals, percent_of
from sconto.domain.subscription import (
    CodeReason,
    ConsideredCode,
    Subscription,
    SubscriptionCode,
    SubscriptionOutcome,
)
from sconto.domain.subscription_promotion import (
    TEN_THOUSANDTHS,
    ConditionType,
    Effect,
    EffectType,
    Rule,
)


@dataclass(frozen=True, slots=True)
class SubscriptionRules:
    """The rules of a code on a subscription, and their promotion."""

    promotion_id: int
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class OrderPlace:
    """The number of an order: in its contract, and since the code was applied.

    Both count from 1. Orders before the code was applied have numbers below 1.
    """

    in_contract: int
    after_applied: int

    def number(self, condition_type: ConditionType) -> int:
        """The order's number for this type of condition."""
        match condition_type:
            case ConditionType.ORDER_NUMBER_AFTER_APPLIED:
                return self.after_applied
            case ConditionType.SUBSCRIPTION_CONTRACT_ORDER_NUMBER:
                return self.in_contract


@dataclass(frozen=True, slots=True)
class RuleEffect:
    """The index of a rule that holds for an order, and its discount in minor units."""

    rule: int
    discount: int


def place_order_number(order_number: int, first_order_number: int) -> OrderPlace:
    """The place of an order; `first_order_number` is the first after the code was applied."""
    return OrderPlace(order_number, order_number - first_order_number + 1)


def price_subscription(
    subscription: Subscription,
    rules_of_codes: Sequence[SubscriptionRules | None],
    currency: str,
    total: int,
) -> SubscriptionOutcome:
    """What the subscription's codes give on an order that costs `total` without them.

    `rules_of_codes` are in the order of the subscription's codes, None for an unknown code. At most
    one code takes effect: the one with the largest discount, on a tie the first.
    """
    considered = [
        _consider(code, subscription.order_number, rules, currency, total)
        for code, rules in zip(subscription.codes, rules_of_codes, strict=True)
    ]
    giving = [code for code in considered if code.rule is not None]
    best = max(giving, key=lambda code: code.discount, default=None)
    return SubscriptionOutcome(subscription, tuple(_judge(code, best) for code in considered))


def _consider(
    code: SubscriptionCode,
    order_number: int,
    found: SubscriptionRules | None,
    currency: str,
    total: int,
) -> ConsideredCode:
    """What one code would give if it were alone, or why it gives nothing."""
    if found is None:
        return ConsideredCode(code.code, None, 0, None, CodeReason.UNKNOWN)
    place = place_order_number(order_number, code.first_order_number)
    best = best_effect(found.rules, place, currency, total)
    if best is None:
        return ConsideredCode(code.code, found.promotion_id, 0, None, CodeReason.NO_RULE)
    return ConsideredCode(code.code, found.promotion_id, best.discount, best.rule, None)


def _judge(code: ConsideredCode, best: ConsideredCode | None) -> ConsideredCode:
    if code is best or best is None or code.rule is None:
        return code
    tie = code.discount == best.discount
    return replace(code, reason=CodeReason.TIE if tie else CodeReason.LOWER_DISCOUNT)


def best_effect(
    rules: Sequence[Rule], place: OrderPlace, currency: str, total: int
) -> RuleEffect | None:
    """The rule with the largest discount on the order, on a tie the first."""
    effects = (
        RuleEffect(i, discount_of(rules[i].effect, currency, total))
        for i in holding_rules(rules, place)
    )
    return max(effects, key=lambda effect: effect.discount, default=None)


def holding_rules(rules: Sequence[Rule], place: OrderPlace) -> list[int]:
    """The indexes of the rules that hold for the order."""
    return [i for i, rule in enumerate(rules) if holds(rule, place)]


def holds(rule: Rule, place: OrderPlace) -> bool:
    """Whether the rule is for the order.

    One condition of each type must hold.
    """
    return all(
        place.number(condition_type) in numbers for condition_type, numbers in _numbers(rule)
    )


def _numbers(rule: Rule) -> list[tuple[ConditionType, set[int]]]:
    numbers: dict[ConditionType, set[int]] = defaultdict(set)
    for condition in rule.conditions:
        numbers[condition.type].add(condition.order_number)
    return list(numbers.items())


def discount_of(effect: Effect, currency: str, total: int) -> int:
    """What the effect takes off an order's total: rounded once, half up, at most the total."""
    if effect.type is EffectType.PERCENTAGE_DISCOUNT:
        return percent_of(total, effect.amount)
    minor_units: int = effect.amount * 10 ** currency_decimals(currency)
    return min(total, (2 * minor_units + TEN_THOUSANDTHS) // (2 * TEN_THOUSANDTHS))


def last_order_with_effect(rules: Sequence[Rule], first_order_number: int) -> int | None:
    """The number of the contract's last order that gets an effect of a rule; 0 if there is none.

    None if a rule has no conditions, because its effect never ends.
    """
    last = 0
    for rule in rules:
        if not rule.conditions:
            return None
        last = max(last, *_orders_of(rule, first_order_number), 0)
    return last


def _orders_of(rule: Rule, first_order_number: int) -> set[int]:
    """The numbers of the contract's orders that the rule is for."""
    named = {
        condition.order_number
        if condition.type is ConditionType.SUBSCRIPTION_CONTRACT_ORDER_NUMBER
        else first_order_number + condition.order_number - 1
        for condition in rule.conditions
    }
    return {
        number for number in named if holds(rule, place_order_number(number, first_order_number))
    }

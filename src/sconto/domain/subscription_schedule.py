"""Schedules: what a promotion gives on the next orders of a subscription."""

from collections.abc import Sequence
from dataclasses import dataclass

from sconto.domain.subscription import Contract
from sconto.domain.subscription_pricing import (
    OrderNumber,
    best_effect,
    discount_of,
    holding_rules,
    last_order_with_effect,
    place_order_number,
)
from sconto.domain.subscription_promotion import Rule


@dataclass(frozen=True, slots=True)
class OrderAmount:
    """What an order is expected to cost after product discounts, in minor units."""

    currency: str
    total: int


@dataclass(frozen=True, slots=True)
class SchedulePlan:
    """The orders that a schedule is for.

    `first_order_number` is the number of the first order after the code was, or will be, applied.
    With an `application_id` the promotion counts in the version that was applied then.
    """

    contract: Contract
    orders: int
    next_order_number: int = 1
    first_order_number: int = 1
    application_id: str | None = None
    amount: OrderAmount | None = None


@dataclass(frozen=True, slots=True)
class ScheduledRule:
    """A rule that holds for an order, with its discount in minor units if the amount is known."""

    rule: int
    discount: int | None


@dataclass(frozen=True, slots=True)
class ScheduledOrder:
    """An order with the rules that hold for it.

    `winning_rule` is the rule whose effect the order gets. None if no rule holds, or if the winner
    depends on what the order costs.
    """

    place: OrderNumber
    rules: tuple[ScheduledRule, ...]
    winning_rule: int | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """The next orders of a subscription with one promotion's code.

    `last_order` is the number of the last order that gets an effect: 0 if none does, None if the
    effect never ends.
    """

    rules: tuple[Rule, ...]
    orders: tuple[ScheduledOrder, ...]
    last_order: int | None


def schedule_orders(rules: tuple[Rule, ...], plan: SchedulePlan) -> Schedule:
    """What the rules give on each order of the plan."""
    numbers = range(plan.next_order_number, plan.next_order_number + plan.orders)
    return Schedule(
        rules,
        tuple(
            _schedule(rules, place_order_number(number, plan.first_order_number), plan.amount)
            for number in numbers
        ),
        last_order_with_effect(rules, plan.first_order_number),
    )


def _schedule(
    rules: Sequence[Rule], place: OrderNumber, amount: OrderAmount | None
) -> ScheduledOrder:
    holding = holding_rules(rules, place)
    if amount is None:
        undecided = tuple(ScheduledRule(i, None) for i in holding)
        return ScheduledOrder(place, undecided, _largest_of_one_type(rules, holding))
    decided = tuple(
        ScheduledRule(i, discount_of(rules[i].effect, amount.currency, amount.total))
        for i in holding
    )
    best = best_effect(rules, place, amount.currency, amount.total)
    return ScheduledOrder(place, decided, None if best is None else best.rule)


def _largest_of_one_type(rules: Sequence[Rule], holding: Sequence[int]) -> int | None:
    """The rule that wins at any total; None if percents compete with amounts."""
    if len({rules[i].effect.type for i in holding}) != 1:
        return None
    return max(holding, key=lambda i: rules[i].effect.amount)

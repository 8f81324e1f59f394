"""Schedules of the next orders of a subscription."""

from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import Rule
from sconto.domain.subscription_schedule import (
    OrderAmount,
    Schedule,
    ScheduledRule,
    SchedulePlan,
    schedule_orders,
)
from tests.builders import after_applied, amount_off, in_contract, percent_off

CONTRACT = Contract(None, "monthly")


def planned(*rules: Rule, amount: OrderAmount | None = None, first: int = 1) -> Schedule:
    plan = SchedulePlan(CONTRACT, 4, first_order_number=first, amount=amount)
    return schedule_orders(rules, plan)


def applied(schedule: Schedule) -> list[int | None]:
    return [order.winning_rule for order in schedule.orders]


def test_each_order_has_the_rules_that_hold_for_it() -> None:
    schedule = planned(percent_off("30", after_applied(1)), percent_off("10", in_contract(3)))
    assert applied(schedule) == [0, None, 1, None]
    assert schedule.last_order == 3
    assert schedule.orders[0].rules == (ScheduledRule(0, None),)


def test_orders_are_counted_from_the_first_after_the_code() -> None:
    schedule = planned(percent_off("30", after_applied(1)), first=3)
    assert applied(schedule) == [None, None, 0, None]
    assert [order.place.after_applied for order in schedule.orders] == [-1, 0, 1, 2]
    assert schedule.last_order == 3


def test_without_an_amount_a_percent_and_an_amount_cannot_be_compared() -> None:
    rules = (percent_off("10"), amount_off("5"))
    assert applied(planned(*rules)) == [None] * 4
    assert applied(planned(*rules, amount=OrderAmount("EUR", 4_000))) == [1] * 4
    assert applied(planned(*rules, amount=OrderAmount("EUR", 6_000))) == [0] * 4


def test_the_largest_effect_of_one_type_applies_at_any_total() -> None:
    assert applied(planned(percent_off("10"), percent_off("20"))) == [1] * 4
    assert applied(planned(amount_off("5"), amount_off("4.99"))) == [0] * 4


def test_a_rule_without_conditions_never_ends() -> None:
    assert planned(percent_off("10")).last_order is None
    assert planned().last_order == 0
    impossible = percent_off("10", in_contract(1), after_applied(2))
    assert planned(impossible).last_order == 0

"""How a subscription's codes change an order, with random rules and amounts."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.candidates import AutomaticPick, Candidates
from sconto.domain.money import FULL_PERCENT, currency_decimals
from sconto.domain.order import NewOrder, OrderStatus, StoredOrder
from sconto.domain.placement import is_repetition
from sconto.domain.pricing import price
from sconto.domain.subscription import CodeReason, Subscription, SubscriptionCode
from sconto.domain.subscription_pricing import (
    OrderNumber,
    SubscriptionRules,
    best_effect,
    discount_of,
    holds,
    last_order_with_effect,
    place_order_number,
    price_subscription,
)
from sconto.domain.subscription_promotion import (
    Condition,
    ConditionType,
    Effect,
    EffectType,
    Rule,
)
from tests.builders import NOON, a_cart, a_line, after_applied, amount_off, in_contract, percent_off

numbers = st.integers(1, 8)
conditions = st.builds(Condition, st.sampled_from(ConditionType), numbers)
effects = st.one_of(
    st.builds(
        Effect, st.just(EffectType.PERCENTAGE_DISCOUNT), st.integers(1, FULL_PERCENT), st.just("")
    ),
    st.builds(Effect, st.just(EffectType.AMOUNT_DISCOUNT), st.integers(1, 10**8), st.just("")),
)
rules = st.builds(Rule, effects, st.lists(conditions, max_size=5).map(tuple))
applied = st.builds(SubscriptionRules, st.integers(1, 99), st.lists(rules, max_size=4).map(tuple))
currencies = st.sampled_from(["EUR", "JPY", "KWD", "CLF"])
amounts = st.integers(0, 10**9)
places = st.builds(OrderNumber, numbers, st.integers(-3, 8))


@given(rules, places)
def test_one_condition_of_each_type_must_hold(rule: Rule, place: OrderNumber) -> None:
    by_type = {
        ConditionType.ORDER_NUMBER_AFTER_APPLIED: place.after_applied,
        ConditionType.SUBSCRIPTION_CONTRACT_ORDER_NUMBER: place.in_contract,
    }
    expected = True
    for condition_type, number in by_type.items():
        named = [c.order_number for c in rule.conditions if c.type is condition_type]
        expected = expected and (not named or number in named)
    assert holds(rule, place) is expected


def test_an_order_before_the_code_has_a_number_below_1() -> None:
    place = place_order_number(4, first_order_number=5)
    assert place == OrderNumber(4, 0)
    assert holds(percent_off("1", in_contract(4)), place)
    assert not holds(percent_off("1", after_applied(1), in_contract(4)), place)
    assert holds(percent_off("1", after_applied(1)), place_order_number(5, 5))


@given(effects, currencies, amounts)
def test_a_discount_is_rounded_once_half_up_and_never_exceeds_the_order(
    effect: Effect, currency: str, total: int
) -> None:
    if effect.type is EffectType.PERCENTAGE_DISCOUNT:
        exact = Fraction(total * effect.amount, FULL_PERCENT)
    else:
        exact = Fraction(effect.amount * 10 ** currency_decimals(currency), 10_000)
    assert discount_of(effect, currency, total) == min(total, _half_up(exact))


def test_an_amount_is_in_the_orders_currency() -> None:
    effect = amount_off("9.985").effect
    assert discount_of(effect, "EUR", 10**6) == 999
    assert discount_of(effect, "JPY", 10**6) == 10
    assert discount_of(effect, "KWD", 10**6) == 9985
    assert discount_of(effect, "EUR", 500) == 500


@given(st.lists(rules, max_size=5), places, currencies, amounts)
def test_the_largest_discount_applies_and_the_first_rule_wins_a_tie(
    some: list[Rule], place: OrderNumber, currency: str, total: int
) -> None:
    best = best_effect(some, place, currency, total)
    holding = [
        (discount_of(rule.effect, currency, total), -i)
        for i, rule in enumerate(some)
        if holds(rule, place)
    ]
    if best is None:
        assert holding == []
    else:
        assert (best.discount, -best.rule) == max(holding)


@st.composite
def subscriptions(draw: st.DrawFn) -> tuple[Subscription, list[SubscriptionRules | None]]:
    found = draw(st.lists(st.none() | applied, max_size=4))
    codes = tuple(SubscriptionCode(f"code {i}", draw(numbers)) for i in range(len(found)))
    return Subscription(None, "monthly", draw(numbers), codes), found


@given(subscriptions(), currencies, amounts)
def test_at_most_one_code_takes_effect_and_the_others_have_a_reason(
    drawn: tuple[Subscription, list[SubscriptionRules | None]], currency: str, total: int
) -> None:
    subscription, found = drawn
    outcome = price_subscription(subscription, found, currency, total)
    assert [code.code for code in outcome.considered] == [code.code for code in subscription.codes]
    winners = [code for code in outcome.considered if code.applied]
    giving = [code for code in outcome.considered if code.rule is not None]
    assert len(winners) == (1 if giving else 0)
    assert 0 <= outcome.discount <= total
    for code, rules_of in zip(outcome.considered, found, strict=True):
        match code.reason:
            case None:
                assert code.discount == outcome.discount == max(c.discount for c in giving)
            case CodeReason.UNKNOWN:
                assert rules_of is None
            case CodeReason.NO_RULE:
                assert code.rule is None
                assert code.discount == 0
            case CodeReason.LOWER_DISCOUNT:
                assert code.discount < outcome.discount
            case CodeReason.TIE:
                assert code.discount == outcome.discount
                assert giving.index(winners[0]) < giving.index(code)


@given(
    subscriptions(),
    st.lists(st.tuples(st.integers(1, 3), amounts), min_size=1, max_size=6),
    st.integers(1, FULL_PERCENT),
)
def test_the_effect_is_split_over_the_lines_exactly(
    drawn: tuple[Subscription, list[SubscriptionRules | None]],
    priced_lines: list[tuple[int, int]],
    percent: int,
) -> None:
    subscription, found = drawn
    lines = [
        a_line(product_id, line_id=str(i), unit_price=unit_price)
        for i, (product_id, unit_price) in enumerate(priced_lines)
    ]
    plain = a_cart(*lines)
    candidates = Candidates(everywhere=AutomaticPick(1, percent), subscription_rules=found)
    without = price(plain, candidates, NOON)
    cart = type(plain)(plain.currency, plain.lines, plain.codes, subscription)
    priced = price(cart, candidates, NOON)
    assert priced.subscription is not None
    discount = priced.subscription.discount
    assert priced.total == without.total - discount == sum(line.total for line in priced.lines)
    assert priced.discount == without.discount + discount
    assert sum(line.subscription_discount for line in priced.lines) == discount
    for line, before in zip(priced.lines, without.lines, strict=True):
        assert line.total >= 0
        assert line.discount == before.discount
        assert line.total == before.total - line.subscription_discount
        if without.total:
            fair = Fraction(discount * before.total, without.total)
            assert abs(line.subscription_discount - fair) < 1


@given(st.lists(rules, max_size=4), numbers)
def test_the_last_order_with_effect_is_found(some: list[Rule], first: int) -> None:
    last = last_order_with_effect(some, first)
    far = 100
    given_to = [
        number
        for number in range(1, far)
        if any(holds(rule, place_order_number(number, first)) for rule in some)
    ]
    if last is None:
        assert given_to[-1] == far - 1
    else:
        assert last == max(given_to, default=0)


def test_a_repetition_has_the_same_subscription() -> None:
    def order(subscription: Subscription | None) -> NewOrder:
        cart = a_cart()
        return NewOrder("1", type(cart)(cart.currency, cart.lines, cart.codes, subscription))

    def subscribed(code: str = "TRY3", number: int = 1) -> Subscription:
        return Subscription(NOON, "monthly", number, (SubscriptionCode(code, 1, "id"),))

    first = order(subscribed())
    rules_found = SubscriptionRules(1, (percent_off(),))
    outcome = price(first.cart, Candidates(subscription_rules=[rules_found]), NOON)
    stored = StoredOrder("1", OrderStatus.NOT_PAID, NOON, outcome)
    assert is_repetition(first, stored)
    assert is_repetition(order(subscribed("try3")), stored)
    for other in (subscribed("TRY4"), subscribed(number=2), None):
        assert not is_repetition(order(other), stored)


def _half_up(exact: Fraction) -> int:
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)

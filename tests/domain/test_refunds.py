"""Refunds: returns in any order and of any size add up to what the order cost."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.bill import Adjustment, PricedCart, PricedLine, PricedShipping
from sconto.domain.candidates import AutomaticPick, Candidates, CartOffers
from sconto.domain.cart import Cart, Line
from sconto.domain.cart_offers import CartOffer
from sconto.domain.cart_promotion import (
    AmountOff,
    BuyAndGet,
    CartTerms,
    FixedPrice,
    PercentOff,
    Target,
)
from sconto.domain.money import PERCENT
from sconto.domain.offers import Offer
from sconto.domain.pricing import price
from sconto.domain.refund import refund
from sconto.domain.return_problems import MoreThanLeft, UnknownLines
from sconto.domain.returns import NOTHING, Goods, Refund, left_of, together
from sconto.domain.schedule import Period
from sconto.domain.stored_outcome import outcome_of, priced_cart_of
from sconto.domain.stored_return import read_refund, store_refund
from sconto.domain.subscription import Subscription, SubscriptionCode
from sconto.domain.subscription_pricing import SubscriptionRules
from tests.builders import NOON, percent_off

percents = st.integers(1, 100).map(lambda percent: PercentOff(percent * PERCENT))
amounts = st.integers(1, 3000).map(lambda amount: AmountOff({"EUR": amount}))
for_lines = (
    percents
    | amounts
    | st.builds(BuyAndGet, st.integers(1, 3), st.integers(1, 2))
    | st.integers(0, 500).map(lambda amount: FixedPrice({"EUR": amount}))
)
terms = st.builds(CartTerms, st.just(Target.LINES), for_lines) | st.builds(
    CartTerms, st.sampled_from((Target.ORDER, Target.SHIPPING)), percents | amounts
)
carts = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(0, 700)), min_size=1, max_size=4
)


@st.composite
def outcomes(draw: st.DrawFn) -> PricedCart:
    """What a cart got from product, cart and subscription promotions, as an order stores it."""
    code = SubscriptionCode("TRY3", 1)
    in_subscription = draw(st.booleans())
    lines = tuple(Line(f"l{place}", *fields) for place, fields in enumerate(draw(carts)))
    cart = Cart(
        "EUR",
        lines,
        subscription=Subscription(None, "monthly", 1, (code,)) if in_subscription else None,
        shipping=draw(st.none() | st.integers(0, 900)),
    )
    picked = draw(st.dictionaries(st.integers(1, 4), st.integers(1, 100), max_size=3))
    found = Candidates(
        specific={
            product: AutomaticPick(1, percent * PERCENT) for product, percent in picked.items()
        },
        cart_offers=CartOffers(
            [
                CartOffer(Offer(promotion_id=number, active=True, period=Period(NOON)), one)
                for number, one in enumerate(draw(st.lists(terms, max_size=4)), 51)
            ]
        ),
        subscription_rules=[SubscriptionRules(7, (percent_off("33"),))] if in_subscription else [],
    )
    return priced_cart_of(outcome_of(price(cart, found, NOON)))


def parts_of(outcome: PricedCart, random: Random) -> Iterator[Goods]:
    """All goods of an order, in any order and in parts of any size."""
    returned = NOTHING
    while True:
        left = left_of(outcome, returned)
        choices = [line_id for line_id, number in left.units.items() if number]
        if not choices and not left.shipping:
            return
        chosen = random.sample(choices, random.randint(0, len(choices)))
        units = {one: random.randint(1, left.units[one]) for one in chosen}
        shipping = left.shipping and random.random() < 0.3
        if units or shipping:
            goods = Goods(units, shipping)
            yield goods
            returned = together(returned, goods)


@given(outcomes(), st.integers())
def test_any_sequence_of_returns_of_everything_adds_up_to_the_paid_total(
    outcome: PricedCart, seed: int
) -> None:
    returned, total, sums = NOTHING, 0, Counter[str]()
    for goods in parts_of(outcome, Random(seed)):
        paid = refund(outcome, returned, goods)
        assert paid.goods == goods
        assert read_refund(store_refund(paid)) == paid
        assert_consistent(paid)
        returned = together(returned, goods)
        total += paid.total
        sums.update(discounts_of(paid))
    assert total == outcome.total
    assert +sums == +discounts_of(outcome)


def assert_consistent(paid: Refund) -> None:
    """Each amount is at least 0, discounts explain the totals, and lines add up to them."""
    shipping = paid.shipping or PricedShipping(0)
    for line in paid.lines:
        adjusted = [one.discount for one in line.adjustments]
        assert all(amount > 0 for amount in adjusted)
        assert min(line.total, line.discount, line.subscription_discount) >= 0
        assert line.subtotal == line.quantity * line.unit_price
        taken = line.discount + line.subscription_discount + sum(adjusted)
        assert line.total == line.subtotal - taken
    assert paid.subtotal == sum(line.subtotal for line in paid.lines)
    assert paid.total == sum(line.total for line in paid.lines) + shipping.total
    assert paid.discount == paid.subtotal + shipping.amount - paid.total


def discounts_of(priced: Refund | PricedCart) -> Counter[str]:
    """Each discount of each line, and of the shipping."""
    sums: Counter[str] = Counter()
    for line in priced.lines:
        sums[f"{line.line_id} product"] += line.discount
        sums[f"{line.line_id} subscription"] += line.subscription_discount
        for one in line.adjustments:
            sums[f"{line.line_id} {one.promotion_id}"] += one.discount
    sums["shipping"] += 0 if priced.shipping is None else priced.shipping.discount
    return sums


@st.composite
def lines(draw: st.DrawFn) -> PricedLine:
    """A line with any discounts up to its price."""
    quantity, unit_price = draw(st.integers(1, 40)), draw(st.integers(0, 60))
    total = quantity * unit_price
    taken = []
    for _ in range(draw(st.integers(2, 6))):
        taken.append(draw(st.integers(0, total)))
        total -= taken[-1]
    adjustments = tuple(
        Adjustment(number, Target.ORDER, amount)
        for number, amount in enumerate(taken[2:])
        if amount
    )
    return PricedLine(
        "1", 1, quantity, unit_price, True, quantity * unit_price, taken[0], total, (), taken[1],
        adjustments,
    )  # fmt: skip


def half_up(exact: Fraction) -> int:
    return int(exact + Fraction(1, 2))


def unit_by_unit(line: PricedLine) -> list[list[int]]:
    """What each unit of the line pays back, in fractions: its total, then each discount."""
    discounts = [line.discount, line.subscription_discount]
    discounts += [one.discount for one in line.adjustments]
    points = []
    for units in range(line.quantity + 1):
        cost = half_up(Fraction(line.total * units, line.quantity))
        rest, parts = units * line.unit_price - cost, []
        for place, discount in enumerate(discounts):
            others = sum(discounts[place:])
            parts.append(half_up(rest * Fraction(discount, others)) if others else 0)
            rest -= parts[-1]
        points.append([cost, *parts])
    return [
        [after - before for before, after in zip(*pair, strict=True)] for pair in pairwise(points)
    ]


@given(lines(), st.integers())
def test_a_return_pays_back_the_sum_of_its_units(line: PricedLine, seed: int) -> None:
    outcome = PricedCart("EUR", line.subtotal, 0, line.total, (line,), ())
    expected, before, random = unit_by_unit(line), 0, Random(seed)
    while before < line.quantity:
        number = random.randint(1, line.quantity - before)
        [paid] = refund(outcome, Goods({"1": before}), Goods({"1": number})).lines
        sums = [sum(column) for column in zip(*expected[before : before + number], strict=True)]
        adjusted = {one.promotion_id: one.discount for one in paid.adjustments}
        parts = [adjusted.get(one.promotion_id, 0) for one in line.adjustments]
        assert [paid.total, paid.discount, paid.subscription_discount, *parts] == sums
        assert min(sums) >= 0
        before += number


def an_outcome(shipping: int | None = None) -> PricedCart:
    """Three units that cost 10.00 together."""
    priced = PricedLine("1", 1, 3, 400, True, 1200, 200, 1000, ())
    return PricedCart(
        "EUR", 1200, 200, 1000 + (shipping or 0), (priced,), (),
        shipping=None if shipping is None else PricedShipping(shipping),
    )  # fmt: skip


def test_cents_of_a_line_are_split_by_rounding_half_up() -> None:
    outcome = an_outcome()
    paid = [refund(outcome, Goods({"1": before}), Goods({"1": 1})).lines[0] for before in range(3)]
    assert [(one.total, one.discount) for one in paid] == [(333, 67), (334, 66), (333, 67)]


def test_no_more_than_is_left_can_be_returned() -> None:
    outcome = an_outcome(shipping=490)
    for returned, goods in (
        (NOTHING, Goods({"1": 4})),
        (Goods({"1": 3}), Goods({"1": 1})),
        (Goods({}, shipping=True), Goods({"1": 1}, shipping=True)),
    ):
        with pytest.raises(MoreThanLeft) as raised:
            refund(outcome, returned, goods)
        assert raised.value.left == left_of(outcome, returned)
    with pytest.raises(MoreThanLeft) as raised:
        refund(an_outcome(), NOTHING, Goods({}, shipping=True))
    assert raised.value.left == Goods({"1": 3}, shipping=False)


def test_all_unknown_lines_are_named_by_their_places() -> None:
    with pytest.raises(UnknownLines) as raised:
        refund(an_outcome(), NOTHING, Goods({"2": 1, "1": 1, "3": 1}))
    assert raised.value.places == (0, 2)

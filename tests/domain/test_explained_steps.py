"""Explanations add up to the bill, step by step and line by line. Replays name the differences."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.bill import PricedCart
from sconto.domain.candidates import AutomaticPick, Candidates, CartOffers
from sconto.domain.cart import Cart
from sconto.domain.cart_offers import CartOffer
from sconto.domain.cart_promotion import CartTerms
from sconto.domain.explained_steps import StepName, explain_steps
from sconto.domain.explanation import explain_outcome
from sconto.domain.history import Change, Entry, Facts, Subject, Verb
from sconto.domain.money import PERCENT
from sconto.domain.offers import Offer
from sconto.domain.pricing import price
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.replay import compare, differing_promotions
from sconto.domain.replay_causes import ChangeKind, PromotionState
from sconto.domain.replay_edits import edited_fields
from sconto.domain.replay_shares import PromotionRef
from sconto.domain.schedule import Period
from sconto.domain.subscription import Subscription, SubscriptionCode
from sconto.domain.subscription_pricing import SubscriptionRules
from tests.builders import NOON, percent_off
from tests.domain.test_cart_bills import (
    bought_units,
    cart_lines,
    percents_of_products,
    promotions,
)


def bill(
    bought: list[tuple[int, int]],
    terms: list[CartTerms],
    picks: dict[int, int],
    shipping: int | None,
    subscription: int | None,
) -> PricedCart:
    cart = Cart(
        "EUR",
        cart_lines(bought),
        subscription=None
        if subscription is None
        else Subscription(None, "monthly", 1, (SubscriptionCode("A", 1), SubscriptionCode("B", 1))),
        shipping=shipping,
    )
    rules = [
        SubscriptionRules(number, (percent_off(str(share)),))
        for number, share in ((1, subscription or 1), (2, 7))
    ]
    found = Candidates(
        everywhere=AutomaticPick(2, 5 * PERCENT),
        specific={product: AutomaticPick(1, share * PERCENT) for product, share in picks.items()},
        cart_offers=CartOffers(
            [
                CartOffer(Offer(promotion_id=number, active=True, period=Period(NOON)), one)
                for number, one in enumerate(terms, 51)
            ]
        ),
        subscription_rules=() if subscription is None else rules,
    )
    return price(cart, found, NOON)


@given(
    bought_units,
    promotions,
    percents_of_products,
    st.none() | st.integers(0, 1000),
    st.none() | st.integers(1, 99),
)
def test_steps_add_up_to_the_bill(
    bought: list[tuple[int, int]],
    terms: list[CartTerms],
    picks: dict[int, int],
    shipping: int | None,
    subscription: int | None,
) -> None:
    priced = bill(bought, terms, picks, shipping, subscription)
    steps = explain_steps(priced, explain_outcome(priced))
    assert [step.name for step in steps] == list(StepName)
    assert steps[0].before == priced.subtotal + (shipping or 0)
    assert [step.before for step in steps[1:]] == [step.after for step in steps[:-1]]
    assert steps[-1].after == priced.total
    left = {line.line_id: line.subtotal for line in priced.lines}
    for step in steps:
        taken = dict.fromkeys(left, 0)
        for one in step.considered:
            assert one.applied or not one.discount
            for share in one.lines:
                assert share.before == left[share.line_id]
                taken[share.line_id] += share.discount
            if step.name is not StepName.SHIPPING:
                assert one.discount == sum(share.discount for share in one.lines)
        left = {line_id: rest - taken[line_id] for line_id, rest in left.items()}
    assert left == {line.line_id: line.total for line in priced.lines}


@given(bought_units, promotions, promotions, percents_of_products, percents_of_products)
def test_differences_explain_every_cent(
    bought: list[tuple[int, int]],
    terms: list[CartTerms],
    terms_now: list[CartTerms],
    picks: dict[int, int],
    picks_now: dict[int, int],
) -> None:
    """Between two states, everything edited is a cause; everything else is a consequence."""
    then = bill(bought, terms, picks, 490, 10)
    now = bill(bought, terms_now, picks_now, 490, 10)
    assert compare(then, then, {}, NOON, NOON) == []
    edited = {
        PromotionRef(PromotionKind.CART, 51 + n)
        for n in range(max(len(terms), len(terms_now)))
        if terms[n : n + 1] != terms_now[n : n + 1]
    }
    if picks != picks_now:
        edited.add(PromotionRef(PromotionKind.PRODUCT, 1))
    states = {
        ref: PromotionState(
            "Any",
            NOON - timedelta(days=1),
            None,
            True,
            Period(NOON - timedelta(days=1)),
            [entry(1, {"benefit": 1}, {"benefit": 2})] if ref in edited else (),
        )
        for ref in differing_promotions(then, now)
    }
    found = compare(then, now, states, NOON - timedelta(hours=1), NOON)
    assert then.total - now.total == sum(one.now - one.then for one in found)
    for one in found:
        expected = ChangeKind.CHANGED if one.ref in edited else ChangeKind.FOLLOWS
        assert one.cause.kind is expected, one


def entry(number: int, before: Facts | None, after: Facts | None) -> Entry:
    return Entry(number, NOON, "anna", Change(Subject.PROMOTION, 1, Verb.CHANGED, before, after))


@pytest.mark.parametrize(
    ("edits", "fields"),
    [
        ([], []),
        ([({"name": "A"}, {"name": "B"})], ["name"]),
        ([({"percent": "1"}, {"percent": "2"}), ({"percent": "2"}, {"percent": "1"})], []),
        ([({"percent": "1"}, {"percent": "2"}), ({"percent": "2"}, {"percent": "3"})], ["percent"]),
        ([({}, {"products": {"added": [1]}}), ({"products": {"removed": [1]}}, {})], ["products"]),
    ],
)
def test_a_change_that_was_undone_is_not_an_edit(
    edits: list[tuple[Facts, Facts]], fields: list[str]
) -> None:
    entries = [entry(number, before, after) for number, (before, after) in enumerate(edits)]
    assert sorted(edited_fields(entries)) == fields

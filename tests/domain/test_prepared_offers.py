"""Prepared cart promotions give the same as unprepared ones, at any time."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from sconto.domain.candidates import AutomaticPick, Candidates, CartOffers
from sconto.domain.cart import NOBODY, Cart, Customer, Line
from sconto.domain.cart_offers import UNLIMITED, CartOffer, CartReason
from sconto.domain.cart_promotion import (
    CartTerms,
    Conditions,
    PercentOff,
    ProductSelection,
    Target,
)
from sconto.domain.money import PERCENT
from sconto.domain.offers import Offer
from sconto.domain.prepared_offers import PreparedOffers, can_be_prepared
from sconto.domain.pricing import price
from sconto.domain.schedule import Period
from tests.builders import NOON
from tests.domain.cart_strategies import promotions_of, tags
from tests.domain.test_cart_steps import offer

moments = st.integers(0, 4).map(lambda halves: NOON + halves * timedelta(seconds=0.5))
periods = st.builds(
    lambda start, end: Period(start, None if end is None else max(start, end)),
    moments,
    st.none() | moments,
)
carts = st.builds(
    lambda currency, lines, customer, shipping: Cart(
        currency,
        tuple(Line(str(place), *line) for place, line in enumerate(lines)),
        customer=customer,
        shipping=shipping,
    ),
    st.sampled_from(["EUR", "EUR", "USD"]),
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(0, 5000)),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([NOBODY, Customer("c", frozenset(["vip"])), Customer("c")]),
    st.none() | st.integers(0, 900),
)


@given(
    st.tuples(*[promotions_of(target.value) for target in Target]),
    st.lists(st.tuples(carts, moments), min_size=1, max_size=4),
    st.dictionaries(st.integers(1, 5), tags.map(frozenset)),
    st.sets(st.integers(1, 5)),
    st.data(),
)
def test_prepared_promotions_give_the_same_as_unprepared_ones(
    drawn: tuple[list[dict[str, Any]], ...],
    asked: list[tuple[Cart, datetime]],
    tags_of: dict[int, frozenset[str]],
    discounted: set[int],
    data: st.DataObject,
) -> None:
    fields = [one for of_target in drawn for one in of_target]
    offers = [
        _at_some_time(offer({**one, "id": number}), data.draw(periods))
        for number, one in enumerate(fields, 1)
    ]
    stored = data.draw(st.permutations(offers))
    prepared = PreparedOffers(tuple(one for one in stored if can_be_prepared(one.terms)))
    others = [one for one in offers if not can_be_prepared(one.terms)]
    specific = {product_id: AutomaticPick(99, 10 * PERCENT) for product_id in discounted}
    one_by_one = Candidates(specific=specific, tags=tags_of, cart_offers=CartOffers(offers))
    at_once = structs.replace(one_by_one, cart_offers=CartOffers(others, prepared))
    for cart, at in asked:
        assert price(cart, at_once, at) == price(cart, one_by_one, at)


@pytest.mark.parametrize(
    ("customer", "reasons"),
    [
        (Customer("c", frozenset(["vip"])), [CartReason.NOT_COVERED]),
        (NOBODY, [CartReason.SEGMENT, CartReason.NOT_COVERED]),
    ],
)
def test_each_customer_gets_their_own_reasons(
    customer: Customer, reasons: list[CartReason]
) -> None:
    terms = CartTerms(
        Target.LINES,
        PercentOff(10 * PERCENT),
        products=ProductSelection(ids=frozenset([1])),
        conditions=Conditions(segments=frozenset(["vip"])),
    )
    offered = CartOffer(Offer(promotion_id=1, active=True, period=Period(NOON)), terms)
    candidates = Candidates(cart_offers=CartOffers((), PreparedOffers((offered,))))
    for other in (Customer("d", frozenset(["vip"])), NOBODY, customer):
        cart = Cart("EUR", (Line("1", 2, 1, 1000),), customer=other)
        [outcome] = price(cart, candidates, NOON).cart_promotions
    assert [refusal.reason for refusal in outcome.reasons] == reasons


def test_outcomes_are_in_the_order_of_creation() -> None:
    selection = ProductSelection(ids=frozenset([1]))
    terms = CartTerms(Target.LINES, PercentOff(10 * PERCENT), products=selection)
    stored = [
        CartOffer(Offer(promotion_id=number, active=True, period=Period(NOON)), terms)
        for number in (3, 1, 2)
    ]
    candidates = Candidates(cart_offers=CartOffers((), PreparedOffers(tuple(stored))))
    for product_id in (1, 2):
        priced = price(Cart("EUR", (Line("1", product_id, 1, 1000),)), candidates, NOON)
        assert [one.promotion_id for one in priced.cart_promotions] == [1, 2, 3]


def _at_some_time(offered: CartOffer, period: Period) -> CartOffer:
    room = UNLIMITED if can_be_prepared(offered.terms) else offered.room
    return structs.replace(offered, offer=structs.replace(offered.offer, period=period), room=room)

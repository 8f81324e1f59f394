"""Whole bills with cart promotions: the worked examples of the reference, and correct sums."""

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.bill import PricedCart
from sconto.domain.candidates import AutomaticPick, Candidates, CartOffers
from sconto.domain.cart import Cart, Line
from sconto.domain.cart_offers import CartOffer
from sconto.domain.cart_promotion import (
    AmountOff,
    Benefit,
    BuyAndGet,
    CartTerms,
    Conditions,
    PercentOff,
    Target,
)
from sconto.domain.money import PERCENT
from sconto.domain.offers import Offer
from sconto.domain.pricing import price
from sconto.domain.schedule import Period

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
PRICES = {1: 1999, 2: 2490, 3: 500, 4: 300, 5: 700}


bought_units = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from(sorted(PRICES))), min_size=1, max_size=5
)
percents_of_products = st.dictionaries(
    st.sampled_from(sorted(PRICES)), st.integers(1, 100), max_size=3
)


def cart_lines(bought: Sequence[tuple[int, int]]) -> tuple[Line, ...]:
    """Lines of the reference's products, each with its units."""
    return tuple(
        Line(str(n), product, units, PRICES[product]) for n, (units, product) in enumerate(bought)
    )


def bill(
    *lines: tuple[int, int],
    promotions: list[CartTerms],
    picks: dict[int, int] | None = None,
    shipping: int | None = None,
) -> PricedCart:
    """Units of the reference's products with these promotions; `picks` are percents by product."""
    cart = Cart("EUR", cart_lines(lines), shipping=shipping)
    offers = [
        CartOffer(Offer(promotion_id=number, active=True, period=Period(NOW)), terms)
        for number, terms in enumerate(promotions, 51)
    ]
    specific = {
        product: AutomaticPick(1, percent * PERCENT) for product, percent in (picks or {}).items()
    }
    return price(cart, Candidates(specific=specific, cart_offers=CartOffers(offers)), NOW)


def test_an_order_discount_is_taken_from_the_total_after_product_promotions() -> None:
    conditions = Conditions(minimum_subtotal={"EUR": 5000})
    ten_off = CartTerms(Target.ORDER, AmountOff({"EUR": 1000}), conditions=conditions)
    priced = bill((2, 1), (1, 2), promotions=[ten_off], picks={1: 10})
    assert (priced.subtotal, priced.discount, priced.total) == (6488, 1400, 5088)
    assert [line.discount for line in priced.lines] == [400, 0]
    assert [[one.discount for one in line.adjustments] for line in priced.lines] == [[591], [409]]
    assert [line.total for line in priced.lines] == [3007, 2081]


def test_steps_are_applied_one_after_the_other() -> None:
    free_unit = CartTerms(Target.LINES, BuyAndGet(2, 1))
    percent = CartTerms(
        Target.ORDER, PercentOff(15 * PERCENT), conditions=Conditions(minimum_quantity=4)
    )
    assert bill((2, 3), (1, 4), (1, 5), promotions=[free_unit]).total == 1700
    assert bill((2, 3), (1, 4), (1, 5), promotions=[free_unit, percent]).total == 1445


def test_shipping_below_the_minimum_is_not_reduced() -> None:
    conditions = Conditions(minimum_subtotal={"EUR": 3000})
    free = CartTerms(Target.SHIPPING, PercentOff(100 * PERCENT), conditions=conditions)
    priced = bill((1, 2), promotions=[free], shipping=490)
    assert priced.total == 2980
    [outcome] = priced.cart_promotions
    [reason] = outcome.reasons
    assert (reason.have, reason.need, reason.missing) == (2490, 3000, 510)
    assert bill((2, 2), promotions=[free], shipping=490).total == 4980


def test_lines_with_a_product_promotion_can_be_left_out() -> None:
    terms = CartTerms(Target.LINES, PercentOff(10 * PERCENT), on_discounted=False)
    priced = bill((1, 1), (1, 3), promotions=[terms], picks={1: 10})
    assert [line.total for line in priced.lines] == [1799, 450]


percents = st.integers(1, 100).map(lambda percent: PercentOff(percent * PERCENT))
amounts = st.integers(1, 5000).map(lambda amount: AmountOff({"EUR": amount}))
benefits: st.SearchStrategy[Benefit] = percents | amounts
promotions = st.lists(
    st.builds(
        CartTerms,
        st.sampled_from(Target),
        benefits,
        priority=st.integers(-1, 1),
        exclusive=st.booleans(),
        on_discounted=st.booleans(),
    ),
    max_size=6,
)


@given(
    bought_units,
    promotions,
    percents_of_products,
    st.none() | st.integers(0, 1000),
)
def test_lines_adjustments_shipping_and_totals_add_up(
    lines: list[tuple[int, int]],
    terms: list[CartTerms],
    picks: dict[int, int],
    shipping: int | None,
) -> None:
    priced = bill(*lines, promotions=terms, picks=picks, shipping=shipping)
    taken: dict[int, int] = {}
    for line in priced.lines:
        adjusted = sum(one.discount for one in line.adjustments)
        assert line.total == line.subtotal - line.discount - adjusted >= 0
        for one in line.adjustments:
            assert one.discount > 0
            taken[one.promotion_id] = taken.get(one.promotion_id, 0) + one.discount
    charged = 0
    if priced.shipping is not None:
        assert 0 <= priced.shipping.discount <= priced.shipping.amount
        charged = priced.shipping.total
    assert priced.total == sum(line.total for line in priced.lines) + charged
    assert priced.discount == priced.subtotal + (shipping or 0) - priced.total
    for outcome in priced.cart_promotions:
        assert outcome.applied == (outcome.discount > 0)
        if outcome.target is not Target.SHIPPING:
            assert outcome.discount == taken.get(outcome.promotion_id, 0)

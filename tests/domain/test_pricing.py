"""What a cart costs, and what an order of it records."""

from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.bill import PricedCart
from sconto.domain.candidates import AutomaticPick, Candidates
from sconto.domain.cart import Cart, Line
from sconto.domain.codes import CodeType
from sconto.domain.money import FULL_PERCENT, PERCENT, percent_of
from sconto.domain.offers import Offer
from sconto.domain.pricing import price
from sconto.domain.redemption import (
    Redemption,
    count_redemptions,
    one_time_codes,
    redemptions_of,
)
from tests.builders import NOON, a_cart, a_line, a_period

percents = st.integers(1, FULL_PERCENT)
products = st.integers(1, 4)

everywhere = st.builds(AutomaticPick, st.integers(1, 10), percents)
specific = st.builds(AutomaticPick, st.integers(11, 20), percents)
offers = st.builds(
    Offer,
    key=st.sampled_from(["a", "b"]),
    code_id=st.integers(1, 50),
    promotion_id=st.integers(21, 40),
    code_type=st.sampled_from([None, CodeType.REUSABLE, CodeType.ONE_TIME]),
    active=st.booleans(),
    period=st.just(a_period()),
    used_at=st.sampled_from([None, NOON]),
    percent=st.none() | percents,
    percents=st.dictionaries(products, percents),
)
candidates = st.builds(
    Candidates,
    known=st.frozensets(products),
    everywhere=st.none() | everywhere,
    specific=st.dictionaries(products, specific),
    offers=st.lists(offers, max_size=5, unique_by=lambda offer: offer.code_id),
)


@st.composite
def carts(draw: st.DrawFn) -> Cart:
    prices = st.integers(0, 10**14)
    drawn = draw(
        st.lists(st.tuples(products, st.integers(1, 10**6), prices), min_size=1, max_size=6)
    )
    lines = (Line(str(i), *values) for i, values in enumerate(drawn))
    codes = draw(st.lists(st.sampled_from(["A", "a", "b", "c", "not a code"]), max_size=4))
    return Cart("EUR", tuple(lines), tuple(codes))


@given(carts(), candidates)
def test_lines_add_up_and_no_discount_exceeds_its_line(cart: Cart, found: Candidates) -> None:
    priced = price(cart, found, NOON)
    for line in priced.lines:
        assert line.subtotal == line.quantity * line.unit_price
        assert 0 <= line.discount <= line.subtotal
        assert line.total == line.subtotal - line.discount
    assert priced.subtotal == sum(line.subtotal for line in priced.lines)
    assert priced.discount == sum(line.discount for line in priced.lines)
    assert priced.total == sum(line.total for line in priced.lines) >= 0


@given(carts(), candidates)
def test_a_line_gets_its_highest_pick_rounded_once(cart: Cart, found: Candidates) -> None:
    for line in price(cart, found, NOON).lines:
        best = max((pick.percent for pick in line.picks), default=0)
        assert line.discount == percent_of(line.subtotal, best)
        assert len({pick.group for pick in line.picks}) == len(line.picks) <= 3


@given(carts(), candidates)
def test_each_pick_of_a_product_is_one_redemption_with_the_whole_discount(
    cart: Cart, found: Candidates
) -> None:
    priced = price(cart, found, NOON)
    redemptions = redemptions_of(priced)
    keys = [(r.product_id, r.promotion_id, r.code_id) for r in redemptions]
    assert len(set(keys)) == len(keys)
    assert sum(redemption.discount for redemption in redemptions) == priced.discount
    assert count_redemptions(priced) == len(redemptions)


def ten_percent(code_type: CodeType | None = CodeType.ONE_TIME) -> Offer:
    return Offer(
        key="save",
        code_id=7,
        promotion_id=50,
        code_type=code_type,
        active=True,
        period=a_period(),
        percent=10 * PERCENT,
    )


def priced(*lines: Line, codes: tuple[str, ...] = ("SAVE",)) -> PricedCart:
    found = Candidates(
        frozenset([1]),
        AutomaticPick(12, 5 * PERCENT),
        {2: AutomaticPick(13, 20 * PERCENT)},
        [ten_percent()],
    )
    return price(a_cart(*lines, codes=codes), found, NOON)


def test_the_cart_of_the_documentation_has_its_price() -> None:
    cart = priced(a_line(1, quantity=2, unit_price=1999))
    assert (cart.subtotal, cart.discount, cart.total) == (3998, 400, 3598)
    assert cart.lines[0].known


def test_a_discount_is_rounded_once_for_the_line() -> None:
    assert priced(a_line(1, quantity=3, unit_price=5)).discount == 2


def test_an_unknown_product_is_priced_too() -> None:
    [line] = priced(a_line(99)).lines
    assert (line.known, line.discount) == (False, 100)


def test_every_pick_is_a_redemption_even_if_it_does_not_apply() -> None:
    cart = priced(a_line(1, line_id="1"), a_line(2, line_id="2"), a_line(1, line_id="3"))
    assert redemptions_of(cart) == [
        Redemption(1, 50, 7, CodeType.ONE_TIME, True, 200),
        Redemption(1, 12, None, None, False, 0),
        Redemption(2, 13, None, None, True, 200),
        Redemption(2, 50, 7, CodeType.ONE_TIME, False, 0),
        Redemption(2, 12, None, None, False, 0),
    ]
    assert one_time_codes(redemptions_of(cart)) == [7]


def test_a_code_without_a_type_is_recorded_as_reusable() -> None:
    cart = price(a_cart(codes=("save",)), Candidates(offers=[ten_percent(None)]), NOON)
    [redemption] = redemptions_of(cart)
    assert redemption.code_type is CodeType.REUSABLE
    assert one_time_codes([redemption]) == []

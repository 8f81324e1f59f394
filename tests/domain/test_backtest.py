"""Back-tests of random prices agree with a slow model, and drafts replace the stored promotions."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from sconto.domain.allowances import Scope
from sconto.domain.backtest.draft import ProductDraft, as_if_running, with_draft
from sconto.domain.backtest.figures import BacktestFigures, PricedTwice, add_order
from sconto.domain.backtest.job import Checkpoint
from sconto.domain.backtest.prospects import Occasion, Prospects
from sconto.domain.backtest.scenarios import Scenario
from sconto.domain.bill import PricedCart, PricedLine
from sconto.domain.candidates import AutomaticPick, Candidates, CartOffers
from sconto.domain.cart import Cart
from sconto.domain.cart_offers import CartOffer, CartReason, CartRefusal
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.cart_promotion import AmountOff, CartTerms, Limits, Target
from sconto.domain.choice import Group, Pick
from sconto.domain.codes import CodeType
from sconto.domain.money import PERCENT
from sconto.domain.offers import Offer
from sconto.domain.pricing import price
from sconto.domain.promotion import PromotionType
from sconto.domain.schedule import ALL_PRODUCTS_ID, Period
from tests.backtests.summing import Pair, add_up
from tests.builders import NOON, a_cart, a_line
from tests.domain.cart_strategies import promotions_of, tags
from tests.domain.test_cart_steps import offer
from tests.domain.test_prepared_offers import carts, moments, periods

NAMES: Final = {number: f"p{number}" for number in range(1, 7)}
OWN: Final = 6
LONG: Final = Period(NOON - timedelta(days=1))
REFUSED: Final = (CartRefusal(CartReason.SEGMENT),)


@st.composite
def lines(draw: st.DrawFn) -> PricedLine:
    subtotal = draw(st.integers(0, 9_000))
    discount = draw(st.integers(0, subtotal))
    pick = draw(st.none() | st.integers(1, 3))
    picks = () if pick is None else (Pick(pick, Group.AUTOMATIC_ALL, 1),)
    discount = discount if picks else 0
    return PricedLine("1", 1, 1, subtotal, True, subtotal, discount, subtotal - discount, picks)


@st.composite
def priced(draw: st.DrawFn, currency: str) -> PricedCart:
    found = tuple(draw(st.lists(lines(), min_size=1, max_size=3)))
    outcomes = tuple(
        CartPromotionOutcome(
            promotion_id,
            Target.ORDER,
            draw(st.integers(1, 900)),
            reasons=draw(st.sampled_from([(), REFUSED])),
        )
        for promotion_id in draw(st.sets(st.integers(4, 6)))
    )
    discount = sum(line.discount for line in found) + sum(
        one.discount for one in outcomes if one.applied
    )
    subtotal = sum(line.subtotal for line in found)
    return PricedCart(
        currency, subtotal, discount, subtotal - discount, found, (), None, None, outcomes
    )


@st.composite
def orders(draw: st.DrawFn) -> list[Pair]:
    pairs = []
    for number in range(draw(st.integers(0, 14))):
        currency = draw(st.sampled_from(["EUR", "USD"]))
        before = draw(priced(currency))
        after = before if draw(st.booleans()) else draw(priced(currency))
        at = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(hours=7 * number)
        customer = draw(st.sampled_from([None, "c-1", "c-2", "c-3"]))
        pairs.append(Pair(f"o-{number}", at, customer, before, after))
    return pairs


@settings(max_examples=25)
@given(orders())
def test_the_figures_are_those_of_the_slow_model(pairs: list[Pair]) -> None:
    figures = BacktestFigures()
    for pair in pairs:
        twice = PricedTwice(
            pair.order_id, pair.at, pair.at.date(), pair.before, pair.after, pair.customer
        )
        add_order(figures, twice, f"cart {OWN}")
        stored = msgspec.msgpack.encode(Checkpoint(b"", (pair.at, ""), figures=figures))
        # A checkpoint has all that is needed to continue.
        figures = msgspec.msgpack.decode(stored, type=Checkpoint).figures
    expected = add_up(pairs, NAMES, NAMES, NAMES[OWN])
    found = {
        "orders": figures.orders,
        "changed": figures.changed,
        "cheaper": figures.cheaper,
        "dearer": figures.dearer,
        "customers": len(figures.reached),
        "unnamed": figures.reached_unnamed,
        "discount": {
            currency: (one.discount.before, one.discount.after)
            for currency, one in figures.currencies.items()
        },
        "promotions": {
            NAMES[int(key.split()[1])]: (
                one.orders.before,
                one.orders.after,
                one.gained,
                one.lost,
                sum(both.before for both in one.discounts.values()),
                sum(both.after for both in one.discounts.values()),
            )
            for key, one in figures.promotions.items()
        },
        "largest": {
            currency: [one.order_id for one in figures.largest.get(currency, [])]
            for currency in figures.currencies
        },
    }
    expected["promotions"].setdefault(NAMES[OWN], (0,) * 6)
    found_promotions: Any = found["promotions"]
    found_promotions.setdefault(NAMES[OWN], (0,) * 6)
    assert found == expected
    by_day = [one for of_day in figures.days.values() for one in of_day.values()]
    assert sum(one.before for one in by_day) == sum(pair.before.discount for pair in pairs)
    assert sum(one.after for one in by_day) == sum(pair.after.discount for pair in pairs)


def a_draft(**fields: Any) -> ProductDraft:
    given_fields: dict[str, Any] = {
        "type": PromotionType.DISCOUNT,
        "active": True,
        "period": LONG,
        **fields,
    }
    return ProductDraft(name="Draft", **given_fields)


def nothing_below(product_id: int, at: datetime) -> AutomaticPick | None:
    del product_id, at
    return None


def test_a_draft_that_changes_nothing_for_a_cart_leaves_its_candidates() -> None:
    found, cart = Candidates(), a_cart(codes=("OTHER",))
    for draft in (
        a_draft(percents={99: PERCENT}),
        a_draft(percent=PERCENT, active=False),
        a_draft(percent=PERCENT, period=Period(NOON + timedelta(days=1))),
        a_draft(percent=PERCENT, type=PromotionType.COUPON, codes=("MINE",)),
    ):
        assert with_draft(draft, cart, found, NOON, nothing_below) is found
    running = as_if_running(a_draft(percent=PERCENT, active=False), LONG.starts_at)
    assert with_draft(running, cart, found, NOON, nothing_below).everywhere is not None


def test_without_the_replaced_promotion_the_one_below_it_is_picked() -> None:
    found = Candidates(
        everywhere=AutomaticPick(7, 10 * PERCENT), specific={11111: AutomaticPick(8, PERCENT)}
    )
    below = AutomaticPick(3, 2 * PERCENT)
    off = a_draft(percent=10 * PERCENT, active=False, replaces=7)
    changed = with_draft(
        off, a_cart(), found, NOON, lambda product, _: below if product == ALL_PRODUCTS_ID else None
    )
    assert (changed.everywhere, changed.specific) == (below, found.specific)
    # With its own id it does not win against a promotion created after it.
    lower = a_draft(percents={11111: 50 * PERCENT}, replaces=5)
    same = with_draft(lower, a_cart(), found, NOON, nothing_below)
    assert same.specific == found.specific


def test_a_kept_code_stays_used_and_a_new_one_is_free() -> None:
    used = Offer(
        key="mine",
        code_id=1,
        promotion_id=7,
        code_type=CodeType.ONE_TIME,
        active=True,
        period=LONG,
        used_at=NOON,
        percent=PERCENT,
    )
    cart, found = a_cart(codes=("MINE", "NEW")), Candidates(offers=[used])
    coupon = {"type": PromotionType.COUPON, "code_type": CodeType.ONE_TIME, "replaces": 7}
    kept = with_draft(
        a_draft(percent=2 * PERCENT, codes=None, **coupon), cart, found, NOON, nothing_below
    )
    assert [(one.key, one.used_at) for one in kept.offers] == [("mine", NOON)]
    own = with_draft(
        a_draft(percent=2 * PERCENT, codes=("new", "Mine"), **coupon),
        cart,
        found,
        NOON,
        nothing_below,
    )
    assert [(one.key, one.used_at) for one in own.offers] == [("mine", NOON), ("new", None)]


def test_orders_use_up_limits_one_after_the_other() -> None:
    terms = CartTerms(Target.ORDER, AmountOff({"EUR": 300}), limits=Limits(budget={"EUR": 1000}))
    limited = CartOffer(Offer(promotion_id=5, active=True, period=LONG), terms)
    scenario, cart = Scenario(), a_cart(a_line(unit_price=2000))
    discounts = []
    for _ in range(4):
        found = Candidates(cart_offers=CartOffers([limited]))
        seen = scenario.seen_by(cart, found, NOON, {(5, Scope.BUDGET, "EUR"): 350}, str)
        bill = price(cart, seen, NOON)
        scenario.take(cart, bill, seen.cart_offers, str)
        discounts.append(bill.discount)
    # 350 of 1000 were taken before the period: two more fit.
    assert discounts == [300, 300, 0, 0]


@settings(max_examples=60)
@given(
    st.tuples(*[promotions_of(target.value) for target in Target]),
    st.lists(st.tuples(carts, moments), min_size=1, max_size=3),
    st.dictionaries(st.integers(1, 5), tags.map(frozenset)),
    st.booleans(),
    st.data(),
)
def test_promotions_left_out_of_a_cart_give_no_discount(
    drawn: tuple[list[dict[str, Any]], ...],
    asked: list[tuple[Cart, datetime]],
    tags_of: dict[int, frozenset[str]],
    has_ordered: bool,
    data: st.DataObject,
) -> None:
    fields = [one for of_target in drawn for one in of_target]
    offers = []
    for number, one in enumerate(fields, 1):
        made = offer({**one, "id": number})
        period = data.draw(periods)
        offers.append(structs.replace(made, offer=structs.replace(made.offer, period=period)))
    prospects = Prospects(offers)
    every = Candidates(tags=tags_of, cart_offers=CartOffers(offers), has_ordered=has_ordered)
    for cart, at in asked:
        left = prospects.of(Occasion(cart, at, has_ordered=has_ordered))
        some = structs.replace(every, cart_offers=CartOffers(left))
        whole, reduced = price(cart, every, at), price(cart, some, at)
        assert (reduced.total, reduced.lines, reduced.shipping) == (
            whole.total,
            whole.lines,
            whole.shipping,
        )
        applied = [one for one in whole.cart_promotions if one.applied]
        assert [one for one in reduced.cart_promotions if one.applied] == applied

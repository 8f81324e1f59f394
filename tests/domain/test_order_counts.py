"""What an order counts for: each promotion once, whatever its products, codes and currencies."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sconto.domain.bill import PricedCart
from sconto.domain.cart_offers import CartReason, CartRefusal
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.cart_promotion import Target
from sconto.domain.codes import CodeType
from sconto.domain.order_counts import OrderCount, Subject, counts_of
from sconto.domain.redemption import Redemption
from sconto.domain.subscription import (
    CodeReason,
    ConsideredCode,
    Subscription,
    SubscriptionOutcome,
)

NOTHING = PricedCart("EUR", 1000, 0, 1000, (), ())


@st.composite
def redemptions(draw: st.DrawFn) -> list[Redemption]:
    """Picks of a few products; a promotion has one code, or several of one type."""
    codes: dict[int, tuple[int | None, CodeType | None]] = {
        1: (None, None),
        2: (20, CodeType.REUSABLE),
        3: (30, CodeType.ONE_TIME),
    }
    found = []
    for product_id in draw(st.sets(st.integers(1, 4))):
        for promotion_id in draw(st.sets(st.sampled_from([1, 2, 3]))):
            code_id, code_type = codes[promotion_id]
            if code_id is not None:
                code_id += draw(st.integers(0, 1))
            applied = draw(st.booleans())
            discount = draw(st.integers(0, 500)) if applied else 0
            found.append(
                Redemption(product_id, promotion_id, code_id, code_type, applied, discount)
            )
    return found


@given(redemptions(), st.integers(0, 900))
def test_each_promotion_of_an_order_counts_once_with_all_that_it_took_off(
    recorded: list[Redemption], discount: int
) -> None:
    counts = counts_of(replace(NOTHING, discount=discount), recorded)
    whole, *of_promotions = counts
    subject = Subject.DISCOUNTED if discount else Subject.FULL_PRICE
    assert whole == OrderCount(subject, 0, 0, "", True, 0, 1, discount)
    assert of_promotions == sorted(
        of_promotions,
        key=lambda one: (one.promotion_id, one.code_id, one.code_type, one.applied),
    )
    assert sum(one.uses for one in counts) == len(recorded)
    for promotion_id in (1, 2, 3):
        own = [one for one in of_promotions if one.promotion_id == promotion_id]
        of_it = [one for one in recorded if one.promotion_id == promotion_id]
        has_applied = any(one.applied for one in of_it)
        assert sum(one.orders for one in own) == bool(of_it)
        assert [one.applied for one in own if one.orders] == [has_applied] * bool(of_it)
        assert sum(one.discount for one in own) == sum(one.discount for one in of_it)
        reusable = {one.code_id for one in of_it if one.code_type is CodeType.REUSABLE}
        assert {one.code_id for one in own} - {0} == reusable
    # Two rows of the same counter cannot be added in one statement.
    kept = [
        (one.subject, one.promotion_id, one.code_id) for one in counts if one.applied or one.orders
    ]
    assert len(kept) == len(set(kept))


def test_a_cart_promotion_that_others_beat_is_counted_as_beaten() -> None:
    def outcome(promotion_id: int, *reasons: CartReason) -> CartPromotionOutcome:
        refusals = tuple(map(CartRefusal, reasons))
        return CartPromotionOutcome(promotion_id, Target.ORDER, reasons=refusals)

    cart = replace(
        NOTHING,
        cart_promotions=(
            outcome(1, CartReason.LOWER_DISCOUNT),
            outcome(2, CartReason.TIE),
            outcome(3, CartReason.MINIMUM_SUBTOTAL),
            outcome(4, CartReason.NOTHING_LEFT),
        ),
    )
    beaten = [(one.promotion_id, one.applied, one.orders) for one in counts_of(cart, ())[1:]]
    assert beaten == [(1, False, 1), (2, False, 1)]


def test_a_subscriptions_promotion_counts_if_it_applied_or_was_beaten() -> None:
    def code(promotion_id: int | None, discount: int, reason: CodeReason | None) -> ConsideredCode:
        return ConsideredCode("X", promotion_id, discount, 0, reason)

    considered = (
        code(7, 300, CodeReason.LOWER_DISCOUNT),
        code(8, 500, None),
        code(8, 200, CodeReason.LOWER_DISCOUNT),
        code(9, 0, CodeReason.NO_RULE),
        code(None, 0, CodeReason.UNKNOWN),
    )
    effect = SubscriptionOutcome(Subscription(None, "monthly", 1), considered)
    cart = replace(NOTHING, discount=500, subscription=effect)
    assert counts_of(cart, ())[1:] == [
        OrderCount(Subject.SUBSCRIPTION, 7, 0, "", False, 0, 1, 0),
        OrderCount(Subject.SUBSCRIPTION, 8, 0, "", True, 0, 1, 500),
    ]

"""What each promotion takes off a priced cart, by step and line."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from sconto.domain.bill import PricedCart
from sconto.domain.cart_promotion import Target
from sconto.domain.explained_steps import StepName
from sconto.domain.promotion_kind import PromotionKind


class PromotionRef(NamedTuple):
    """A promotion of an outcome."""

    kind: PromotionKind
    id: int


Shares = Mapping[str | None, int]
"""What a promotion takes off, by line; None stands for shipping."""

_STEP_OF_TARGET: Final = {
    Target.LINES: StepName.LINES,
    Target.ORDER: StepName.ORDER,
    Target.SHIPPING: StepName.SHIPPING,
}


def shares_of(priced: PricedCart) -> dict[tuple[StepName, PromotionRef], dict[str | None, int]]:
    """What each promotion takes off each line, by step; always above zero."""
    shares: dict[tuple[StepName, PromotionRef], dict[str | None, int]] = {}

    def add(step: StepName, ref: PromotionRef, line_id: str | None, discount: int) -> None:
        if discount:
            shares.setdefault((step, ref), {})[line_id] = discount

    winner = None if priced.subscription is None else priced.subscription.winner
    for line in priced.lines:
        if (pick := line.winning_pick) is not None:
            ref = PromotionRef(PromotionKind.PRODUCT, pick.promotion_id)
            add(StepName.PRODUCT_PROMOTIONS, ref, line.line_id, line.discount)
        for one in line.adjustments:
            ref = PromotionRef(PromotionKind.CART, one.promotion_id)
            add(_STEP_OF_TARGET[one.target], ref, line.line_id, one.discount)
        if winner is not None and winner.promotion_id is not None:
            ref = PromotionRef(PromotionKind.SUBSCRIPTION, winner.promotion_id)
            add(StepName.SUBSCRIPTION, ref, line.line_id, line.subscription_discount)
    for outcome in priced.cart_promotions:
        if outcome.target is Target.SHIPPING:
            ref = PromotionRef(PromotionKind.CART, outcome.promotion_id)
            add(StepName.SHIPPING, ref, None, outcome.discount)
    return shares


def picked(priced: PricedCart) -> dict[PromotionRef, dict[int, int]]:
    """The percent of each product promotion that was picked for a product, even if it lost.

    A pick that lost may have displaced another one of its group.
    """
    picks: dict[PromotionRef, dict[int, int]] = {}
    for line in priced.lines:
        for pick in line.picks:
            ref = PromotionRef(PromotionKind.PRODUCT, pick.promotion_id)
            picks.setdefault(ref, {})[line.product_id] = pick.percent
    return picks


def of_promotion(priced: PricedCart, ref: PromotionRef) -> dict[StepName, dict[str | None, int]]:
    """What one promotion takes off each line, by step."""
    return {step: lines for (step, one), lines in shares_of(priced).items() if one == ref}

"""The bill of a priced cart, step by step: its state before a step, and what each promotion did.

Everything comes from the outcome, so an order is explained as it was placed, whatever has changed
since. The amounts of the steps add up to the bill.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from sconto.domain.bill import PricedCart, PricedLine
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.cart_promotion import Target
from sconto.domain.explanation import PromotionOutcome, PromotionStatus
from sconto.domain.subscription import ConsideredCode


class StepName(StrEnum):
    """The steps, in the order of `pricing.STEPS`."""

    PRODUCT_PROMOTIONS = "product_promotions"
    LINES = "lines"
    ORDER = "order"
    SHIPPING = "shipping"
    SUBSCRIPTION = "subscription"


_TARGETS: Final = {
    StepName.LINES: Target.LINES,
    StepName.ORDER: Target.ORDER,
    StepName.SHIPPING: Target.SHIPPING,
}


@dataclass(frozen=True, slots=True)
class LineShare:
    """What a promotion does on a line; `before` is what is left of the line before the step.

    `percent` and `status` are those of a product promotion.
    """

    line_id: str
    before: int
    discount: int
    percent: int | None = None
    status: PromotionStatus | None = None


Outcome: TypeAlias = tuple[PromotionOutcome, ...] | CartPromotionOutcome | ConsideredCode


@dataclass(frozen=True, slots=True)
class Considered:
    """A promotion that a step considered, and its result.

    `lines` are those that it was picked for or takes something off. `outcome` has the reasons; a
    product promotion has one for each different result on the cart's products.
    """

    promotion_id: int | None
    code: str | None
    discount: int
    applied: bool
    lines: tuple[LineShare, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """A step: what the cart costs before it, with shipping, and what it takes off."""

    name: StepName
    before: int
    discount: int
    considered: tuple[Considered, ...]

    @property
    def after(self) -> int:
        """What the cart costs after it."""
        return self.before - self.discount


def explain_steps(
    priced: PricedCart, by_product: Mapping[int, Sequence[PromotionOutcome]]
) -> tuple[ExplainedStep, ...]:
    """The five steps of a priced cart; `by_product` is what was considered on each product."""
    costs = priced.subtotal + (0 if priced.shipping is None else priced.shipping.amount)
    steps = []
    for name in StepName:
        found = tuple(_CONSIDER[name](priced, name, by_product))
        discount = sum(one.discount for one in found)
        steps.append(ExplainedStep(name, costs, discount, found))
        costs -= discount
    return tuple(steps)


def _product_promotions(
    priced: PricedCart, _name: StepName, by_product: Mapping[int, Sequence[PromotionOutcome]]
) -> Iterable[Considered]:
    outcomes: dict[tuple[int, str | None], dict[PromotionOutcome, None]] = {}
    shares: dict[tuple[int, str | None], list[LineShare]] = {}
    for line in priced.lines:
        picked = {pick.promotion_id for pick in line.picks}
        for outcome in by_product.get(line.product_id, ()):
            key = (outcome.promotion_id, outcome.code)
            outcomes.setdefault(key, {})[outcome] = None
            if outcome.promotion_id in picked and not _is_other(outcome):
                discount = line.discount if outcome.status is PromotionStatus.APPLIED else 0
                share = LineShare(
                    line.line_id, line.subtotal, discount, outcome.percent, outcome.status
                )
                shares.setdefault(key, []).append(share)
    found = [
        Considered(
            promotion_id,
            code,
            sum(share.discount for share in shares.get((promotion_id, code), ())),
            any(one.status is PromotionStatus.APPLIED for one in different),
            tuple(shares.get((promotion_id, code), ())),
            tuple(different),
        )
        for (promotion_id, code), different in outcomes.items()
    ]
    return sorted(found, key=lambda one: not one.applied)


def _is_other(outcome: PromotionOutcome) -> bool:
    """Whether another code or promotion of the same group was picked instead."""
    return outcome.status not in (
        PromotionStatus.APPLIED,
        PromotionStatus.LOWER_DISCOUNT,
        PromotionStatus.TIE,
    )


def _cart_promotions(
    priced: PricedCart, name: StepName, _by_product: object
) -> Iterable[Considered]:
    for outcome in priced.cart_promotions:
        if outcome.target is _TARGETS[name]:
            lines = tuple(_adjusted(priced.lines, outcome, name))
            yield Considered(
                outcome.promotion_id,
                outcome.code,
                outcome.discount,
                outcome.applied,
                lines,
                outcome,
            )


def _adjusted(
    lines: Iterable[PricedLine], outcome: CartPromotionOutcome, name: StepName
) -> Iterable[LineShare]:
    for line in lines:
        for one in line.adjustments:
            if one.promotion_id == outcome.promotion_id and one.target is outcome.target:
                yield LineShare(line.line_id, entering(line, name), one.discount)


def _subscription(priced: PricedCart, name: StepName, _by_product: object) -> Iterable[Considered]:
    if priced.subscription is None:
        return
    for code in priced.subscription.considered:
        shares = [
            LineShare(line.line_id, entering(line, name), line.subscription_discount)
            for line in priced.lines
            if code.applied and line.subscription_discount
        ]
        discount = code.discount if code.applied else 0
        yield Considered(code.promotion_id, code.code, discount, code.applied, tuple(shares), code)


def entering(line: PricedLine, step: StepName) -> int:
    """What is left of the line before the step."""
    left = line.subtotal
    if step is StepName.PRODUCT_PROMOTIONS:
        return left
    left -= line.discount
    before = {
        StepName.LINES: (),
        StepName.ORDER: (Target.LINES,),
        StepName.SHIPPING: (Target.LINES, Target.ORDER),
        StepName.SUBSCRIPTION: (Target.LINES, Target.ORDER),
    }[step]
    return left - sum(one.discount for one in line.adjustments if one.target in before)


_CONSIDER: Final[
    Mapping[
        StepName,
        Callable[
            [PricedCart, StepName, Mapping[int, Sequence[PromotionOutcome]]], Iterable[Considered]
        ],
    ]
] = {
    StepName.PRODUCT_PROMOTIONS: _product_promotions,
    StepName.LINES: _cart_promotions,
    StepName.ORDER: _cart_promotions,
    StepName.SHIPPING: _cart_promotions,
    StepName.SUBSCRIPTION: _subscription,
}

"""Replay: whether the request of an order would cost the same now, and which promotions differ.

The stored request is priced now, by the same function, and compared with the stored outcome by
promotion and line. A promotion that takes something else than then is either a cause of the
difference, because it was changed itself, or it follows from causes in its step or an earlier one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sconto.domain.bill import PricedCart
from sconto.domain.cart_promotion import Target
from sconto.domain.explained_steps import StepName
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.replay_causes import (
    Cause,
    ChangeKind,
    PromotionRef,
    PromotionState,
    Watch,
    find_cause,
    follow,
)


class LineDifference(NamedTuple):
    """What a promotion took off a line then and takes now; `line_id` None for shipping."""

    line_id: str | None
    then: int
    now: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A promotion that takes something else off a line or shipping than it took then."""

    ref: PromotionRef
    step: StepName
    lines: tuple[LineDifference, ...]
    cause: Cause

    @property
    def then(self) -> int:
        """What it took off these lines then."""
        return sum(line.then for line in self.lines)

    @property
    def now(self) -> int:
        """What it takes off them now."""
        return sum(line.now for line in self.lines)


@dataclass(frozen=True, slots=True)
class Replay:
    """An order's request priced now; `priced` is None where the request was not stored.

    `differences` are in the order of the steps, causes first in each.
    """

    at: datetime
    then: PricedCart
    priced: PricedCart | None = None
    differences: Sequence[Difference] = ()

    @property
    def is_same(self) -> bool | None:
        """Whether the request costs the same now; None if nobody can say."""
        return None if self.priced is None else self.priced.total == self.then.total


LONGEST_PROMISE: Final = timedelta(days=1)
"""For so long before the order its price may have been promised."""

Shares = Mapping[str | None, int]
"""What a promotion takes off, by line; None stands for shipping."""

_STEP_OF_TARGET: Final = {
    Target.LINES: StepName.LINES,
    Target.ORDER: StepName.ORDER,
    Target.SHIPPING: StepName.SHIPPING,
}
_STEPS: Final = tuple(StepName)


def shares_of(priced: PricedCart) -> dict[tuple[StepName, PromotionRef], dict[str | None, int]]:
    """What each promotion takes off each line, by step; never nothing."""
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
    """The percent of each product promotion that was picked for a product, also of those that lost.

    One that lost may have displaced another of its group.
    """
    picks: dict[PromotionRef, dict[int, int]] = {}
    for line in priced.lines:
        for pick in line.picks:
            ref = PromotionRef(PromotionKind.PRODUCT, pick.promotion_id)
            picks.setdefault(ref, {})[line.product_id] = pick.percent
    return picks


def differing_promotions(then: PricedCart, now: PricedCart) -> set[PromotionRef]:
    """The promotions that do not take the same off each line, or are not picked as before."""
    before, after = shares_of(then), shares_of(now)
    picks_before, picks_after = picked(then), picked(now)
    return {
        ref
        for step, ref in {*before, *after}
        if before.get((step, ref), {}) != after.get((step, ref), {})
    } | {
        ref
        for ref in {*picks_before, *picks_after}
        if picks_before.get(ref) != picks_after.get(ref)
    }


def compare(
    then: PricedCart,
    now: PricedCart,
    states: Mapping[PromotionRef, PromotionState],
    ordered_at: datetime,
    at: datetime,
) -> list[Difference]:
    """What each promotion takes off differently, and why.

    `states` are those of the `differing_promotions`, with edits since LONGEST_PROMISE before the
    order; one that is missing does not exist any more.
    """
    before, after = shares_of(then), shares_of(now)
    picks = picked(then), picked(now)
    differing = differing_promotions(then, now)
    found: list[Difference] = []
    causes: list[PromotionRef] = []
    earlier: dict[PromotionRef, Watch] = {}
    for step in _STEPS:
        refs = {ref for of_step, ref in {*before, *after} if of_step is step}
        if step is StepName.PRODUCT_PROMOTIONS:
            refs |= {*picks[0], *picks[1]}
        own: list[tuple[PromotionRef, tuple[LineDifference, ...], Cause | None]] = []
        for ref in sorted(refs & differing):
            lines = _differing_lines(before.get((step, ref), {}), after.get((step, ref), {}))
            had = ref in picks[0] or (step, ref) in before
            has = ref in picks[1] or (step, ref) in after
            watch = Watch(ref, had, has, then, now, ordered_at, at)
            cause = find_cause(watch, states.get(ref))
            earlier[ref] = watch._replace(ordered_at=ordered_at - LONGEST_PROMISE)
            if lines or (cause is not None and picks[0].get(ref) != picks[1].get(ref)):
                own.append((ref, lines, cause))
        causes += [ref for ref, _, cause in own if cause is not None]
        for ref, lines, cause in sorted(own, key=lambda one: one[2] is None):
            why = cause or follow(ref, states.get(ref), causes)
            if why.kind is ChangeKind.UNKNOWN:
                # The price may have been promised by a hold before the order.
                why = find_cause(earlier[ref], states.get(ref)) or why
            if why.kind is ChangeKind.CATALOGUE:
                causes.append(ref)
            found.append(Difference(ref, step, lines, why))
    return found


def without_username(difference: Difference) -> Difference:
    """The difference, without the name of who made it."""
    return replace(difference, cause=replace(difference.cause, username=None))


def _differing_lines(before: Shares, after: Shares) -> tuple[LineDifference, ...]:
    return tuple(
        LineDifference(line_id, before.get(line_id, 0), after.get(line_id, 0))
        for line_id in dict.fromkeys((*before, *after))
        if before.get(line_id, 0) != after.get(line_id, 0)
    )

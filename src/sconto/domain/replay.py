"""Replay: whether the request of an order would cost the same now, and which promotions differ.

The stored request is priced now, by the same function, and compared with the stored outcome by
promotion and line. A promotion that now takes off another amount is either a cause of the
difference, because it was changed itself, or it follows from causes in its step or an earlier one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sconto.domain.bill import PricedCart
from sconto.domain.explained_steps import StepName
from sconto.domain.replay_causes import (
    Cause,
    ChangeKind,
    PromotionState,
    Watch,
    find_cause,
    follow,
    is_idle,
)
from sconto.domain.replay_edits import PriceWith
from sconto.domain.replay_shares import PromotionRef, Shares, picked, shares_of


class LineDifference(NamedTuple):
    """What a promotion took off a line then and takes now; `line_id` None for shipping."""

    line_id: str | None
    then: int
    now: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A promotion that now takes another amount off a line or shipping than it did at the order."""

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
    """An order's request priced now; `priced` is None if the request was not stored.

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


def differing_promotions(then: PricedCart, now: PricedCart) -> set[PromotionRef]:
    """The promotions that take another amount off a line, or are not picked as before."""
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
    price_with: PriceWith | None = None,
) -> list[Difference]:
    """What each promotion takes off differently, and why.

    `states` are those of the `differing_promotions`, with edits since LONGEST_PROMISE before the
    order; a promotion without a state no longer exists. With `price_with`, an edit counts only if
    the promotion would take another amount now without it.
    """
    before, after = shares_of(then), shares_of(now)
    picks = picked(then), picked(now)
    differing = differing_promotions(then, now)
    found: list[Difference] = []
    causes: list[PromotionRef] = []
    earlier: dict[PromotionRef, Watch] = {}
    idle: dict[PromotionRef, Cause] = {}
    for step in StepName:
        refs = {ref for of_step, ref in {*before, *after} if of_step is step}
        if step is StepName.PRODUCT_PROMOTIONS:
            refs |= {*picks[0], *picks[1]}
        own: list[tuple[PromotionRef, tuple[LineDifference, ...], Cause | None]] = []
        for ref in sorted(refs & differing):
            lines = _differing_lines(before.get((step, ref), {}), after.get((step, ref), {}))
            had = ref in picks[0] or (step, ref) in before
            has = ref in picks[1] or (step, ref) in after
            watch = Watch(ref, had, has, then, now, ordered_at, at)
            state = states.get(ref)
            cause = find_cause(watch, state)
            if cause and state and price_with and is_idle(watch, state, cause, price_with):
                idle[ref], cause = cause, None
            earlier[ref] = watch._replace(ordered_at=ordered_at - LONGEST_PROMISE)
            if lines or (cause is not None and picks[0].get(ref) != picks[1].get(ref)):
                own.append((ref, lines, cause))
        causes += [ref for ref, _, cause in own if cause is not None]
        for ref, lines, cause in sorted(own, key=lambda one: one[2] is None):
            why = cause or follow(ref, states.get(ref), causes)
            if why.kind is ChangeKind.UNKNOWN:
                # The price may have been promised by a hold before the order.
                why = idle.get(ref) or find_cause(earlier[ref], states.get(ref)) or why
            if why.kind is ChangeKind.CATALOGUE:
                causes.append(ref)
            found.append(Difference(ref, step, lines, why))
    return found


def without_username(difference: Difference) -> Difference:
    """The difference, without the name of the user who made the change."""
    return replace(difference, cause=replace(difference.cause, username=None))


def _differing_lines(before: Shares, after: Shares) -> tuple[LineDifference, ...]:
    return tuple(
        LineDifference(line_id, before.get(line_id, 0), after.get(line_id, 0))
        for line_id in dict.fromkeys((*before, *after))
        if before.get(line_id, 0) != after.get(line_id, 0)
    )

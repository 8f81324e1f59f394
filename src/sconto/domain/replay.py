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
    for step in StepName:
        refs = {ref for of_step, ref in {*before, *after} if of_step is step}
        if step is StepName.PRODUCT_PROMOTIONS:
            refs |= {*picks[0], *picks[1]}
        seen: list[_Seen] = []
        for ref in sorted(refs & differing):
            had = ref in picks[0] or (step, ref) in before
            has = ref in picks[1] or (step, ref) in after
            watch = Watch(ref, had, has, then, now, ordered_at, at)
            lines = _differing_lines(before.get((step, ref), {}), after.get((step, ref), {}))
            one = _look(watch, lines, states.get(ref), price_with)
            if lines or (one.edit is not None and picks[0].get(ref) != picks[1].get(ref)):
                seen.append(one)
        causes += [one.watch.ref for one in seen if one.edit is not None]
        for one in sorted(seen, key=lambda one: one.edit is None):
            ref = one.watch.ref
            cause = one.edit or _cause_beyond_edits(one, states.get(ref), causes)
            if cause.kind is ChangeKind.CATALOGUE:
                causes.append(ref)
            found.append(Difference(ref, step, one.lines, cause))
    return found


class _Seen(NamedTuple):
    """A promotion in a step: what it takes off differently, and edits of it.

    `edit` explains the difference. `idle_edit` is one without which the price would be the same.
    """

    watch: Watch
    lines: tuple[LineDifference, ...]
    edit: Cause | None
    idle_edit: Cause | None


def _look(
    watch: Watch,
    lines: tuple[LineDifference, ...],
    state: PromotionState | None,
    price_with: PriceWith | None,
) -> _Seen:
    edit = find_cause(watch, state)
    if edit and state and price_with and is_idle(watch, state, edit, price_with):
        return _Seen(watch, lines, None, edit)
    return _Seen(watch, lines, edit, None)


def _cause_beyond_edits(
    seen: _Seen, state: PromotionState | None, causes: Sequence[PromotionRef]
) -> Cause:
    """Why a promotion takes off something else, if no edit since the order explains it."""
    watch = seen.watch
    cause = follow(watch.ref, state, causes)
    if cause.kind is not ChangeKind.UNKNOWN:
        return cause
    # The price may have been promised by a hold before the order.
    earlier = watch._replace(ordered_at=watch.ordered_at - LONGEST_PROMISE)
    return seen.idle_edit or find_cause(earlier, state) or cause


def without_username(difference: Difference) -> Difference:
    """The difference, without the name of the user who made the change."""
    return replace(difference, cause=replace(difference.cause, username=None))


def _differing_lines(before: Shares, after: Shares) -> tuple[LineDifference, ...]:
    return tuple(
        LineDifference(line_id, before.get(line_id, 0), after.get(line_id, 0))
        for line_id in dict.fromkeys((*before, *after))
        if before.get(line_id, 0) != after.get(line_id, 0)
    )

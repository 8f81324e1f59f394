"""One step of a bill: which cart promotions of a target apply, and what each takes off.

The rules are those of `reference/cart.md`, "Steps". A step is decided on the bill as it enters:
first who is eligible, then which alternative takes most off.
"""

from collections.abc import Sequence

import msgspec

from sconto.domain.cart_discount import take_off
from sconto.domain.cart_eligibility import find_refusals
from sconto.domain.cart_ground import Ground
from sconto.domain.cart_offers import CartOffer, CartReason, CartRefusal

Loser = tuple[CartOffer, tuple[CartRefusal, ...]]
"""A promotion that takes nothing off, and all the reasons."""


class Taking(msgspec.Struct, frozen=True):
    """What a promotion takes off each line, or off shipping alone, and in all; above zero."""

    offered: CartOffer
    parts: tuple[int, ...]
    discount: int


class StepResult(msgspec.Struct, frozen=True):
    """What a step takes off, in the order of application, and why the others take nothing."""

    takings: tuple[Taking, ...]
    losers: tuple[Loser, ...]


class _Alternative(msgspec.Struct, frozen=True):
    """Promotions that apply together, or one alone; `rank` decides between equal discounts."""

    members: tuple[CartOffer, ...]
    takings: tuple[Taking, ...]
    rank: tuple[bool, int, int]

    @property
    def discount(self) -> int:
        return sum([taking.discount for taking in self.takings])


def decide_step(
    ground: Ground, offered: Sequence[CartOffer], known_eligible: Sequence[CartOffer] = ()
) -> StepResult:
    """Decide a step for the promotions of its target; some are known to be eligible."""
    losers: list[Loser] = []
    eligible = list(known_eligible)
    for promotion in offered:
        if found := find_refusals(promotion, ground):
            losers.append((promotion, found))
        else:
            eligible.append(promotion)
    while eligible:
        alternatives = _alternatives(ground, eligible)
        best = max(alternatives, key=lambda one: (one.discount, one.rank))
        broke = next((taking for taking in best.takings if _passes_budget(taking)), None)
        if broke is None:
            return StepResult(best.takings, (*losers, *_explain(alternatives, best)))
        # Decide again as if this promotion did not exist.
        eligible.remove(broke.offered)
        losers.append((broke.offered, (CartRefusal(CartReason.BUDGET),)))
    return StepResult((), tuple(losers))


def _alternatives(ground: Ground, eligible: Sequence[CartOffer]) -> list[_Alternative]:
    """One alternative of all that are not exclusive, and one for each exclusive promotion."""
    ordered = sorted(eligible, key=lambda one: (-one.terms.priority, one.creation_order))
    together = tuple(one for one in ordered if not one.terms.exclusive)
    alternatives = [_Alternative(together, _apply(ground, together), (True, 0, 0))]
    for one in ordered:
        if one.terms.exclusive:
            rank = (False, one.terms.priority, -one.creation_order)
            alternatives.append(_Alternative((one,), _apply(ground, (one,)), rank))
    return alternatives


def _apply(ground: Ground, members: Sequence[CartOffer]) -> tuple[Taking, ...]:
    """Apply one after the other, each to what the previous one left."""
    remainders = ground.remainders
    takings = []
    for offered in members:
        parts = take_off(offered.terms, ground, remainders)
        if discount := sum(parts):
            takings.append(Taking(offered, tuple(parts), discount))
            remainders = [left - part for left, part in zip(remainders, parts, strict=True)]
    return tuple(takings)


def _passes_budget(taking: Taking) -> bool:
    left = taking.offered.room.budget
    return left is not None and taking.discount > left


def _explain(alternatives: Sequence[_Alternative], best: _Alternative) -> list[Loser]:
    """Why eligible promotions take nothing off."""
    explained: list[Loser] = []
    for alternative in alternatives:
        taking = {id(taking.offered) for taking in alternative.takings}
        for offered in alternative.members:
            if id(offered) not in taking:
                explained.append((offered, (CartRefusal(CartReason.NOTHING_LEFT),)))
            elif alternative is not best:
                tie = alternative.discount == best.discount
                reason = CartReason.TIE if tie else CartReason.LOWER_DISCOUNT
                explained.append((offered, (CartRefusal(reason),)))
    return explained

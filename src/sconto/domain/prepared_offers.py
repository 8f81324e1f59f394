"""Automatic cart promotions, prepared once for many carts.

Most of a shop's promotions name products or tags, and most bills have none of these. Such a
promotion refuses all those bills with the same outcome. So that outcome is made once, and a bill
only looks up which promotions name something it has.
"""

from bisect import bisect_right
from collections.abc import Sequence, Set
from datetime import datetime
from functools import cached_property
from typing import Final, NamedTuple

import msgspec

from sconto.domain.cart_eligibility import find_refusals
from sconto.domain.cart_ground import Ground
from sconto.domain.cart_offers import CartOffer
from sconto.domain.cart_outcome import CartPromotionOutcome, make_outcome
from sconto.domain.cart_promotion import NO_LIMITS, CartTerms, Target

_MAX_STEPS: Final = 24
"""Steps that are kept prepared: those of a few currencies."""


class NamedOffer(NamedTuple):
    """A promotion that covers only what it names, and its outcome for bills without any of it."""

    product_ids: Set[int]
    tags: Set[str]
    offered: CartOffer
    unreached: CartPromotionOutcome


class PreparedStep(msgspec.Struct, frozen=True, eq=False):
    """The promotions of a step that run in a span of time, for bills in one currency.

    `anywhere` are those that any bill may get. Both are in the order of creation.
    """

    anywhere: Sequence[CartOffer]
    named: Sequence[NamedOffer]

    def __bool__(self) -> bool:
        return bool(self.anywhere or self.named)

    def divide(self, ground: Ground) -> tuple[list[CartOffer], list[CartPromotionOutcome]]:
        """The promotions that the bill may get, and the outcomes of the other ones."""
        product_ids, present = ground.product_ids, ground.tags
        reached, unreached = list(self.anywhere), []
        for ids, tags, offered, outcome in self.named:
            if ids.isdisjoint(product_ids) and tags.isdisjoint(present):
                unreached.append(outcome)
            else:
                reached.append(offered)
        return reached, unreached


class PreparedOffers(msgspec.Struct, frozen=True, eq=False, dict=True):
    """Automatic cart promotions for bills at any time; `can_be_prepared` is true of each."""

    offers: tuple[CartOffer, ...] = ()

    def step(self, target: Target, currency: str, at: datetime) -> PreparedStep:
        """Those that run at a time, for bills in a currency."""
        key = (target, currency, bisect_right(self._changes, at))
        step = self._steps.get(key)
        if step is None:
            if len(self._steps) >= _MAX_STEPS:
                self._steps.clear()
            running = [one for one in self.offers if one.offer.obstacle(at) is None]
            own = [one for one in running if one.terms.target is target]
            own.sort(key=lambda one: one.creation_order)
            step = self._steps[key] = _prepare(own, target, currency)
        return step

    @cached_property
    def _changes(self) -> list[datetime]:
        """The times at which one of them starts or ends."""
        periods = [one.offer.period for one in self.offers]
        starts = {period.starts_at for period in periods}
        return sorted(starts | {end for one in periods if (end := one.over_from) is not None})

    @cached_property
    def _steps(self) -> dict[tuple[Target, str, int], PreparedStep]:
        """The prepared steps by target, currency and the number of changes before their span."""
        return {}


NO_PREPARED_OFFERS: Final = PreparedOffers()


def can_be_prepared(terms: CartTerms) -> bool:
    """Whether only the period and the bill decide what an automatic promotion gives."""
    return terms.hours is None and terms.limits == NO_LIMITS


def _prepare(running: Sequence[CartOffer], target: Target, currency: str) -> PreparedStep:
    nothing = Ground(target, currency, ())
    anywhere, named = [], []
    for one in running:
        if _covers_only_what_it_names(one):
            selection = one.terms.products
            outcome = make_outcome(one, {}, 0, find_refusals(one, nothing))
            named.append(NamedOffer(selection.ids, selection.tags, one, outcome))
        else:
            anywhere.append(one)
    return PreparedStep(anywhere, named)


def _covers_only_what_it_names(offered: CartOffer) -> bool:
    """Whether it gives the same refusal to all bills that have nothing of it."""
    terms = offered.terms
    return (
        bool(terms.products.ids or terms.products.tags)
        and terms.target is not Target.SHIPPING
        and terms.is_for_everybody
    )

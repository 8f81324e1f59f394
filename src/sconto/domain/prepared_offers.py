"""Automatic cart promotions, prepared once for many carts.

Most of a shop's promotions name products or tags, and most bills have none of these. Such a
promotion refuses all those bills with the same outcome. So that outcome is made once, and a bill
only looks up which promotions name something it has. Of the others, most are decided by the
customer, or by whether the bill reaches a subtotal.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence, Set
from datetime import datetime
from functools import cached_property
from typing import Final, NamedTuple

import msgspec

from sconto.domain.cart_eligibility import NO_SHIPPING, find_refusals
from sconto.domain.cart_ground import Ground
from sconto.domain.cart_offers import CartOffer, CartReason, CartRefusal
from sconto.domain.cart_outcome import CartPromotionOutcome, make_outcome
from sconto.domain.cart_promotion import ALL_PRODUCTS, NO_LIMITS, CartTerms, Target
from sconto.domain.numbers import MAX_INT64

_MAX_STEPS: Final = 24
"""Steps that are kept prepared: those of a few currencies."""

_MAX_KNOWN: Final = 100
"""Kinds of customers whose outcomes are kept."""

# Enum lookups are slow in Python 3.11.
_SHIPPING: Final = Target.SHIPPING
_MINIMUM_SUBTOTAL: Final = CartReason.MINIMUM_SUBTOTAL


class Division(NamedTuple):
    """The promotions that a bill may get, those that are eligible, and the others' outcomes."""

    possible: Sequence[CartOffer] = ()
    eligible: Sequence[CartOffer] = ()
    refused: Sequence[CartPromotionOutcome] = ()


class NamedOffers(msgspec.Struct, frozen=True, eq=False):
    """Promotions that cover only what they name, and their outcomes for bills without any of it.

    The products and tags have the places of the promotions that name them.
    """

    offers: Sequence[CartOffer]
    unreached: Sequence[CartPromotionOutcome]
    by_product: Mapping[int, Sequence[int]]
    by_tag: Mapping[str, Sequence[int]]

    def divide(self, ground: Ground) -> Division:
        """Those that name something of the bill are possible."""
        places = {place for one in ground.product_ids for place in self.by_product.get(one, ())}
        if self.by_tag:
            places.update(place for tag in ground.tags for place in self.by_tag.get(tag, ()))
        if not places:
            return Division(refused=self.unreached)
        return Division(
            [self.offers[place] for place in places],
            (),
            [outcome for place, outcome in enumerate(self.unreached) if place not in places],
        )


class SteadyOffers(msgspec.Struct, frozen=True, eq=False):
    """Promotions on all products that hardly anything of a bill decides.

    What decides them are the customer, and whether there is something left to take off.
    """

    offers: Sequence[CartOffer]
    segments: Set[str]
    """The segments that they name."""
    known: dict[Hashable, Division]
    """What was found, by what decides it."""

    def divide(self, ground: Ground) -> Division:
        """Those that serve the customer are eligible."""
        customer = ground.customer
        key = (
            self.segments & customer.segments,
            customer.id is None,
            ground.has_ordered,
            not ground.shipping,
            not ground.everything.subtotal,
        )
        known = self.known.get(key)
        if known is None:
            if len(self.known) >= _MAX_KNOWN:
                self.known.clear()
            found = [(one, find_refusals(one, ground)) for one in self.offers]
            known = self.known[key] = Division(
                (),
                [one for one, refusals in found if not refusals],
                [make_outcome(one, {}, 0, refusals) for one, refusals in found if refusals],
            )
        return known


class MinimumOffers(msgspec.Struct, frozen=True, eq=False):
    """Promotions on all products that need a subtotal, and nothing else."""

    offers: Sequence[tuple[CartOffer, int]]
    """Each with the subtotal that it needs."""

    def divide(self, ground: Ground) -> Division:
        """Those whose minimum the bill reaches are eligible."""
        have, others = ground.everything.subtotal, ()
        if ground.target is _SHIPPING and not ground.shipping:
            others = (NO_SHIPPING,)
        elif not have:
            return Division([one for one, _ in self.offers])
        reached, outcomes = [], []
        for one, need in self.offers:
            if have < need:
                lacking = CartRefusal(_MINIMUM_SUBTOTAL, have, need, in_money=True)
                outcomes.append(make_outcome(one, {}, 0, (lacking, *others)))
            elif others:
                outcomes.append(make_outcome(one, {}, 0, others))
            else:
                reached.append(one)
        return Division((), reached, outcomes)


class PreparedStep(msgspec.Struct, frozen=True, eq=False):
    """The promotions of a step that run in a span of time, for bills in one currency.

    `anywhere` are those that each bill has to be asked about.
    """

    anywhere: Sequence[CartOffer]
    prepared: Sequence[NamedOffers | SteadyOffers | MinimumOffers]

    def __bool__(self) -> bool:
        return bool(self.anywhere or self.prepared)

    def divide(self, ground: Ground) -> Division:
        """The promotions that the bill may get, and the outcomes of others, by creation."""
        if len(self.prepared) == 1 and not self.anywhere:
            return self.prepared[0].divide(ground)
        possible, eligible, refused = list(self.anywhere), [], []
        for one in self.prepared:
            some_possible, some_eligible, some_refused = one.divide(ground)
            possible += some_possible
            eligible += some_eligible
            refused += some_refused
        refused.sort(key=_creation_order)
        return Division(possible, eligible, refused)


def _creation_order(outcome: CartPromotionOutcome) -> int:
    return outcome.promotion_id or MAX_INT64


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
    anywhere: list[CartOffer] = []
    named: list[CartOffer] = []
    steady: list[CartOffer] = []
    with_minimum: list[tuple[CartOffer, int]] = []
    for one in running:
        if _covers_only_what_it_names(one):
            named.append(one)
        elif not _covers_all_and_begins_everywhere(one):
            anywhere.append(one)
        elif (minimum := one.terms.conditions.minimum_subtotal) is None:
            steady.append(one)
        elif one.terms.is_for_everybody and currency in (one.terms.currencies or ()):
            with_minimum.append((one, minimum[currency]))
        else:
            anywhere.append(one)
    prepared: list[NamedOffers | SteadyOffers | MinimumOffers] = []
    if named:
        prepared.append(_prepare_named(named, target, currency))
    if steady:
        segments = frozenset().union(*(one.terms.conditions.segments for one in steady))
        prepared.append(SteadyOffers(steady, segments, {}))
    if with_minimum:
        prepared.append(MinimumOffers(with_minimum))
    return PreparedStep(anywhere, prepared)


def _prepare_named(named: Sequence[CartOffer], target: Target, currency: str) -> NamedOffers:
    nothing = Ground(target, currency, ())
    by_product: defaultdict[int, list[int]] = defaultdict(list)
    by_tag: defaultdict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(named):
        for product_id in one.terms.products.ids:
            by_product[product_id].append(place)
        for tag in one.terms.products.tags:
            by_tag[tag].append(place)
    unreached = [make_outcome(one, {}, 0, find_refusals(one, nothing)) for one in named]
    return NamedOffers(named, unreached, dict(by_product), dict(by_tag))


def _covers_only_what_it_names(offered: CartOffer) -> bool:
    """Whether it gives the same refusal to all bills that have nothing of it."""
    terms = offered.terms
    return (
        bool(terms.products.ids or terms.products.tags)
        and terms.target is not _SHIPPING
        and terms.is_for_everybody
    )


def _covers_all_and_begins_everywhere(offered: CartOffer) -> bool:
    """Whether it covers all lines, and needs no number of units."""
    terms = offered.terms
    return (
        terms.products is ALL_PRODUCTS
        and terms.on_discounted
        and not terms.begins_somewhere
        and terms.conditions.minimum_quantity is None
    )

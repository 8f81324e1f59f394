"""Listing prices: what one unit of each of many products costs, without codes.

They are the prices of a cart with that unit alone, decided by the same functions, without making a
bill for each product. Of cart promotions they show those that no cart and no customer can change
(`is_listed`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

import msgspec

from sconto.domain.bill import Adjustment
from sconto.domain.candidates import AutomaticPick
from sconto.domain.cart_ground import Ground, GroundLine
from sconto.domain.cart_offers import CartOffer
from sconto.domain.cart_promotion import (
    BuyAndGet,
    CartTerms,
    Conditions,
    Limits,
    Target,
    Tiers,
)
from sconto.domain.cart_step import decide_step
from sconto.domain.choice import Pick, pick_from_groups
from sconto.domain.money import percent_of
from sconto.domain.prepared_offers import PreparedOffers, PreparedStep, can_be_prepared


class ListedOffers(msgspec.Struct, frozen=True, eq=False, dict=True):
    """The automatic cart promotions that listings show; compared by identity."""

    offers: tuple[CartOffer, ...] = ()

    @cached_property
    def prepared(self) -> PreparedOffers:
        """Those that run at all hours."""
        return PreparedOffers(tuple(one for one in self.offers if can_be_prepared(one.terms)))

    @cached_property
    def with_hours(self) -> Sequence[CartOffer]:
        """The others."""
        return [one for one in self.offers if not can_be_prepared(one.terms)]

    @property
    def need_tags(self) -> bool:
        """Whether the tags of a product can decide if one of them covers it."""
        return any(one.terms.names_tags for one in self.offers)


NO_OFFERS: Final = ListedOffers()


class ListingCandidates(msgspec.Struct, frozen=True, gc=False):
    """Everything stored that the prices of a listing depend on at one time.

    `everywhere` and `specific` are the automatic picks, on all products and by product. `tags` are
    those of the products, read only where they can decide something.
    """

    everywhere: AutomaticPick | None = None
    specific: Mapping[int, AutomaticPick] = {}
    listed: ListedOffers = NO_OFFERS
    tags: Mapping[int, frozenset[str]] = {}


class ListingRules(NamedTuple):
    """What decides the prices of all products of a listing alike, besides their own picks.

    The `step` has the cart promotions that run at its time; `in_hours` are the numbers of those of
    `listed` that have hours and are within them.
    """

    everywhere: AutomaticPick | None
    listed: ListedOffers
    currency: str
    step: PreparedStep
    in_hours: tuple[int, ...]


class ListedPrice(msgspec.Struct, frozen=True, eq=False):
    """What one unit of a product costs in a listing, in minor units.

    `pick` is the product promotion that applies to it; the `adjustments` are what cart promotions
    take off after that.
    """

    unit_price: int
    price: int
    pick: Pick | None
    adjustments: tuple[Adjustment, ...] = ()


def is_listed(terms: CartTerms) -> bool:
    """Whether listings show a cart promotion, if it is automatic.

    They show what one unit gets for every customer and in every cart: no conditions, no limits, and
    no benefit that depends on what is bought together.
    """
    return (
        terms.target is Target.LINES
        and not isinstance(terms.benefit, BuyAndGet | Tiers)
        and terms.conditions == Conditions()
        and terms.limits == Limits()
    )


def rules_at(found: ListingCandidates, currency: str, at: datetime) -> ListingRules:
    """What decides the prices of all products at a time."""
    listed = found.listed
    step = listed.prepared.step(Target.LINES, currency, at)
    in_hours = tuple([n for n, one in enumerate(listed.with_hours) if one.obstacle(at) is None])
    return ListingRules(found.everywhere, listed, currency, step, in_hours)


def price_listing(
    products: Iterable[tuple[int, int]],
    found: ListingCandidates,
    currency: str,
    at: datetime,
) -> Iterator[ListedPrice]:
    """Price one unit of each product like a cart without codes; takes ids and unit prices."""
    specific, tags = found.specific.get, found.tags.get
    everywhere, listed, currency, step, in_hours = rules_at(found, currency, at)
    has_offers = bool(step or in_hours)
    for product_id, unit_price in products:
        price = _price_by_picks(unit_price, specific(product_id), everywhere)
        if has_offers:
            own_tags = tags(product_id, _NO_TAGS)
            price = _adjust(price, product_id, own_tags, currency, step, listed, in_hours)
        yield price


_NO_TAGS: Final[frozenset[str]] = frozenset()


# Pages list the same products repeatedly, a thousand at a time.
@lru_cache(16_384)
def _price_by_picks(
    unit_price: int, specific: AutomaticPick | None, everywhere: AutomaticPick | None
) -> ListedPrice:
    picks = pick_from_groups(specific, None, everywhere)
    if not picks:
        return ListedPrice(unit_price, unit_price, None)
    discount = percent_of(unit_price, picks[0].percent)
    return ListedPrice(unit_price, unit_price - discount, picks[0])


@lru_cache(16_384)
def _adjust(
    price: ListedPrice,
    product_id: int,
    tags: frozenset[str],
    currency: str,
    step: PreparedStep,
    listed: ListedOffers,
    in_hours: tuple[int, ...],
) -> ListedPrice:
    """The price after the cart promotions of the step, and those of `listed` within their hours."""
    line = GroundLine(product_id, tags, 1, price.price, is_discounted=price.pick is not None)
    ground = Ground(Target.LINES, currency, [line])
    possible, eligible, _ = step.divide(ground)
    running = [listed.with_hours[number] for number in in_hours]
    takings = decide_step(ground, [*possible, *running], eligible).takings
    if not takings:
        return price
    adjustments = [
        Adjustment(taking.offered.promotion_id, Target.LINES, taking.discount) for taking in takings
    ]
    left = price.price - sum([one.discount for one in adjustments])
    return ListedPrice(price.unit_price, left, price.pick, tuple(adjustments))

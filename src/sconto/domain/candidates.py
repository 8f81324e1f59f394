"""Candidates: everything stored that the price of a cart depends on at one time.

The values are structs of msgspec, not dataclasses: a quote makes about twenty, and making a frozen
dataclass takes six times as long.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

import msgspec

from sconto.domain.cart_offers import CartOffer
from sconto.domain.offers import Offer
from sconto.domain.prepared_offers import NO_PREPARED_OFFERS, PreparedOffers
from sconto.domain.subscription_pricing import SubscriptionRules


class AutomaticPick(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """The promotion on a timeline, of a product or of all products, at the time of the quote."""

    promotion_id: int
    percent: int


class CartOffers(msgspec.Struct, frozen=True):
    """The cart promotions that a cart may get: `prepared` for many carts, or read for this one."""

    others: Sequence[CartOffer] = ()
    prepared: PreparedOffers = NO_PREPARED_OFFERS

    def __iter__(self) -> Iterator[CartOffer]:
        return chain(self.others, self.prepared.offers)


NO_CART_OFFERS: Final = CartOffers()


class Candidates(msgspec.Struct, frozen=True, gc=False):
    """Everything stored that the price of one cart depends on at one time.

    `known` are the cart's products that the catalogue has. `everywhere` and `specific` are the
    automatic picks, on all products and by product. `offers` are the promotions of the cart's
    codes. `subscription_rules` are those of each code on the cart's subscription, None for an
    unknown code. `cart_offers` are the automatic cart promotions and those of the cart's codes.
    `tags` are those of the cart's products. `has_ordered` says that the customer has an order that
    counts. Both are read only if a cart promotion may apply.
    """

    known: frozenset[int] = frozenset()
    everywhere: AutomaticPick | None = None
    specific: Mapping[int, AutomaticPick] = {}
    offers: Sequence[Offer] = ()
    subscription_rules: Sequence[SubscriptionRules | None] = ()
    cart_offers: CartOffers = NO_CART_OFFERS
    tags: Mapping[int, frozenset[str]] = {}
    has_ordered: bool = False

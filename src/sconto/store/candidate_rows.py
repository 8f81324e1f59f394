"""The requests for carts, and the rows that a statement returns for them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from sconto.domain.candidates import Candidates
from sconto.domain.cart import Cart
from sconto.domain.holds import Hold
from sconto.domain.listing import ListingCandidates
from sconto.domain.offers import Offer
from sconto.domain.order import StoredOrder
from sconto.store.candidate_statements import FEW_CODES
from sconto.store.cart_offers import StoredOffer, Tagged, TakenOfPromotion
from sconto.store.hold_rows import HoldRow
from sconto.store.outcomes import StoredOrderRow
from sconto.store.pick_cache import PickSpan, Version, Versions
from sconto.store.price_boards import ValidTime
from sconto.store.subscription_rules import CarriedRules


class CartAt(msgspec.Struct, frozen=True, gc=False):
    """A cart to be priced at a time, and the orders to be read with it.

    A code that one of these orders used up counts as unused, because it is free for the order that
    replaces them. The second of the orders is the one that is replaced. What is held for the first
    counts as free, and so does what was held until `now` or earlier; `now` None means `at`.
    `with_cart_promotions` reads what cart promotions depend on even if the merchant has none.
    """

    cart: Cart
    at: datetime
    order_ids: Sequence[str] = ()
    with_cart_promotions: bool = False
    now: datetime | None = None

    @property
    def size(self) -> int:
        """Its lines and codes: the cost of reading it."""
        return len(self.cart.lines) + len(self.cart.codes)


class StoredCandidates(Candidates, frozen=True):
    """The candidates of a cart in one snapshot, with the orders that were asked for.

    `versions` are those of the merchant's timeline and prices in the same snapshot. `hold` is that
    of the first of the orders, even if it has ended.
    """

    orders: Mapping[str, StoredOrder] = {}
    versions: Versions | None = None
    hold: Hold | None = None

    @property
    def has_holds(self) -> bool:
        """Whether the merchant ever made a hold."""
        return self.versions is not None and self.versions.has_holds


class StoredListing(ListingCandidates, frozen=True, gc=False):
    """Candidates, with the version of the timeline, and when its picks are the same.

    There is no window if something else decides too, such as tags, which have no version.
    """

    version: Version = None
    window: ValidTime | None = None


class CandidateRequest(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a statement needs to know about a cart; `now` only for merchants with holds.

    `picks_of` are the products whose picks it reads; ALL_PRODUCTS_ID stands for all products.
    `limited` are the cached cart promotions whose allowances it reads; with `lists_automatic` it
    lists the automatic cart promotions.
    """

    at: datetime
    picks_of: Sequence[int]
    products: Sequence[int] = ()
    codes: Sequence[str] = ()
    order_ids: Sequence[str] = ()
    carried: Sequence[str] = ()
    applications: Sequence[str | None] = ()
    currency: str | None = None
    customer: str | None = None
    limited: Sequence[int] = ()
    lists_automatic: bool = False
    now: datetime | None = None


class CandidateRow(msgspec.Struct, frozen=True, gc=False):
    """What a statement returns for a cart."""

    picks: Sequence[PickSpan] = ()
    known: frozenset[int] = frozenset()
    offers: Sequence[Offer | None] = ()
    orders: Sequence[StoredOrderRow] = ()
    rules: Sequence[CarriedRules] = ()
    tagged: Sequence[Tagged] = ()
    by_code: Sequence[StoredOffer] = ()
    automatic: Sequence[StoredOffer] | None = None
    any_with_codes: bool | None = None
    taken: Sequence[TakenOfPromotion] = ()
    has_ordered: bool = False
    hold: HoldRow | None = None
    undrawn: Sequence[str] = ()


class Rows(msgspec.Struct, frozen=True, gc=False):
    """What a statement returns for all its carts, in their order."""

    versions: Versions | None
    carts: list[CandidateRow]

    @property
    def timeline_version(self) -> Version:
        """Of the merchant's timeline."""
        return None if self.versions is None else self.versions.timeline

    @property
    def cart_version(self) -> int | None:
        """Of the merchant's cart promotions; None if it never had one."""
        return None if self.versions is None else self.versions.cart_promotions

    @property
    def has_holds(self) -> bool:
        """Whether the merchant ever made a hold."""
        return self.versions is not None and self.versions.has_holds

    @property
    def is_crowded(self) -> bool:
        """Whether a code of one of the carts may be on more promotions than were read."""
        return any(has_crowded_code(row.offers) for row in self.carts)


def has_crowded_code(offers: Sequence[Offer | None]) -> bool:
    """Whether a code may be on more promotions than were read."""
    if len(offers) <= FEW_CODES:
        return False
    codes = Counter(None if offer is None else offer.key for offer in offers)
    return None in codes or max(codes.values()) > FEW_CODES

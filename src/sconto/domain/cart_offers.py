"""The cart promotions that a cart may get, and the reasons why it does not get them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cached_property

import msgspec

from sconto.domain.cart_promotion import CartTerms
from sconto.domain.numbers import MAX_INT64
from sconto.domain.offers import Obstacle, Offer


class CartReason(StrEnum):
    """Why a cart promotion does not apply, in the order in which answers list the reasons."""

    MINIMUM_SUBTOTAL = "minimum_subtotal"
    MINIMUM_QUANTITY = "minimum_quantity"
    TIER = "tier"
    UNITS = "units"
    SEGMENT = "segment"
    FIRST_ORDER = "first_order"
    CUSTOMER_REQUIRED = "customer_required"
    NOT_COVERED = "not_covered"
    CURRENCY = "currency"
    NO_SHIPPING = "no_shipping"
    TOTAL_LIMIT = "total_limit"
    CUSTOMER_LIMIT = "customer_limit"
    BUDGET = "budget"
    LOWER_DISCOUNT = "lower_discount"
    TIE = "tie"
    NOTHING_LEFT = "nothing_left"
    USED = "used"
    EXPIRED = "expired"
    NOT_STARTED = "not_started"
    INACTIVE = "inactive"


class CartRefusal(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One reason, with what the bill has and what it needs, if that can be counted.

    The counts are minor units of the currency if `in_money`, otherwise units of products.
    """

    reason: CartReason
    have: int | None = None
    need: int | None = None
    in_money: bool = False

    @property
    def missing(self) -> int | None:
        """How much more the bill needs."""
        return None if self.have is None or self.need is None else self.need - self.have


class Room(msgspec.Struct, frozen=True):
    """What is left of a promotion's limits, in the cart's currency; None if there is no limit."""

    total: int | None = None
    customer: int | None = None
    budget: int | None = None


UNLIMITED = Room()


class CartOffer(msgspec.Struct, frozen=True, dict=True):
    """A cart promotion that a cart may get: by a code, or automatically.

    A cached offer serves many carts, so it keeps what needs to be found only once.
    """

    offer: Offer
    terms: CartTerms
    room: Room = UNLIMITED

    @property
    def promotion_id(self) -> int:
        """The promotion's id."""
        return self.offer.promotion_id

    @cached_property
    def creation_order(self) -> int:
        """Its place among all promotions by creation; a draft, whose id is 0, is the newest."""
        return self.offer.promotion_id or MAX_INT64

    def obstacle(self, at: datetime) -> Obstacle | None:
        """Why the promotion cannot apply at that time, whatever the cart; None if it can.

        Outside its hours a promotion is inactive.
        """
        if (obstacle := self.offer.obstacle(at)) is not None:
            return obstacle
        hours = self.terms.hours
        return None if hours is None or hours.include(at) else Obstacle.INACTIVE


def offer_once(offers: Iterable[CartOffer], keys: Sequence[str], at: datetime) -> list[CartOffer]:
    """Each promotion once, even if several of its codes are activated; `keys` are the cart's codes.

    The last activated code that can be used counts. If none can, the last code gives the reason.
    """

    def preference(one: CartOffer) -> tuple[bool, int]:
        key = one.offer.key
        return one.obstacle(at) is None, -1 if key is None else keys.index(key)

    chosen: dict[int, CartOffer] = {}
    for one in offers:
        promotion_id = one.offer.promotion_id
        other = chosen.get(promotion_id)
        if other is None or preference(one) > preference(other):
            chosen[promotion_id] = one
    return list(chosen.values())

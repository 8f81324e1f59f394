"""Worlds: what the orders of a back-test take of limits and one-time codes, one after the other.

The orders of the period are placed again in order of time, once with the stored promotions and once
with the draft. Each of the two is a separate world. An order takes from the limits and codes of its
world what it would take as a real order.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from sconto.domain.allowances import Scope, Taken, claim_of, room_for
from sconto.domain.bill import PricedCart
from sconto.domain.candidates import Candidates, CartOffers
from sconto.domain.cart import Cart
from sconto.domain.cart_offers import CartOffer
from sconto.domain.cart_promotion import NO_LIMITS
from sconto.domain.codes import CodeType, typed_code_key
from sconto.domain.offers import Offer

Opening = Mapping[tuple[int, Scope, str], int]
"""What was taken of limits before the period, by promotion, scope and key."""

Digest = Callable[[str], str]
"""What stands for a customer's id, so that the id itself is not stored."""

C = TypeVar("C", bound=Candidates)


class World(msgspec.Struct):
    """What orders of the period have taken so far.

    `taken` is by promotion, then by scope and key; a customer's key is a digest. `used` are the
    one-time codes that orders used up, by promotion.
    """

    taken: dict[int, dict[str, int]] = {}
    used: dict[int, set[str]] = {}

    def seen_by(self, cart: Cart, found: C, at: datetime, opening: Opening, digest: Digest) -> C:
        """The candidates of the next order: with what is left of limits, and the used codes.

        Returns the same object if earlier orders do not matter to it.
        """
        offers = self._with_used(found.offers, at)
        cart_offers = [self._seen(one, cart, at, opening, digest) for one in found.cart_offers]
        if offers is found.offers and all(map(_is, cart_offers, found.cart_offers)):
            return found
        return replace(found, offers=offers, cart_offers=CartOffers(cart_offers))

    def take(
        self, cart: Cart, priced: PricedCart, offers: Iterable[CartOffer], digest: Digest
    ) -> None:
        """Take what an order of the priced cart takes."""
        if priced.cart_promotions:
            for one in claim_of(priced, cart, offers).allowances:
                name = _name(one.scope, one.key, digest)
                taken = self.taken.setdefault(one.promotion_id, {})
                taken[name] = taken.get(name, 0) + one.amount
            for outcome in priced.cart_promotions:
                if outcome.applied and outcome.code is not None:
                    self._use(outcome.promotion_id, outcome.code, outcome.code_type)
        for line in priced.lines:
            for pick in line.picks:
                if pick.code is not None:
                    self._use(pick.promotion_id, pick.code, pick.code_type)

    def _use(self, promotion_id: int, code: str, code_type: CodeType | None) -> None:
        if code_type is CodeType.ONE_TIME:
            self.used.setdefault(promotion_id, set()).add(typed_code_key(code))

    def _with_used(self, offers: Sequence[Offer], at: datetime) -> Sequence[Offer]:
        if not self.used or not offers:
            return offers
        seen = [self._used_offer(one, at) for one in offers]
        return offers if all(map(_is, seen, offers)) else seen

    def _used_offer(self, offer: Offer, at: datetime) -> Offer:
        used = self.used.get(offer.promotion_id)
        return replace(offer, used_at=at) if used and offer.key in used else offer

    def _seen(
        self, one: CartOffer, cart: Cart, at: datetime, opening: Opening, digest: Digest
    ) -> CartOffer:
        offer = self._used_offer(one.offer, at) if self.used else one.offer
        limits = one.terms.limits
        # A promotion without limits has an object other than NO_LIMITS if it was read from a row.
        if limits is NO_LIMITS or limits == NO_LIMITS:
            return one if offer is one.offer else replace(one, offer=offer)

        def taken(scope: Scope, key: str | None) -> int:
            if key is None:
                return 0
            before = opening.get((one.promotion_id, scope, key), 0)
            return before + self._taken_in_period(one.promotion_id, _name(scope, key, digest))

        customer = None if limits.per_customer is None else cart.customer.id
        amounts = Taken(
            taken(Scope.TOTAL, ""),
            taken(Scope.CUSTOMER, customer),
            taken(Scope.BUDGET, cart.currency),
        )
        return replace(one, offer=offer, room=room_for(one.terms, amounts, cart.currency))

    def _taken_in_period(self, promotion_id: int, name: str) -> int:
        return self.taken.get(promotion_id, {}).get(name, 0)


def _name(scope: Scope, key: str, digest: Digest) -> str:
    return f"{scope.value} {digest(key) if scope is Scope.CUSTOMER else key}"


def _is(one: object, other: object) -> bool:
    return one is other

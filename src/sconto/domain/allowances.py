"""Allowances: what an order takes of the limits of its cart promotions."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from sconto.domain.bill import PricedCart
from sconto.domain.cart import Cart
from sconto.domain.cart_offers import CartOffer, Room
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.cart_promotion import CartTerms
from sconto.domain.order import StoredOrder


class Scope(StrEnum):
    """What a limit is for: all orders, the orders of a customer, or the money in a currency."""

    TOTAL = "total"
    CUSTOMER = "customer"
    BUDGET = "budget"


AMPLE_ORDERS: Final = 1_000
"""A limit with room for so many more orders like this one is ample."""


class Allowance(msgspec.Struct, frozen=True, gc=False):
    """What an order takes of one limit, and the limit itself.

    `key` is the customer's id or the currency. Amounts are uses, or minor units of the currency.
    `most` is None if there is no limit. `is_ample` says that concurrent orders hardly use it up
    meanwhile, so that this one need not wait for its turn.
    """

    promotion_id: int
    scope: Scope
    key: str
    amount: int
    most: int | None = None
    is_ample: bool = False


class LimitClaim(msgspec.Struct, frozen=True):
    """What an order claims of its cart promotions' limits.

    `promotion_ids` are all cart promotions that apply. `is_first` says that one of them is for
    first orders.
    """

    promotion_ids: Sequence[int] = ()
    allowances: Sequence[Allowance] = ()
    is_first: bool = False
    customer_id: str | None = None

    @property
    def ample(self) -> list[Allowance]:
        """The allowances that are ample."""
        return [one for one in self.allowances if one.is_ample]

    @property
    def scarce(self) -> list[Allowance]:
        """The others."""
        return [one for one in self.allowances if not one.is_ample]

    @property
    def contested(self) -> tuple[str, ...]:
        """The scarce limits that concurrent orders may claim too, by name."""
        names = [f"{one.promotion_id} {one.scope} {one.key}" for one in self.scarce]
        return (*names, f"first order {self.customer_id}") if self.is_first else tuple(names)

    def all_scarce(self) -> "LimitClaim":
        """The same claim of limits none of which counts as ample."""
        scarce = [msgspec.structs.replace(one, is_ample=False) for one in self.allowances]
        return msgspec.structs.replace(self, allowances=scarce)


NO_CLAIM: Final = LimitClaim()


class Taken(msgspec.Struct, frozen=True):
    """What is taken of the limits that a cart meets: uses, uses by its customer, money."""

    total: int = 0
    customer: int = 0
    budget: int = 0


NOTHING_TAKEN: Final = Taken()


def room_for(terms: CartTerms, taken: Taken, currency: str) -> Room:
    """What is left of the limits of a promotion."""
    limits = terms.limits
    budget = None if limits.budget is None else limits.budget.get(currency)
    return Room(
        None if limits.total is None else limits.total - taken.total,
        None if limits.per_customer is None else limits.per_customer - taken.customer,
        None if budget is None else budget - taken.budget,
    )


def without_order(taken: Taken, promotion_id: int, cart: Cart, replaced: StoredOrder) -> Taken:
    """What is taken after the replaced order has given back its part."""
    outcome = replaced.outcome
    for one in outcome.cart_promotions:
        if one.promotion_id == promotion_id and one.applied:
            is_same = cart.customer.id is not None and cart.customer.id == replaced.customer_id
            return Taken(
                taken.total - 1,
                taken.customer - is_same,
                taken.budget - (one.discount if outcome.currency == cart.currency else 0),
            )
    return taken


def claim_of(
    priced: PricedCart, cart: Cart, offers: Iterable[CartOffer], *, takes_last: bool = True
) -> LimitClaim:
    """What an order of the cart claims, in the fixed order in which allowances are written.

    Without `takes_last` no limit counts as ample.
    """
    applied = [outcome for outcome in priced.cart_promotions if outcome.applied]
    if not applied:
        return NO_CLAIM
    offered = {one.promotion_id: one for one in offers}
    claimed: list[Allowance] = []
    for outcome in applied:
        claimed += _allowances_of(outcome, offered[outcome.promotion_id], priced, cart)
    claim = LimitClaim(
        [outcome.promotion_id for outcome in applied],
        sorted(claimed, key=lambda one: (one.promotion_id, one.scope, one.key)),
        any(offered[outcome.promotion_id].terms.conditions.first_order for outcome in applied),
        cart.customer.id,
    )
    return claim if takes_last else claim.all_scarce()


def _allowances_of(
    outcome: CartPromotionOutcome, offer: CartOffer, priced: PricedCart, cart: Cart
) -> Iterator[Allowance]:
    promotion_id, customer_id = outcome.promotion_id, cart.customer.id
    limits, room = offer.terms.limits, offer.room
    if limits.total is not None:
        is_ample = _is_ample(room.total, 1)
        yield Allowance(promotion_id, Scope.TOTAL, "", 1, limits.total, is_ample)
    if limits.per_customer is not None and customer_id is not None:
        yield Allowance(promotion_id, Scope.CUSTOMER, customer_id, 1, limits.per_customer)
    if limits.budget is not None:
        currency = priced.currency
        most = limits.budget[currency]
        is_ample = _is_ample(room.budget, outcome.discount)
        yield Allowance(promotion_id, Scope.BUDGET, currency, outcome.discount, most, is_ample)


def _is_ample(room: int | None, amount: int) -> bool:
    return room is not None and room >= AMPLE_ORDERS * amount

"""Whether a cart promotion is eligible in a step, with all the reasons why it is not."""

from collections.abc import Sequence
from typing import Final

from sconto.domain.cart_discount import count_units, measure, reached_at
from sconto.domain.cart_ground import Covered, Ground
from sconto.domain.cart_offers import UNLIMITED, CartOffer, CartReason, CartRefusal, Room
from sconto.domain.cart_promotion import (
    NO_CONDITIONS,
    BuyAndGet,
    CartTerms,
    Conditions,
    Measure,
    Target,
    Tiers,
)
from sconto.domain.cart_units import count_missing, count_served


def find_refusals(offered: CartOffer, ground: Ground) -> tuple[CartRefusal, ...]:
    """All reasons why the promotion is not eligible, in the order of CartReason.

    Each quote calls this for up to a hundred promotions, so it checks only what a promotion has.
    """
    terms, covered = offered.terms, ground.covered(offered.terms)
    currencies, is_of_shipping = terms.currencies, ground.target is _SHIPPING
    found: list[CartRefusal] = []
    if terms.conditions is not NO_CONDITIONS:
        found = _of_minimums(terms.conditions, ground, covered)
    if terms.begins_somewhere:
        found += _of_benefit(terms, ground, covered)
    if not terms.is_for_everybody:
        found += _of_customer(terms, ground)
    if not covered.positions and not is_of_shipping:
        found.append(_NOT_COVERED)
    if currencies is not None and ground.currency not in currencies:
        found.append(_CURRENCY)
    if is_of_shipping and not ground.shipping:
        found.append(NO_SHIPPING)
    if offered.room is not UNLIMITED:
        found += _of_limits(offered.room)
    if not covered.subtotal and covered.positions and not is_of_shipping:
        found.append(_NOTHING_LEFT)
    return tuple(found)


def _of_minimums(conditions: Conditions, ground: Ground, covered: Covered) -> list[CartRefusal]:
    subtotal, quantity = conditions.minimum_subtotal, conditions.minimum_quantity
    found = []
    if subtotal is not None:
        have, need = covered.subtotal, subtotal.get(ground.currency)
        if need is not None and have < need:
            found.append(CartRefusal(_MINIMUM_SUBTOTAL, have, need, in_money=True))
    if quantity is not None and covered.quantity < quantity:
        found.append(CartRefusal(_MINIMUM_QUANTITY, covered.quantity, quantity))
    return found


def _of_benefit(terms: CartTerms, ground: Ground, covered: Covered) -> Sequence[CartRefusal]:
    if isinstance(terms.benefit, Tiers):
        return _of_tiers(terms.benefit, ground, covered)
    if isinstance(terms.benefit, BuyAndGet):
        return _of_units(terms, terms.benefit, ground)
    return ()


def _of_tiers(tiers: Tiers, ground: Ground, covered: Covered) -> Sequence[CartRefusal]:
    have = measure(tiers.by, covered)
    lowest = reached_at(tiers.tiers[0], ground.currency)
    if lowest is None or have >= lowest:
        return ()
    in_money = tiers.by is Measure.SUBTOTAL
    return (CartRefusal(CartReason.TIER, have, lowest, in_money=in_money),)


def _of_units(terms: CartTerms, benefit: BuyAndGet, ground: Ground) -> Sequence[CartRefusal]:
    units = count_units(terms, benefit, ground)
    if count_served(benefit, units):
        return ()
    return (CartRefusal(CartReason.UNITS, *count_missing(benefit, units)),)


def _of_customer(terms: CartTerms, ground: Ground) -> Sequence[CartRefusal]:
    conditions, customer = terms.conditions, ground.customer
    found = []
    if conditions.segments and conditions.segments.isdisjoint(customer.segments):
        found.append(_SEGMENT)
    if conditions.first_order and ground.has_ordered:
        found.append(_FIRST_ORDER)
    if terms.needs_customer and customer.id is None:
        found.append(_CUSTOMER_REQUIRED)
    return found


def _of_limits(room: Room) -> Sequence[CartRefusal]:
    limits = ((room.total, _TOTAL_LIMIT), (room.customer, _CUSTOMER_LIMIT), (room.budget, _BUDGET))
    return [refusal for left, refusal in limits if left is not None and left <= 0]


# Enum lookups are slow in Python 3.11.
_SHIPPING: Final = Target.SHIPPING
_MINIMUM_SUBTOTAL: Final = CartReason.MINIMUM_SUBTOTAL
_MINIMUM_QUANTITY: Final = CartReason.MINIMUM_QUANTITY

_SEGMENT: Final = CartRefusal(CartReason.SEGMENT)
_FIRST_ORDER: Final = CartRefusal(CartReason.FIRST_ORDER)
_CUSTOMER_REQUIRED: Final = CartRefusal(CartReason.CUSTOMER_REQUIRED)
_NOT_COVERED: Final = CartRefusal(CartReason.NOT_COVERED)
_CURRENCY: Final = CartRefusal(CartReason.CURRENCY)
NO_SHIPPING: Final = CartRefusal(CartReason.NO_SHIPPING)
_TOTAL_LIMIT: Final = CartRefusal(CartReason.TOTAL_LIMIT)
_CUSTOMER_LIMIT: Final = CartRefusal(CartReason.CUSTOMER_LIMIT)
_BUDGET: Final = CartRefusal(CartReason.BUDGET)
_NOTHING_LEFT: Final = CartRefusal(CartReason.NOTHING_LEFT)

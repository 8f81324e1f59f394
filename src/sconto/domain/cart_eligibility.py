"""Whether a cart promotion is eligible in a step, with all the reasons why it is not."""

from collections.abc import Iterator, Sequence
from typing import Final

from sconto.domain.cart_discount import count_units, measure, reached_at
from sconto.domain.cart_ground import Ground
from sconto.domain.cart_offers import UNLIMITED, CartOffer, CartReason, CartRefusal, Room
from sconto.domain.cart_promotion import (
    NO_CONDITIONS,
    NO_LIMITS,
    BuyAndGet,
    CartTerms,
    Conditions,
    Measure,
    Target,
    Tiers,
)
from sconto.domain.cart_units import count_missing, count_served


def find_refusals(offered: CartOffer, ground: Ground) -> Sequence[CartRefusal]:
    """All reasons why the promotion is not eligible, in the order of CartReason.

    Each quote asks this of up to a hundred promotions, so it looks only at what a promotion has.
    """
    terms, covered = offered.terms, ground.covered(offered.terms)
    conditions, benefit = terms.conditions, terms.benefit
    found: list[CartRefusal] = []
    if conditions is not NO_CONDITIONS:
        found += _of_minimums(conditions, ground, covered)
    if isinstance(benefit, Tiers):
        found += _of_tiers(benefit, ground, covered)
    elif isinstance(benefit, BuyAndGet):
        found += _of_units(terms, benefit, ground)
    if conditions is not NO_CONDITIONS or terms.limits is not NO_LIMITS:
        found += _of_customer(terms, ground)
    is_of_shipping = ground.target is Target.SHIPPING
    if not covered and not is_of_shipping:
        found.append(_NOT_COVERED)
    if not terms.knows(ground.currency):
        found.append(_CURRENCY)
    if is_of_shipping and not ground.shipping:
        found.append(_NO_SHIPPING)
    if offered.room is not UNLIMITED:
        found += _of_limits(offered.room)
    if covered and not is_of_shipping and not ground.subtotal(covered):
        found.append(_NOTHING_LEFT)
    return found


_NOT_COVERED: Final = CartRefusal(CartReason.NOT_COVERED)
_CURRENCY: Final = CartRefusal(CartReason.CURRENCY)
_NO_SHIPPING: Final = CartRefusal(CartReason.NO_SHIPPING)
_NOTHING_LEFT: Final = CartRefusal(CartReason.NOTHING_LEFT)


def _of_minimums(
    conditions: Conditions, ground: Ground, covered: Sequence[int]
) -> Iterator[CartRefusal]:
    subtotal, quantity = conditions.minimum_subtotal, conditions.minimum_quantity
    need = None if subtotal is None else subtotal.get(ground.currency)
    if need is not None and (have := ground.subtotal(covered)) < need:
        yield CartRefusal(CartReason.MINIMUM_SUBTOTAL, have, need, in_money=True)
    if quantity is not None and (have := ground.quantity(covered)) < quantity:
        yield CartRefusal(CartReason.MINIMUM_QUANTITY, have, quantity)


def _of_tiers(tiers: Tiers, ground: Ground, covered: Sequence[int]) -> Iterator[CartRefusal]:
    have = measure(tiers.by, ground, covered)
    lowest = reached_at(tiers.tiers[0], ground.currency)
    if lowest is not None and have < lowest:
        in_money = tiers.by is Measure.SUBTOTAL
        yield CartRefusal(CartReason.TIER, have, lowest, in_money=in_money)


def _of_units(terms: CartTerms, benefit: BuyAndGet, ground: Ground) -> Iterator[CartRefusal]:
    units = count_units(terms, benefit, ground)
    if not count_served(benefit, units):
        yield CartRefusal(CartReason.UNITS, *count_missing(benefit, units))


def _of_customer(terms: CartTerms, ground: Ground) -> Iterator[CartRefusal]:
    conditions, customer = terms.conditions, ground.customer
    if conditions.segments and conditions.segments.isdisjoint(customer.segments):
        yield CartRefusal(CartReason.SEGMENT)
    if conditions.first_order and ground.has_ordered:
        yield CartRefusal(CartReason.FIRST_ORDER)
    if terms.needs_customer and customer.id is None:
        yield CartRefusal(CartReason.CUSTOMER_REQUIRED)


def _of_limits(room: Room) -> Iterator[CartRefusal]:
    if room.total is not None and room.total <= 0:
        yield CartRefusal(CartReason.TOTAL_LIMIT)
    if room.customer is not None and room.customer <= 0:
        yield CartRefusal(CartReason.CUSTOMER_LIMIT)
    if room.budget is not None and room.budget <= 0:
        yield CartRefusal(CartReason.BUDGET)

"""Whether a cart promotion is eligible in a step, with all the reasons why it is not."""

from collections.abc import Iterator, Sequence

from sconto.domain.cart_discount import count_units, measure, reached_at
from sconto.domain.cart_ground import Ground
from sconto.domain.cart_offers import CartOffer, CartReason, CartRefusal, Room
from sconto.domain.cart_promotion import (
    BuyAndGet,
    CartTerms,
    Conditions,
    Measure,
    Target,
    Tiers,
)
from sconto.domain.cart_units import count_missing, count_served


def find_refusals(offered: CartOffer, ground: Ground) -> tuple[CartRefusal, ...]:
    """All reasons why the promotion is not eligible; none where it is."""
    terms = offered.terms
    covered = ground.covered(terms)
    return (
        *_of_minimums(terms.conditions, ground, covered),
        *_of_benefit(terms, ground, covered),
        *_of_customer(terms, ground),
        *_of_coverage(terms, ground, covered),
        *_of_limits(offered.room),
        *_of_remainder(terms, ground, covered),
    )


def _of_minimums(
    conditions: Conditions, ground: Ground, covered: Sequence[int]
) -> Iterator[CartRefusal]:
    if conditions.minimum_subtotal is not None:
        need = conditions.minimum_subtotal.get(ground.currency)
        if need is not None and (have := ground.subtotal(covered)) < need:
            yield CartRefusal(CartReason.MINIMUM_SUBTOTAL, have, need, in_money=True)
    if conditions.minimum_quantity is not None:
        need = conditions.minimum_quantity
        if (have := ground.quantity(covered)) < need:
            yield CartRefusal(CartReason.MINIMUM_QUANTITY, have, need)


def _of_benefit(terms: CartTerms, ground: Ground, covered: Sequence[int]) -> Iterator[CartRefusal]:
    benefit = terms.benefit
    if isinstance(benefit, Tiers):
        have = measure(benefit.by, ground, covered)
        lowest = reached_at(benefit.tiers[0], ground.currency)
        if lowest is not None and have < lowest:
            in_money = benefit.by is Measure.SUBTOTAL
            yield CartRefusal(CartReason.TIER, have, lowest, in_money=in_money)
    if isinstance(benefit, BuyAndGet):
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


def _of_coverage(terms: CartTerms, ground: Ground, covered: Sequence[int]) -> Iterator[CartRefusal]:
    is_of_shipping = terms.target is Target.SHIPPING
    if not is_of_shipping and not covered:
        yield CartRefusal(CartReason.NOT_COVERED)
    if not terms.knows(ground.currency):
        yield CartRefusal(CartReason.CURRENCY)
    if is_of_shipping and not ground.shipping:
        yield CartRefusal(CartReason.NO_SHIPPING)


def _of_limits(room: Room) -> Iterator[CartRefusal]:
    if room.total is not None and room.total <= 0:
        yield CartRefusal(CartReason.TOTAL_LIMIT)
    if room.customer is not None and room.customer <= 0:
        yield CartRefusal(CartReason.CUSTOMER_LIMIT)
    if room.budget is not None and room.budget <= 0:
        yield CartRefusal(CartReason.BUDGET)


def _of_remainder(
    terms: CartTerms, ground: Ground, covered: Sequence[int]
) -> Iterator[CartRefusal]:
    """On shipping the lines count for conditions only."""
    if terms.target is not Target.SHIPPING and covered and not ground.subtotal(covered):
        yield CartRefusal(CartReason.NOTHING_LEFT)

"""Whether a cart promotion is eligible in a step, with all the reasons why it is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sconto.domain.cart_discount import count_units, measure, reached_at, reached_tier
from sconto.domain.cart_ground import Ground
from sconto.domain.cart_promotion import BuyAndGet, CartTerms, Target, Tiers
from sconto.domain.cart_units import count_missing, count_served


class Obstacle(StrEnum):
    """Why a cart promotion does not apply."""

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


@dataclass(frozen=True, slots=True)
class Obstruction:
    """One reason, with what the bill has and what it needs where that can be counted."""

    reason: Obstacle
    have: int | None = None
    need: int | None = None

    @property
    def missing(self) -> int | None:
        """How much more the bill needs."""
        return None if self.have is None or self.need is None else self.need - self.have


@dataclass(frozen=True, slots=True)
class Room:
    """What a promotion's limits leave, in the cart's currency; None where there is no limit."""

    total: int | None = None
    customer: int | None = None
    budget: int | None = None


NO_LIMITS = Room()


@dataclass(frozen=True, slots=True)
class OfferedCartPromotion:
    """A cart promotion that is running and may apply, with the code that activated it."""

    promotion_id: int
    terms: CartTerms
    room: Room = NO_LIMITS
    code: str | None = None
    code_id: int | None = None


def obstructions(offered: OfferedCartPromotion, ground: Ground) -> tuple[Obstruction, ...]:
    """All reasons why the promotion is not eligible; none where it is."""
    terms = offered.terms
    if not terms.knows(ground.currency):
        # None of its amounts can be compared with the bill's.
        return (*_of_customer(terms, ground), Obstruction(Obstacle.CURRENCY))
    return (
        *_of_bill(terms, ground),
        *_of_customer(terms, ground),
        *_of_coverage(terms, ground),
        *_of_limits(offered),
    )


def _of_bill(terms: CartTerms, ground: Ground) -> Iterator[Obstruction]:
    covered = ground.covered(terms)
    conditions = terms.conditions
    if conditions.minimum_subtotal is not None:
        need = conditions.minimum_subtotal[ground.currency]
        if (have := ground.subtotal(covered)) < need:
            yield Obstruction(Obstacle.MINIMUM_SUBTOTAL, have, need)
    if conditions.minimum_quantity is not None:
        need = conditions.minimum_quantity
        if (have := ground.quantity(covered)) < need:
            yield Obstruction(Obstacle.MINIMUM_QUANTITY, have, need)
    benefit = terms.benefit
    if isinstance(benefit, Tiers) and reached_tier(benefit, ground, covered) is None:
        lowest = reached_at(benefit.tiers[0], ground.currency)
        yield Obstruction(Obstacle.TIER, measure(benefit.by, ground, covered), lowest)
    if isinstance(benefit, BuyAndGet):
        units = count_units(terms, benefit, ground)
        if not count_served(benefit, units):
            yield Obstruction(Obstacle.UNITS, *count_missing(benefit, units))


def _of_customer(terms: CartTerms, ground: Ground) -> Iterator[Obstruction]:
    conditions, customer = terms.conditions, ground.customer
    if conditions.segments and conditions.segments.isdisjoint(customer.segments):
        yield Obstruction(Obstacle.SEGMENT)
    if conditions.first_order and customer.has_ordered:
        yield Obstruction(Obstacle.FIRST_ORDER)
    if terms.needs_customer and customer.customer_id is None:
        yield Obstruction(Obstacle.CUSTOMER_REQUIRED)


def _of_coverage(terms: CartTerms, ground: Ground) -> Iterator[Obstruction]:
    if terms.target is not Target.SHIPPING:
        covered = ground.covered(terms)
        if not covered:
            yield Obstruction(Obstacle.NOT_COVERED)
        elif not ground.subtotal(covered):
            yield Obstruction(Obstacle.NOTHING_LEFT)
    elif not ground.shipping:
        yield Obstruction(Obstacle.NO_SHIPPING)


def _of_limits(offered: OfferedCartPromotion) -> Iterator[Obstruction]:
    room = offered.room
    if room.total is not None and room.total <= 0:
        yield Obstruction(Obstacle.TOTAL_LIMIT)
    if room.customer is not None and room.customer <= 0:
        yield Obstruction(Obstacle.CUSTOMER_LIMIT)
    if room.budget is not None and room.budget <= 0:
        yield Obstruction(Obstacle.BUDGET)

"""What a cart promotion takes off, given what is left of the lines or of shipping."""

from collections.abc import Sequence
from typing import Final

from sconto.domain.cart_ground import NOTHING_COVERED, Covered, Ground
from sconto.domain.cart_promotion import (
    AmountOff,
    BuyAndGet,
    CartTerms,
    FixedPrice,
    Measure,
    PercentOff,
    Target,
    Tier,
    Tiers,
)
from sconto.domain.cart_units import UnitCount, count_served, discount_units
from sconto.domain.money import percent_of, split_amount


def take_off(terms: CartTerms, ground: Ground, remainders: Sequence[int]) -> Sequence[int]:
    """What the promotion takes off each line, or off shipping alone.

    `remainders` is what is left now, within the step. Things that were decided when the bill
    entered the step, such as the tier that is reached, are decided on the ground.
    """
    covered_lines, benefit = ground.covered(terms), terms.benefit
    if isinstance(benefit, Tiers):
        reached = reached_tier(benefit, ground, covered_lines)
        if reached is None:
            return [0] * len(remainders)
        benefit = reached.benefit
    if isinstance(benefit, BuyAndGet):
        return _buy_and_get(terms, benefit, ground, remainders)
    positions = _SHIPPING_ALONE if ground.target is _SHIPPING else covered_lines.positions
    covers_all = len(positions) == len(remainders)
    covered = remainders if covers_all else [remainders[position] for position in positions]
    if isinstance(benefit, PercentOff):
        parts = _percent_off(benefit, ground, covered)
    elif isinstance(benefit, AmountOff):
        parts = _amount_off(benefit, ground, positions, covered)
    else:
        parts = _down_to_price(benefit, ground, positions, covered)
    return parts if covers_all else _spread(positions, parts, len(remainders))


_SHIPPING_ALONE: Final = (0,)

# Enum lookups are slow in Python 3.11.
_LINES: Final = Target.LINES
_SHIPPING: Final = Target.SHIPPING


def reached_tier(tiers: Tiers, ground: Ground, covered: Covered) -> Tier | None:
    """The highest tier that the covered lines reach; None if they reach none."""
    have = measure(tiers.by, covered)
    reached = None
    for tier in tiers.tiers:
        need = reached_at(tier, ground.currency)
        if need is not None and have >= need:
            reached = tier
    return reached


def next_tier(tiers: Tiers, ground: Ground, covered: Covered) -> tuple[int, int] | None:
    """What the covered lines have, and what the next tier needs; None above the last tier."""
    have = measure(tiers.by, covered)
    needs = [reached_at(tier, ground.currency) for tier in tiers.tiers]
    return next(((have, need) for need in needs if need is not None and need > have), None)


def measure(by: Measure, covered: Covered) -> int:
    """The value of the covered lines in the unit of the tiers: a subtotal or a quantity."""
    return covered.subtotal if by is Measure.SUBTOTAL else covered.quantity


def reached_at(tier: Tier, currency: str) -> int | None:
    """The subtotal or quantity from which the tier applies; None in an unknown currency."""
    start = tier.reached_at
    return start if isinstance(start, int) else start.get(currency)


def count_units(terms: CartTerms, benefit: BuyAndGet, ground: Ground) -> UnitCount:
    """How many units of the bill count as bought, and how many may get the percent.

    A line that is covered as both counts as one to get.
    """
    bought, to_get = _bought_and_to_get(terms, benefit, ground)
    return UnitCount(bought.quantity, to_get.quantity)


def _bought_and_to_get(
    terms: CartTerms, benefit: BuyAndGet, ground: Ground
) -> tuple[Covered, Covered]:
    covered = ground.covered(terms)
    if benefit.get_products is None:
        return NOTHING_COVERED, covered
    to_get = ground.covered(terms, benefit.get_products)
    both = set(to_get.positions)
    return ground.count([one for one in covered.positions if one not in both]), to_get


def _percent_off(benefit: PercentOff, ground: Ground, covered: Sequence[int]) -> list[int]:
    if ground.target is _LINES:
        parts = [percent_of(left, benefit.percent) for left in covered]
    else:
        parts = split_amount(percent_of(sum(covered), benefit.percent), covered)
    if benefit.at_most is None or sum(parts) <= benefit.at_most[ground.currency]:
        return parts
    return split_amount(benefit.at_most[ground.currency], covered)


def _amount_off(
    benefit: AmountOff, ground: Ground, positions: Sequence[int], covered: Sequence[int]
) -> list[int]:
    amount = benefit.amounts[ground.currency]
    if ground.target is not _LINES:
        return split_amount(min(amount, sum(covered)), covered)
    return [
        min(left, ground.lines[position].quantity * amount)
        for position, left in zip(positions, covered, strict=True)
    ]


def _down_to_price(
    benefit: FixedPrice, ground: Ground, positions: Sequence[int], covered: Sequence[int]
) -> list[int]:
    price = benefit.prices[ground.currency]
    return [
        max(0, left - ground.lines[position].quantity * price)
        for position, left in zip(positions, covered, strict=True)
    ]


def _buy_and_get(
    terms: CartTerms, benefit: BuyAndGet, ground: Ground, remainders: Sequence[int]
) -> list[int]:
    served = count_served(benefit, count_units(terms, benefit, ground))
    _, to_get = _bought_and_to_get(terms, benefit, ground)
    quantities = [line.quantity for line in ground.lines]
    taken = discount_units(
        benefit.percent, served, quantities, {line: remainders[line] for line in to_get.positions}
    )
    return _spread(list(taken), list(taken.values()), len(remainders))


def _spread(positions: Sequence[int], parts: Sequence[int], length: int) -> list[int]:
    """The parts at their positions, and zero elsewhere."""
    spread = [0] * length
    for position, part in zip(positions, parts, strict=True):
        spread[position] = part
    return spread

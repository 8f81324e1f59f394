"""Buy and get: which units get the percent, and what that takes off their lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sconto.domain.cart_promotion import BuyAndGet
from sconto.domain.money import percent_of


@dataclass(frozen=True, slots=True)
class UnitCount:
    """How many units of a cart a buy-and-get promotion counts as bought, and how many may get."""

    bought: int
    to_get: int


class _Units(NamedTuple):
    """Units of one line with equal value, sorted in the order in which they are chosen.

    The cheapest come first, and of those the units of the later line.
    """

    value: int
    position_from_end: int
    size: int


def count_served(benefit: BuyAndGet, units: UnitCount) -> int:
    """How many units get the percent."""
    if benefit.get_products is None:
        served = units.to_get // (benefit.buy + benefit.get) * benefit.get
    else:
        served = min(units.bought // benefit.buy * benefit.get, units.to_get)
    return served if benefit.at_most is None else min(served, benefit.at_most)


def count_missing(benefit: BuyAndGet, units: UnitCount) -> tuple[int, int]:
    """How many units there are, and how many are needed until one gets the percent."""
    if benefit.get_products is None:
        return units.to_get, benefit.buy + benefit.get
    if units.bought < benefit.buy:
        return units.bought, benefit.buy
    return units.to_get, 1


def discount_units(
    percent: int, served: int, quantities: Sequence[int], remainders: Mapping[int, int]
) -> dict[int, int]:
    """What the cheapest units of these lines take off each line, rounded half up once a line.

    `remainders` has the lines whose units may get the percent, by their position in the cart.
    """
    units = [
        group
        for line, remainder in remainders.items()
        for group in _units_of(len(quantities) - line, quantities[line], remainder)
    ]
    values: dict[int, int] = {}
    for group in sorted(units):
        if not served:
            break
        chosen = min(served, group.size)
        served -= chosen
        line = len(quantities) - group.position_from_end
        values[line] = values.get(line, 0) + chosen * group.value
    return {line: percent_of(value, percent) for line, value in values.items()}


def _units_of(position_from_end: int, quantity: int, remainder: int) -> list[_Units]:
    """The units of a line: its remainder by largest remainder, the first ones a cent more."""
    value, dearer = divmod(remainder, quantity)
    groups = [_Units(value, position_from_end, quantity - dearer)]
    if dearer:
        groups.append(_Units(value + 1, position_from_end, dearer))
    return groups

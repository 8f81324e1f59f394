"""What a cart promotion has given so far, and what is left of its limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sconto.domain.cart_promotion import CartPromotion

Discounts = Mapping[str, int]
"""What was taken off, in minor units, by currency."""


@dataclass(frozen=True, slots=True)
class CodeUses:
    """A code that served orders, and how many."""

    code: str
    orders: int


@dataclass(frozen=True, slots=True)
class DayUses:
    """What a promotion gave on a day."""

    day: date
    orders: int
    discounts: Discounts


@dataclass(frozen=True, slots=True)
class CartStatistics:
    """What a cart promotion gave, in orders that were placed.

    Deleted orders stay in these figures. What they took of the limits is given back: `taken_total`
    and `taken_budget` are of the orders that count.
    """

    promotion: CartPromotion
    orders: int
    discounts: Discounts
    codes: Sequence[CodeUses]
    days: Sequence[DayUses]
    taken_total: int
    taken_budget: Discounts

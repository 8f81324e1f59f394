"""Redemptions of a promotion day by day and code by code, as charts show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sconto.domain.pricing import PricedLine
from sconto.domain.product import Product


@dataclass(frozen=True, slots=True)
class DayCount:
    """Uses on one day in one currency, and the discount that was given, in minor units."""

    day: date
    currency: str
    applied_uses: int
    outdone_uses: int
    discount: int


@dataclass(frozen=True, slots=True)
class CodeCount:
    """Uses of one code; it may have been removed since."""

    code: str
    applied_uses: int
    outdone_uses: int


@dataclass(frozen=True, slots=True)
class RedemptionChart:
    """The days on which there was any use, in order, and the codes that were used most."""

    days: Sequence[DayCount]
    codes: Sequence[CodeCount]


@dataclass(frozen=True, slots=True)
class ExamplePrice:
    """What one unit of a product costs with the promotion and all others as they stand."""

    product: Product
    line: PricedLine

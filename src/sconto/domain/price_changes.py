"""Which products become cheaper or dearer by an edit of promotions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sconto.domain.product import Product

Prices = Mapping[int, tuple[Product, int]]
"""Products with what one unit costs, in minor units, by product id."""


@dataclass(frozen=True, slots=True)
class PriceChange:
    """What one unit of a product costs before and after an edit, in minor units.

    With a `code`, for shoppers who enter it; without, for everybody.
    """

    product: Product
    at: datetime
    before: int
    after: int
    code: str | None = None


def find_price_changes(
    before: Prices, after: Prices, at: datetime, code: str | None = None
) -> Iterable[PriceChange]:
    """The products of both whose prices differ, in the order of `after`."""
    for product_id, (product, price) in after.items():
        if product_id in before and before[product_id][1] != price:
            yield PriceChange(product, at, before[product_id][1], price, code)

"""The products that become cheaper or dearer by an edit of promotions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sconto.domain.product import Product


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What one unit of a product costs, in minor units, and the product promotion that applies."""

    product: Product
    price: int
    promotion_id: int | None = None


@dataclass(frozen=True, slots=True)
class PriceChange:
    """What one unit of a product costs before and after an edit, in minor units.

    With a `code`, for shoppers who enter it; without, for everybody. `promotion_id` is the product
    promotion that applies to the product before the edit.
    """

    product: Product
    at: datetime
    before: int
    after: int
    code: str | None = None
    promotion_id: int | None = None

    @property
    def is_dearer(self) -> bool:
        """Whether the edit raises the price."""
        return self.after > self.before


def find_price_changes(
    before: Mapping[int, UnitPrice],
    after: Mapping[int, UnitPrice],
    at: datetime,
    code: str | None = None,
) -> Iterable[PriceChange]:
    """The products of both whose prices differ, in the order of `after`; both are by product id."""
    for product_id, new in after.items():
        old = before.get(product_id)
        if old is not None and old.price != new.price:
            yield PriceChange(new.product, at, old.price, new.price, code, old.promotion_id)

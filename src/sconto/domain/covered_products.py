"""The products that a promotion covers as a list: its queries and its answers."""

from dataclasses import dataclass
from typing import Final

from sconto.domain.money import percent_of
from sconto.domain.product import Product

MAX_COVERED_COUNTED: Final = 10_000
"""The products of a promotion are counted up to this number; more are "more than" it."""


@dataclass(frozen=True, slots=True)
class CoveredProduct:
    """A product that a promotion covers, with its percent.

    `product` is None if the catalogue never had it. `is_deleted` says that the catalogue no longer
    has it.
    """

    product_id: int
    percent: int
    product: Product | None
    is_deleted: bool = False

    @property
    def price_after(self) -> int | None:
        """The price with this promotion alone, in minor units; None without a price."""
        if self.product is None:
            return None
        return self.product.price - percent_of(self.product.price, self.percent)


@dataclass(frozen=True, slots=True)
class CoveredQuery:
    """Up to `limit` products with ids above `after`, by id.

    `search` is part of the name, ignoring case, or the whole id.
    """

    limit: int = 50
    after: int = 0
    search: str | None = None


@dataclass(frozen=True, slots=True)
class CoveredPage:
    """Some of the products. `next` is the id after which the next page begins; None at the end.

    A search reads a limited number of products at a time, so its page may have few products, or
    none, and still have a next page. `total` counts the products of the promotion, whatever the
    search; it is at most MAX_COVERED_COUNTED + 1.
    """

    products: tuple[CoveredProduct, ...]
    next: int | None
    total: int

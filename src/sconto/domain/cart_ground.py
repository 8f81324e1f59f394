"""What a step of cart promotions works on: the bill as it enters the step."""

from collections.abc import Sequence, Set
from functools import cached_property
from typing import Final

import msgspec

from sconto.domain.cart import NOBODY, Customer
from sconto.domain.cart_promotion import ALL_PRODUCTS, CartTerms, ProductSelection, Target

# Enum lookups are slow in Python 3.11.
_SHIPPING: Final = Target.SHIPPING


class GroundLine(msgspec.Struct, frozen=True, gc=False):
    """A line as it enters a step; `remainder` is what is left of it, in minor units.

    `is_discounted` says that a product promotion applies on it.
    """

    product_id: int
    tags: Set[str]
    quantity: int
    remainder: int
    is_discounted: bool


class Covered(msgspec.Struct, frozen=True):
    """The lines that a promotion covers: their positions, and their sums.

    `subtotal` is what is left of them, in minor units; `quantity` is their units.
    """

    positions: Sequence[int]
    subtotal: int
    quantity: int


NOTHING_COVERED: Final = Covered((), 0, 0)


class Ground(msgspec.Struct, frozen=True, dict=True):
    """The bill as it enters the step of a target; `shipping` is None if the cart names none.

    `has_ordered` says that an order of the customer counts already, here or in the shop.
    """

    target: Target
    currency: str
    lines: Sequence[GroundLine]
    shipping: int | None = None
    customer: Customer = NOBODY
    has_ordered: bool = False

    @property
    def remainders(self) -> list[int]:
        """The amounts that the step can reduce: what is left of each line, or of shipping alone."""
        if self.target is _SHIPPING:
            return [self.shipping or 0]
        return [line.remainder for line in self.lines]

    @cached_property
    def product_ids(self) -> Set[int]:
        """The products on the lines."""
        return {line.product_id for line in self.lines}

    @cached_property
    def tags(self) -> Set[str]:
        """The tags of these products."""
        return {tag for line in self.lines for tag in line.tags}

    @cached_property
    def _found(self) -> dict[tuple[int, bool], Covered]:
        """The results of `covered`: a hundred promotions ask for the same few selections."""
        return {}

    @cached_property
    def everything(self) -> Covered:
        """All lines."""
        return self.count(range(len(self.lines)))

    def covered(self, terms: CartTerms, products: ProductSelection | None = None) -> Covered:
        """What the promotion covers, or what a selection covers under its terms."""
        selection = terms.products if products is None else products
        if selection is ALL_PRODUCTS and terms.on_discounted:
            return self.everything
        ids = selection.ids
        if ids and not selection.tags and ids.isdisjoint(self.product_ids):
            return NOTHING_COVERED
        key = (id(selection), terms.on_discounted)  # the terms live as long as the ground
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._find_covered(selection, terms.on_discounted)
        return found

    def _find_covered(self, selection: ProductSelection, on_discounted: bool) -> Covered:
        return self.count(
            [
                position
                for position, line in enumerate(self.lines)
                if (on_discounted or not line.is_discounted)
                and selection.covers(line.product_id, line.tags)
            ]
        )

    def count(self, positions: Sequence[int]) -> Covered:
        """The sums of the lines at these positions."""
        lines = [self.lines[position] for position in positions]
        return Covered(
            positions,
            sum([line.remainder for line in lines]),
            sum([line.quantity for line in lines]),
        )

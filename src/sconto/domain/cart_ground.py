"""What a step of cart promotions works on: the bill as it enters the step."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property

from sconto.domain.bill import Bill
from sconto.domain.cart import NOBODY, Customer
from sconto.domain.cart_promotion import CartTerms, ProductSelection, Target


@dataclass(frozen=True, slots=True)
class GroundLine:
    """A line as it enters a step; `remainder` is what is left of it, in minor units.

    `is_discounted` says that a product promotion applies on it.
    """

    product_id: int
    tags: Set[str]
    quantity: int
    remainder: int
    is_discounted: bool


@dataclass(frozen=True)
class Ground:
    """The bill as it enters the step of a target; `shipping` None where the cart names none.

    `has_ordered` says that an order of the customer counts already, here or in the shop.
    """

    target: Target
    currency: str
    lines: Sequence[GroundLine]
    shipping: int | None = None
    customer: Customer = NOBODY
    has_ordered: bool = False
    _covered: dict[tuple[int, bool], Sequence[int]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What `covered` has found: a hundred promotions ask for the same few selections."""

    @property
    def remainders(self) -> list[int]:
        """What the step can take from: the remainder of each line, or of shipping alone."""
        if self.target is Target.SHIPPING:
            return [self.shipping or 0]
        return [line.remainder for line in self.lines]

    @cached_property
    def product_ids(self) -> Set[int]:
        """The products on the lines."""
        return {line.product_id for line in self.lines}

    def covered(self, terms: CartTerms, products: ProductSelection | None = None) -> Sequence[int]:
        """The positions of the lines that the promotion covers, or of those of a selection."""
        selection = terms.products if products is None else products
        if not selection.tags and selection.ids and selection.ids.isdisjoint(self.product_ids):
            return ()
        key = (id(selection), terms.on_discounted)  # the terms live as long as the ground
        found = self._covered.get(key)
        if found is None:
            found = self._covered[key] = self._find_covered(selection, terms.on_discounted)
        return found

    def _find_covered(self, selection: ProductSelection, on_discounted: bool) -> Sequence[int]:
        return [
            position
            for position, line in enumerate(self.lines)
            if (on_discounted or not line.is_discounted)
            and selection.covers(line.product_id, line.tags)
        ]

    def subtotal(self, positions: Sequence[int]) -> int:
        """What is left of these lines together."""
        return sum([self.lines[position].remainder for position in positions])

    def quantity(self, positions: Sequence[int]) -> int:
        """The units of these lines together."""
        return sum([self.lines[position].quantity for position in positions])


def ground_of(bill: Bill, target: Target) -> Ground:
    """The bill as it enters the step of a target."""
    tags = bill.candidates.tags.get
    customer = bill.cart.customer
    return Ground(
        target,
        bill.cart.currency,
        [
            GroundLine(
                line.product_id,
                tags(line.product_id, frozenset()),
                line.quantity,
                line.total,
                is_discounted=bool(line.picks),
            )
            for line in bill.lines
        ],
        None if bill.shipping is None else bill.shipping.total,
        customer,
        customer.has_ordered or bill.candidates.has_ordered,
    )

"""Returns: units of an order that come back, and what was paid back for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from sconto.domain.bill import Adjustment, PricedCart, PricedShipping
from sconto.domain.order import StoredOrder


@dataclass(frozen=True, slots=True)
class Goods:
    """Units by line id, never zero, and whether shipping is among them."""

    units: Mapping[str, int]
    shipping: bool = False


NOTHING = Goods({})
"""What came back of an order without returns."""


class RefundedLine(msgspec.Struct, frozen=True, gc=False):
    """What to pay back for some units of a line. Amounts are in minor units, for all these units.

    The units are those after the first `returned_before`. The discounts are parts of the line's
    discounts, as in `PricedLine`; `adjustments` leaves out zeros. `total` is what to pay back.
    """

    line_id: str
    product_id: int
    quantity: int
    unit_price: int
    returned_before: int
    subtotal: int
    discount: int
    subscription_discount: int
    total: int
    adjustments: tuple[Adjustment, ...] = ()


class Refund(msgspec.Struct, frozen=True, gc=False):
    """What to pay back, line by line; lines and shipping add up to the totals.

    `discount` is everything that was taken off these units and the shipping. `shipping` is None
    unless it is returned. `in_subscription` says that the order was one of a subscription.
    """

    currency: str
    subtotal: int
    discount: int
    total: int
    lines: tuple[RefundedLine, ...]
    shipping: PricedShipping | None
    in_subscription: bool

    @property
    def goods(self) -> Goods:
        """What comes back."""
        units = {line.line_id: line.quantity for line in self.lines}
        return Goods(units, self.shipping is not None)


@dataclass(frozen=True, slots=True)
class OrderReturn:
    """A stored return, which never changes. `number` counts the returns of the order from 1."""

    order_id: str
    return_id: str
    number: int
    created_at: datetime
    refund: Refund


@dataclass(frozen=True, slots=True)
class Returns:
    """The returns of an order: `last_number` is 0 without one, `returned` is everything returned.

    `same` is the return with the id that was asked for. `listed` are the returns of a page, and
    `more` says that others follow.
    """

    order: StoredOrder
    last_number: int = 0
    returned: Goods = NOTHING
    same: OrderReturn | None = None
    listed: tuple[OrderReturn, ...] = ()
    more: bool = False

    @property
    def left(self) -> Goods:
        """What can still be returned of the order, if it is not deleted."""
        return left_of(self.order.outcome, self.returned)


@dataclass(frozen=True, slots=True)
class Returned:
    """A return that is stored, and whether this request created it or repeated an earlier one."""

    kept: OrderReturn
    created: bool


def left_of(outcome: PricedCart, returned: Goods) -> Goods:
    """The units of each line that were not returned, zeros too, and whether shipping is left."""
    came_back = returned.units
    units = {line.line_id: line.quantity - came_back.get(line.line_id, 0) for line in outcome.lines}
    return Goods(units, outcome.shipping is not None and not returned.shipping)


def together(returned: Goods, goods: Goods) -> Goods:
    """What was returned, with one more return."""
    units = dict(returned.units)
    for line_id, number in goods.units.items():
        units[line_id] = units.get(line_id, 0) + number
    return Goods(units, returned.shipping or goods.shipping)

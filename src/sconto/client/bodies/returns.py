"""The bodies of `returns` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import NotRequired, TypedDict

from sconto.client.bodies.cart_outcome import LineAdjustment, PricedShipping
from sconto.client.bodies.checkout import PlacedOrder


class UnitsOfLine(TypedDict):
    """A number of units of a line of the order."""

    line_id: str
    """The shop's own id; no control characters."""
    quantity: int


class ReturnedGoods(TypedDict):
    """Units of lines, each line once, or the shipping, or both."""

    lines: NotRequired[list[UnitsOfLine] | None]
    shipping: NotRequired[bool | None]
    """Whether shipping is paid back too, once for an order."""


class ReturnToKeep(ReturnedGoods):
    """What is returned: units of lines, each line once, or the shipping, or both."""

    return_id: str
    """The shop's own id; no control characters."""


class RefundedLine(TypedDict):
    """What is paid back for units of a line, with their parts of its discounts."""

    line_id: str
    product_id: int
    quantity: int
    unit_price: str
    subtotal: str
    discount: str
    subscription_discount: NotRequired[str]
    """Only of an order with a subscription."""
    adjustments: NotRequired[list[LineAdjustment]]
    """Only if there are any."""
    total: str
    """What is paid back."""


class Refund(TypedDict):
    """What to pay back, line by line."""

    order_id: str
    currency: str
    """An ISO 4217 code."""
    subtotal: str
    discount: str
    """Everything that was taken off."""
    total: str
    """What to pay back, with shipping."""
    lines: list[RefundedLine]
    shipping: NotRequired[PricedShipping]
    """Only if returned."""


class KeptReturn(Refund):
    """A return of an order. It never changes."""

    return_id: str
    created_at: str


class LineLeft(TypedDict):
    """How many units of a line can still be returned."""

    line_id: str
    quantity: int


class GoodsLeft(TypedDict):
    """What can still be returned of an order: all its lines, and whether shipping can be."""

    lines: list[LineLeft]
    shipping: bool


ReturnProblem = TypedDict(
    "ReturnProblem",
    {
        "type": str,
        "title": str,
        "status": int,
        "detail": str,
        "left": NotRequired[GoodsLeft],
        "return": NotRequired[KeptReturn],
        "order": NotRequired[PlacedOrder],
    },
)
"""Why a return is refused, with what is left, the stored return, or the deleted order."""


class ReturnToPrice(ReturnedGoods):
    """What would be returned: units of lines, each line once, or the shipping, or both."""

    return_id: NotRequired[str | None]


class PricedReturn(Refund):
    """What to pay back, line by line. It is stored only if it has `created_at`."""

    return_id: NotRequired[str]
    """Only if the request has it."""
    created_at: NotRequired[str]
    """Only if it was kept."""


class ReturnPage(TypedDict):
    """Returns of an order, the first one first, and what is left of the order."""

    returns: list[KeptReturn]
    left: GoodsLeft
    next_cursor: str | None

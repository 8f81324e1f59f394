"""The bodies of returns, with an example of each."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from openapi.cart_outcome_models import LineAdjustment, PricedShipping
from openapi.checkout_models import PlacedOrder
from openapi.fields import Absent, Currency, Instant, Reference, Total, strict
from sconto.domain.cart_limits import MAX_LINES_OF_CART, MAX_UNITS_OF_LINE

_UNITS: Final[JsonDict] = {"line_id": "1", "quantity": 1}
_REFUND: Final[JsonDict] = {
    "order_id": "A-1",
    "currency": "EUR",
    "subtotal": "19.99",
    "discount": "2.00",
    "total": "17.99",
    "lines": [
        {
            **_UNITS,
            "product_id": 11111,
            "unit_price": "19.99",
            "subtotal": "19.99",
            "discount": "2.00",
            "total": "17.99",
        }
    ],
}
_RETURN: Final[JsonDict] = {
    "return_id": "R-1",
    "created_at": "2026-11-28T00:00:00+00:00",
    **_REFUND,
}
_LEFT: Final[JsonDict] = {"lines": [_UNITS], "shipping": False}


class UnitsOfLine(BaseModel):
    """A number of units of a line of the order."""

    model_config = strict()

    line_id: Reference
    quantity: Annotated[int, Field(ge=1, le=MAX_UNITS_OF_LINE)]


class ReturnedGoods(BaseModel):
    """Units of lines, each line once, or the shipping, or both."""

    model_config = strict()

    lines: Annotated[list[UnitsOfLine], Field(max_length=MAX_LINES_OF_CART)] | None = None
    shipping: Annotated[
        bool | None, Field(description="Whether shipping is paid back too, once for an order.")
    ] = None


class ReturnToPrice(ReturnedGoods):
    """What would be returned: units of lines, each line once, or the shipping, or both."""

    model_config = strict({"lines": [_UNITS]})

    return_id: Reference | None = None


class ReturnToKeep(ReturnedGoods):
    """What is returned: units of lines, each line once, or the shipping, or both."""

    model_config = strict({"return_id": "R-1", "lines": [_UNITS], "shipping": False})

    return_id: Reference


class RefundedLine(BaseModel):
    """What is paid back for units of a line, with their parts of its discounts."""

    model_config = strict()

    line_id: str
    product_id: int
    quantity: int
    unit_price: Total
    subtotal: Total
    discount: Total
    subscription_discount: Annotated[
        Total | Absent, Field(description="Only of an order with a subscription.")
    ] = None
    adjustments: Annotated[
        list[LineAdjustment] | Absent, Field(description="Only if there are any.")
    ] = None
    total: Annotated[Total, Field(description="What is paid back.")]


class Refund(BaseModel):
    """What to pay back, line by line."""

    model_config = strict()

    order_id: str
    currency: Currency
    subtotal: Total
    discount: Annotated[Total, Field(description="Everything that was taken off.")]
    total: Annotated[Total, Field(description="What to pay back, with shipping.")]
    lines: list[RefundedLine]
    shipping: Annotated[PricedShipping | Absent, Field(description="Only if returned.")] = None


class PricedReturn(Refund):
    """What to pay back, line by line. It is stored only if it has `created_at`."""

    model_config = strict(_REFUND)

    return_id: Annotated[str | Absent, Field(description="Only if the request has it.")] = None
    created_at: Annotated[Instant | Absent, Field(description="Only if it was kept.")] = None


class KeptReturn(Refund):
    """A return of an order. It never changes."""

    model_config = strict(_RETURN)

    return_id: str
    created_at: Instant


class LineLeft(BaseModel):
    """How many units of a line can still be returned."""

    model_config = strict()

    line_id: str
    quantity: int


class GoodsLeft(BaseModel):
    """What can still be returned of an order: all its lines, and whether shipping can be."""

    model_config = strict()

    lines: list[LineLeft]
    shipping: bool


class ReturnPage(BaseModel):
    """Returns of an order, the first one first, and what is left of the order."""

    model_config = strict({"returns": [_RETURN], "left": _LEFT, "next_cursor": None})

    returns: list[KeptReturn]
    left: GoodsLeft
    next_cursor: str | None


class ReturnProblem(BaseModel):
    """Why a return is refused, with what is left, the stored return, or the deleted order."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "type": "urn:sconto:problem:more-than-left",
                "title": "More is returned than is left",
                "status": 409,
                "detail": "The order has less of it than the return, after earlier returns. "
                "Nothing was kept.",
                "left": _LEFT,
            }
        },
    )

    type: str
    title: str
    status: int
    detail: str
    left: GoodsLeft | Absent = None
    return_: Annotated[KeptReturn | Absent, Field(alias="return")] = None
    order: PlacedOrder | Absent = None

"""The bodies of the checkout API, with an example of each."""

from typing import Annotated, Final

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from openapi.cart_outcome_models import (
    ConsideredCartPromotion,
    LineAdjustment,
    PricedShipping,
)
from openapi.fields import Absent, Currency, Instant, Price, ProductId, Reference, Total, strict
from sconto.domain.cart_limits import (
    LONGEST_CODE_OF_CART,
    MAX_CODES_OF_CART,
    MAX_CODES_OF_SUBSCRIPTION,
    MAX_LINES_OF_CART,
    MAX_SEGMENTS,
    MAX_UNITS_OF_LINE,
)
from sconto.domain.choice import Group, Reason
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.holds import DEFAULT_HOLD, LONGEST_HOLD, SHORTEST_HOLD
from sconto.domain.names import NAME_LENGTH
from sconto.domain.order import OrderStatus
from sconto.domain.promotion import PromotionType
from sconto.domain.subscription import LAST_ORDER_NUMBER, CodeReason

_SENT_LINE: Final[JsonDict] = {
    "line_id": "1",
    "product_id": 11111,
    "quantity": 2,
    "unit_price": "19.99",
}
_CART: Final[JsonDict] = {"currency": "EUR", "lines": [_SENT_LINE], "codes": ["PROMO-001"]}
_PRICED_LINE: Final[JsonDict] = {
    **_SENT_LINE,
    "known": True,
    "subtotal": "39.98",
    "discount": "4.00",
    "discount_percent": "10",
    "total": "35.98",
    "promotion": {"id": 36, "type": "coupon", "code": "PROMO-001"},
    "picks": [
        {
            "promotion_id": 36,
            "group": "code",
            "code": "PROMO-001",
            "discount_percent": "10",
            "applied": True,
        },
        {
            "promotion_id": 12,
            "group": "automatic_all",
            "discount_percent": "5",
            "applied": False,
            "reason": "lower_discount",
        },
    ],
}
PRICED: Final[JsonDict] = {
    "currency": "EUR",
    "subtotal": "39.98",
    "discount": "4.00",
    "total": "35.98",
    "lines": [_PRICED_LINE],
    "codes": [{"code": "PROMO-001", "status": "applied", "promotion_id": 36}],
}
PLACED: Final[JsonDict] = {
    "order_id": "A-1",
    "created_at": "2026-11-27T00:00:00+00:00",
    "status": "not paid",
    **PRICED,
}


Percent = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,2})(\.[0-9]{1,6})?$")]
Code = Annotated[str, Field(min_length=1, max_length=LONGEST_CODE_OF_CART)]
Codes = Annotated[
    list[Code],
    Field(max_length=MAX_CODES_OF_CART, description="In the order of activation."),
]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
OrderNumber = Annotated[int, Field(ge=1, le=LAST_ORDER_NUMBER)]


class CartLine(BaseModel):
    """A product in a cart."""

    model_config = strict()

    line_id: Reference
    product_id: ProductId
    quantity: Annotated[int, Field(ge=1, le=MAX_UNITS_OF_LINE)]
    unit_price: Price


class CartSubscriptionCode(BaseModel):
    """A code on the subscription, with the number of the first order after it was applied."""

    model_config = strict()

    code: Name
    first_order_number: OrderNumber
    application_id: Name | None = None


class CartSubscription(BaseModel):
    """The subscription that the cart is an order of."""

    model_config = strict()

    type_id: Name
    order_number: OrderNumber
    created_at: Instant | None = None
    codes: (
        Annotated[list[CartSubscriptionCode], Field(max_length=MAX_CODES_OF_SUBSCRIPTION)] | None
    ) = None


class CartCustomer(BaseModel):
    """The shopper, by the shop's own id, for conditions and limits of cart promotions."""

    model_config = strict()

    id: Reference | None = None
    segments: Annotated[list[Reference], Field(max_length=MAX_SEGMENTS)] | None = None
    has_ordered: Annotated[
        bool | None, Field(description="The shop knows of earlier orders that Sconto does not.")
    ] = None


class Cart(BaseModel):
    """Products to buy, activated codes, the shopper, and what shipping costs."""

    model_config = strict()

    currency: Currency
    lines: Annotated[list[CartLine], Field(min_length=1, max_length=MAX_LINES_OF_CART)]
    codes: Codes | None = None
    subscription: CartSubscription | None = None
    customer: CartCustomer | None = None
    shipping: Annotated[
        Price | None, Field(description="What shipping costs before promotions.")
    ] = None


class CartToPrice(Cart):
    """A cart; `at` prices it at that time, with the current promotions."""

    model_config = strict(
        {
            **_CART,
            "subscription": {
                "created_at": None,
                "type_id": "monthly",
                "order_number": 1,
                "codes": [{"code": "TRY3", "first_order_number": 1}],
            },
        }
    )

    at: Instant | None = None
    explain: Annotated[
        bool | None, Field(description="The answer then has the bill step by step.")
    ] = None


class OrderToPlace(Cart):
    """A cart to order; `replaces` is the shopper's earlier order, which becomes deleted."""

    model_config = strict({"order_id": "A-1", **_CART})

    order_id: Reference
    expected_total: Annotated[
        Total | None,
        Field(
            description="The total that the shopper saw. Always send it: without it an order is "
            "placed at full price if a code does not apply."
        ),
    ] = None
    replaces: Reference | None = None


class CartToHold(OrderToPlace):
    """An order to hold; `seconds` is for how long."""

    model_config = strict({"order_id": "A-2", **_CART, "seconds": 600})

    seconds: Annotated[int | None, Field(ge=SHORTEST_HOLD, le=LONGEST_HOLD)] = DEFAULT_HOLD


class NewOrderStatus(BaseModel):
    """The new status of an order."""

    model_config = strict({"status": "paid"})

    status: OrderStatus


class LinePick(BaseModel):
    """The promotion that a group chose for a line; `reason` if another group's applies."""

    model_config = strict()

    promotion_id: int
    group: Group
    code: str | Absent = None
    discount_percent: Percent
    applied: bool
    reason: Reason | Absent = None


class LinePromotion(BaseModel):
    """The promotion that applies to a line."""

    model_config = strict()

    id: int
    type: PromotionType
    code: str | Absent = None


class PricedLine(BaseModel):
    """A line, what it costs, and why."""

    model_config = strict()

    line_id: str
    product_id: int
    quantity: int
    unit_price: Total
    known: Annotated[bool, Field(description="Whether the catalogue has the product.")]
    subtotal: Total
    discount: Total
    discount_percent: Percent
    subscription_discount: Annotated[
        Total | Absent, Field(description="Only with a subscription.")
    ] = None
    adjustments: Annotated[
        list[LineAdjustment] | Absent, Field(description="Only if there are any.")
    ] = None
    total: Total
    promotion: LinePromotion | None
    picks: Annotated[list[LinePick], Field(description="The one that applies first.")]


class PricedCode(BaseModel):
    """A code's status, with the facts behind it."""

    model_config = strict()

    code: str
    status: CodeStatus
    promotion_id: int | Absent = None
    starts_at: Instant | Absent = None
    ended_at: Instant | Absent = None
    used_at: Instant | Absent = None
    held_until: Annotated[
        Instant | Absent, Field(description="Of a used code that is held for another order.")
    ] = None


class ConsideredSubscriptionCode(BaseModel):
    """The effect of a code on the subscription."""

    model_config = strict()

    code: str
    discount: Total
    applied: bool
    rule: Annotated[
        int | Absent, Field(description="Of the promotion's rules, counted from 0.")
    ] = None
    reason: CodeReason | Absent = None


class SubscriptionEffect(BaseModel):
    """The subscription's code that takes effect, if any, and all that were considered."""

    model_config = strict()

    code: str | None
    promotion_id: str | None
    discount: Total
    order_number: int
    considered: list[ConsideredSubscriptionCode]


class PricedCart(BaseModel):
    """What a cart costs, and why."""

    model_config = strict(
        {
            **PRICED,
            "discount": "14.79",
            "total": "25.19",
            "lines": [{**_PRICED_LINE, "subscription_discount": "10.79", "total": "25.19"}],
            "subscription": {
                "code": "TRY3",
                "promotion_id": "81",
                "discount": "10.79",
                "order_number": 1,
                "considered": [{"code": "TRY3", "discount": "10.79", "applied": True, "rule": 0}],
            },
        }
    )

    currency: Currency
    subtotal: Total
    discount: Total
    total: Total
    lines: list[PricedLine]
    codes: list[PricedCode]
    subscription: Annotated[
        SubscriptionEffect | Absent, Field(description="Only if the request has one.")
    ] = None
    shipping: Annotated[
        PricedShipping | Absent, Field(description="Only where the request says what it costs.")
    ] = None
    cart_promotions: Annotated[
        list[ConsideredCartPromotion] | Absent, Field(description="Only if there are any.")
    ] = None


class PlacedOrder(PricedCart):
    """An order, with the cart as it was priced."""

    model_config = strict(PLACED)

    order_id: str
    created_at: Instant
    status: OrderStatus


class HeldCart(PricedCart):
    """A hold, with the cart as its order will be priced."""

    model_config = strict({"order_id": "A-2", "expires_at": "2026-11-27T00:10:00+00:00", **PRICED})

    order_id: str
    expires_at: Instant


class OrderProblem(BaseModel):
    """Why an order is refused, with the new quote or the stored order."""

    model_config = strict(
        {
            "type": "urn:sconto:problem:total-differs",
            "title": "The total differs",
            "status": 409,
            "detail": "The cart does not cost what was expected. Nothing was placed.",
            "quote": PRICED,
        }
    )

    type: str
    title: str
    status: int
    detail: str
    quote: PricedCart | Absent = None
    order: PlacedOrder | Absent = None

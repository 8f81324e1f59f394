"""The bodies of `checkout` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import NotRequired, TypedDict

from sconto.client.bodies.cart_outcome import (
    ConsideredCartPromotion,
    LineAdjustment,
    PricedShipping,
)
from sconto.client.bodies.words import (
    CodeReason,
    CodeStatus,
    Group,
    OrderStatus,
    PromotionType,
    Reason,
)


class CartLine(TypedDict):
    """A product in a cart."""

    line_id: str
    """The shop's own id; no control characters."""
    product_id: int
    quantity: int
    unit_price: str
    """In major units, with at most the currency's decimals."""


class CartSubscriptionCode(TypedDict):
    """A code on the subscription, with the number of the first order after it was applied."""

    code: str
    first_order_number: int
    application_id: NotRequired[str | None]


class CartSubscription(TypedDict):
    """The subscription that the cart is an order of."""

    type_id: str
    order_number: int
    created_at: NotRequired[str | None]
    codes: NotRequired[list[CartSubscriptionCode] | None]


class CartCustomer(TypedDict):
    """The shopper, by the shop's own id, for conditions and limits of cart promotions."""

    id: NotRequired[str | None]
    segments: NotRequired[list[str] | None]
    has_ordered: NotRequired[bool | None]
    """The shop knows of earlier orders that Sconto does not."""


class Cart(TypedDict):
    """Products to buy, activated codes, the shopper, and what shipping costs."""

    currency: str
    """An ISO 4217 code."""
    lines: list[CartLine]
    codes: NotRequired[list[str] | None]
    subscription: NotRequired[CartSubscription | None]
    customer: NotRequired[CartCustomer | None]
    shipping: NotRequired[str | None]
    """What shipping costs before promotions."""


class CartToPrice(Cart):
    """A cart; `at` prices it at that time, with the current promotions."""

    at: NotRequired[str | None]
    explain: NotRequired[bool | None]
    """The answer then has the bill step by step."""


class LinePromotion(TypedDict):
    """The promotion that applies to a line."""

    id: int
    type: PromotionType
    code: NotRequired[str]


class LinePick(TypedDict):
    """The promotion that a group chose for a line; `reason` if another group's applies."""

    promotion_id: int
    group: Group
    code: NotRequired[str]
    discount_percent: str
    applied: bool
    reason: NotRequired[Reason]


class PricedLine(TypedDict):
    """A line, what it costs, and why."""

    line_id: str
    product_id: int
    quantity: int
    unit_price: str
    known: bool
    """Whether the catalogue has the product."""
    subtotal: str
    discount: str
    discount_percent: str
    subscription_discount: NotRequired[str]
    """Only with a subscription."""
    adjustments: NotRequired[list[LineAdjustment]]
    """Only if there are any."""
    total: str
    promotion: LinePromotion | None
    picks: list[LinePick]
    """The one that applies first."""


class PricedCode(TypedDict):
    """A code's status, with the facts behind it."""

    code: str
    status: CodeStatus
    promotion_id: NotRequired[int]
    starts_at: NotRequired[str]
    ended_at: NotRequired[str]
    used_at: NotRequired[str]
    held_until: NotRequired[str]
    """Of a used code that is held for another order."""


class ConsideredSubscriptionCode(TypedDict):
    """The effect of a code on the subscription."""

    code: str
    discount: str
    applied: bool
    rule: NotRequired[int]
    """Of the promotion's rules, counted from 0."""
    reason: NotRequired[CodeReason]


class SubscriptionEffect(TypedDict):
    """The subscription's code that takes effect, if any, and all that were considered."""

    code: str | None
    promotion_id: str | None
    discount: str
    order_number: int
    considered: list[ConsideredSubscriptionCode]


class PricedCart(TypedDict):
    """What a cart costs, and why."""

    currency: str
    """An ISO 4217 code."""
    subtotal: str
    discount: str
    total: str
    lines: list[PricedLine]
    codes: list[PricedCode]
    subscription: NotRequired[SubscriptionEffect]
    """Only if the request has one."""
    shipping: NotRequired[PricedShipping]
    """Only where the request says what it costs."""
    cart_promotions: NotRequired[list[ConsideredCartPromotion]]
    """Only if there are any."""


class OrderToPlace(Cart):
    """A cart to order; `replaces` is the shopper's earlier order, which becomes deleted."""

    order_id: str
    """The shop's own id; no control characters."""
    expected_total: NotRequired[str | None]
    """The total that the shopper saw. Always send it: without it an order is placed at full
    price if a code does not apply.
    """
    replaces: NotRequired[str | None]


class PlacedOrder(PricedCart):
    """An order, with the cart as it was priced."""

    order_id: str
    created_at: str
    status: OrderStatus


class OrderProblem(TypedDict):
    """Why an order is refused, with the new quote or the stored order."""

    type: str
    title: str
    status: int
    detail: str
    quote: NotRequired[PricedCart]
    order: NotRequired[PlacedOrder]


class NewOrderStatus(TypedDict):
    """The new status of an order."""

    status: OrderStatus


class CartToHold(OrderToPlace):
    """An order to hold; `seconds` is for how long."""

    seconds: NotRequired[int | None]


class HeldCart(PricedCart):
    """A hold, with the cart as its order will be priced."""

    order_id: str
    expires_at: str

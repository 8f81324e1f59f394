"""Makes carts, orders and price lists from what a checkout sends.

msgspec reads a body in one step. For a body that is not valid a function here raises ValueError,
and `faults` finds what is wrong with it. A test shows that both agree on which bodies are valid.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from sconto.api.rfc3339 import read_instant
from sconto.domain.blanks import trim
from sconto.domain.cart import NOBODY, Cart, Customer, Line
from sconto.domain.cart_limits import (
    LONGEST_CODE_OF_CART,
    MAX_CODES_OF_CART,
    MAX_CODES_OF_SUBSCRIPTION,
    MAX_LINES_OF_CART,
    MAX_PRICES,
    MAX_SEGMENTS,
    MAX_UNITS_OF_LINE,
)
from sconto.domain.holds import DEFAULT_HOLD, LONGEST_HOLD, SHORTEST_HOLD, NewHold
from sconto.domain.money import TOTAL_DIGITS, known_currencies, parse_amount
from sconto.domain.names import NAME_LENGTH, is_name, is_reference
from sconto.domain.order import NewOrder
from sconto.domain.product import HIGHEST_PRODUCT_ID
from sconto.domain.subscription import LAST_ORDER_NUMBER, Subscription, SubscriptionCode

_ProductId = Annotated[int, Meta(ge=1, le=HIGHEST_PRODUCT_ID)]
_Code = Annotated[str, Meta(min_length=1, max_length=LONGEST_CODE_OF_CART)]
_Name = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH)]
_OrderNumber = Annotated[int, Meta(ge=1, le=LAST_ORDER_NUMBER)]


class _SentLine(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    line_id: str
    product_id: _ProductId
    quantity: Annotated[int, Meta(ge=1, le=MAX_UNITS_OF_LINE)]
    unit_price: str


class _SentSubscriptionCode(msgspec.Struct, forbid_unknown_fields=True):
    code: _Name
    first_order_number: _OrderNumber
    application_id: _Name | None = None


class _SentSubscription(msgspec.Struct, forbid_unknown_fields=True):
    type_id: _Name
    order_number: _OrderNumber
    created_at: str | None = None
    codes: (
        Annotated[list[_SentSubscriptionCode], Meta(max_length=MAX_CODES_OF_SUBSCRIPTION)] | None
    ) = None


class _SentCustomer(msgspec.Struct, forbid_unknown_fields=True):
    id: str | None = None
    segments: Annotated[list[str], Meta(max_length=MAX_SEGMENTS)] | None = None
    has_ordered: bool | None = None


class _SentCart(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    currency: str
    lines: Annotated[list[_SentLine], Meta(min_length=1, max_length=MAX_LINES_OF_CART)]
    codes: Annotated[list[_Code], Meta(max_length=MAX_CODES_OF_CART)] | None = None
    subscription: _SentSubscription | None = None
    customer: _SentCustomer | None = None
    shipping: str | None = None


class Quote(_SentCart, forbid_unknown_fields=True, kw_only=True):
    """The body of a quote."""

    at: str | None = None
    explain: bool | None = None


class Order(_SentCart, forbid_unknown_fields=True, kw_only=True):
    """The body of an order."""

    order_id: str
    expected_total: str | None = None
    replaces: str | None = None


class HoldBody(Order, forbid_unknown_fields=True, kw_only=True):
    """The body of a hold."""

    seconds: Annotated[int, Meta(ge=SHORTEST_HOLD, le=LONGEST_HOLD)] | None = None


class _SentProduct(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    product_id: _ProductId
    unit_price: str


class Prices(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a price list."""

    currency: str
    products: Annotated[list[_SentProduct], Meta(min_length=1, max_length=MAX_PRICES)]


def make_quote(sent: Quote) -> tuple[Cart, datetime | None, bool]:
    """The cart, the time to price it at (None for now), and whether to explain the price.

    Raises ValueError.
    """
    at = None if sent.at is None else _instant(sent.at)
    return _make_cart(sent), at, sent.explain or False


def make_order(sent: Order) -> NewOrder:
    """The order to be placed. Raises ValueError."""
    _require(is_reference(sent.order_id))
    _require(sent.replaces is None or is_reference(sent.replaces))
    cart = _make_cart(sent)
    expected_total = None
    if sent.expected_total is not None:
        expected_total = parse_amount(sent.expected_total, cart.currency, TOTAL_DIGITS)
    return NewOrder(sent.order_id, cart, expected_total, sent.replaces)


def make_hold(sent: HoldBody) -> NewHold:
    """The hold to be made. Raises ValueError."""
    seconds = DEFAULT_HOLD if sent.seconds is None else sent.seconds
    return NewHold(make_order(sent), seconds)


def make_prices(sent: Prices) -> tuple[str, list[tuple[int, int]]]:
    """The currency, and the products with their unit prices. Raises ValueError."""
    currency = _known(sent.currency)
    return currency, [
        (one.product_id, parse_amount(one.unit_price, currency)) for one in sent.products
    ]


def _make_cart(sent: _SentCart) -> Cart:
    currency = _known(sent.currency)
    codes = tuple(sent.codes or ())
    _require(all(map(trim, codes)))
    line_ids = {line.line_id for line in sent.lines}
    _require(len(line_ids) == len(sent.lines) and all(map(is_reference, line_ids)))
    lines = [
        Line(one.line_id, one.product_id, one.quantity, parse_amount(one.unit_price, currency))
        for one in sent.lines
    ]
    subscription = None if sent.subscription is None else _make_subscription(sent.subscription)
    customer = NOBODY if sent.customer is None else _make_customer(sent.customer)
    shipping = None if sent.shipping is None else parse_amount(sent.shipping, currency)
    return Cart(currency, tuple(lines), codes, subscription, customer, shipping)


def _make_customer(sent: _SentCustomer) -> Customer:
    segments = sent.segments or ()
    _require(sent.id is None or is_reference(sent.id))
    _require(all(map(is_reference, segments)))
    return Customer(sent.id, frozenset(segments), sent.has_ordered or False)


def _make_subscription(sent: _SentSubscription) -> Subscription:
    codes = sent.codes or ()
    _require(is_name(sent.type_id))
    _require(all(is_name(trim(one.code)) for one in codes))
    _require(all(one.application_id is None or is_name(one.application_id) for one in codes))
    return Subscription(
        None if sent.created_at is None else _instant(sent.created_at),
        sent.type_id,
        sent.order_number,
        tuple(
            SubscriptionCode(one.code, one.first_order_number, one.application_id) for one in codes
        ),
    )


def _known(currency: str) -> str:
    _require(currency in known_currencies())
    return currency


def _instant(text: str) -> datetime:
    instant = read_instant(text)
    if instant is None:
        raise ValueError
    return instant


def _require(is_valid: bool) -> None:
    if not is_valid:
        raise ValueError

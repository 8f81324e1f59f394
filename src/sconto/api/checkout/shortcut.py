"""The usual carts, orders and prices, read in one step.

A shortcut says what `reading` would say, or nothing: for a body with anything unusual or wrong in
it, it answers None, and the reader that knows all the rules and finds the words has to look. A test
holds the two against each other. A cart of five lines is read in 5 µs in place of 15, which is 5 %
of a quote; of a thousand prices it saves a third.
"""

from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from sconto.domain.blanks import trim
from sconto.domain.cart import Cart, Line
from sconto.domain.cart_limits import (
    LONGEST_CODE_OF_CART,
    MOST_CODES_OF_CART,
    MOST_LINES_OF_CART,
    MOST_PRICES,
    MOST_UNITS_OF_LINE,
)
from sconto.domain.money import TOTAL_DIGITS, known_currencies, parse_amount
from sconto.domain.names import is_reference
from sconto.domain.order import NewOrder
from sconto.domain.product import HIGHEST_PRODUCT_ID

T = TypeVar("T")

_ProductId = Annotated[int, Meta(ge=1, le=HIGHEST_PRODUCT_ID)]
_Code = Annotated[str, Meta(min_length=1, max_length=LONGEST_CODE_OF_CART)]


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    line_id: str
    product_id: _ProductId
    quantity: Annotated[int, Meta(ge=1, le=MOST_UNITS_OF_LINE)]
    unit_price: str


class _Cart(msgspec.Struct, forbid_unknown_fields=True):
    currency: str
    lines: Annotated[list[_Line], Meta(min_length=1, max_length=MOST_LINES_OF_CART)]
    codes: Annotated[list[_Code], Meta(max_length=MOST_CODES_OF_CART)] = []


class _Order(_Cart, forbid_unknown_fields=True, kw_only=True):
    order_id: str
    expected_total: str | None = None
    replaces: str | None = None


class _Product(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    product_id: _ProductId
    unit_price: str


class _Prices(msgspec.Struct, forbid_unknown_fields=True):
    currency: str
    products: Annotated[list[_Product], Meta(min_length=1, max_length=MOST_PRICES)]


_CART: Final = msgspec.json.Decoder(_Cart)
_ORDER: Final = msgspec.json.Decoder(_Order)
_PRICES: Final = msgspec.json.Decoder(_Prices)


def read_quote(body: bytes) -> Cart | None:
    """The cart of a quote that is for now."""
    sent = _decode(_CART, body)
    return None if sent is None else _cart_of(sent)


def read_order(body: bytes) -> NewOrder | None:
    """An order."""
    sent = _decode(_ORDER, body)
    if sent is None or not is_reference(sent.order_id):
        return None
    if sent.replaces is not None and not is_reference(sent.replaces):
        return None
    cart = _cart_of(sent)
    if cart is None:
        return None
    expected_total = None
    if sent.expected_total is not None:
        try:
            expected_total = parse_amount(sent.expected_total, cart.currency, TOTAL_DIGITS)
        except ValueError:
            return None
    return NewOrder(sent.order_id, cart, expected_total, sent.replaces)


def read_prices(body: bytes) -> tuple[str, list[tuple[int, int]]] | None:
    """The currency, and the products with their unit prices."""
    sent = _decode(_PRICES, body)
    if sent is None or sent.currency not in known_currencies():
        return None
    currency = sent.currency
    try:
        return currency, [
            (one.product_id, parse_amount(one.unit_price, currency)) for one in sent.products
        ]
    except ValueError:
        return None


def _decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T | None:
    try:
        return decoder.decode(body)
    except (ValueError, RecursionError):
        return None


def _cart_of(sent: _Cart) -> Cart | None:
    if sent.currency not in known_currencies():
        return None
    if not all(map(trim, sent.codes)):
        return None
    currency = sent.currency
    try:
        lines = [
            Line(one.line_id, one.product_id, one.quantity, parse_amount(one.unit_price, currency))
            for one in sent.lines
            if is_reference(one.line_id)
        ]
    except ValueError:
        return None
    line_ids = {line.line_id for line in lines}
    # Fewer where one is no reference, or two are the same.
    if len(line_ids) < len(sent.lines):
        return None
    return Cart(currency, tuple(lines), tuple(sent.codes))

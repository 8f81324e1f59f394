"""Reads the bodies of the checkout API; an invalid body is refused with all of its faults."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from sconto.api.bodies import parse_object
from sconto.api.checkout import carts, faults
from sconto.api.checkout.faults import Body, Faults
from sconto.api.cursors import read_cursor
from sconto.api.faults import InvalidFields
from sconto.api.list_parameters import ListParameters
from sconto.domain.cart import Cart
from sconto.domain.holds import NewHold
from sconto.domain.numbers import MAX_INT32
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.returns import Goods

S = TypeVar("S")
T = TypeVar("T")

_QUOTE: Final = msgspec.json.Decoder(carts.Quote)
_ORDER: Final = msgspec.json.Decoder(carts.Order)
_HOLD: Final = msgspec.json.Decoder(carts.Hold)
MAX_RETURNS: Final = 100
"""Returns of a page."""


_PRICES: Final = msgspec.json.Decoder(carts.Prices)


def read_quote(sent: bytes, now: datetime) -> tuple[Cart, datetime, bool]:
    """The cart, the time to price it at, and whether to explain the price.

    Raises NotJson or InvalidFields.
    """
    cart, at, explains = _read(sent, _QUOTE, carts.make_quote, faults.find_quote_faults)
    return cart, at or now, explains


def read_cart(body: Body, now: datetime) -> tuple[Cart, datetime]:
    """The cart of a body that is already parsed, and the time to price it at.

    Raises InvalidFields.
    """
    _refuse(faults.find_cart_faults(body))
    cart, at, _ = carts.make_quote(msgspec.convert(body, carts.Quote))
    return cart, at or now


def read_order(sent: bytes) -> NewOrder:
    """The order to be placed. Raises NotJson or InvalidFields."""
    return _read(sent, _ORDER, carts.make_order, faults.find_order_faults)


def read_hold(sent: bytes) -> NewHold:
    """The hold to be made. Raises NotJson or InvalidFields."""
    return _read(sent, _HOLD, carts.make_hold, faults.find_hold_faults)


def read_prices(sent: bytes) -> tuple[str, list[tuple[int, int]]]:
    """The currency, and the products with their unit prices. Raises NotJson or InvalidFields."""
    return _read(sent, _PRICES, carts.make_prices, faults.find_price_faults)


def read_status(body: Body) -> OrderStatus:
    """The new status of an order. Raises InvalidFields."""
    _refuse(faults.find_status_faults(body))
    return OrderStatus(body["status"])


def read_return(sent: bytes) -> tuple[str, Goods]:
    """The id of the return, and what is returned. Raises NotJson or InvalidFields."""
    body = parse_object(sent)
    _refuse(faults.find_return_faults(body, needs_id=True))
    return body["return_id"], _goods(body)


def read_return_to_price(sent: bytes) -> tuple[str | None, Goods]:
    """The goods of a return that is only quoted; it may have no id."""
    body = parse_object(sent)
    _refuse(faults.find_return_faults(body, needs_id=False))
    return body.get("return_id"), _goods(body)


def _goods(body: Body) -> Goods:
    units = {line["line_id"]: line["quantity"] for line in body.get("lines") or ()}
    return Goods(units, body.get("shipping") or False)


def read_page(parameters: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """The number after which a list of returns begins, and its length. Raises InvalidFields."""
    query = ListParameters(parameters, ("limit", "cursor"))
    limit, after = query.limit(MAX_RETURNS, MAX_RETURNS), query.cursor(_read_number)
    query.finish()
    return after or 0, limit


def _read_number(cursor: str) -> int | None:
    number = read_cursor(cursor)
    return None if number is None or number > MAX_INT32 else number


def _read(
    sent: bytes,
    decoder: "msgspec.json.Decoder[S]",
    make: Callable[[S], T],
    find_faults: Callable[[Body], Faults],
) -> T:
    """The result of `make` for a valid body. Raises NotJson, and InvalidFields for any other."""
    try:
        return make(decoder.decode(sent))
    except (ValueError, RecursionError):
        body = parse_object(sent)
    _refuse(find_faults(body))
    # A valid body that msgspec refuses has a field twice: a wrong value, then the one that counts.
    return make(msgspec.convert(body, decoder.type))


def _refuse(found: Faults) -> None:
    if found:
        raise InvalidFields(found)

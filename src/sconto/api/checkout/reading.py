"""Reads the bodies of the checkout API; one that is not valid is refused with all of its faults."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from sconto.api.bodies import parse_object
from sconto.api.checkout import carts, faults
from sconto.api.checkout.faults import Body, Faults
from sconto.api.faults import InvalidFields
from sconto.domain.cart import Cart
from sconto.domain.holds import NewHold
from sconto.domain.order import NewOrder, OrderStatus

S = TypeVar("S")
T = TypeVar("T")

_QUOTE: Final = msgspec.json.Decoder(carts.Quote)
_ORDER: Final = msgspec.json.Decoder(carts.Order)
_HOLD: Final = msgspec.json.Decoder(carts.Hold)
_PRICES: Final = msgspec.json.Decoder(carts.Prices)


def read_quote(sent: bytes, now: datetime) -> tuple[Cart, datetime, bool]:
    """The cart, the time to price it at, and whether to explain the price.

    Raises NotJson or InvalidFields.
    """
    cart, at, explains = _read(sent, _QUOTE, carts.make_quote, faults.find_quote_faults)
    return cart, at or now, explains


def read_cart(body: Body, now: datetime) -> tuple[Cart, datetime]:
    """The cart of a body that was parsed before, and the time to price it at.

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


def _read(
    sent: bytes,
    decoder: "msgspec.json.Decoder[S]",
    make: Callable[[S], T],
    find_faults: Callable[[Body], Faults],
) -> T:
    """What `make` answers for a valid body. Raises NotJson, and InvalidFields for any other."""
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

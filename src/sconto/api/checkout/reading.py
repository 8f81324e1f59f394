"""The checkout API's requests, field by field; everything that is wrong with one is listed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sconto.api.bodies import parse_object
from sconto.api.checkout import shortcut
from sconto.api.checkout.subscription import read_subscription
from sconto.api.faults import FieldFault, InvalidFields
from sconto.api.problem_json import find_unknown
from sconto.api.rfc3339 import RULE, read_instant
from sconto.domain.blanks import trim
from sconto.domain.cart import Cart, Line
from sconto.domain.cart_limits import (
    LONGEST_CODE_OF_CART,
    MOST_CODES_OF_CART,
    MOST_LINES_OF_CART,
    MOST_PRICES,
    MOST_UNITS_OF_LINE,
)
from sconto.domain.money import (
    CURRENCY_OF_MOST_DECIMALS,
    PRICE_DIGITS,
    TOTAL_DIGITS,
    currency_decimals,
    format_amount,
    known_currencies,
    parse_amount,
)
from sconto.domain.names import REFERENCE_LENGTH, is_reference
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.product import HIGHEST_PRODUCT_ID

_CART: Final = ("currency", "lines", "codes", "subscription")
_LINE: Final = ("line_id", "product_id", "quantity", "unit_price")

Body = Mapping[str, Any]
Faults = list[FieldFault]


def read_quote(sent: bytes, now: datetime) -> tuple[Cart, datetime]:
    """The cart and the time that it is to be priced at. Raises NotJson or InvalidFields."""
    usual = shortcut.read_quote(sent)
    return (usual, now) if usual is not None else read_any_quote(parse_object(sent), now)


def read_order(sent: bytes) -> NewOrder:
    """The order to be placed. Raises NotJson or InvalidFields."""
    return shortcut.read_order(sent) or read_any_order(parse_object(sent))


def read_prices(sent: bytes) -> tuple[str, list[tuple[int, int]]]:
    """The currency, and the products with their unit prices. Raises NotJson or InvalidFields."""
    return shortcut.read_prices(sent) or read_any_prices(parse_object(sent))


def read_any_quote(body: Body, now: datetime) -> tuple[Cart, datetime]:
    """The cart and the time of any body. Raises InvalidFields."""
    faults: Faults = []
    cart = _read_cart(body, faults)
    at = _read_at(body, now, faults)
    _finish(body, (*_CART, "at"), faults)
    return cart, at


def read_any_order(body: Body) -> NewOrder:
    """The order of any body. Raises InvalidFields."""
    faults: Faults = []
    order_id = _read_reference(body, "order_id", "", faults)
    cart = _read_cart(body, faults)
    expected_total = _read_expected_total(body, cart.currency, faults)
    replaces = None
    if body.get("replaces") is not None:
        replaces = _read_reference(body, "replaces", "", faults)
    _finish(body, ("order_id", *_CART, "expected_total", "replaces"), faults)
    return NewOrder(order_id, cart, expected_total, replaces)


def read_any_prices(body: Body) -> tuple[str, list[tuple[int, int]]]:
    """The currency and the prices of any body. Raises InvalidFields."""
    faults: Faults = []
    currency = _read_currency(body, faults)
    products = []
    for place, item in _items(body, "products", MOST_PRICES, faults):
        product_id = _read_product_id(item, place, faults)
        products.append((product_id, _read_amount(item, "unit_price", place, currency, faults)))
        faults += find_unknown(item, ("product_id", "unit_price"), place)
    _finish(body, ("currency", "products"), faults)
    return currency, products


def read_status(body: Body) -> OrderStatus:
    """The status that an order is to have. Raises InvalidFields."""
    faults: Faults = []
    status = body.get("status")
    known = type(status) is str and status in set(OrderStatus)
    if not known:
        names = ", ".join(f'"{name}"' for name in OrderStatus)
        _note(body, "status", "", f"must be one of {names}", faults)
    _finish(body, ("status",), faults)
    return OrderStatus(body["status"])


def _read_cart(body: Body, faults: Faults) -> Cart:
    currency = _read_currency(body, faults)
    lines = [
        _read_line(item, place, currency, faults)
        for place, item in _items(body, "lines", MOST_LINES_OF_CART, faults)
    ]
    _note_repeats(lines, faults)
    codes = _read_codes(body, faults)
    return Cart(currency, tuple(lines), codes, read_subscription(body, faults))


def _read_currency(body: Body, faults: Faults) -> str:
    currency = body.get("currency")
    if type(currency) is not str or currency not in known_currencies():
        _note(body, "currency", "", "must be an ISO 4217 code", faults)
        return CURRENCY_OF_MOST_DECIMALS
    return currency


def _read_line(item: Body, place: str, currency: str, faults: Faults) -> Line:
    line_id = _read_reference(item, "line_id", place, faults)
    product_id = _read_product_id(item, place, faults)
    quantity = item.get("quantity")
    if type(quantity) is not int or not 1 <= quantity <= MOST_UNITS_OF_LINE:
        _note(
            item,
            "quantity",
            place,
            f"must be a whole number from 1 to {MOST_UNITS_OF_LINE}",
            faults,
        )
        quantity = 1
    unit_price = _read_amount(item, "unit_price", place, currency, faults)
    faults += find_unknown(item, _LINE, place)
    return Line(line_id, product_id, quantity, unit_price)


def _note_repeats(lines: Sequence[Line], faults: Faults) -> None:
    """Note each line whose id an earlier line has; ids that are no ids are noted already."""
    if len({line.line_id for line in lines}) == len(lines):
        return
    first: dict[str, int] = {}
    for index, line in enumerate(lines):
        earlier = first.setdefault(line.line_id, index)
        if line.line_id and earlier != index:
            faults.append(
                FieldFault(f"/lines/{index}/line_id", f"is the same as /lines/{earlier}/line_id")
            )


def _read_codes(body: Body, faults: Faults) -> tuple[str, ...]:
    codes = body.get("codes")
    if codes is None:
        return ()
    if type(codes) is not list or len(codes) > MOST_CODES_OF_CART:
        _note(body, "codes", "", f"must be a list of at most {MOST_CODES_OF_CART} codes", faults)
        return ()
    for index, code in enumerate(codes):
        if type(code) is not str or len(code) > LONGEST_CODE_OF_CART or not trim(code):
            rule = f"must be a string of 1 to {LONGEST_CODE_OF_CART} characters"
            faults.append(FieldFault(f"/codes/{index}", rule))
    return tuple(codes)


def _read_at(body: Body, now: datetime, faults: Faults) -> datetime:
    text = body.get("at")
    if text is None:
        return now
    at = read_instant(text)
    if at is None:
        _note(body, "at", "", RULE, faults)
    return at or now


def _read_expected_total(body: Body, currency: str, faults: Faults) -> int | None:
    if body.get("expected_total") is None:
        return None
    return _read_amount(body, "expected_total", "", currency, faults, TOTAL_DIGITS)


def _read_reference(fields: Body, name: str, place: str, faults: Faults) -> str:
    reference = fields.get(name)
    if type(reference) is not str or not is_reference(reference):
        rule = f"must be a string of 1 to {REFERENCE_LENGTH} characters, none a control character"
        _note(fields, name, place, rule, faults)
        return ""
    return reference


def _read_product_id(fields: Body, place: str, faults: Faults) -> int:
    product_id = fields.get("product_id")
    if type(product_id) is not int or not 1 <= product_id <= HIGHEST_PRODUCT_ID:
        rule = f"must be a whole number from 1 to {HIGHEST_PRODUCT_ID}"
        _note(fields, "product_id", place, rule, faults)
        return 0
    return product_id


def _read_amount(
    fields: Body,
    name: str,
    place: str,
    currency: str,
    faults: Faults,
    digits: int = PRICE_DIGITS,
) -> int:
    text = fields.get(name)
    if type(text) is str:
        try:
            return parse_amount(text, currency, digits)
        except ValueError:
            pass
    decimals = currency_decimals(currency)
    rule = (
        f'must be a string such as "{format_amount(19 * 10**decimals, currency)}", with at most'
        f" {digits} digits before the dot and {decimals} after it"
    )
    _note(fields, name, place, rule, faults)
    return 0


def _items(body: Body, name: str, most: int, faults: Faults) -> list[tuple[str, Body]]:
    """The objects of a list, each with its place."""
    items = body.get(name)
    if type(items) is not list or not 1 <= len(items) <= most:
        _note(body, name, "", f"must be a list of 1 to {most} objects", faults)
        return []
    objects: list[tuple[str, Body]] = []
    for index, item in enumerate(items):
        if type(item) is dict:
            objects.append((f"/{name}/{index}", item))
        else:
            faults.append(FieldFault(f"/{name}/{index}", "must be an object"))
    return objects


def _note(fields: Body, name: str, place: str, rule: str, faults: Faults) -> None:
    faults.append(FieldFault(f"{place}/{name}", rule if name in fields else "is missing"))


def _finish(body: Body, names: Sequence[str], faults: Faults) -> None:
    """Note the unknown fields of the body, and refuse it if anything was noted."""
    faults += find_unknown(body, names)
    if faults:
        raise InvalidFields(faults)

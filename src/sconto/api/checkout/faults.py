"""Finds all faults of what a checkout sent, field by field.

Each function lists the faults of one kind of body in the order of its fields.
"""

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Final

from sconto.api.checkout.subscription import find_subscription_faults
from sconto.api.faults import FieldFault
from sconto.api.ids import PRODUCT_ID_RULE
from sconto.api.problem_json import find_unknown
from sconto.api.rfc3339 import RULE, read_instant
from sconto.domain.blanks import trim
from sconto.domain.cart_limits import (
    LONGEST_CODE_OF_CART,
    MAX_CODES_OF_CART,
    MAX_LINES_OF_CART,
    MAX_PRICES,
    MAX_SEGMENTS,
    MAX_UNITS_OF_LINE,
)
from sconto.domain.holds import LONGEST_HOLD, SHORTEST_HOLD
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
from sconto.domain.order import OrderStatus
from sconto.domain.product import is_product_id

_CART: Final = ("currency", "lines", "codes", "subscription", "customer", "shipping")
_ORDER: Final = ("order_id", *_CART, "expected_total", "replaces")
_CUSTOMER: Final = ("id", "segments", "has_ordered")
_LINE: Final = ("line_id", "product_id", "quantity", "unit_price")

REFERENCE_RULE: Final = (
    f"must be a string of 1 to {REFERENCE_LENGTH} characters, none a control character"
)

Body = Mapping[str, Any]
Faults = list[FieldFault]


def find_quote_faults(body: Body) -> Faults:
    """The faults of a quote's body."""
    faults = _check_cart_at(body)
    if type(body.get("explain")) not in (bool, NoneType):
        _note(body, "explain", "", "must be true or false", faults)
    return faults + find_unknown(body, (*_CART, "at", "explain"))


def find_cart_faults(body: Body) -> Faults:
    """The faults of a cart to be priced at a time."""
    return _check_cart_at(body) + find_unknown(body, (*_CART, "at"))


def _check_cart_at(body: Body) -> Faults:
    faults: Faults = []
    _check_cart(body, faults)
    if body.get("at") is not None and read_instant(body["at"]) is None:
        _note(body, "at", "", RULE, faults)
    return faults


def find_order_faults(body: Body) -> Faults:
    """The faults of an order's body."""
    return _check_order(body) + find_unknown(body, _ORDER)


def find_hold_faults(body: Body) -> Faults:
    """The faults of a hold's body."""
    faults = _check_order(body)
    seconds = body.get("seconds")
    if seconds is not None and (
        type(seconds) is not int or not SHORTEST_HOLD <= seconds <= LONGEST_HOLD
    ):
        rule = f"must be a whole number from {SHORTEST_HOLD} to {LONGEST_HOLD}"
        _note(body, "seconds", "", rule, faults)
    return faults + find_unknown(body, (*_ORDER, "seconds"))


def _check_order(body: Body) -> Faults:
    faults: Faults = []
    _check_reference(body, "order_id", "", faults)
    currency = _check_cart(body, faults)
    if body.get("expected_total") is not None:
        _check_amount(body, "expected_total", "", currency, faults, TOTAL_DIGITS)
    if body.get("replaces") is not None:
        _check_reference(body, "replaces", "", faults)
    return faults


def find_price_faults(body: Body) -> Faults:
    """The faults of a price list's body."""
    faults: Faults = []
    currency = _check_currency(body, faults)
    for place, item in _items(body, "products", MAX_PRICES, faults):
        _check_product_id(item, place, faults)
        _check_amount(item, "unit_price", place, currency, faults)
        faults += find_unknown(item, ("product_id", "unit_price"), place)
    return faults + find_unknown(body, ("currency", "products"))


def find_status_faults(body: Body) -> Faults:
    """The faults of a body with an order's status."""
    faults: Faults = []
    status = body.get("status")
    if type(status) is not str or status not in set(OrderStatus):
        names = ", ".join(f'"{name}"' for name in OrderStatus)
        _note(body, "status", "", f"must be one of {names}", faults)
    return faults + find_unknown(body, ("status",))


def find_return_faults(body: Body, *, needs_id: bool) -> Faults:
    """The faults of a return's body; a return that is only quoted needs no id."""
    faults: Faults = []
    if needs_id or body.get("return_id") is not None:
        _check_reference(body, "return_id", "", faults)
    _check_returned_lines(body, faults)
    if type(body.get("shipping")) not in (bool, NoneType):
        _note(body, "shipping", "", "must be true or false", faults)
    return faults + find_unknown(body, ("return_id", "lines", "shipping"))


def _check_returned_lines(body: Body, faults: Faults) -> None:
    lines = body.get("lines")
    if lines is None or lines == []:
        if body.get("shipping") is not True:
            faults.append(FieldFault("/lines", "must have a line, unless shipping is returned"))
        return
    items = _items(body, "lines", MAX_LINES_OF_CART, faults)
    for place, item in items:
        _check_reference(item, "line_id", place, faults)
        _check_quantity(item, place, faults)
        faults += find_unknown(item, ("line_id", "quantity"), place)
    _check_repeats([item.get("line_id") for _, item in items], faults)


def _check_cart(body: Body, faults: Faults) -> str:
    """Note the faults of the fields that quotes and orders share; returns the currency."""
    currency = _check_currency(body, faults)
    lines = _items(body, "lines", MAX_LINES_OF_CART, faults)
    for place, item in lines:
        _check_line(item, place, currency, faults)
    _check_repeats([item.get("line_id") for _, item in lines], faults)
    _check_codes(body, faults)
    find_subscription_faults(body, faults)
    _check_customer(body, faults)
    if body.get("shipping") is not None:
        _check_amount(body, "shipping", "", currency, faults)
    return currency


def _check_customer(body: Body, faults: Faults) -> None:
    customer = body.get("customer")
    if customer is None:
        return
    if type(customer) is not dict:
        _note(body, "customer", "", "must be an object", faults)
        return
    place = "/customer"
    if customer.get("id") is not None:
        _check_reference(customer, "id", place, faults)
    _check_segments(customer, place, faults)
    if type(customer.get("has_ordered")) not in (bool, NoneType):
        _note(customer, "has_ordered", place, "must be true or false", faults)
    faults += find_unknown(customer, _CUSTOMER, place)


def _check_segments(customer: Body, place: str, faults: Faults) -> None:
    segments = customer.get("segments")
    if segments is None:
        return
    if type(segments) is not list or len(segments) > MAX_SEGMENTS:
        _note(customer, "segments", place, f"must be a list of at most {MAX_SEGMENTS}", faults)
        return
    for index, segment in enumerate(segments):
        if type(segment) is not str or not is_reference(segment):
            faults.append(FieldFault(f"{place}/segments/{index}", REFERENCE_RULE))


def _check_currency(body: Body, faults: Faults) -> str:
    """The currency; for an unknown one, the currency with the most decimals."""
    currency = body.get("currency")
    if type(currency) is str and currency in known_currencies():
        return currency
    _note(body, "currency", "", "must be an ISO 4217 code", faults)
    return CURRENCY_OF_MOST_DECIMALS


def _check_line(item: Body, place: str, currency: str, faults: Faults) -> None:
    _check_reference(item, "line_id", place, faults)
    _check_product_id(item, place, faults)
    _check_quantity(item, place, faults)
    _check_amount(item, "unit_price", place, currency, faults)
    faults += find_unknown(item, _LINE, place)


def _check_quantity(item: Body, place: str, faults: Faults) -> None:
    quantity = item.get("quantity")
    if type(quantity) is not int or not 1 <= quantity <= MAX_UNITS_OF_LINE:
        rule = f"must be a whole number from 1 to {MAX_UNITS_OF_LINE}"
        _note(item, "quantity", place, rule, faults)


def _check_repeats(line_ids: Sequence[object], faults: Faults) -> None:
    """Note each line that repeats the valid id of an earlier line."""
    first: dict[str, int] = {}
    for index, line_id in enumerate(line_ids):
        if type(line_id) is str and is_reference(line_id):
            earlier = first.setdefault(line_id, index)
            if earlier != index:
                rule = f"is the same as /lines/{earlier}/line_id"
                faults.append(FieldFault(f"/lines/{index}/line_id", rule))


def _check_codes(body: Body, faults: Faults) -> None:
    codes = body.get("codes")
    if codes is None:
        return
    if type(codes) is not list or len(codes) > MAX_CODES_OF_CART:
        _note(body, "codes", "", f"must be a list of at most {MAX_CODES_OF_CART} codes", faults)
        return
    for index, code in enumerate(codes):
        if type(code) is not str or len(code) > LONGEST_CODE_OF_CART or not trim(code):
            rule = f"must be a string of 1 to {LONGEST_CODE_OF_CART} characters"
            faults.append(FieldFault(f"/codes/{index}", rule))


def _check_reference(fields: Body, name: str, place: str, faults: Faults) -> None:
    reference = fields.get(name)
    if type(reference) is not str or not is_reference(reference):
        _note(fields, name, place, REFERENCE_RULE, faults)


def _check_product_id(fields: Body, place: str, faults: Faults) -> None:
    product_id = fields.get("product_id")
    if not is_product_id(product_id):
        _note(fields, "product_id", place, PRODUCT_ID_RULE, faults)


def _check_amount(
    fields: Body,
    name: str,
    place: str,
    currency: str,
    faults: Faults,
    digits: int = PRICE_DIGITS,
) -> None:
    text = fields.get(name)
    if type(text) is str:
        try:
            parse_amount(text, currency, digits)
            return
        except ValueError:
            pass
    decimals = currency_decimals(currency)
    rule = (
        f'must be a string such as "{format_amount(19 * 10**decimals, currency)}", with at most'
        f" {digits} digits before the dot and {decimals} after it"
    )
    _note(fields, name, place, rule, faults)


def _items(body: Body, name: str, most: int, faults: Faults) -> list[tuple[str, Body]]:
    """The objects in a list, each with its place."""
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

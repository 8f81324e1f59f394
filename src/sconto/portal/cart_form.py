"""The form that tries a cart: its fields, and the faults of each.

The address holds the whole cart, so that it can be bookmarked and shared: `product`, `quantity` and
`price` once a line, `codes`, `currency` and `at`. For an order of a subscription it also holds
`order_number`, `subscription_codes`, and `applied_before`, the order before which these were
applied. `customer`, `segments` (with commas between) and `shipping` are for cart promotions.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import zip_longest
from typing import Final

from starlette.datastructures import QueryParams

from sconto.domain.blanks import trim
from sconto.domain.cart import Cart, Customer, Line
from sconto.domain.cart_limits import (
    LONGEST_CODE_OF_CART,
    MAX_CODES_OF_CART,
    MAX_SEGMENTS,
    MAX_UNITS_OF_LINE,
)
from sconto.domain.money import currency_decimals, format_amount, known_currencies, parse_amount
from sconto.domain.names import is_reference
from sconto.domain.numbers import parse_id
from sconto.domain.product import Product
from sconto.domain.subscription import LAST_ORDER_NUMBER, Subscription, SubscriptionCode
from sconto.portal.language import Language
from sconto.portal.typed_times import read_local_time

MAX_LINES_OF_FORM: Final = 50

_SINGLE: Final = (
    "codes",
    "currency",
    "at",
    "order_number",
    "subscription_codes",
    "applied_before",
    "customer",
    "segments",
    "shipping",
)
"""Fields that occur once in a cart."""


@dataclass(frozen=True, slots=True)
class LineFields:
    """A line as it was typed; an empty price means the catalogue's."""

    product_id: int
    quantity: str = "1"
    price: str = ""


@dataclass(frozen=True, slots=True)
class CartFields:
    """A cart as it was typed; an empty `at` means now."""

    lines: tuple[LineFields, ...]
    codes: str = ""
    currency: str = ""
    at: str = ""
    order_number: str = ""
    subscription_codes: str = ""
    applied_before: str = ""
    customer: str = ""
    segments: str = ""
    shipping: str = ""

    def with_one_more(self, product_id: int) -> "CartFields":
        """The cart with another unit of the product."""
        for number, line in enumerate(self.lines):
            quantity = _read_number(line.quantity, MAX_UNITS_OF_LINE)
            if line.product_id == product_id and quantity is not None:
                more = replace(line, quantity=str(quantity + 1))
                return replace(self, lines=_with(self.lines, number, more))
        return replace(self, lines=(*self.lines, LineFields(product_id))[:MAX_LINES_OF_FORM])

    def without(self, number: int) -> "CartFields":
        """The cart without a line; the first is 0."""
        return replace(self, lines=self.lines[:number] + self.lines[number + 1 :])

    def query(self) -> list[tuple[str, str]]:
        """The query of the cart's address."""
        lines = [
            pair
            for line in self.lines
            for pair in (
                ("product", str(line.product_id)),
                ("quantity", line.quantity),
                ("price", line.price),
            )
        ]
        others = [(name, getattr(self, name)) for name in _SINGLE]
        return [*lines, *((name, text) for name, text in others if text)]


@dataclass(frozen=True, slots=True)
class ReadCart:
    """The cart that the fields describe, or None and the faults by field."""

    currency: str
    cart: Cart | None
    at: datetime
    faults: Mapping[str, str] = field(default_factory=dict)


def read_fields(query: QueryParams) -> CartFields:
    """The fields of an address, without lines whose product is not an id."""
    columns = (query.getlist(name)[:MAX_LINES_OF_FORM] for name in ("product", "quantity", "price"))
    lines = tuple(
        LineFields(product_id, trim(quantity), trim(price))
        for product, quantity, price in zip_longest(*columns, fillvalue="")
        if (product_id := parse_id(trim(product))) is not None
    )
    fields = CartFields(lines, *(trim(query.get(name, "")) for name in _SINGLE))
    return replace(fields, currency=fields.currency.upper())


def read_cart(
    fields: CartFields,
    products: Mapping[int, Product],
    language: Language,
    now: datetime,
    *,
    currency: str,
) -> ReadCart:
    """The cart, or all faults of its fields; `products` are those that the catalogue has.

    `currency` is used if the cart names none and has no product of the catalogue.
    """
    _ = language.gettext
    faults: dict[str, str] = {}
    currency = fields.currency or _currency_of(fields.lines, products) or currency
    if currency not in known_currencies():
        faults["currency"] = _("A currency has three letters, such as EUR.")
        return ReadCart(currency, None, now, faults)
    at = read_local_time(fields.at, language.zone) if fields.at else now
    if at is None:
        faults["at"] = _("This is not a time.")
    codes = _read_codes("codes", fields.codes, language, faults)
    subscription = _read_subscription(fields, language, faults)
    lines = tuple(
        _read_line(number, line, products.get(line.product_id), currency, language, faults)
        for number, line in enumerate(fields.lines)
    )
    customer = _read_customer(fields, language, faults)
    shipping = _read_shipping(fields.shipping, currency, language, faults)
    cart = None
    if lines and not faults:
        cart = Cart(currency, lines, codes, subscription, customer, shipping)
    return ReadCart(currency, cart, at or now, faults)


def _currency_of(lines: Sequence[LineFields], products: Mapping[int, Product]) -> str | None:
    """The currency of the first product that is in the catalogue."""
    known = (products[line.product_id].currency for line in lines if line.product_id in products)
    return next(known, None)


def _read_codes(
    name: str, text: str, language: Language, faults: dict[str, str]
) -> tuple[str, ...]:
    codes = tuple(filter(trim, re.split(r"[\s,;]+", text)))
    if len(codes) > MAX_CODES_OF_CART or any(len(code) > LONGEST_CODE_OF_CART for code in codes):
        fault = language.gettext("At most %(number)s codes can be tried.")
        faults[name] = fault % {"number": MAX_CODES_OF_CART}
    return codes


def _read_subscription(
    fields: CartFields, language: Language, faults: dict[str, str]
) -> Subscription | None:
    """The subscription that the cart is an order of; None if its fields are empty."""
    texts = (fields.order_number, fields.subscription_codes, fields.applied_before)
    if not any(texts):
        return None
    numbers = []
    for name, text in (("order_number", texts[0]), ("applied_before", texts[2])):
        number = _read_number(text or "1", LAST_ORDER_NUMBER)
        if number is None:
            faults[name] = language.gettext("Orders are numbered from 1.")
        numbers.append(number or 1)
    texts_of_codes = _read_codes("subscription_codes", texts[1], language, faults)
    codes = tuple(SubscriptionCode(code, numbers[1]) for code in texts_of_codes)
    # The type decides who may apply a code; this code was already applied.
    return Subscription(None, "", numbers[0], codes)


def _read_customer(fields: CartFields, language: Language, faults: dict[str, str]) -> Customer:
    segments = [text for part in fields.segments.split(",") if (text := trim(part))]
    if fields.customer and not is_reference(fields.customer):
        faults["customer"] = language.gettext("1 to 64 characters.")
    if len(segments) > MAX_SEGMENTS or not all(map(is_reference, segments)):
        faults["segments"] = language.gettext("Names of 1 to 64 characters, with commas between.")
    return Customer(fields.customer or None, frozenset(segments))


def _read_shipping(
    text: str, currency: str, language: Language, faults: dict[str, str]
) -> int | None:
    if not text:
        return None
    try:
        return parse_amount(text.replace(",", "."), currency)
    except ValueError:
        faults["shipping"] = _amount_fault(currency, language)
        return None


def _amount_fault(currency: str, language: Language) -> str:
    example = format_amount(1999 * 10 ** currency_decimals(currency) // 100, currency)
    return language.gettext("An amount such as %(example)s.") % {"example": example}


def _read_line(
    number: int,
    line: LineFields,
    product: Product | None,
    currency: str,
    language: Language,
    faults: dict[str, str],
) -> Line:
    _ = language.gettext
    quantity = _read_number(line.quantity, MAX_UNITS_OF_LINE)
    if quantity is None:
        faults[f"quantity-{number}"] = _("A whole number from 1 to %(number)s.") % {
            "number": language.number(MAX_UNITS_OF_LINE)
        }
    price = 0
    if line.price:
        try:
            price = parse_amount(line.price.replace(",", "."), currency)
        except ValueError:
            faults[f"price-{number}"] = _amount_fault(currency, language)
    elif product is None:
        faults[f"price-{number}"] = _("The catalogue does not have it: type a price.")
    elif product.currency != currency:
        faults[f"price-{number}"] = _("The catalogue has no price in %(currency)s: type one.") % {
            "currency": currency
        }
    else:
        price = product.price
    return Line(str(number + 1), line.product_id, quantity or 1, price)


def _read_number(text: str, most: int) -> int | None:
    """A whole number from 1 to `most`; None for other texts."""
    number = int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
    return number if 1 <= number <= most else None


def _with(lines: tuple[LineFields, ...], number: int, line: LineFields) -> tuple[LineFields, ...]:
    return (*lines[:number], line, *lines[number + 1 :])

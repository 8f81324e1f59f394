"""Products of a merchant's catalogue, and the one set of rules that makes them valid."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeGuard

from sconto.domain.money import (
    CURRENCY_OF_MOST_DECIMALS,
    currency_decimals,
    known_currencies,
    parse_price,
)
from sconto.domain.names import NAME_LENGTH, is_name
from sconto.domain.numbers import MAX_INT64

PRODUCT_FIELDS: Final = ("product_id", "name", "price", "currency")

HIGHEST_PRODUCT_ID: Final = MAX_INT64

NAME_RULE: Final = (
    f"must have 1 to {NAME_LENGTH} characters, not only blanks, no control characters"
)

MOST_PRODUCTS: Final = 1000
"""How many products one request can put or list."""

_PRODUCT_ID = re.compile(r"[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Product:
    """What a shop sells; the price is in the currency's minor unit."""

    product_id: int
    name: str
    price: int
    currency: str


@dataclass(frozen=True, slots=True)
class ProductQuery:
    """Which products to list: up to `limit` whose ids are above `after`, by id.

    `search` is a part of the name, whatever the case, or the whole id.
    """

    limit: int = 100
    after: int = 0
    search: str | None = None


@dataclass(frozen=True, slots=True)
class ProductPage:
    """Some of the products, by ascending id, and whether there are more after them."""

    products: tuple[Product, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class PutCounts:
    """What became of the products that were put; the three add up to their number."""

    created: int
    updated: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class ProductFault:
    """Why a field cannot be taken: the end of a sentence that begins with the field's name."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProductLine:
    """A line of a product file, by its number from 1, and the product that it describes."""

    line: int
    product: Product


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line of a product file, by its number from 1, that cannot be taken, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class RepeatedProduct:
    """A line of a product file whose product stands on an earlier line."""

    line: int
    product_id: int
    first_line: int


def read_product(fields: Mapping[str, object]) -> Product | tuple[ProductFault, ...]:
    """The product that the fields describe, or everything that is wrong with them.

    Takes what JSON can say: the id an int from 1 to 2**63 - 1, the name a string of 1 to 255
    characters, the price a string such as "19.99", the currency an ISO 4217 code.
    """
    product_id = _read_product_id(fields.get("product_id"))
    name = _read_name(fields.get("name"))
    price = _read_price(fields.get("price"), fields.get("currency"))
    currency = _read_currency(fields.get("currency"))
    unknown = [ProductFault(field, "is unknown") for field in fields if field not in PRODUCT_FIELDS]
    if (
        unknown
        or isinstance(product_id, ProductFault)
        or isinstance(name, ProductFault)
        or isinstance(price, ProductFault)
        or isinstance(currency, ProductFault)
    ):
        return tuple(
            part if part.field in fields else ProductFault(part.field, "is missing")
            for part in (product_id, name, price, currency, *unknown)
            if isinstance(part, ProductFault)
        )
    return Product(product_id, name, price, currency)


def parse_product_id(text: str) -> int | None:
    """The id that is written so, in ASCII digits; None for what is no id."""
    if _PRODUCT_ID.fullmatch(text) is None:
        return None
    product_id = int(text)
    return product_id if product_id <= HIGHEST_PRODUCT_ID else None


def search_key(text: str) -> str:
    """What all spellings of a text have in common that differ only in their case."""
    return text.casefold()


# `type` rather than isinstance below: a boolean is an int.


def _read_product_id(value: object) -> int | ProductFault:
    if type(value) is int and 1 <= value <= HIGHEST_PRODUCT_ID:
        return value
    return ProductFault("product_id", f"must be a whole number from 1 to {HIGHEST_PRODUCT_ID}")


def _read_name(value: object) -> str | ProductFault:
    if type(value) is not str:
        return ProductFault("name", "must be a string")
    if not is_name(value):
        return ProductFault("name", NAME_RULE)
    return value


def _read_price(value: object, currency: object) -> int | ProductFault:
    if type(value) is not str:
        return ProductFault("price", 'must be a string such as "19.99"')
    known = currency if _is_currency(currency) else CURRENCY_OF_MOST_DECIMALS
    try:
        return parse_price(value, known)
    except ValueError:
        return ProductFault(
            "price", f"must be an amount from 0 to below 10^12 {_decimals_of(known)}"
        )


def _decimals_of(currency: str) -> str:
    decimals = currency_decimals(currency)
    if decimals == 0:
        return f"such as 19: {currency} has no decimals"
    return f"such as 19.99, with at most {decimals} decimals"


def _read_currency(value: object) -> str | ProductFault:
    return value if _is_currency(value) else ProductFault("currency", "must be an ISO 4217 code")


def _is_currency(value: object) -> TypeGuard[str]:
    return type(value) is str and value in known_currencies()

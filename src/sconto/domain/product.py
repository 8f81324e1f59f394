"""Products of a merchant's catalogue, and the rules for valid products."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, TypeGuard

from sconto.domain.csv_rows import RowFault
from sconto.domain.money import (
    CURRENCY_OF_MOST_DECIMALS,
    known_currencies,
    parse_price,
)
from sconto.domain.names import is_name, is_reference
from sconto.domain.numbers import MAX_INT64

PRODUCT_FIELDS: Final = ("product_id", "name", "price", "currency")
"""The fields that every product has; `tags` may be left out."""

TAGS: Final = "tags"

MAX_TAGS: Final = 20
"""Tags of one product."""

HIGHEST_PRODUCT_ID: Final = MAX_INT64

MAX_PRODUCTS: Final = 1000
"""The most products that one request can put or list."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product; the price is in the currency's minor unit.

    `tags` None keeps the current tags; a product without tags is read with None.
    """

    product_id: int
    name: str
    price: int
    currency: str
    tags: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ProductQuery:
    """Which products to list: up to `limit` with ids above `after`, by id.

    `search` is part of the name, ignoring case, or the whole id; `with_tags` also finds a whole
    tag.
    """

    limit: int = 100
    after: int = 0
    search: str | None = None
    with_tags: bool = False


@dataclass(frozen=True, slots=True)
class ProductPage:
    """Some of the products, by ascending id, and whether there are more."""

    products: tuple[Product, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class PutCounts:
    """How many of the products that were put are new, changed and unchanged."""

    created: int
    updated: int
    unchanged: int


class FieldRule(Enum):
    """A rule that a field breaks."""

    KNOWN = auto()
    PRESENT = auto()
    PRODUCT_ID = auto()
    TEXT = auto()
    NAME = auto()
    AMOUNT_AS_TEXT = auto()
    AMOUNT = auto()
    CURRENCY = auto()
    NO_THOUSANDS = auto()
    OTHER_CURRENCY = auto()
    TAGS = auto()


@dataclass(frozen=True, slots=True)
class ProductFault:
    """A field and the rule that it breaks; `currency` is set for AMOUNT."""

    field: str
    rule: FieldRule
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class ProductLine:
    """A line of a product file, counted from 1, and its product."""

    line: int
    product: Product


@dataclass(frozen=True, slots=True)
class WrongValueCount:
    """A line of a product file has more or fewer values than columns."""

    values: int
    columns: int


@dataclass(frozen=True, slots=True)
class RepeatedProduct:
    """A line of a product file has the product of an earlier line."""

    line: int
    product_id: int
    first_line: int


@dataclass(frozen=True, slots=True)
class RefusedProductLine:
    """A line of a product file, counted from 1, that cannot be taken, and why.

    `columns` are those of its fields, from 0, and `written` are its values.
    """

    line: int
    fault: RowFault | WrongValueCount | RepeatedProduct | tuple[ProductFault, ...]
    columns: Mapping[str, int] = field(default_factory=dict, compare=False)
    written: tuple[str, ...] = field(default=(), compare=False)


def read_product(fields: Mapping[str, object]) -> Product | tuple[ProductFault, ...]:
    """The product that the fields describe, or all their faults.

    Takes JSON values: the id an int from 1 to MAX_INT64, the name a string of 1 to 255 characters,
    the price a string such as "19.99", the currency an ISO 4217 code, and the tags, if
    given, a list of up to 20 different strings of 1 to 64 characters.
    """
    product_id = _read_product_id(fields.get("product_id"))
    name = _read_name(fields.get("name"))
    price = _read_price(fields.get("price"), fields.get("currency"))
    currency = _read_currency(fields.get("currency"))
    tags = _read_tags(fields.get(TAGS))
    known = (*PRODUCT_FIELDS, TAGS)
    unknown = [ProductFault(field, FieldRule.KNOWN) for field in fields if field not in known]
    if (
        unknown
        or isinstance(product_id, ProductFault)
        or isinstance(name, ProductFault)
        or isinstance(price, ProductFault)
        or isinstance(currency, ProductFault)
        or isinstance(tags, ProductFault)
    ):
        return tuple(
            part if part.field in fields else ProductFault(part.field, FieldRule.PRESENT)
            for part in (product_id, name, price, currency, tags, *unknown)
            if isinstance(part, ProductFault)
        )
    return Product(product_id, name, price, currency, tags)


def is_product_id(value: object) -> TypeGuard[int]:
    """Whether a value of JSON is the id of a product."""
    # Not isinstance: a boolean is an int.
    return type(value) is int and 1 <= value <= HIGHEST_PRODUCT_ID


def search_key(text: str) -> str:
    """The key of a text for searches that ignore case."""
    return text.casefold()


def _read_product_id(value: object) -> int | ProductFault:
    if is_product_id(value):
        return value
    return ProductFault("product_id", FieldRule.PRODUCT_ID)


def _read_name(value: object) -> str | ProductFault:
    if type(value) is not str:
        return ProductFault("name", FieldRule.TEXT)
    if not is_name(value):
        return ProductFault("name", FieldRule.NAME)
    return value


def _read_price(value: object, currency: object) -> int | ProductFault:
    if type(value) is not str:
        return ProductFault("price", FieldRule.AMOUNT_AS_TEXT)
    known = currency if _is_currency(currency) else CURRENCY_OF_MOST_DECIMALS
    try:
        return parse_price(value, known)
    except ValueError:
        return ProductFault("price", FieldRule.AMOUNT, known)


def _read_tags(value: object) -> tuple[str, ...] | ProductFault | None:
    if value is None:
        return None
    if type(value) is not list or len(value) > MAX_TAGS:
        return ProductFault(TAGS, FieldRule.TAGS)
    if not all(type(tag) is str and is_reference(tag) for tag in value):
        return ProductFault(TAGS, FieldRule.TAGS)
    return tuple(dict.fromkeys(value))


def _read_currency(value: object) -> str | ProductFault:
    return value if _is_currency(value) else ProductFault("currency", FieldRule.CURRENCY)


def _is_currency(value: object) -> TypeGuard[str]:
    return type(value) is str and value in known_currencies()

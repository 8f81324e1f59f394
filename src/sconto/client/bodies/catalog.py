"""The bodies of `catalog` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import NotRequired, TypedDict


class CatalogProduct(TypedDict):
    """A product of the shop."""

    product_id: int
    name: str
    """No control characters."""
    price: str
    """In major units, with at most the currency's decimals."""
    currency: str
    """An ISO 4217 code."""
    tags: NotRequired[list[str]]
    """What cart promotions choose products by. Left out, the product keeps its tags; an answer
    has them only if there are any.
    """


class CatalogPut(TypedDict):
    """Products to create or change, each named once."""

    products: list[CatalogProduct]


class CatalogCounts(TypedDict):
    """How many products were created, updated and left unchanged; the sum is their number."""

    created: int
    updated: int
    unchanged: int


class CatalogPage(TypedDict):
    """A page of the list, by ascending id."""

    products: list[CatalogProduct]
    next_cursor: str | None
    """The cursor of the next page; null on the last."""
